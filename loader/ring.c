// SPDX-License-Identifier: GPL-2.0-only
/*
 * First fit over a sorted list of free parts.
 */
#include "loader/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 16 };

__u32 mf_ring_wanted(__u32 look_ahead_ms, __u32 rotation_ms)
{
	return (look_ahead_ms + rotation_ms - 1) / rotation_ms + MF_RING_SPARE;
}

int mf_ring_space_open(struct mf_ring_space *space, __u32 slots)
{
	struct mf_ring_extent *extent = calloc(ROOM_FIRST, sizeof(*extent));

	if (!extent)
		return -ENOMEM;
	extent[0] = (struct mf_ring_extent){ 0, slots };
	*space = (struct mf_ring_space){ slots, slots, 1, ROOM_FIRST, extent };
	return 0;
}

void mf_ring_space_close(struct mf_ring_space *space)
{
	free(space->extent);
	*space = (struct mf_ring_space){ 0 };
}

static int room_for_one_more(struct mf_ring_space *space)
{
	struct mf_ring_extent *larger;

	if (space->extents < space->room)
		return 0;
	larger = realloc(space->extent, 2 * space->room * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	space->extent = larger;
	space->room *= 2;
	return 0;
}

static void extent_insert(struct mf_ring_space *space, __u32 at, struct mf_ring_extent extent)
{
	memmove(space->extent + at + 1, space->extent + at, (space->extents - at) * sizeof(extent));
	space->extent[at] = extent;
	space->extents += 1;
}

static void extent_remove(struct mf_ring_space *space, __u32 at)
{
	space->extents -= 1;
	memmove(space->extent + at, space->extent + at + 1, (space->extents - at) * sizeof(*space->extent));
}

/* First free part of `wanted` slots, else the largest. -1: none. */
static int extent_find(const struct mf_ring_space *space, __u32 wanted)
{
	int best = -1;

	for (__u32 i = 0; i < space->extents; i++) {
		if (space->extent[i].slots >= wanted)
			return i;
		if (best < 0 || space->extent[i].slots > space->extent[best].slots)
			best = i;
	}
	return best;
}

int mf_ring_take(struct mf_ring_space *space, __u32 wanted, __u32 others, struct mf_ring_extent *ring)
{
	__u64 kept = (__u64)others * MF_RING_MIN;
	__u32 most = space->free > kept ? space->free - kept : 0;
	struct mf_ring_extent *from;
	int at;

	if (most < MF_RING_MIN)
		most = MF_RING_MIN;
	if (wanted > most)
		wanted = most;
	at = extent_find(space, wanted);
	if (at < 0 || space->extent[at].slots < MF_RING_MIN)
		return -ENOSPC;
	from = &space->extent[at];
	if (wanted > from->slots)
		wanted = from->slots;
	*ring = (struct mf_ring_extent){ from->base, wanted };
	from->base += wanted;
	from->slots -= wanted;
	space->free -= wanted;
	if (!from->slots)
		extent_remove(space, at);
	return 0;
}

/* Index of the last free part that begins at or before `base`; -1: none. */
static int extent_before(const struct mf_ring_space *space, __u32 base)
{
	int low = 0, high = space->extents;

	while (low < high) {
		int middle = (low + high) / 2;

		if (space->extent[middle].base <= base)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

static __u32 end_of(const struct mf_ring_extent *extent)
{
	return extent->base + extent->slots;
}

int mf_ring_claim(struct mf_ring_space *space, const struct mf_ring_extent *ring)
{
	int error, at = extent_before(space, ring->base);
	struct mf_ring_extent whole;

	if (!ring->slots || at < 0 || end_of(ring) < ring->base || end_of(ring) > end_of(&space->extent[at]))
		return -EBUSY;
	error = room_for_one_more(space);
	if (error)
		return error;
	whole = space->extent[at];
	extent_remove(space, at);
	if (end_of(ring) < end_of(&whole))
		extent_insert(space, at, (struct mf_ring_extent){ end_of(ring), end_of(&whole) - end_of(ring) });
	if (whole.base < ring->base)
		extent_insert(space, at, (struct mf_ring_extent){ whole.base, ring->base - whole.base });
	space->free -= ring->slots;
	return 0;
}

int mf_ring_give(struct mf_ring_space *space, const struct mf_ring_extent *ring)
{
	int error = room_for_one_more(space), before = extent_before(space, ring->base);
	__u32 at = before + 1;

	if (error)
		return error;
	if (!ring->slots)
		return 0;
	extent_insert(space, at, *ring);
	space->free += ring->slots;
	if (at + 1 < space->extents && end_of(&space->extent[at]) == space->extent[at + 1].base) {
		space->extent[at].slots += space->extent[at + 1].slots;
		extent_remove(space, at + 1);
	}
	if (before >= 0 && end_of(&space->extent[before]) == space->extent[at].base) {
		space->extent[before].slots += space->extent[at].slots;
		extent_remove(space, at);
	}
	return 0;
}
