// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loader's half of the keeper: visits associations when their slot changes, fills rings ahead, takes the
 * engine's steps. All of it is memory that the programs read: no system call.
 */
#include "loader/keep.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "loader/announce.h"
#include "loader/instance.h"
#include "loader/keeper.h"
#include "loader/log.h"
#include "loader/opener.h"

enum { TOGETHER = 64 }; /* associations whose memory is fetched at the same time */

static struct mf_slot *ring_of(const struct mf_instance *instance, const struct mf_entry *entry)
{
	return instance->object.slots + entry->association.ring_base;
}

static const struct mf_seed *seed_of(const struct mf_instance *instance, __u32 id)
{
	return &instance->object.seed[id];
}

static int say_once(struct mf_keep *keep, int error)
{
	if (error)
		keep->refused += 1;
	if (error && !keep->full)
		mf_log(MF_LOG_ERROR, "mf_live has no room for a slot (%llu times so far): it is tried again, and not heard "
		       "until then; a larger Capacity makes room", (unsigned long long)keep->refused);
	keep->full = error != 0;
	return error;
}

/* kept_index is published only when its entry stands. */
static int steps_take(struct mf_instance *instance, __u32 id, const struct mf_keeper_plan *plan)
{
	const struct mf_live *live = &instance->object.live;
	__u32 base = instance->associations.entry[id].association.ring_base;

	for (unsigned int i = 0; i < plan->steps; i++) {
		const struct mf_keeper_step *step = &plan->step[i];

		if (step->drop != MF_KEEPER_NONE)
			mf_live_drop(live, base + step->drop);
		if (say_once(&instance->keep, mf_live_put(live, base + step->put)))
			return -ENOSPC;
		__atomic_store_n(&instance->object.state[id].kept_index, step->index, __ATOMIC_RELEASE);
	}
	return 0;
}

void mf_keep_purge(struct mf_instance *instance, __u32 id, const struct mf_association *association)
{
	const struct mf_slot *ring = instance->object.slots + association->ring_base;
	__u64 kept_index = instance->object.state[id].kept_index;

	if (!kept_index)
		return;
	/* A loader that died may have been one slot further than kept_index says. */
	for (__u64 index = kept_index - MF_LIVE_PER_ASSOC; index <= kept_index + 1; index++) {
		const struct mf_slot *slot = mf_keeper_slot(association, ring, index);

		if (slot)
			mf_live_drop(&instance->object.live, association->ring_base + (slot - ring));
	}
}

/* A reader that finds the index finds the rest. */
static void slot_store(struct mf_slot *to, const struct mf_slot *from)
{
	__atomic_store_n(&to->index, 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* before the stores that follow; none of them waits for it */
	to->start_ms = from->start_ms;
	memcpy(to->local, from->local, sizeof(*from) - offsetof(struct mf_slot, local));
	__atomic_store_n(&to->index, from->index, __ATOMIC_RELEASE);
}

/* Newest slot that the ring should hold now: of the look-ahead, however short, but what mf_live holds, and one more. */
static __u64 ring_target(const struct mf_instance *instance, const struct mf_entry *entry, __u64 current)
{
	__u32 most = entry->association.ring_slots - MF_RING_BEHIND - 1;
	__u32 wanted = mf_ring_wanted(instance->record.config.look_ahead_ms, entry->association.rotation_ms) -
		       MF_RING_SPARE;

	if (wanted < MF_KEEP_AHEAD + 1)
		wanted = MF_KEEP_AHEAD + 1;
	return current + (wanted < most ? wanted : most);
}

/* Derives up to `budget` slots. How many it was. */
static __u32 ring_fill(struct mf_instance *instance, __u32 id, __u64 current, __u32 budget)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_schedule schedule = mf_entry_schedule(entry);
	struct mf_slot *ring = ring_of(instance, entry), slot;
	__u64 target = ring_target(instance, entry, current);
	__u32 done = 0;

	if (entry->filled_index + 1 < current - MF_RING_BEHIND || entry->filled_index > target + 1)
		entry->filled_index = current - MF_RING_BEHIND - 1;
	while (entry->filled_index < target && done < budget) {
		__u64 index = entry->filled_index + 1;
		struct mf_slot *place = &ring[index % entry->association.ring_slots];

		if (place->index != index) {
			mf_slot_fill(&slot, seed_of(instance, id), &schedule, index);
			slot.association = id;
			slot_store(place, &slot);
			done += 1;
		}
		entry->filled_index = index;
	}
	return done;
}

