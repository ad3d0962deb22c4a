// SPDX-License-Identifier: GPL-2.0-only
/* Keeper engine against a live table in memory: whatever time does, the right five entries stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "loader/keeper.h"

enum { RING = 16, ROTATION_MS = 1000 };

/* The table is a list of indices that stand. */
struct table {
	struct mf_association association;
	struct mf_slot ring[RING];
	__u64 kept;
	__u64 live[64];
	unsigned int count;
};

static void slot_put(struct table *table, __u64 index)
{
	struct mf_slot *slot = &table->ring[index % RING];

	memset(slot, 0, sizeof(*slot));
	slot->index = index;
	slot->start_ms = index * ROTATION_MS;
}

static void ring_fill(struct table *table, __u64 current)
{
	for (__u64 index = current - 3; index <= current + RING - 5; index++)
		slot_put(table, index);
}

static void live_drop(struct table *table, __u64 index)
{
	for (unsigned int i = 0; i < table->count; i++)
		if (table->live[i] == index)
			table->live[i--] = table->live[--table->count];
}

static int is_live(const struct table *table, __u64 index)
{
	for (unsigned int i = 0; i < table->count; i++)
		if (table->live[i] == index)
			return 1;
	return 0;
}

static void apply(struct table *table, const struct mf_keeper_plan *plan)
{
	assert_true(plan->steps <= MF_LIVE_PER_ASSOC);
	for (unsigned int i = 0; i < plan->steps; i++) {
		const struct mf_keeper_step *step = &plan->step[i];

		if (step->drop != MF_KEEPER_NONE)
			live_drop(table, table->ring[step->drop].index);
		live_drop(table, step->index);
		assert_true(table->ring[step->put].index == step->index);
		table->live[table->count++] = step->index;
		table->kept = step->index;
	}
}

static void keep(struct table *table, __u64 current)
{
	struct mf_keeper_plan plan;

	mf_keeper_plan(&plan, &table->association, table->ring, table->kept, current);
	apply(table, &plan);
}

static struct table table(void)
{
	return (struct table){ .association = { .generation = 5, .carriage = MF_CARRIAGE_ENCAP,
						.rotation_ms = ROTATION_MS, .ring_slots = RING } };
}

static void assert_seated(const struct table *table, __u64 current)
{
	assert_int_equal(table->count, MF_LIVE_PER_ASSOC);
	for (__u64 index = current - 2; index <= current + 2; index++)
		assert_true(is_live(table, index));
	assert_int_equal(table->kept, current + 2);
}

static void starts_and_goes_on(void **state)
{
	struct table t = table();

	(void)state;
	for (__u64 current = 1000; current < 1200; current++) {
		ring_fill(&t, current);
		assert_int_equal(mf_keeper_need(t.kept, current), MF_KEEPER_PLAN);
		keep(&t, current);
		assert_seated(&t, current);
		assert_int_equal(mf_keeper_need(t.kept, current), MF_KEEPER_NOTHING);
		keep(&t, current); /* twice does no harm */
		assert_seated(&t, current);
	}
}

/* Up to five slots late the ring still knows what has to go. */
static void comes_late(void **state)
{
	(void)state;
	for (unsigned int late = 1; late <= MF_LIVE_PER_ASSOC; late++) {
		struct table t = table();

		ring_fill(&t, 1000);
		keep(&t, 1000);
		assert_int_equal(mf_keeper_need(t.kept, 1000 + late), MF_KEEPER_PLAN);
		keep(&t, 1000 + late); /* of the ring as it was */
		assert_seated(&t, 1000 + late);
	}
}

static void time_jumps(void **state)
{
	(void)state;
	assert_int_equal(mf_keeper_need(1002, 1006), MF_KEEPER_RESEAT);
	assert_int_equal(mf_keeper_need(1002, 999999), MF_KEEPER_RESEAT);
	assert_int_equal(mf_keeper_need(1002, 998), MF_KEEPER_RESEAT);
	assert_int_equal(mf_keeper_need(1002, 5), MF_KEEPER_RESEAT);
	/* Set back over a border by a tick: all that may be heard stands. */
	assert_int_equal(mf_keeper_need(1002, 999), MF_KEEPER_NOTHING);
	assert_int_equal(mf_keeper_need(0, 1000), MF_KEEPER_PLAN);
}

static void ring_runs_dry(void **state)
{
	struct table t = table();

	(void)state;
	ring_fill(&t, 1000); /* to 1011 */
	keep(&t, 1000);
	for (__u64 current = 1001; current < 1010; current++)
		keep(&t, current);
	assert_int_equal(t.kept, 1011);
	keep(&t, 1010); /* 1012 is not there */
	assert_int_equal(t.kept, 1011);
	assert_false(is_live(&t, 1012));
	ring_fill(&t, 1010);
	keep(&t, 1010);
	assert_seated(&t, 1010);
}

static void foreign_ring_contents(void **state)
{
	struct table t = table();

	(void)state;
	ring_fill(&t, 500);
	assert_null(mf_keeper_slot(&t.association, t.ring, 1000));
	keep(&t, 1000);
	assert_int_equal(t.count, 0);
	assert_int_equal(t.kept, 0);
	t.association.ring_slots = 0;
	assert_null(mf_keeper_slot(&t.association, t.ring, 500));
}

/* A thousand keepers that come when they like, the timer among them: nothing is left over, nothing is missing. */
static void random_visits(void **state)
{
	struct table t = table();
	__u64 current = 5000;

	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		current += rand() % 3;
		if (mf_keeper_need(t.kept, current) == MF_KEEPER_PLAN)
			keep(&t, current);
		ring_fill(&t, current);
		if (t.kept != current + 2)
			keep(&t, current);
		assert_seated(&t, current);
	}
}

static void heard_ahead(void **state)
{
	(void)state;
	assert_false(mf_keeper_heard_is_ahead(0, 1000));
	assert_false(mf_keeper_heard_is_ahead(1000, 1000));
	assert_false(mf_keeper_heard_is_ahead(1000 + MF_WINDOW_AHEAD, 1000));
	assert_true(mf_keeper_heard_is_ahead(1001 + MF_WINDOW_AHEAD, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heard_ahead),
		cmocka_unit_test(starts_and_goes_on), cmocka_unit_test(comes_late),
		cmocka_unit_test(time_jumps), cmocka_unit_test(ring_runs_dry), cmocka_unit_test(foreign_ring_contents),
		cmocka_unit_test(random_visits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
