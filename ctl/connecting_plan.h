/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to look a peer up, when to ask it for a session by what was found, and when to leave it alone. Pure: what has
 * happened, `now` and chance in, what to do next out.
 *
 *	RESTS ---wanted---> WAITS --due--> LOOKS --found--> ASKS --stands--> STANDS
 *	  ^                 ^   |            |               |  |               |
 *	  |                 |   +-the offer is still heard---+  |               |
 *	  |                 +------nothing, or no answer--------+---silent------+
 *	  +-- on demand: idle, ended by either end -----------------------------+
 */
#ifndef MAYFLY_CTL_CONNECTING_PLAN_H
#define MAYFLY_CTL_CONNECTING_PLAN_H

#include <linux/types.h>
#include <stdbool.h>

enum connecting_limit {
	CONNECTING_WAIT_FIRST_MS = 1000, /* doubled with every failure, +-25 % */
	CONNECTING_WAIT_MOST_MS = 60000,
	CONNECTING_KNOWN_MOST_MS = 4000, /* where nothing is looked up: a packet that nobody need hear */
	CONNECTING_ENDED_MS = 5000,      /* after the other end has ended a session that is kept: at least */
	CONNECTING_TRIES = 5,            /* on demand: failures in a row until it waits for another packet */
};

enum connecting_state { CONNECTING_RESTS = 0, CONNECTING_WAITS, CONNECTING_LOOKS, CONNECTING_ASKS, CONNECTING_STANDS };

enum connecting_step { CONNECTING_NOTHING = 0, CONNECTING_LOOK, CONNECTING_ASK };

struct connecting_plan {
	enum connecting_state state;
	bool keep;      /* begun again whenever it ends; else by the next packet */
	bool wanted;    /* while a lookup or request is under way: at once again when it has ended (another prefix) */
	__u32 failures; /* in a row */
	__u64 due_ms;   /* WAITS */
	__u32 period, period_s; /* of the offer that is remembered; period_s 0: none */
	bool failed;    /* it was asked by this offer, in vain */
	bool known;     /* there is nothing to look up: its introduction is the one of a file. Always kept */
};

/* Begins at once if it is to be kept. */
void connecting_plan_begin(struct connecting_plan *plan, bool keep, __u64 now_ms);
void connecting_plan_begin_known(struct connecting_plan *plan, __u64 now_ms);

/* Something for it to do: a packet for the peer, or this end has moved. */
void connecting_plan_want(struct connecting_plan *plan, __u64 now_ms);

/*
 * What is due. `may_look`: a lookup may begin. LOOK and ASK are taken for done: the plan LOOKS or ASKS then. `unix_s` tells
 * which introductions are heard.
 */
enum connecting_step connecting_plan_next(struct connecting_plan *plan, bool may_look, __u64 now_ms, __u64 unix_s);
__u64 connecting_plan_wake_ms(const struct connecting_plan *plan); /* ~0: never */

/* A lookup has ended. `chance`: a random byte. */
void connecting_plan_found(struct connecting_plan *plan, __u32 period, __u32 period_s, __u64 now_ms);
void connecting_plan_not_found(struct connecting_plan *plan, __u64 now_ms, __u8 chance);

/* What the session says. */
void connecting_plan_stands(struct connecting_plan *plan, __u64 now_ms);
void connecting_plan_lost(struct connecting_plan *plan, __u64 now_ms, __u8 chance);
void connecting_plan_ended(struct connecting_plan *plan, __u64 now_ms, __u8 chance);

/* Whether an introduction of this period may be heard still, or already: T-1 ... T+1 (docs/PROTOCOL.md 7). */
bool connecting_is_heard(__u32 period, __u32 period_s, __u64 unix_s);

const char *connecting_state_name(enum connecting_state state); /* never NULL */

#endif
