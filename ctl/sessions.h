/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All sessions of a node at work: their messages over raw sockets of the loader's, their associations in the loader,
 * their timers on a libuv loop. Who may have a session, and where introductions come from, is the owner's matter.
 */
#ifndef MAYFLY_CTL_SESSIONS_H
#define MAYFLY_CTL_SESSIONS_H

#include <uv.h>

#include "ctl/client.h"
#include "ctl/config.h"
#include "ctl/key_pool.h"
#include "ctl/session.h"
#include "loader/due.h"
#include "loader/table.h"

enum {
	SESSIONS_BATCH = 64,       /* messages read before the loop has its turn, */
	SESSIONS_AT_ONCE = 4,      /* so many of them by one call, and so many associations asked for meanwhile: a Unix
				      socket keeps ten messages (unix(7), max_dgram_qlen) */
	SESSIONS_SWEEP = 128,      /* associations looked at a turn, at least, */
	SESSIONS_SWEEP_PART = 50,  /* and this part of all sessions more */
	SESSIONS_SWEEP_MS = 1000,  /* a turn every so often, as long as there is a session */
	SESSIONS_NONE = -1,
};

/* Own addresses that sockets are bound to. */
enum sessions_place { SESSIONS_ASKED, SESSIONS_ASKING, SESSIONS_INSIDE, SESSIONS_PLACES };

/* What the owner has to say and to hear; all of them may be NULL. */
struct sessions_owner {
	/* K of this end's introduction of period T: 0, or -ENOENT. */
	int (*introduction)(void *owner, __u32 period, __u8 key[static 16]);
	/* The peer does not answer; a new introduction is wanted. */
	void (*lost)(void *owner, __u32 peer);
	/* It is not needed any more. */
	void (*introduced)(void *owner, __u32 peer);
	/* Something that a person may want to know has changed. */
	void (*changed)(void *owner, __u32 peer);
};

struct sessions_settings {
	uv_loop_t *loop;
	struct client *loader;         /* connected; only asked while the loop stands in here */
	const __u8 *private_key, *public_key; /* outlive it */
	struct mf_template prefix;     /* that this end hops in */
	__u32 rotation_ms, lifetime_s, idle_ms, period_s; /* of sessions that this end answers with; 0: default */
	bool firewall;                 /* one stands before this end */
	const struct sessions_owner *owner;
	void *context;                 /* its first argument */
};

struct sessions_peer {
	bool used;
	bool keep;            /* this end's own: never idle */
	char name[MF_NAME_BYTES];
	__u8 public_key[32];
	const __u8 *shared;   /* X25519: the owner's secret memory */
	__u32 rotation_ms;    /* 0: that of the settings */
	__u32 association;    /* id in the loader of the newest one */
	bool alone;           /* which has no other beside it there, and so leads */
	struct session *session; /* of `engines`; NULL: none has begun */
	__u64 replay_ms;      /* until when what it has asked is remembered (sessions_now_ms()) */
	enum session_reason ended; /* why the last one ended */
	enum session_state told;   /* the owner knows of; */
	__u64 told_ms;             /* since when; where it is kept, none, asking and confirming are one */
	__u64 looked_ms;      /* when traffic was last looked at */
	__u32 said;           /* messages of the session itself since then: they are no traffic */
	__u64 traffic[4];     /* out packets, out bytes, in packets, in bytes of the present association */
};

struct sessions {
	struct sessions_settings settings;
	__u8 inner[16], introduction[16], visitor[16]; /* own addresses: the stable one, where others ask, where this end asks */
	struct sessions_peer *peer;
	__u32 peers, room;    /* numbers are below `peers` */
	__u32 first_free;     /* none below is free */
	__u32 begun;          /* sessions in being */
	struct key_pool engines;
	struct mf_message *secret; /* message with a key in it, secret memory */
	struct sessions_adding *adding; /* SESSIONS_AT_ONCE; NULL: each is waited for at once */
	bool gathers;         /* messages are being read: what they lead to may wait for the loader */
	struct mf_table by_inner, by_introduction, by_visitor; /* peers' addresses -> number */
	struct mf_due due;
	uv_timer_t timer, sweep_timer;
	struct sessions_socket {
		uv_poll_t poll;
		int fd;
		struct sessions *sessions;
	} socket[SESSIONS_PLACES];
	__u32 sweep_at;       /* id of the next association to look at */
	bool open, said_loader;
	__u64 handshakes, dropped; /* that came to stand; messages that no peer sent */
};

/* 0, or -errno and `why`; then there is nothing to close. */
int sessions_open(struct sessions *sessions, const struct sessions_settings *settings, char why[static SAY_BYTES]);

/* Memory goes when the loop has run once more. Associations stay in the loader unless sessions_end_all() came before. */
void sessions_close(struct sessions *sessions);

