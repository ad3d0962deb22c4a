/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rings of slots, cut out of one array of slots: who has which part. Pure bookkeeping.
 */
#ifndef MAYFLY_LOADER_RING_H
#define MAYFLY_LOADER_RING_H

#include <linux/types.h>

enum {
	MF_RING_BEHIND = 3,  /* slots behind the current one that stay in a ring */
	MF_RING_SPARE = 8,   /* slots of a ring over the look-ahead */
	MF_RING_MIN = 8,     /* the least a ring can work with: 3 behind, this one, 4 ahead */
};

struct mf_ring_extent {
	__u32 base;
	__u32 slots;
};

struct mf_ring_space {
	__u32 slots;  /* of the array */
	__u32 free;
	__u32 extents, room;
	struct mf_ring_extent *extent; /* the free ones, by base */
};

/* Slots that a ring should have: ceil(look_ahead / rotation) + 8. */
__u32 mf_ring_wanted(__u32 look_ahead_ms, __u32 rotation_ms);

int mf_ring_space_open(struct mf_ring_space *space, __u32 slots);
void mf_ring_space_close(struct mf_ring_space *space);

/*
 * Takes up to `wanted` slots and leaves MF_RING_MIN for each of `others` associations that may yet come.
 * -ENOSPC: not even MF_RING_MIN in one piece.
 */
int mf_ring_take(struct mf_ring_space *space, __u32 wanted, __u32 others, struct mf_ring_extent *ring);

/* Takes this very part, which an earlier loader gave out. -EBUSY: not free. */
int mf_ring_claim(struct mf_ring_space *space, const struct mf_ring_extent *ring);
int mf_ring_give(struct mf_ring_space *space, const struct mf_ring_extent *ring);

#endif
