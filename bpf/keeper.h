/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keeper's stand-in: moves slots from the rings into mf_live and out again while no loader does.
 * A timer of a pinned map goes on when the process that armed it has died.
 */
#ifndef MAYFLY_BPF_KEEPER_H
#define MAYFLY_BPF_KEEPER_H

#include "bpf/hop.h"
#include "bpf/live_keep.h"

#define CLOCK_MONOTONIC 1

enum { BEAT_NS = 50000000 };

struct mf_keeper {
	struct bpf_timer timer;
	__u64 beats;   /* times it fired */
	__u64 hops;    /* slots it moved because no loader did */
	__u64 refused; /* slots that mf_live had no room for; tried again at the next beat */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_keeper);
} mf_keeper SEC(".maps");

struct beat {
	__u64 now_ms;
	__u64 moved;
	__u64 refused;
};

/* Place of slot `index` in mf_slots, plus 1; 0: the ring has another slot there. */
static __always_inline __u32 place_of(const struct mf_association *association, __u64 index)
{
	return slot_at(association, index) ? association->ring_base + index % association->ring_slots + 1 : 0;
}

static __always_inline void live_forget(const struct mf_association *association, __u64 index)
{
	__u32 place = place_of(association, index);

	if (place)
		mf_live_drop(place);
}

/* Takes away the slot that `index` pushes out and puts that in. 0, or -1: ring has run dry, or no room in mf_live. */
static __always_inline int keep_slot(const struct mf_association *association, __u64 index, struct beat *beat)
{
	__u32 place = place_of(association, index);

	if (!place)
		return -1;
	live_forget(association, index - MF_LIVE_PER_ASSOC);
	if (mf_live_put(place)) {
		beat->refused += 1;
		return -1;
	}
	return 0;
}

/* More slots have passed than stand in mf_live (the machine slept): all of those go, or nobody would take them away. */
static __always_inline void forget_kept(const struct mf_association *association, __u64 kept_index)
{
	for (__u64 back = 0; back < MF_LIVE_PER_ASSOC; back++)
		live_forget(association, kept_index - back);
}

static long keep_association(__u32 id, struct beat *beat)
{
	struct mf_association *association = bpf_map_lookup_elem(&mf_assoc, &id);
	struct mf_assoc_state *state = bpf_map_lookup_elem(&mf_state, &id);
	__u64 want, next;

	if (!association || !state || !association->generation)
		return 0;
	want = index_at(association, beat->now_ms) + MF_KEEP_AHEAD;
	if (state->kept_index >= want)
		return 0;
	next = state->kept_index + 1;
	if (next + MF_LIVE_PER_ASSOC <= want) {
		forget_kept(association, state->kept_index);
		next = want - MF_LIVE_PER_ASSOC + 1;
	}
	for (int i = 0; i < MF_LIVE_PER_ASSOC; i++) {
		if (next > want || keep_slot(association, next, beat))
			break;
		state->kept_index = next;
		beat->moved += 1;
		next += 1;
	}
	return 0;
}

static int keeper_beat(void *map, int *key, struct mf_keeper *keeper)
{
	__u64 now_ns = bpf_ktime_get_coarse_ns();
	__u32 zero = 0;
	struct mf_clock *clock = bpf_map_lookup_elem(&mf_clock, &zero);
	struct beat beat = { .now_ms = now_ms(now_ns) };

	keeper->beats += 1;
	if (clock && clock->tick_ns)
		clock->tick_offset_ns = now_ns - bpf_jiffies64() * clock->tick_ns;
	if (clock && now_ns >= clock->lease_ns) {
		bpf_loop(clock->associations, keep_association, &beat, 0);
		keeper->hops += beat.moved;
		keeper->refused += beat.refused;
	}
	bpf_timer_start(&keeper->timer, BEAT_NS, 0);
	return 0;
}

/* Arms the timer; once is enough, a second time does no harm. */
static __always_inline int keeper_arm(void)
{
	__u32 zero = 0;
	struct mf_keeper *keeper = bpf_map_lookup_elem(&mf_keeper, &zero);

	if (!keeper)
		return -1;
	bpf_timer_init(&keeper->timer, &mf_keeper, CLOCK_MONOTONIC);
	if (bpf_timer_set_callback(&keeper->timer, keeper_beat))
		return -1;
	return (int)bpf_timer_start(&keeper->timer, BEAT_NS, 0);
}

#endif
