/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a client makes of its lookups: of the last, the current and the next period, because clocks differ; and where
 * nothing is, of those of the shorter periods that a server under attack goes by (docs/PROTOCOL.md 7). Pure.
 */
#ifndef MAYFLY_CTL_MEETING_H
#define MAYFLY_CTL_MEETING_H

#include <stdbool.h>

#include "ctl/store.h"

enum { MEETING_PERIODS = 3, MEETING_WORDS = SAY_BYTES + 64, MEETING_DEAD = 4, MEETING_KEY_BYTES = 16 };

/*
 * K of introductions in which nobody answered, the last ones; all zero: none. A node or server that is behind, or lies, gives
 * them again: they are taken where nothing else is found, since it may have been the way there that was broken. Secret.
 */
struct meeting_dead {
	__u8 key[MEETING_DEAD][MEETING_KEY_BYTES];
	unsigned int next;
};

void meeting_note_dead(struct meeting_dead *dead, const __u8 key[static MEETING_KEY_BYTES]);
bool meeting_is_dead(const struct meeting_dead *dead, const __u8 key[static MEETING_KEY_BYTES]);
bool meeting_knows_dead(const struct meeting_dead *dead); /* any */

struct meeting_lookup {
	__u32 period;
	bool ended, opened;            /* opened: `offer` is authentic */
	bool dead;                     /* and nobody has answered there before */
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
	struct meeting_spare {      /* the first step that had what is dead, and nothing else; period_s 0: none */
		unsigned int step;
		__u32 period_s;
		bool two_stage;
		struct meeting_lookup lookup[MEETING_PERIODS];
	} spare;
};

/* Which periods to look up at `unix_s`. */
void meeting_begin(struct meeting *meeting, __u64 unix_s, __u32 period_s);

/* An authentic offer for a lookup. true: it is what was looked for; false: a dead one, kept in case that there is nothing else. */
bool meeting_take(struct meeting_lookup *lookup, const struct rendezvous_offer *offer, const struct meeting_dead *dead);

/*
 * The next step of the ladder, if there is one and it makes sense: nothing was found, or what is dead, and yet somebody
 * answered. Lookups begin anew then. After the last one what is dead counts as found, if there is nothing else.
 */
bool meeting_step(struct meeting *meeting, __u64 unix_s);

/* The offer that opened of the current period, else of the next, else of the last, rather one that is not dead; or NULL. */
const struct meeting_lookup *meeting_best(const struct meeting *meeting);

/* Whether it is none, or a dead one: it is worth while to look on. */
bool meeting_looks_on(const struct meeting *meeting);

/* Whether all have ended. */
bool meeting_is_over(const struct meeting *meeting);

/* Of all lookups together: what they cost, and the outcome that says most. */
void meeting_sum(const struct meeting *meeting, struct store_result *sum);

/* Why nothing was found, and what to do. */
char *meeting_why(char words[static MEETING_WORDS], const struct meeting *meeting);

/* What an offer for another period than the current one says about the clocks; NULL: nothing. */
const char *meeting_clock(const struct meeting *meeting);

#endif
