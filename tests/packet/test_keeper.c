// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timer that keeps mf_live while no loader does: silent under a lease, exact without one.
 * Its own time runs (BEAT_MS), the hopping clock is where a test puts it.
 */
#include <string.h>
#include <unistd.h>

#include "tests/packet/table.h"

enum { BEAT_MS = 50, BEATS_MS = 4 * BEAT_MS };

static void beats(void)
{
	usleep(BEATS_MS * 1000);
}

static void arm(struct lab *lab)
{
	struct frame frame;

	frame_ethernet(&frame, mac_inside, mac_device, 0x9000);
	frame_put(&frame, NULL, 50);
	rig_run(&lab->here, MF_ARM, &frame, &lab->result);
	assert_int_equal(lab->result.action, 0);
}

/* The hopping clock goes to `now_ms`; without a lease the keeper must follow. */
static void let_run(struct lab *lab, __u64 now_ms)
{
	lab->here.now_ms = now_ms;
	rig_clock_set(&lab->here);
	lab->here.clock->lease_ns = 0;
	beats();
}

/* mf_live holds the slots of `id` around now, as the loader would have put them there. */
static void expect_kept(struct lab *lab, enum deal id, const char *what)
{
	for (int ahead = -MF_KEEP_BACK; ahead <= MF_KEEP_AHEAD; ahead++) {
		if (!rig_live_has(&lab->here, rig_slot(&lab->here, id, ahead)))
			fail_msg("%s: slot %d of deal %d is not there", what, ahead, id);
	}
	assert_true(lab->here.state[id].kept_index == rig_index(&lab->here, id) + MF_KEEP_AHEAD);
}

static void under_lease(struct lab *lab, const struct row *row)
{
	struct keeper_seen before, after;

	arm(lab);
	before = rig_keeper(&lab->here);
	lab->here.now_ms += 3000;
	rig_clock_set(&lab->here);
	beats();
	after = rig_keeper(&lab->here);
	assert_true(after.beats > before.beats);
	assert_int_equal(after.hops, before.hops);
	lab->here.now_ms -= 3000;
	for (enum deal id = 0; id < DEALS; id++)
		expect_kept(lab, id, row->name);
}

/* a: slots that pass at once, six times; the ring of QUICK is too short for that and left out. */
static void lease_gone(struct lab *lab, const struct row *row)
{
	arm(lab);
	for (long passed = 1; passed <= 6; passed++) {
		let_run(lab, START_MS + passed * row->a * 3000);
		for (enum deal id = 0; id < DEALS; id++)
			if (id != QUICK)
				expect_kept(lab, id, row->name);
		rig_live_drop(&lab->here, QUICK);
		assert_int_equal(rig_live_count(&lab->here), (DEALS - 1) * MF_LIVE_PER_ASSOC);
	}
}

/* 200 ms slots in real time: at any moment what may be heard stands there. */
static void real_time(struct lab *lab, const struct row *row)
{
	struct keeper_seen before;

	arm(lab);
	before = rig_keeper(&lab->here);
	let_run(lab, START_MS);
	for (int i = 0; i < 60; i++) {
		usleep(20000);
		lab->here.now_ms = rig_clock_get(&lab->here);
		for (int ahead = -MF_WINDOW_BACK; ahead <= MF_WINDOW_AHEAD; ahead++)
			if (!rig_live_has(&lab->here, rig_slot(&lab->here, QUICK, ahead)))
				fail_msg("%s: slot %d is not there at beat %d", row->name, ahead, i);
	}
	assert_true(rig_keeper(&lab->here).hops >= before.hops + 5);
}

/* The look-ahead is used up: what stood stays, and nothing is made up. */
static void ring_dry(struct lab *lab, const struct row *row)
{
	__u64 kept = lab->here.state[HOST].kept_index;

	arm(lab);
	let_run(lab, START_MS + 3000ULL * 10 * RING_SLOTS);
	assert_true(lab->here.state[HOST].kept_index == kept);
	lab->here.now_ms = START_MS;
	for (int ahead = 1; ahead < RING_SLOTS - START_INDEX_BACK; ahead++)
		if (ahead > MF_KEEP_AHEAD && rig_live_has(&lab->here, rig_slot(&lab->here, HOST, ahead)))
			fail_msg("%s: slot %d is there", row->name, ahead);
}

/* Slots go on to the very last of the ring. */
static void ring_end(struct lab *lab, const struct row *row)
{
	__u64 last = RING_SLOTS - START_INDEX_BACK - 1 - MF_KEEP_AHEAD;

	arm(lab);
	let_run(lab, START_MS + 3000 * last);
	expect_kept(lab, HOST, row->name);
}

static void freed(struct lab *lab, const struct row *row)
{

	arm(lab);
	lab->here.association[HOST].generation = 0;
	rig_association_write(&lab->here, HOST);
	let_run(lab, START_MS + 3000);
	if (rig_live_has(&lab->here, rig_slot(&lab->here, HOST, MF_KEEP_AHEAD)))
		fail_msg("%s", row->name);
	expect_kept(lab, NET, row->name);
}

static void beyond_count(struct lab *lab, const struct row *row)
{

	arm(lab);
	lab->here.clock->associations = NET + 1;
	let_run(lab, START_MS + 3000);
	expect_kept(lab, NET, row->name);
	if (rig_live_has(&lab->here, rig_slot(&lab->here, ZERO, MF_KEEP_AHEAD)))
		fail_msg("%s", row->name);
}

