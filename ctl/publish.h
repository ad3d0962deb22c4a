/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When what is to be published: every client has an item of the current period and one of the next. Pure: clients and
 * `now` in, the next thing to put out. Spread by chance, so that no two clients' items come together every time.
 */
#ifndef MAYFLY_CTL_PUBLISH_H
#define MAYFLY_CTL_PUBLISH_H

#include <linux/types.h>
#include <stdbool.h>

enum publish_default {
	PUBLISH_REFRESH_S = 1800,        /* BEP 44: items may expire after 2 h; nodes come and go */
	PUBLISH_RETRY_FIRST_MS = 5000,   /* doubled with every failure */
	PUBLISH_RETRY_MOST_MS = 300000,
};

struct publish_settings {
	__u32 period_s;
	__u32 refresh_s;                   /* 0: PUBLISH_REFRESH_S */
	__u32 retry_first_ms, retry_most_ms; /* 0: as above */
	__u64 seed;                        /* of the chance; the same gives the same */
};

/* Put the item of `client` for `period` now. */
struct publish_task {
	__u32 client; /* as publish_add() numbered it */
	__u32 period; /* T, Unix seconds */
	__u32 attempt; /* 0: the first since it last stood */
	__u32 serial;  /* of this state of the item: how an outdated put ended is of no account */
};

struct publish_counts {
	__u32 clients;
	__u32 current, next; /* items that stand, of the current and the next period */
	__u32 busy;          /* given out by publish_next(), not yet done */
	__u32 failing;       /* that were put in vain and are waiting to be tried again */
};

struct publish;

/* All times are Unix milliseconds. NULL: no memory. */
struct publish *publish_new(const struct publish_settings *settings, __u64 now_ms);
void publish_free(struct publish *publish); /* NULL is fine */

/*
 * A client more; its number, the lowest that is free. Its first item is due within `spread_ms` (0: at once),
 * that of the next period somewhere within the rest of this one. -ENOMEM.
 */
int publish_add(struct publish *publish, __u64 now_ms, __u32 spread_ms);
void publish_remove(struct publish *publish, __u32 client); /* what is under way for it is forgotten */

/* Everything that stands is due again within `spread_ms`: what it says has changed. */
void publish_renew(struct publish *publish, __u64 now_ms, __u32 spread_ms);

/* The next that is due at `now_ms`, which counts as under way from now on. false: nothing before publish_wake_ms(). */
bool publish_next(struct publish *publish, __u64 now_ms, struct publish_task *task);
__u64 publish_wake_ms(const struct publish *publish); /* at the latest when the period ends */

/* How a task ended. Whatever became outdated meanwhile is ignored. */
void publish_done(struct publish *publish, __u64 now_ms, const struct publish_task *task, bool stands);

void publish_count(const struct publish *publish, struct publish_counts *counts);

#endif