/* Time has jumped, or the ring has run dry. */
static void reseat(struct mf_instance *instance, __u32 id, __u64 current)
{
	__u64 *heard_index = &instance->object.state[id].heard_index;

	mf_keep_purge(instance, id, &instance->associations.entry[id].association);
	instance->object.state[id].kept_index = 0;
	instance->associations.entry[id].filled_index = 0;
	if (mf_keeper_heard_is_ahead(*heard_index, current))
		__atomic_store_n(heard_index, 0, __ATOMIC_RELAXED);
}

/* 1: all of it stands; 0: the ring had not every slot, or mf_live no room. */
static int plan(struct mf_instance *instance, __u32 id, __u64 current)
{
	const struct mf_entry *entry = &instance->associations.entry[id];
	__u64 *kept_index = &instance->object.state[id].kept_index;
	struct mf_keeper_plan plan;

	mf_keeper_plan(&plan, &entry->association, ring_of(instance, entry), *kept_index, current);
	return !steps_take(instance, id, &plan) && *kept_index == current + MF_KEEP_AHEAD;
}

/* The slot has changed: count it, open it, announce the next one. */
static void slot_begins(struct mf_instance *instance, __u32 id, __u64 current)
{
	struct mf_associations *all = &instance->associations;
	struct mf_entry *entry = &all->entry[id];

	if (entry->seen_index && current > entry->seen_index)
		all->hops += current - entry->seen_index;
	entry->seen_index = current;
	entry->open_again = !!(entry->association.flags & MF_ASSOC_OPENS);
	mf_opener_slot(instance, id);
	mf_announce_slot(instance, id, current);
}

/*
 * A slot is opened twice: the first packet may get lost, and with firewalls at both ends one of the two first ones
 * always finds the other door still shut.
 */
static __u64 opened_again_ms(const struct mf_schedule *schedule, __u64 index)
{
	return mf_slot_start(schedule, index) + schedule->rotation_ms / 4;
}

/*
 * One association at `now_ms`. Live entries first, while the ring still has the slots that they push out; a ring
 * that had run dry is filled and then planned again.
 */
static __u32 visit(struct mf_instance *instance, __u32 id, __u64 now_ms, __u32 budget)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_schedule schedule = mf_entry_schedule(entry);
	__u64 current = mf_slot_index(&schedule, now_ms), target = ring_target(instance, entry, current);
	enum mf_keeper_need need = mf_keeper_need(instance->object.state[id].kept_index, current);
	int planned = need == MF_KEEPER_PLAN ? plan(instance, id, current) : need == MF_KEEPER_NOTHING;
	__u64 due_ms;
	__u32 done = 0;

	if (need == MF_KEEPER_RESEAT || entry->filled_index != target) {
		if (need == MF_KEEPER_RESEAT)
			reseat(instance, id, current);
		done = ring_fill(instance, id, current, budget);
		if (!planned)
			planned = plan(instance, id, current);
	}
	if (current != entry->seen_index) {
		slot_begins(instance, id, current);
	} else if (entry->open_again && now_ms >= opened_again_ms(&schedule, current)) {
		entry->open_again = 0;
		mf_opener_slot(instance, id);
	}
	due_ms = entry->open_again ? opened_again_ms(&schedule, current) : mf_slot_start(&schedule, current + 1);
	if (entry->filled_index < target)
		due_ms = now_ms + 1;
	else if (!planned && due_ms > now_ms + MF_KEEP_RETRY_MS)
		due_ms = now_ms + MF_KEEP_RETRY_MS;
	mf_due_set(&instance->associations.due, id, due_ms);
	return done;
}