static void clock_back(struct lab *lab, const struct row *row)
{
	arm(lab);
	let_run(lab, START_MS - 9000);
	lab->here.now_ms = START_MS;
	expect_kept(lab, HOST, row->name);
}

/* Place (plus 1) of a slot that no row comes to. */
static __u32 unused(const struct lab *lab)
{
	return rig_slot(&lab->here, REWRITE, 20) - lab->here.slots + 1;
}

/* Nothing is pushed out and there is no room: the slot is not taken for kept, that is counted, and it stands once there is. */
static void no_room(struct lab *lab, const struct row *row)
{
	__u64 kept = lab->here.state[HOST].kept_index, refused;
	__u32 elsewhere = unused(lab);

	arm(lab);
	refused = rig_keeper(&lab->here).refused;
	lab->here.clock->associations = HOST + 1;
	rig_live_drop(&lab->here, HOST);
	rig_live_fill(&lab->here, elsewhere);
	let_run(lab, START_MS + 3000);
	assert_true(lab->here.state[HOST].kept_index == kept);
	assert_true(rig_keeper(&lab->here).refused > refused);
	rig_live_unfill(&lab->here, elsewhere);
	beats();
	assert_true(lab->here.state[HOST].kept_index == kept + 1);
	if (!rig_live_has(&lab->here, rig_slot(&lab->here, HOST, MF_KEEP_AHEAD)))
		fail_msg("%s: not there", row->name);
}

/* An entry whose slot is another by now, and that nobody took out, goes when its room is needed. */
static void leftovers(struct lab *lab, const struct row *row)
{
	arm(lab);
	rig_live_drop(&lab->here, HOST);
	rig_live_fill(&lab->here, unused(lab));
	lab->here.slots[unused(lab) - 1].local[15] ^= 1;
	let_run(lab, START_MS + 3000);
	if (!rig_live_has(&lab->here, rig_slot(&lab->here, HOST, MF_KEEP_AHEAD)))
		fail_msg("%s: not there", row->name);
}

/* Both buckets of the next slot are full of others: one of them moves, and none is lost. */
static void crowded(struct lab *lab, const struct row *row)
{
	const struct mf_slot *next = rig_slot(&lab->here, HOST, MF_KEEP_AHEAD + 1), *others[2 * MF_BUCKET_ENTRIES];

	arm(lab);
	lab->here.clock->associations = HOST + 1;
	rig_live_clear(&lab->here);
	rig_live_crowd(&lab->here, next, others);
	let_run(lab, START_MS + 3000);
	assert_true(rig_live_has(&lab->here, next));
	for (int i = 0; i < 2 * MF_BUCKET_ENTRIES; i++)
		if (!rig_live_has(&lab->here, others[i]))
			fail_msg("%s: one is lost", row->name);
	assert_int_equal(rig_live_count(&lab->here), 2 * MF_BUCKET_ENTRIES + 1);
}

static void armed_twice(struct lab *lab, const struct row *row)
{
	arm(lab);
	arm(lab);
	arm(lab);
	let_run(lab, START_MS + 3000);
	expect_kept(lab, HOST, row->name);
}

/* The clock that programs read inline runs with the kernel's: within two ticks where windows begin and end. */
static void inline_clock(struct lab *lab, const struct row *row)
{
	const struct mf_slot *slot = rig_slot(&lab->there, HOST, 0);
	__u64 until_ms = slot->start_ms + 6000;
	struct frame inner, wire;

	lab->here.clock->tick_ns = rig_tick_ns();
	arm(lab);
	beats();
	assert_true(lab->here.clock->tick_offset_ns != 0);
	table_small(lab, HOST, &inner, &wire);
	lab->here.now_ms = until_ms - 12;
	rig_run(&lab->here, MF_IN, &wire, &lab->result);
	expect_verdict(&lab->result, MF_IN_DELIVERED, PASS_XDP, row->name);
	lab->here.now_ms = until_ms + 12;
	expect_refused(lab, &wire, MF_DROP_LATE, row->name);
	lab->here.clock->tick_ns = 0;
	beats();
	lab->here.clock->tick_offset_ns = 0;
}

static const struct row rows[] = {
	{ "a loader holds the lease: it beats and touches nothing", under_lease },
	{ "lease gone, one slot passed: five entries each, exactly the loader's", lease_gone, 1 },
	{ "lease gone, two slots passed at once: the same, none left behind", lease_gone, 2 },
	{ "lease gone, five slots passed at once: the same, none left behind", lease_gone, 5 },
	{ "lease gone, six slots passed at once: the same, none left behind", lease_gone, 6 },
	{ "200 ms slots in real time: what may be heard always stands there", real_time },
	{ "look-ahead used up: nothing made up", ring_dry },
	{ "last slots of the ring: kept to the end", ring_end },
	{ "association that is gone: not touched", freed },
	{ "associations beyond the count: not touched", beyond_count },
	{ "clock set back: what stands stays", clock_back },
	{ "no room in the table: counted, and tried again until there is", no_room },
	{ "leftovers in the table: make room", leftovers },
	{ "both buckets full: one entry moves, none is lost", crowded },
	{ "armed again: goes on as before", armed_twice },
	{ "clock read inline: the same as the kernel's", inline_clock },
};

int main(void)
{
	return TABLE_RUN(rows);
}
