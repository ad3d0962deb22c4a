// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeper engine; bpf/keeper.h does the same while no loader runs.
 */
#include "loader/keeper.h"

#include <stddef.h>

const struct mf_slot *mf_keeper_slot(const struct mf_association *association, const struct mf_slot *ring,
				     __u64 index)
{
	const struct mf_slot *slot;

	if (!association->ring_slots)
		return NULL;
	slot = &ring[index % association->ring_slots];
	return slot->index == index ? slot : NULL;
}

enum mf_keeper_need mf_keeper_need(__u64 kept_index, __u64 current)
{
	__u64 want = current + MF_KEEP_AHEAD;

	if (kept_index == want)
		return MF_KEEPER_NOTHING;
	if (!kept_index)
		return MF_KEEPER_PLAN;
	/* One ahead of what is wanted: all that may be heard stands, the clock was set back by a tick. */
	if (kept_index == want + 1)
		return MF_KEEPER_NOTHING;
	if (kept_index > want || kept_index + MF_LIVE_PER_ASSOC < want)
		return MF_KEEPER_RESEAT;
	return MF_KEEPER_PLAN;
}

int mf_keeper_heard_is_ahead(__u64 heard_index, __u64 current)
{
	return heard_index > current + MF_WINDOW_AHEAD;
}

void mf_keeper_plan(struct mf_keeper_plan *plan, const struct mf_association *association, const struct mf_slot *ring,
		    __u64 kept_index, __u64 current)
{
	__u64 want = current + MF_KEEP_AHEAD, index = kept_index + 1;

	plan->steps = 0;
	if (index + MF_LIVE_PER_ASSOC <= want)
		index = want - MF_LIVE_PER_ASSOC + 1;
	for (; index <= want; index++) {
		const struct mf_slot *slot = mf_keeper_slot(association, ring, index), *old;

		if (!slot)
			return;
		old = mf_keeper_slot(association, ring, index - MF_LIVE_PER_ASSOC);
		plan->step[plan->steps++] = (struct mf_keeper_step){
			.index = index,
			.put = slot - ring,
			.drop = old ? old - ring : MF_KEEPER_NONE,
		};
	}
}
