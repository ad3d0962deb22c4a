// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loader's half of the keeper: visits associations when their slot changes, fills rings ahead,
 * applies the engine's plans.
 */
#include "loader/keep.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "loader/announce.h"
#include "loader/instance.h"
#include "loader/keeper.h"
#include "loader/log.h"
#include "loader/opener.h"

static int live_fd(const struct mf_instance *instance)
{
	return instance->object.map[MF_MAP_LIVE];
}

static struct mf_slot *ring_of(const struct mf_instance *instance, const struct mf_entry *entry)
{
	return instance->object.slots + entry->association.ring_base;
}

static int seed_get(const struct mf_instance *instance, __u32 id, struct mf_seed *seed)
{
	return bpf_map_lookup_elem(instance->object.map[MF_MAP_SEED], &id, seed);
}

/* Drops what is there; one that is not ends the kernel's batch and is stepped over. */
static int drops_flush(struct mf_instance *instance)
{
	struct mf_keep *keep = &instance->keep;
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	__u32 at = 0;
	int error = 0;

	while (at < keep->drops) {
		__u32 count = keep->drops - at;

		error = bpf_map_delete_batch(live_fd(instance), keep->drop_address[at], &count, &options);
		if (error && error != -ENOENT)
			break;
		at += count + (error == -ENOENT);
		error = 0;
	}
	keep->drops = 0;
	return error;
}

static int puts_flush(struct mf_instance *instance)
{
	struct mf_keep *keep = &instance->keep;
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	__u32 count = keep->puts;
	int error = 0;

	if (count)
		error = bpf_map_update_batch(live_fd(instance), keep->put_address, keep->put, &count, &options);
	keep->puts = 0;
	return error;
}

static void say_once(struct mf_keep *keep, int error)
{
	if (error && error != keep->failed)
		mf_log(MF_LOG_ERROR, "mf_live cannot be kept: %s", strerror(-error));
	keep->failed = error;
}

/* Drops go first: mf_live has no room for both generations of a whole batch. */
static int flush(struct mf_instance *instance)
{
	struct mf_keep *keep = &instance->keep;
	int error = drops_flush(instance), other = puts_flush(instance);

	if (!error)
		error = other;
	for (__u32 i = 0; !error && i < keep->dones; i++)
		instance->object.state[keep->done[i].id].kept_index = keep->done[i].kept_index;
	keep->dones = 0;
	say_once(keep, error);
	return error;
}

/* An address of few hop bits may have come again for another slot or association. */
static void drop_checked(struct mf_instance *instance, __u32 id, const __u8 address[static 16], __u64 index)
{
	struct mf_live live;

	if (bpf_map_lookup_elem(live_fd(instance), address, &live))
		return;
	if (live.association == id && live.index == index && live.kind == MF_LIVE_ASSOCIATION)
		bpf_map_delete_elem(live_fd(instance), address);
}

static void queue_drops(struct mf_instance *instance, __u32 id, const struct mf_keeper_plan *plan)
{
	struct mf_keep *keep = &instance->keep;

	for (unsigned int i = 0; i < plan->drops; i++) {
		if (instance->associations.entry[id].checked_drops)
			drop_checked(instance, id, plan->drop_address[i], plan->drop_index[i]);
		else
			memcpy(keep->drop_address[keep->drops++], plan->drop_address[i], 16);
	}
}

static void queue(struct mf_instance *instance, __u32 id, const struct mf_keeper_plan *plan)
{
	struct mf_keep *keep = &instance->keep;

	if (keep->puts + plan->puts > MF_KEEP_BATCH || keep->drops + plan->drops > MF_KEEP_BATCH ||
	    keep->dones == MF_KEEP_BATCH)
		flush(instance);
	queue_drops(instance, id, plan);
	memcpy(keep->put_address[keep->puts], plan->put_address, plan->puts * 16);
	memcpy(&keep->put[keep->puts], plan->put, plan->puts * sizeof(plan->put[0]));
	keep->puts += plan->puts;
	keep->done[keep->dones++] = (struct mf_keep_done){ id, plan->kept_index };
}

void mf_keep_purge(struct mf_instance *instance, __u32 id, const struct mf_seed *seed,
		   const struct mf_schedule *schedule, __u64 kept_index)
{
	/* A loader that died may have been one flush further than kept_index says. */
	__u64 first = kept_index - MF_LIVE_PER_ASSOC, last = kept_index + MF_LIVE_PER_ASSOC;

	if (!kept_index)
		return;
	for (__u64 index = first; index <= last; index++) {
		struct mf_slot slot;

		mf_slot_fill(&slot, seed, schedule, index);
		drop_checked(instance, id, slot.local, index);
	}
}