/* A peer more. Its number, the lowest that is free; -EEXIST; -ENOMEM. `shared` must outlive it, or be given anew. */
int sessions_add(struct sessions *sessions, const char *name, const __u8 public_key[static 32], const __u8 *shared);
void sessions_share(struct sessions *sessions, __u32 peer, const __u8 *shared);
void sessions_remove(struct sessions *sessions, __u32 peer, enum session_reason reason); /* its session ends */
int sessions_find(const struct sessions *sessions, const __u8 public_key[static 32]); /* number, or SESSIONS_NONE */
int sessions_find_inner(const struct sessions *sessions, const __u8 inner[static 16]); /* by its stable address */

/*
 * What the loader has of an earlier process: sessions of peers that are known live on, those of others are deleted. Once,
 * after all have been added.
 */
int sessions_adopt(struct sessions *sessions, char why[static SAY_BYTES]);

/* The loader has none of their associations any more: all of them end, those that this end has begun are lost. */
void sessions_forgotten(struct sessions *sessions);

/* This end begins. The association of the introduction stands in the loader already. */
void sessions_connect(struct sessions *sessions, __u32 peer, const struct session_way *way, bool keep);

/* Rotation of one peer's session (0: of the settings), from its next generation on, which is asked for at once. */
void sessions_rotate(struct sessions *sessions, __u32 peer, __u32 rotation_ms);
/* The own introductions' period, told with the next word. */
void sessions_period(struct sessions *sessions, __u32 period_s);
/* Another prefix: sessions that this end answers for are asked to come along, for its own it is the owner who connects. */
void sessions_move(struct sessions *sessions, const struct mf_template *prefix);

/* Takes away from the node what is not wanted and nobody hops in any more. true: some is left, look again later. */
bool sessions_leave_prefixes(struct sessions *sessions, const struct config_templates *wanted);
bool sessions_same_prefix(const struct mf_template *one, const struct mf_template *other);

void sessions_end(struct sessions *sessions, __u32 peer, enum session_reason reason);
void sessions_end_all(struct sessions *sessions, enum session_reason reason);

/* --- among sessions*.c ----------------------------------------------------------------- */

/* What the session of this peer is or is about to be: begun if there is none. NULL: no memory. */
struct session *sessions_of(struct sessions *sessions, __u32 peer);
/* Does what an engine wants done, from the action of this number on; those before it are done. */
void sessions_carry_out(struct sessions *sessions, __u32 peer, struct session_actions *actions, unsigned int from);
/* The loader has not taken the association of the last ADD. */
void sessions_not_added(struct sessions *sessions, __u32 peer);
void sessions_chance(struct session_chance *chance);
__u64 sessions_now_ms(void); /* CLOCK_BOOTTIME: no step of the clock ends a session */

/* sessions_socket.c */
int sessions_socket_open(struct sessions *sessions, enum sessions_place place, char why[static SAY_BYTES]);
void sessions_socket_close(struct sessions_socket *socket);
void sessions_socket_send(const struct sessions *sessions, __u32 peer, const struct session_action *action);

/*
 * sessions_adding.c: while messages are gathered, the loader adds one association while the next handshake is computed.
 * What is to be done after an ADD waits here; nothing else happens to its peer before it is done.
 */
int sessions_adding_open(struct sessions *sessions);
void sessions_adding_close(struct sessions *sessions);
/* The ADD of this number is asked for: the rest of the actions follows. false: it is to be waited for at once. */
bool sessions_add_later(struct sessions *sessions, __u32 peer, struct session_actions *actions, unsigned int number);
void sessions_added(struct sessions *sessions); /* goes on with what has been answered by now, */
void sessions_add_all(struct sessions *sessions); /* with all of it, */
void sessions_add_for(struct sessions *sessions, __u32 peer); /* at least with this peer's */

/* sessions_loader.c: associations, "NAME@a". */
void sessions_name(char name[static MF_NAME_BYTES], const struct sessions_peer *peer, char letter);
int sessions_loader_add(struct sessions *sessions, __u32 peer, const struct session_association *association);
/* The same in two parts: 0 or -errno; then the answer, after which it is asked again as above if it was not taken. */
int sessions_loader_ask(struct sessions *sessions, __u32 peer, const struct session_association *association,
			struct client_question *question);
int sessions_loader_answer(struct sessions *sessions, __u32 peer, const struct session_association *association,
			   struct client_question *question);
void sessions_loader_lead(struct sessions *sessions, __u32 peer, char letter);
void sessions_loader_delete(struct sessions *sessions, __u32 peer, char letter);
/* By which introduction, and from where, the peer was last heard. 0 or -errno. */
int sessions_loader_find(struct sessions *sessions, __u32 peer, __u32 *period, __u8 prefix[static 8]);
int sessions_loader_look(struct sessions *sessions, __u32 peer, struct client_question *question); /* asks; then: */
int sessions_loader_found(struct sessions *sessions, struct client_question *question, __u32 *period, __u8 prefix[static 8]);
void sessions_loader_sweep(struct sessions *sessions); /* traffic of the next associations */

#endif