/*
 * Some associations together, in rounds, so that what each of them needs is fetched from memory at the same time:
 * first the association, then the slots that go in and out, then their buckets.
 */
static void fetch_entry(const struct mf_instance *instance, __u32 id)
{
	const struct mf_seed *seed = seed_of(instance, id);

	__builtin_prefetch(&instance->associations.entry[id], 1);
	__builtin_prefetch(&instance->object.state[id], 1);
	__builtin_prefetch(seed);
	__builtin_prefetch(&seed->remote);
}

static void fetch_slots(const struct mf_instance *instance, __u32 id)
{
	const struct mf_entry *entry = &instance->associations.entry[id];
	const struct mf_slot *ring = ring_of(instance, entry);
	__u32 slots = entry->association.ring_slots;
	__u64 next = instance->object.state[id].kept_index + 1;

	__builtin_prefetch(&ring[next % slots]);
	__builtin_prefetch(&ring[(next - MF_LIVE_PER_ASSOC) % slots]);
	__builtin_prefetch(&ring[(entry->filled_index + 1) % slots], 1);
}

static void fetch_buckets(const struct mf_instance *instance, __u32 id)
{
	const struct mf_entry *entry = &instance->associations.entry[id];
	const struct mf_slot *ring = ring_of(instance, entry);
	__u32 slots = entry->association.ring_slots;
	__u64 next = instance->object.state[id].kept_index + 1;

	mf_live_fetch(&instance->object.live, &ring[next % slots]);
	mf_live_fetch(&instance->object.live, &ring[(next - MF_LIVE_PER_ASSOC) % slots]);
}

static void fetch(const struct mf_instance *instance, const __u32 *id, __u32 count)
{
	for (__u32 i = 0; i < count; i++)
		fetch_entry(instance, id[i]);
	for (__u32 i = 0; i < count; i++)
		fetch_slots(instance, id[i]);
	for (__u32 i = 0; i < count; i++)
		fetch_buckets(instance, id[i]);
}

/* Takes those out that are due; visit() puts them in again. How many. */
static __u32 due_take(struct mf_due *due, __u64 now_ms, __u32 id[static TOGETHER])
{
	const struct mf_due_entry *first;
	__u32 count = 0;

	while (count < TOGETHER && (first = mf_due_first(due)) && first->when_ms <= now_ms) {
		id[count++] = first->id;
		mf_due_drop(due, first->id);
	}
	return count;
}

__u64 mf_keep_turn(struct mf_instance *instance, __u64 now_ms)
{
	struct mf_due *due = &instance->associations.due;
	const struct mf_due_entry *first;
	__u32 id[TOGETHER], slots = 0, visits = 0, count;

	while (slots < MF_KEEP_TURN_SLOTS && visits < MF_KEEP_TURN_VISITS) {
		count = due_take(due, now_ms, id);
		if (!count)
			break;
		fetch(instance, id, count);
		for (__u32 i = 0; i < count; i++)
			slots += visit(instance, id[i], now_ms, MF_KEEP_VISIT_SLOTS);
		visits += count;
	}
	first = mf_due_first(due);
	if (!first)
		return ~0ULL;
	return first->when_ms < now_ms ? now_ms : first->when_ms;
}

int mf_keep_start(struct mf_instance *instance, __u32 id, __u64 now_ms)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_schedule schedule = mf_entry_schedule(entry);
	__u64 current = mf_slot_index(&schedule, now_ms);

	ring_fill(instance, id, current, MF_RING_MIN);
	return plan(instance, id, current) ? 0 : -ENOSPC;
}
