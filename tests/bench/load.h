/* SPDX-License-Identifier: GPL-2.0-only */
/* The load generator's parts (tests/bench/sessionload.c): what it was told, its clients, what it does with them. */
#ifndef MAYFLY_TESTS_BENCH_LOAD_H
#define MAYFLY_TESTS_BENCH_LOAD_H

#include "loader/due.h"
#include "tests/bench/load_client.h"

struct load_options {
	const char *store, *device;
	__u32 period_s, seed;
	__u32 clients, first;    /* numbers first ... first + clients - 1 */
	__u32 window;            /* handshakes under way at once */
	__u32 seconds, rate;     /* traffic, or an attack; echo requests of a client and second */
	__u32 pace;              /* packets of an attack, a second; 0: as many as can be sent */
};

struct load {
	struct load_options options;
	struct load_server server;
	struct load_wire wire;
	struct load_client *client;
	struct mf_due due;       /* clients whose engines want to be woken, by index */
	__u64 strangers;         /* packets that came to nobody's prefix, or were none */
	__u32 settled;           /* clients whose handshake is over, well or not */
	bool reconnects;         /* who is lost asks again */
};

void load_give_up(const char *what); /* says it, ends the program */

/* All clients and the wire, the server's offer found by way of the store as soon as there is one. */
void load_open(struct load *load);

/* load_offer.c. Waits for it. */
void load_find_offer(struct load *load);

/* Takes in what has come, waiting for it so long; wakes engines; sends what that gave. */
void load_turn(struct load *load, int wait_ms);

/* load_work.c. Every client a handshake, then traffic; prints what became of it. 0: all as it should be. */
int load_handshakes(struct load *load);
int load_traffic(struct load *load);

/* load_attack.c */
enum load_attack { LOAD_JUNK, LOAD_REPLAY, LOAD_REQUESTS };
int load_attack(struct load *load, enum load_attack kind);

#endif
