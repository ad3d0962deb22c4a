// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeper engine; bpf/keeper.h does the same while no loader runs.
 */
#include "loader/keeper.h"

#include <string.h>

const struct mf_slot *mf_keeper_slot(const struct mf_association *association, const struct mf_slot *ring,
				     __u64 index)
{
	const struct mf_slot *slot;

	if (!association->ring_slots)
		return NULL;
	slot = &ring[index % association->ring_slots];
	return slot->index == index ? slot : NULL;
}

void mf_keeper_entry(struct mf_live *live, __u32 id, const struct mf_association *association,
		     const struct mf_slot *slot)
{
	__u64 rotation_ms = association->rotation_ms;

	*live = (struct mf_live){
		.association = id,
		.generation = association->generation,
		.kind = MF_LIVE_ASSOCIATION,
		.carriage = association->carriage,
		.local_port = slot->local_port,
		.remote_port = slot->remote_port,
		.index = slot->index,
		.from_ms = slot->start_ms - MF_WINDOW_BACK * rotation_ms,
		.until_ms = slot->start_ms + (1 + MF_WINDOW_AHEAD) * rotation_ms,
	};
	memcpy(live->remote, slot->remote, sizeof(live->remote));
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

static void plan_put(struct mf_keeper_plan *plan, __u32 id, const struct mf_association *association,
		     const struct mf_slot *slot)
{
	memcpy(plan->put_address[plan->puts], slot->local, 16);
	mf_keeper_entry(&plan->put[plan->puts], id, association, slot);
	plan->puts += 1;
}

static void plan_drop(struct mf_keeper_plan *plan, const struct mf_slot *slot)
{
	memcpy(plan->drop_address[plan->drops], slot->local, 16);
	plan->drop_index[plan->drops] = slot->index;
	plan->drops += 1;
}

void mf_keeper_plan(struct mf_keeper_plan *plan, __u32 id, const struct mf_association *association,
		    const struct mf_slot *ring, __u64 kept_index, __u64 current)
{
	__u64 want = current + MF_KEEP_AHEAD, index = kept_index + 1;

	plan->puts = plan->drops = 0;
	plan->kept_index = kept_index;
	if (index + MF_LIVE_PER_ASSOC <= want)
		index = want - MF_LIVE_PER_ASSOC + 1;
	for (; index <= want; index++) {
		const struct mf_slot *slot = mf_keeper_slot(association, ring, index), *old;

		if (!slot)
			return;
		plan_put(plan, id, association, slot);
		old = mf_keeper_slot(association, ring, index - MF_LIVE_PER_ASSOC);
		if (old)
			plan_drop(plan, old);
		plan->kept_index = index;
	}
}
