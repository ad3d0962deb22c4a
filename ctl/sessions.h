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
#include "ctl/static_peer.h"
#include "loader/due.h"
#include "loader/table.h"

enum {
	SESSIONS_BATCH = 64,       /* messages read before the loop has its turn, */
	SESSIONS_AT_ONCE = 4,      /* so many of them by one call, and so many associations asked for meanwhile: a Unix
				      socket keeps ten messages (unix(7), max_dgram_qlen) */
	SESSIONS_SWEEP = 128,      /* associations looked at a turn, at least, */
	SESSIONS_SWEEP_PART = 50,  /* and this part of all sessions more */
	SESSIONS_SWEEP_MS = 1000,  /* a turn every so often, as long as there is a session, */
	SESSIONS_SWEEP_MOST_MS = 50, /* for so long at the most */
	SESSIONS_STALE_MS = 4000,  /* a request that has waited for so long is not answered: it has been said again since */
	SESSIONS_NONE = -1,
};

#define SESSIONS_NO_ASSOCIATION (~0U) /* no id of the loader's */

/*
 * What sockets are for: own addresses that they are bound to; the last one, open while there is a static peer, is bound to
 * none, because inner addresses of those are as configured.
 */
enum sessions_place { SESSIONS_ASKED, SESSIONS_ASKING, SESSIONS_INSIDE, SESSIONS_STATIC, SESSIONS_PLACES };

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
	/* While `looks`: what the loader has just told of an association: the present one of a peer's session, or (SESSIONS_NONE) none's. */
	void (*looked)(void *owner, const struct mf_assoc_status *status, __u32 peer);
};

struct sessions_settings {
	uv_loop_t *loop;
	struct client *loader;         /* connected; only asked while the loop stands in here */
	const __u8 *private_key, *public_key; /* outlive it */
	struct mf_template prefix;     /* that this end hops in */
	__u32 rotation_ms, lifetime_s, idle_ms, period_s; /* of sessions that this end answers with; 0: default */
	__u32 period_most_s;           /* the longest period that this end's introductions may have; 0: no other */
	bool firewall;                 /* one stands before this end */
	bool encap;                    /* of new peers: as in struct session_settings; sessions_carry() for others */
	__u8 padding;
	bool leaves_others;            /* what the loader has of sessions with others is somebody else's: sessions_adopt() */
	const struct sessions_owner *owner;
	void *context;                 /* its first argument */
};

struct sessions_peer {
	bool used;
	bool keep;            /* this end's own: never idle */
	bool stood;           /* the owner's own: it has said that a session stands */
	char name[MF_NAME_BYTES];
	char stem[MF_NAME_BYTES]; /* that associations are called by, "": the name. Whoever is renamed keeps it */
	__u8 public_key[32];
	const __u8 *shared;   /* X25519: the owner's secret memory */
	const struct static_peer *fixed; /* of a static peer, the owner's secret memory; NULL: one that is met */
	__u32 rotation_ms;    /* 0: that of the settings */
	bool encap;
	__u8 padding;
	__u32 association;    /* id in the loader of the newest one; SESSIONS_NO_ASSOCIATION: none */
	__u32 generation[SESSION_GENERATIONS]; /* likewise of each, by letter */
	bool alone;           /* which has no other beside it there, and so leads */
	__u32 scored;         /* sessions_level.c: the association whose probes count against it */
	__u8 level;           /* likewise: enum level, as last taken */
	struct session *session; /* of `engines`; NULL: none has begun */
	__u64 replay_ms;      /* until when what it has asked is remembered (sessions_now_ms()) */
	enum session_reason ended; /* why the last one ended */
	enum session_state told;   /* the owner knows of; */
	__u64 told_ms;             /* since when; where it is kept, none, asking and confirming are one */
	__u64 looked_ms;      /* when traffic was last looked at */
	__u32 looked_at;      /* generation in the loader of the association looked at */
	__u32 said, heard;    /* messages of the session itself since then, out and in: they are no traffic */
	__u64 sealed;         /* packets, by the key of the present association */
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
	__u32 *by_association; /* ids in the loader -> number + 1; 0: of no session's */
	__u32 associations;    /* room there */
	struct mf_due due;
	uv_timer_t timer, sweep_timer;
	struct sessions_socket {
		uv_poll_t poll;
		int fd;
		struct sessions *sessions;
	} socket[SESSIONS_PLACES];
	__u32 sweep_at;       /* id of the next association to look at */
	bool open, said_loader;
	bool looks;           /* the owner's own: it wants to hear of all associations, sessions or not */
	bool renamed;         /* some peer was: names alone do not tell associations apart */
	__u64 handshakes, dropped; /* that came to stand; messages that no peer sent, and stale ones */
};