/* A reader that finds the index finds the rest. */
static void slot_store(struct mf_slot *to, const struct mf_slot *from)
{
	__atomic_store_n(&to->index, 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	to->start_ms = from->start_ms;
	memcpy(to->local, from->local, sizeof(*from) - offsetof(struct mf_slot, local));
	__atomic_store_n(&to->index, from->index, __ATOMIC_RELEASE);
}

/* Newest slot that the ring should hold now. */
static __u64 ring_target(const struct mf_instance *instance, const struct mf_entry *entry, __u64 current)
{
	__u32 most = entry->association.ring_slots - MF_RING_BEHIND - 1;
	__u32 wanted = mf_ring_wanted(instance->record.config.look_ahead_ms, entry->association.rotation_ms) -
		       MF_RING_SPARE;

	return current + (wanted < most ? wanted : most);
}

/* Derives up to `budget` slots. How many it was. */
static __u32 ring_fill(struct mf_instance *instance, __u32 id, const struct mf_seed *seed, __u64 current,
		       __u32 budget)
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
			mf_slot_fill(&slot, seed, &schedule, index);
			slot_store(place, &slot);
			done += 1;
		}
		entry->filled_index = index;
	}
	return done;
}

/* Time has jumped, or the ring has run dry: what stands in mf_live is found by deriving it again. */
static void reseat(struct mf_instance *instance, __u32 id, const struct mf_seed *seed)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_schedule schedule = mf_entry_schedule(entry);
	struct mf_assoc_state *state = &instance->object.state[id];

	flush(instance);
	mf_keep_purge(instance, id, seed, &schedule, state->kept_index);
	state->kept_index = 0;
	entry->filled_index = 0;
}

/* 1: all of it is on its way; 0: the ring had not every slot. */
static int plan(struct mf_instance *instance, __u32 id, __u64 current)
{
	const struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_keeper_plan plan;

	mf_keeper_plan(&plan, id, &entry->association, ring_of(instance, entry),
		       instance->object.state[id].kept_index, current);
	if (plan.puts)
		queue(instance, id, &plan);
	return plan.kept_index == current + MF_KEEP_AHEAD;
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
	struct mf_seed seed;
	__u64 due_ms;
	__u32 done = 0;

	if ((need == MF_KEEPER_RESEAT || entry->filled_index != target) && !seed_get(instance, id, &seed)) {
		if (need == MF_KEEPER_RESEAT)
			reseat(instance, id, &seed);
		done = ring_fill(instance, id, &seed, current, budget);
		sodium_memzero(&seed, sizeof(seed));
		if (!planned)
			plan(instance, id, current);
	}
	if (current != entry->seen_index) {
		slot_begins(instance, id, current);
	} else if (entry->open_again && now_ms >= opened_again_ms(&schedule, current)) {
		entry->open_again = 0;
		mf_opener_slot(instance, id);
	}
	due_ms = entry->open_again ? opened_again_ms(&schedule, current) : mf_slot_start(&schedule, current + 1);
	mf_due_set(&instance->associations.due, id, entry->filled_index < target ? now_ms + 1 : due_ms);
	return done;
}

__u64 mf_keep_turn(struct mf_instance *instance, __u64 now_ms)
{
	const struct mf_due *due = &instance->associations.due;
	const struct mf_due_entry *first;
	__u32 slots = 0, visits = 0;

	while ((first = mf_due_first(due)) && first->when_ms <= now_ms) {
		if (slots >= MF_KEEP_TURN_SLOTS || visits >= MF_KEEP_TURN_VISITS)
			break;
		slots += visit(instance, first->id, now_ms, MF_KEEP_VISIT_SLOTS);
		visits += 1;
	}
	flush(instance);
	if (!first)
		return ~0ULL;
	return first->when_ms < now_ms ? now_ms : first->when_ms;
}

int mf_keep_start(struct mf_instance *instance, __u32 id, __u64 now_ms)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_schedule schedule = mf_entry_schedule(entry);
	__u64 current = mf_slot_index(&schedule, now_ms);
	struct mf_seed seed;
	int error = seed_get(instance, id, &seed);

	if (error)
		return error;
	ring_fill(instance, id, &seed, current, MF_RING_MIN);
	sodium_memzero(&seed, sizeof(seed));
	plan(instance, id, current);
	return flush(instance);
}
