/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing mf_live, mapped into our memory; bpf/live_keep.h does the same while no loader runs, and both may at once.
 * Pure: table and slots in, table out.
 */
#ifndef MAYFLY_LOADER_LIVE_H
#define MAYFLY_LOADER_LIVE_H

#include "bpf/abi.h"

struct mf_live {
	struct mf_bucket *bucket;   /* 2 * half of them */
	__u32 half;                 /* mf_live_half() of the capacity */
	__u32 slots;
	const struct mf_slot *slot; /* mf_slots, whole */
};

#define MF_LIVE_NOWHERE (~0U)

/*
 * The slot at `position` of mf_slots can be found by its address from here on; twice does no harm. One of the same
 * address, which few hop bits bring about, takes the place of the older. -ENOSPC: no room.
 */
int mf_live_put(const struct mf_live *live, __u32 position);

/* Takes out the entry of this very position, if there is one. The slot must be what it was when put in. */
void mf_live_drop(const struct mf_live *live, __u32 position);

/* Has the buckets of a slot fetched, which will be wanted in a moment. */
void mf_live_fetch(const struct mf_live *live, const struct mf_slot *slot);

/* Position of the slot that `address` leads to, or MF_LIVE_NOWHERE. */
__u32 mf_live_find(const struct mf_live *live, const __u8 address[static 16]);

/* Position of the slot that is found by what would find `slot`: its address, and for a client its identifier. */
__u32 mf_live_find_same(const struct mf_live *live, const struct mf_slot *slot);

/* Takes out every entry that `keeps` says no to, and those whose slot is another by now. How many. */
__u64 mf_live_sweep(const struct mf_live *live, int (*keeps)(const void *context, const struct mf_slot *slot),
		    const void *context);

#endif