/* 0, or -errno and `why`; then there is nothing to close. */
int sessions_open(struct sessions *sessions, const struct sessions_settings *settings, char why[static SAY_BYTES]);

/* Memory goes when the loop has run once more. Associations stay in the loader unless sessions_end_all() came before. */
void sessions_close(struct sessions *sessions);

/* A peer more. Its number, the lowest that is free; -EEXIST; -ENOMEM. `shared` must outlive it, or be given anew. */
int sessions_add(struct sessions *sessions, const char *name, const __u8 public_key[static 32], const __u8 *shared);
/* Likewise a static one, who asks and is asked by the introduction of its file: that stands in the loader as long as it is here. */
int sessions_add_static(struct sessions *sessions, const char *name, const struct static_peer *fixed, const __u8 *shared,
			char why[static SAY_BYTES]);
void sessions_share(struct sessions *sessions, __u32 peer, const __u8 *shared);
void sessions_rename(struct sessions *sessions, __u32 peer, const char *name); /* its session goes on as it is */
void sessions_remove(struct sessions *sessions, __u32 peer, enum session_reason reason); /* its session ends */
int sessions_find(const struct sessions *sessions, const __u8 public_key[static 32]); /* number, or SESSIONS_NONE */
int sessions_find_inner(const struct sessions *sessions, const __u8 inner[static 16]); /* by its stable address */
int sessions_find_association(const struct sessions *sessions, __u32 id); /* by that of any generation in the loader */

/*
 * What the loader has of an earlier process: sessions of peers that are known live on, those of others are deleted, unless
 * the settings leave them. Once, after all have been added.
 */
int sessions_adopt(struct sessions *sessions, char why[static SAY_BYTES]);

/* Asks for the present association of a peer's session; `looked` is told. 0 or -errno: -ENOENT: there is none. */
int sessions_look(struct sessions *sessions, __u32 peer);

/* The loader has none of their associations any more: all of them end, those that this end has begun are lost. */
void sessions_forgotten(struct sessions *sessions);

/* --- sessions_want.c: what the owner wants --------------------------------------------- */

/* This end begins. The association of the introduction stands in the loader already. */
void sessions_connect(struct sessions *sessions, __u32 peer, const struct session_way *way, bool keep);

/* Rotation of one peer's session (0: of the settings), from its next generation on, which is asked for at once. */
void sessions_rotate(struct sessions *sessions, __u32 peer, __u32 rotation_ms);
/* How its packets are to be carried: a session that has it otherwise gets another generation. */
void sessions_carry(struct sessions *sessions, __u32 peer, bool encap, __u8 padding);
/* The own introductions' period, told with the next word. */
void sessions_period(struct sessions *sessions, __u32 period_s);
/* The peer is told of it now, if it will not be for long. */
void sessions_remind(struct sessions *sessions, __u32 peer);
/* What the configuration says of the node: how long sessions may be idle, and whether a firewall stands before it, which
   the other end is told with another generation. */
void sessions_settle(struct sessions *sessions, __u32 idle_ms, bool firewall);
/*
 * Another prefix, which the node in the loader has: sessions that this end answers for are asked to come along, its own
 * come along where they can, and for those that do not it is the owner who connects.
 */
void sessions_move(struct sessions *sessions, const struct mf_template *prefix);
bool sessions_comes_along(const struct sessions *sessions, __u32 peer); /* this end's own; if not, LOST will tell */
void sessions_end(struct sessions *sessions, __u32 peer, enum session_reason reason);
void sessions_end_all(struct sessions *sessions, enum session_reason reason);

/* --- sessions_prefix.c ----------------------------------------------------------------- */

/* Takes away from the node what is not wanted and nobody hops in any more. true: some is left, look again later. */
bool sessions_leave_prefixes(struct sessions *sessions, const struct config_templates *wanted);
bool sessions_same_prefix(const struct mf_template *one, const struct mf_template *other);

__u64 sessions_now_ms(void); /* CLOCK_BOOTTIME: no step of the clock ends a session */

/* --- sessions_static.c: what differs where peers are static ---------------------------- */

void sessions_inner_own(const struct sessions *sessions, __u32 peer, __u8 address[static 16]);
void sessions_inner_peer(const struct sessions_peer *peer, __u8 address[static 16]); /* its stable address */
void sessions_static_way(const struct static_peer *fixed, struct session_way *way);

/* An association's name in the loader, "NAME@a". */
void sessions_name(char name[static MF_NAME_BYTES], const struct sessions_peer *peer, char letter);

#endif
