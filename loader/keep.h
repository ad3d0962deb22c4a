/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps rings filled and mf_live current, in batches and a bounded amount of work at a time.
 */
#ifndef MAYFLY_LOADER_KEEP_H
#define MAYFLY_LOADER_KEEP_H

#include "loader/slot.h"

struct mf_instance;

enum {
	MF_KEEP_BATCH = 512,        /* entries of mf_live per system call */
	MF_KEEP_TURN_SLOTS = 8192,  /* slots derived per turn: some milliseconds */
	MF_KEEP_TURN_VISITS = 4096, /* associations looked at per turn */
	MF_KEEP_VISIT_SLOTS = 64,   /* slots derived for one association per visit */
};

/* kept_index is published only when its entries stand. */
struct mf_keep_done {
	__u32 id;
	__u64 kept_index;
};

struct mf_keep {
	__u32 puts, drops, dones;
	__u8 put_address[MF_KEEP_BATCH][16];
	struct mf_live put[MF_KEEP_BATCH];
	__u8 drop_address[MF_KEEP_BATCH][16];
	struct mf_keep_done done[MF_KEEP_BATCH];
	int failed; /* last error of mf_live, so that it is said once */
};

/*
 * Works off what is due at `now_ms`. Gives when to come again, in ms by the same clock
 * (`now_ms`: at once, there is more), ~0: nothing to do.
 */
__u64 mf_keep_turn(struct mf_instance *instance, __u64 now_ms);

/* Brings one association's ring (as far as is urgent) and live entries up to now, at once. */
int mf_keep_start(struct mf_instance *instance, __u32 id, __u64 now_ms);

/*
 * Takes every live entry out that (seed, schedule) may have put there for `id`, around `kept_index`.
 */
void mf_keep_purge(struct mf_instance *instance, __u32 id, const struct mf_seed *seed,
		   const struct mf_schedule *schedule, __u64 kept_index);

#endif
