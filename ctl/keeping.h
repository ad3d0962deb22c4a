/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that `up` leaves behind where there are peers to meet: it keeps their sessions until it is told to end
 * (SIGTERM), reads its configuration again (SIGHUP), and follows the node to other networks.
 */
#ifndef MAYFLY_CTL_KEEPING_H
#define MAYFLY_CTL_KEEPING_H

#include "ctl/connecting.h"
#include "ctl/ctl.h"
#include "ctl/keeper_place.h"
#include "ctl/key.h"
#include "ctl/node_watch.h"
#include "ctl/page.h"
#include "ctl/prefix_watch.h"
#include "ctl/service.h"
#include "loader/notify.h"

enum {
	KEEPING_WAIT_MS = 30000, /* for sessions to stand, before `up` says that they do not */
	KEEPING_PATIENCE_S = 2,  /* with the loader: the loop stands still meanwhile */
	KEEPING_SERVE_GONE_MS = 10000, /* a serve that has ended may be on its way back: then sessions are kept again */
	KEEPING_SIGNALS = 4,
	KEEPING_SIGNALS_MS = 1,  /* before the file is read again: the loop has heard of all signals by then */
	KEEPING_ROOM = 4,        /* associations of a peer: its introduction, and a session that replaces another one */
};

struct keeping_settings {
	const struct ctl *ctl;
	const char *file;    /* full path of the configuration */
	const char *state;   /* directory of what is kept */
	struct mf_template prefix; /* that the node has come up with */
	int lock;            /* of keeper_lock() */
	int verdict;         /* an enum ctl_exit goes here, one byte, when it is known how the beginning went; -1: nowhere */
	__u32 wait_ms;       /* at the latest then; 0: at once */
	bool takes_down;     /* the node goes when this process is told to end */
};

struct keeping {
	struct keeping_settings settings;
	struct config config;
	__u8 public_key[KEY_PUBLIC_BYTES];
	__u8 *private_key;   /* secret memory */
	struct client loader;
	char nodes[CONFIG_PATH_BYTES];
	struct mf_template prefix; /* that this end hops in */
	bool serves;         /* mayflyctl serve has the sessions of this node */
	__u64 served_ms;     /* when it was last there */

	uv_loop_t loop;
	uv_signal_t signals[KEEPING_SIGNALS];
	uv_timer_t patience, look;
	struct node_watch node;
	struct sessions sessions;
	struct sessions_tell tell;
	struct keeper_place place;
	struct connecting connecting;
	struct page page;    /* not open: no Listen, or no sessions */
	struct mf_notify notify;
	struct service_alive alive;
	struct {             /* keeping_roam.c */
		struct prefix_watch watch; /* does nothing unless Prefix is auto */
		uv_timer_t leave;
	} roam;
	struct {             /* keeping_events.c */
		struct client loader; /* fd -1: the loader is away */
		uv_poll_t poll;
		uv_timer_t again, tick;
		bool polled;
		struct levels levels;
	} events;
	bool begun, judged, ready, closing;
	bool rereads;        /* the configuration, at the next look */
	bool leaves;         /* everything goes on, for another process to take over */
	bool shut_out;       /* this process cannot go on: that is its end, and a failure */
	bool clears;         /* the node goes with this process */
};

/* Until it is told to end. An enum ctl_exit. */
int keeping_run(const struct keeping_settings *settings);

/* The same in the background. The verdict of its beginning. */
int keeping_launch(const struct keeping_settings *settings);

/* Takes the configuration as it is now. Between keeping*.c, like what follows. */
void keeping_reload(struct keeping *keeping);

/* Sessions begin, or are taken over from the loader; they end, or (`leaves`) go on there. 0, or -errno and `why`. */
int keeping_open_sessions(struct keeping *keeping, char why[static SAY_BYTES]);
void keeping_leave_sessions(struct keeping *keeping);
/* That nobody can be told of them is no reason not to have sessions. 0, or -errno and `why`. */
int keeping_open_tell(struct keeping *keeping, char why[static SAY_BYTES]);

/* keeping_beside.c: lets go of sessions when a serve begins, keeps them again when it has ended for good. */
void keeping_mind_serve(struct keeping *keeping);
/* Lock and socket are made again when somebody has removed them. true: they cannot be had any more, this process must end. */
bool keeping_mind_place(struct keeping *keeping);

/* Another prefix, or another network under Prefix = auto. */
int keeping_roam_open(struct keeping *keeping);
void keeping_roam_close(struct keeping *keeping);
void keeping_roam_take(struct keeping *keeping); /* the configuration has been read again, the loader knows its prefixes */

/* Packets for peers on demand, and what strangers do. */
void keeping_events_open(struct keeping *keeping);
void keeping_events_close(struct keeping *keeping);
void keeping_level_follow(struct keeping *keeping, __u32 peer); /* its session has changed */
void keeping_status(void *keeping, struct rendezvous_status *status); /* for the page */
void keeping_level_words(void *keeping, __u32 peer, const char **level, const char **why); /* for sessions_tell */

/* keeping_say.c. The first verdict counts; `look_around`: whether all stand, and systemd's status. */
void keeping_judge(struct keeping *keeping, enum ctl_exit verdict);
void keeping_look_around(struct keeping *keeping);
void keeping_told(void *keeping, const struct connecting_news *news);
void keeping_give_up(struct keeping *keeping);   /* who waits has waited long enough */
void keeping_say_ended(struct keeping *keeping); /* before all stood, to who waits */

#endif
