/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A server at work: introductions by period, associations for them in the loader, publication for every client.
 * serve.c begins and ends it.
 */
#ifndef MAYFLY_CTL_SERVING_H
#define MAYFLY_CTL_SERVING_H

#include "ctl/connecting.h"
#include "ctl/introduce.h"
#include "ctl/keeper_place.h"
#include "ctl/level.h"
#include "ctl/node_watch.h"
#include "ctl/page.h"
#include "ctl/prefix_watch.h"
#include "ctl/publish.h"
#include "ctl/registry.h"
#include "ctl/rendezvous_status.h"
#include "ctl/service.h"
#include "ctl/sessions.h"
#include "ctl/sessions_tell.h"
#include "ctl/spread.h"
#include "ctl/store.h"
#include "loader/notify.h"

enum {
	SERVING_SESSIONS = 2,      /* associations of a client's session, while one replaces the other */
	SERVING_INTRODUCTIONS = 6, /* of the last, current and next period, as many of the period before a change */
	SERVING_SWEEP = 256,       /* requests to the loader before the loop has its turn */
	SERVING_AGAIN_MS = 15000,  /* until the loader is asked again for what it refused */
	SERVING_PATIENCE_S = 2,    /* for its answer: the loop stands still meanwhile */
	SERVING_PUTS = 8,          /* under way at once: a put takes some 8 nodes, each of them must not be hurried */
	SERVING_SIGNALS = 5,
	SERVING_LOG_WORDS = 256,
};

struct serving {
	const struct ctl *ctl;
	const char *argument; /* the configuration's name */
	struct config config;
	__u8 public_key[KEY_PUBLIC_BYTES];
	__u8 *private_key; /* secret memory */
	struct client loader; /* path "": none, nothing but publication */
	struct introduce_node node;
	struct node_watch watch;
	__u64 look_ms;        /* when the node is looked at next; 0: never */
	__u32 period_s;       /* on the ladder of what is configured; 0: that */
	struct serving_level *level; /* serving_level.c */

	uv_loop_t loop;
	uv_timer_t timer, leaving, rotating; /* the second: of a prefix */
	struct prefix_watch roam; /* does nothing unless Prefix is auto */
	uv_signal_t signals[SERVING_SIGNALS];
	struct loop_dht *dht;
	struct store *store;
	struct publish *publish; /* an item of each client: of periods, or in two stages of long windows */
	struct publish *common;  /* in two stages: one item a period for all of them; else NULL */
	struct publish *pairs;   /* beside them, while the common item does not hold: items of periods again; else NULL */
	__u64 pairs_until_ms;    /* at least */
	__u32 scheduled_s;       /* period that both are for */
	struct serving_stage *stage; /* secret memory */
	struct registry registry;
	__u32 *by_number; /* registry index by number of publish; ~0: none */
	__u32 numbers;    /* room of it */
	struct sessions sessions; /* not open: without a loader */
	struct sessions_tell tell;
	struct connecting connecting; /* to peers that say so */
	struct page page;         /* not open: the configuration has no Listen */
	char nodes[CONFIG_PATH_BYTES]; /* "": none are remembered */
	struct serving_client *of_session; /* by peer of `sessions` */
	__u32 of_sessions;
	struct spread spread; /* of peers whose rotations follow a level */
	struct introduction *introductions; /* SERVING_INTRODUCTIONS, secret memory */
	__u32 puts;       /* under way */

	struct rendezvous_status status;
	char status_path[RENDEZVOUS_STATUS_PATH]; /* "": none */
	__u64 status_ms, progress_ms, remembered_ms;
	struct mf_notify notify;
	struct service_alive alive;
	__u64 again_ms;  /* when what the loader refused is asked for again; 0: it refused nothing */
	bool silent;     /* it did not even answer: nothing is asked until then */
	bool lacking;    /* something was refused since */
	bool forgotten;  /* the loader has lost what it had */
	bool ready, failing, said_refused, said_status, closing;
	void (*reload)(struct serving *serving); /* serving_roam() */
	bool takes_down; /* the node goes when this process is told to end */
	bool leaves;     /* everything goes on, for another process to take over */
	bool clears;     /* the node goes with this process */
	bool shut_out;   /* this process cannot go on: that is its end, and a failure */
	struct keeper_place place; /* lock -1: without a loader */
};

/* Everything that is due now, and the timer for what is due next. */
void serving_work(struct serving *serving);
void serving_put_due(struct serving *serving, __u64 now_ms); /* of it, what is to be published */
void serving_count(const struct serving *serving, struct publish_counts *counts); /* clients that find something, in all schedules */

/*
 * serving_clients.c. The clients have changed: whom there is no more is forgotten, who is new is published for.
 * 0 or -ENOMEM.
 */
int serving_take_registry(struct serving *serving, struct registry *registry);
struct publish *serving_new_schedule(__u32 period_s);     /* NULL: no memory */
__u32 serving_spread_ms(const struct serving *serving); /* that first items come in */

/*
 * Introductions of another period from now on: all clients are published for anew, and what somebody was told of stays
 * until its own end. 0 or -ENOMEM: as it was. serving_work() then does it.
 */
