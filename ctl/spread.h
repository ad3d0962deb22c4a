/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Something to be done once for each of many, a share of them a turn, so that it takes some seconds and nothing else waits
 * for it. Begun again in the middle, it goes on from where it is, until it has come around: nobody is passed over for good.
 */
#ifndef MAYFLY_CTL_SPREAD_H
#define MAYFLY_CTL_SPREAD_H

#include <linux/types.h>
#include <stdbool.h>

enum {
	SPREAD_TURN_MS = 50,
	SPREAD_TURNS = 100, /* for all of them: 5 s; fewer than 100 take a turn each */
};

/* All zero: nothing to do. */
struct spread {
	__u32 at;   /* next number */
	__u32 left; /* so many from there on */
};

/* For `count` of them, numbered from 0. */
void spread_begin(struct spread *spread, __u32 count);

/* How many are to be taken in this turn. */
__u32 spread_share(const struct spread *spread, __u32 count);

/* The next one goes to *number; of those that there are now. false: all have been taken. */
bool spread_next(struct spread *spread, __u32 count, __u32 *number);

#endif
