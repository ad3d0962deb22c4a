/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One of many clients of a server: its keys, the associations that it is heard and sends in, and the engine of its
 * session. A userspace data plane of docs/PROTOCOL.md sections 2, 3.1, 3.3, 8 and 9.
 */
#ifndef MAYFLY_TESTS_BENCH_LOAD_CLIENT_H
#define MAYFLY_TESTS_BENCH_LOAD_CLIENT_H

#include "ctl/rendezvous.h"
#include "ctl/session.h"
#include "loader/slot.h"
#include "tests/bench/load_wire.h"

enum { LOAD_SLOTS = 3, LOAD_CLIENTS_MOST = 65536 /* /64s of a /48 */ };

struct load_association {
	bool used;
	__u8 key[16], seed_local[8], seed_remote[8];
	struct mf_template local, remote;
	struct mf_schedule schedule;
	struct mf_slot slot[LOAD_SLOTS]; /* by index % LOAD_SLOTS */
	bool sealed;
	struct load_seal seal; /* secret; if it is sealed */
};

/* What all clients have in common. */
struct load_server {
	__u8 public_key[32], inner[16];
	struct rendezvous_offer offer;
	__u8 prefix[6]; /* the clients' /48 */
	struct load_wire *wire;
};

struct load_client {
	const struct load_server *server;
	__u32 number;
	__u8 own[32], public_key[32], inner[16];
	struct rendezvous_pair pair;
	struct mf_template prefix;
	struct session session;
	struct load_association introduction, generation[SESSION_GENERATIONS];
	char leads;
	/* Its clock begins with its first message, which may have been made long before. */
	__u64 origin_ms;
	__u64 began_ns, stood_ns;        /* first message sent; response opened and taken: packets may go */
	__u64 confirmed_ns;              /* the server sends in the session, too */
	__u32 messages;                  /* session messages sent up to then */
	__u32 stands;                    /* generations that have stood */
	__u32 lost, ended;
	bool again;                      /* lost, or ended by the server, since it was last begun */
	bool settled;                    /* its handshake is over, well or not */
	__u64 asked, answered, wrong;    /* echoes, and packets that fit no slot or association, or do not open */
	__u64 answered_mask;             /* of the newest 64 */
};

/* Key pair and prefix of client `number`: the same for the same seed. */
void load_client_keys(__u8 own[static 32], __u8 public_key[static 32], __u32 seed, __u32 number);
int load_client_open(struct load_client *client, const struct load_server *server, __u32 seed, __u32 number);

/* The server's offer has been found: the association of its introduction. */
void load_client_introduce(struct load_client *client);

/* Makes the first message; sends it. In between there is as much time as you like. */
void load_client_prepare(struct load_client *client, struct session_actions *first);
void load_client_begin(struct load_client *client, struct session_actions *first);
/* It is gone: asks once more by the introduction that there is now. */
void load_client_again(struct load_client *client);

/* A packet that came to its prefix. */
void load_client_take(struct load_client *client, struct load_packet *packet);
void load_client_tick(struct load_client *client);
__u64 load_client_wake_ms(const struct load_client *client); /* load_now_ms() */

/* An echo request to the server's stable address. */
void load_client_ask(struct load_client *client);

/* Its packets go out sealed. */
bool load_client_seals(const struct load_client *client);

/* The slot of now in which this end sends. */
const struct mf_slot *load_association_slot(struct load_association *association, __u64 now_ms, int behind);

__u64 load_now_ms(void); /* Unix time */
__u64 load_now_ns(void); /* monotonic */

#endif