int serving_set_period(struct serving *serving, __u32 period_s);

/* serving_stage.c: two-stage publication (docs/PROTOCOL.md 7.5). */
struct serving_stage {
	__u8 epoch[32];
	struct two_stage_keys keys; /* of the window asked for last */
};

bool serving_wants_stages(const struct serving *serving, size_t clients);
void serving_take_epoch(struct serving *serving); /* other keys from now on, that nobody has had */
/* Keys of the window that begins at, or holds, this time; NULL: there are none. */
const struct two_stage_keys *serving_stage_keys(struct serving *serving, __u32 unix_s);
__u32 serving_long_s(const struct serving *serving);

/*
 * serving_common.c: reads a common item back that was put; then `done` comes once, with what is true of it. 0 or -errno: it
 * does not come.
 */
int serving_common_check(struct serving *serving, __u32 period, const struct store_result *put, store_done *done, void *owner);
/* A put of the common item has ended: items of pairs begin where it fails again, and end when it holds. */
void serving_common_ended(struct serving *serving, const struct publish_task *task, enum store_outcome outcome);
void serving_take_pairs(struct serving *serving); /* for whom there is now */
void serving_drop_pairs(struct serving *serving);

/* serving_introduce.c: introductions by the clock, and their associations. */
bool serving_turn(struct serving *serving, __u64 now_ms); /* true: the present and the next one are there */
/* Before anything else: what a serve that died has left in the loader, whose keys nobody knows any more. */
void serving_leave_earlier(struct serving *serving);
bool serving_sweep(struct serving *serving); /* tells the loader of some more that it has to know; true: there are more */
struct introduction *serving_introduction(const struct serving *serving, __u32 period);
void serving_take_period(struct serving *serving); /* nobody was told of some: they follow the period, or leave */
void serving_delete_client(struct serving *serving, const struct registered *client);
void serving_leave(struct serving *serving); /* takes all introductions away */
__u64 serving_turn_ms(const struct serving *serving, __u64 now_ms); /* when something changes next */

/* serving_node.c: brings the node up, for so many clients; an enum ctl_exit. Looks whether it still is, when it is time. */
int serving_node_open(struct serving *serving, size_t clients);
void serving_node_turn(struct serving *serving, __u64 now_ms);

/* serving_sessions.c: what clients come for. */
struct serving_client {
	__u32 rotation_ms; /* as configured */
	const struct config_peer *section; /* while serving_carry() is at it */
};

void serving_open_page(struct serving *serving); /* where it says Listen, and sessions are open */
int serving_open_sessions(struct serving *serving, char why[static SAY_BYTES]);
void serving_close_sessions(struct serving *serving);
void serving_adopt_sessions(struct serving *serving); /* those of a serve that died; once, when all clients are known */
void serving_connect(struct serving *serving, const struct config *config); /* to whom it says */
void serving_take_sessions(struct serving *serving); /* the registry has changed: whom it has may have a session */
void serving_carry(struct serving *serving, const struct config *config); /* their Carriage and Padding, as it says */
void serving_settle_sessions(struct serving *serving, const struct config *config); /* what it says of the node, and names */
void serving_take_leave(struct serving *serving); /* of all of them */
void serving_end_session(struct serving *serving, const __u8 public_key[static KEY_PUBLIC_BYTES]);

/* serving_rotate.c: levels have changed, so do rotations: within some seconds, of those who are looked for at once. */
void serving_level_sessions(struct serving *serving);

/* serving_log.c: what is to be said when a session has changed. The second: true: `words`, once. */
void serving_log(struct serving *serving, __u32 peer);
bool serving_log_words(char words[static SERVING_LOG_WORDS], struct sessions_peer *peer);

/*
 * serving_level.c: hears what strangers do, and does what follows. Open it before there are schedules, close it while
 * the loop turns, free it after. 0 or -ENOMEM.
 */
int serving_level_open(struct serving *serving);
void serving_level_close(struct serving *serving);
void serving_level_free(struct serving *serving);
void serving_level_turn(struct serving *serving, __u64 now_ms);
void serving_level_choose(struct serving *serving, enum level manual); /* by hand, or LEVEL_AUTO */
void serving_level_tell(const struct serving *serving, struct rendezvous_status *status);
struct levels *serving_levels(const struct serving *serving); /* never NULL once open */

/* Called whenever the level of the node or of some association has become another one. */
void serving_level_changed(struct serving *serving);

/* serving_move.c: the configuration names another prefix, which the loader has already. */
void serving_move(struct serving *serving, const struct config *config);
/* Follows the node to other networks where Prefix is auto: `reload` takes its configuration as it is there. */
void serving_roam(struct serving *serving, void (*reload)(struct serving *serving));

/* serving_settled.c. Names of the keys that differ, of those that are read at the start alone; "": none. */
void serving_settled(char names[static SAY_BYTES], const struct config *before, const struct config *now);

/* Unix milliseconds. */
__u64 serving_now_ms(void);

static inline __u32 serving_period_s(const struct serving *serving)
{
	return serving->period_s ? serving->period_s : serving->config.node.rendezvous.period_ms / 1000;
}

#endif
