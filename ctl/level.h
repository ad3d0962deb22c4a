/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much this node is looked for by strangers, and what follows (US 10,243,733 claim 1: the period varies with the
 * environment that is detected; docs/DESIGN.md, Levels). Pure: probe events and `now` in, levels and periods out.
 *
 * Each association has a score of its own, which a hit on one of its expired addresses raises and time lowers: only who
 * has watched the wire can know such an address. Random probes raise one score of the node's. All are capped, and the
 * node's level is that of their sum, to which no association adds much: whoever replays against one changes little for
 * the others. Packets of the peer that come late are none of these events.
 */
#ifndef MAYFLY_CTL_LEVEL_H
#define MAYFLY_CTL_LEVEL_H

#include <stdbool.h>

#include "bpf/verdict.h"

enum level {
	LEVEL_AUTO = 0, /* as a choice: what the events say */
	LEVEL_CALM,
	LEVEL_WATCHED,
	LEVEL_ATTACKED,
	LEVELS,
};

enum level_limit {
	LEVEL_ASSOCIATIONS = 1024, /* with a score at a time; the lowest goes first */
	LEVEL_ROTATION_FLOOR_MS = 500,
	LEVEL_WORDS = 160,
};

#define LEVEL_NO_ASSOCIATION (~0U) /* hits that belong to none have a score together; its level is the node's alone */

/* Points, all in thousandths. */
enum level_policy {
	LEVEL_POINT = 1000,
	LEVEL_LEAK_MS = 5,                     /* time that takes a thousandth off: a point in 5 s */
	LEVEL_EXPIRED = 10 * LEVEL_POINT,      /* a hit on an expired address */
	LEVEL_RANDOM = LEVEL_POINT,            /* a random probe */
	LEVEL_SUPPRESSED_MOST = 10,            /* events that were not sent count as so many random probes at most */
	LEVEL_ASSOCIATION_CAP = 100 * LEVEL_POINT,
	LEVEL_RANDOM_CAP = 25 * LEVEL_POINT,
	LEVEL_SHARE_CAP = 25 * LEVEL_POINT,    /* what one association adds to the node's sum */
	LEVEL_WATCHED_RISES = 15 * LEVEL_POINT,
	LEVEL_WATCHED_FALLS = 5 * LEVEL_POINT, /* below it, and not before its time */
	LEVEL_WATCHED_MS = 120000,
	LEVEL_ATTACKED_RISES = 60 * LEVEL_POINT,
	LEVEL_ATTACKED_FALLS = 30 * LEVEL_POINT,
	LEVEL_ATTACKED_MS = 300000,
};

struct level_score {
	__u32 association;
	__u32 points;
	__u32 hits;     /* since it was last nothing */
	__u32 level;    /* enum level */
	__u64 at_ms;    /* when `points` was right */
	__u64 since_ms; /* when `level` began */
};

struct levels {
	enum level manual;         /* AUTO: none */
	__u64 manual_ms;           /* since when */
	struct level_score random; /* of random probes; its level is the node's */
	unsigned int count;
	struct level_score score[LEVEL_ASSOCIATIONS];
};

/* All times are Unix milliseconds; a clock that goes back ages nothing. */
void level_init(struct levels *levels, enum level manual, __u64 now_ms);

/* These tell whether some level is another one now. `manual`: LEVEL_AUTO gives way to the events again. */
bool level_set_manual(struct levels *levels, enum level manual, __u64 now_ms);
bool level_take(struct levels *levels, const struct mf_event *event, __u64 now_ms); /* other kinds are of no account */
bool level_tick(struct levels *levels, __u64 now_ms);

/* The association has gone; or another one follows it, with its score. */
void level_forget(struct levels *levels, __u32 association);
void level_move(struct levels *levels, __u32 association, __u32 successor);

enum level level_of_node(const struct levels *levels);

/* The association's own; at least WATCHED where the node is ATTACKED. */
enum level level_of(const struct levels *levels, __u32 association);
bool level_is_own(const struct levels *levels, __u32 association); /* it has a score, and that says its level */
__u64 level_since_ms(const struct levels *levels); /* of the node's */

/* Calm as configured, watched half, attacked a quarter; not below the floor, unless what is configured is. */
__u32 level_rotation_ms(enum level level, __u32 configured_ms);
__u32 level_period_s(enum level level, __u32 configured_s); /* of introductions: rendezvous_ladder() */

const char *level_name(enum level level); /* "auto", "calm", ...; never NULL */

/* "watched for 3 min 20 s: 4 random probes, 3 hits on expired addresses of 1 association" */
char *level_why(char words[static LEVEL_WORDS], const struct levels *levels, __u64 now_ms);
char *level_why_association(char words[static LEVEL_WORDS], const struct levels *levels, __u32 association,
			    __u64 now_ms);

#endif
