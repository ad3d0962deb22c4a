/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a client makes of its lookups: of the last, the current and the next period, because clocks differ; and where
 * nothing is, of those of the shorter periods that a server under attack goes by (docs/PROTOCOL.md 7). Pure.
 */
#ifndef MAYFLY_CTL_MEETING_H
#define MAYFLY_CTL_MEETING_H

#include <stdbool.h>

#include "ctl/store.h"

enum { MEETING_PERIODS = 3, MEETING_WORDS = SAY_BYTES + 64 };

struct meeting_lookup {
	__u32 period;
	bool ended, opened;            /* opened: `offer` is authentic */
	struct rendezvous_offer offer; /* secret */
	struct store_result result;
};

struct meeting {
	__u32 configured_s; /* n */
	unsigned int step;  /* of its ladder */
	__u32 period_s;     /* on that step */
	bool two_stage; /* what was found stood in two stages */
	struct meeting_lookup lookup[MEETING_PERIODS]; /* current, last, next: in the order that they are begun in */
	struct store_result earlier; /* what the steps before came to */
};

/* Which periods to look up at `unix_s`. */
void meeting_begin(struct meeting *meeting, __u64 unix_s, __u32 period_s);

/*
 * The next step of the ladder, if there is one and it makes sense: nothing was found, and yet somebody answered.
 * Lookups begin anew then.
 */
bool meeting_step(struct meeting *meeting, __u64 unix_s);

/* The offer that opened of the current period, else of the next, else of the last; or NULL. */
const struct meeting_lookup *meeting_best(const struct meeting *meeting);

/* Whether all have ended. */
bool meeting_is_over(const struct meeting *meeting);

/* Of all lookups together: what they cost, and the outcome that says most. */
void meeting_sum(const struct meeting *meeting, struct store_result *sum);

/* Why nothing was found, and what to do. */
char *meeting_why(char words[static MEETING_WORDS], const struct meeting *meeting);

/* What an offer for another period than the current one says about the clocks; NULL: nothing. */
const char *meeting_clock(const struct meeting *meeting);

#endif
