// SPDX-License-Identifier: GPL-2.0-only
/* ctl/connecting_plan.c: what is done next, after how long, and by which offer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/connecting_plan.h"

enum { T = 1800000000, PERIOD_S = 600, CHANCE = 128 /* no jitter: 3/4 + 128/512 */ };

static enum connecting_step next(struct connecting_plan *plan, __u64 now_ms)
{
	return connecting_plan_next(plan, true, now_ms, T);
}

/* A plan that LOOKS, ASKS or STANDS at 0. */
static void bring(struct connecting_plan *plan, bool keep, enum connecting_state state)
{
	connecting_plan_begin(plan, keep, 0);
	connecting_plan_want(plan, 0);
	assert_int_equal(next(plan, 0), CONNECTING_LOOK);
	if (state == CONNECTING_LOOKS)
		return;
	connecting_plan_found(plan, T, PERIOD_S, 0);
	assert_int_equal(next(plan, 0), CONNECTING_ASK);
	if (state == CONNECTING_STANDS)
		connecting_plan_stands(plan, 0);
}

static void test_way(void **state)
{
	struct connecting_plan plan;

	(void)state;
	bring(&plan, true, CONNECTING_STANDS);
	assert_int_equal(plan.state, CONNECTING_STANDS);
	assert_int_equal(next(&plan, 1000000), CONNECTING_NOTHING);
	assert_int_equal(connecting_plan_wake_ms(&plan), ~0ULL);
}

static void test_rests_on_demand(void **state)
{
	struct connecting_plan plan;

	(void)state;
	connecting_plan_begin(&plan, false, 5);
	assert_int_equal(plan.state, CONNECTING_RESTS);
	assert_int_equal(next(&plan, 1000000), CONNECTING_NOTHING);
	connecting_plan_want(&plan, 7);
	assert_int_equal(connecting_plan_wake_ms(&plan), 7);
	assert_int_equal(next(&plan, 7), CONNECTING_LOOK);
}

/* Doubled, never beyond a minute, a quarter more or less. */
static void test_pauses(void **state)
{
	struct connecting_plan plan;
	__u64 now_ms = 0, wanted_ms = 1000;

	(void)state;
	bring(&plan, true, CONNECTING_LOOKS);
	for (int i = 0; i < 10; i++) {
		connecting_plan_not_found(&plan, now_ms, CHANCE);
		assert_int_equal(connecting_plan_wake_ms(&plan), now_ms + wanted_ms);
		assert_int_equal(next(&plan, now_ms + wanted_ms - 1), CONNECTING_NOTHING);
		now_ms += wanted_ms;
		assert_int_equal(next(&plan, now_ms), CONNECTING_LOOK);
		wanted_ms = wanted_ms * 2 > 60000 ? 60000 : wanted_ms * 2;
	}
	connecting_plan_not_found(&plan, now_ms, 0);
	assert_int_equal(connecting_plan_wake_ms(&plan), now_ms + 45000);
}

static void test_most_pause(void **state)
{
	struct connecting_plan plan;

	(void)state;
	bring(&plan, true, CONNECTING_LOOKS);
	plan.failures = 1000;
	connecting_plan_not_found(&plan, 0, 255);
	assert_true(connecting_plan_wake_ms(&plan) < 75000);
}

/* One packet is no reason to search for ever. */
static void test_gives_up_on_demand(void **state)
{
	struct connecting_plan plan;
	int tries = 1;

	(void)state;
	bring(&plan, false, CONNECTING_LOOKS);
	connecting_plan_not_found(&plan, 0, CHANCE);
	while (plan.state != CONNECTING_RESTS) {
		assert_int_equal(next(&plan, ~0ULL - 1000000), CONNECTING_LOOK);
		connecting_plan_not_found(&plan, 0, CHANCE);
		tries++;
	}
	assert_int_equal(tries, CONNECTING_TRIES);
	connecting_plan_want(&plan, 0);
	assert_int_equal(next(&plan, 0), CONNECTING_LOOK);
}

/* What stood is asked for again by what is known; what was asked for in vain is looked up anew. */
static void test_lost(void **state)
{
	struct connecting_plan plan;

	(void)state;
	bring(&plan, true, CONNECTING_STANDS);
	connecting_plan_lost(&plan, 100, CHANCE);
	assert_int_equal(next(&plan, 100), CONNECTING_ASK);
	connecting_plan_lost(&plan, 200, CHANCE);
	assert_int_equal(next(&plan, 200), CONNECTING_NOTHING);
	assert_int_equal(next(&plan, 1200), CONNECTING_LOOK);
	connecting_plan_found(&plan, T, PERIOD_S, 1300);
	assert_int_equal(next(&plan, 1300), CONNECTING_ASK);
}

static void test_old_offer(void **state)
{
	struct connecting_plan plan;

	(void)state;
	bring(&plan, true, CONNECTING_STANDS);
	connecting_plan_lost(&plan, 100, CHANCE);
	assert_int_equal(connecting_plan_next(&plan, true, 100, T + 2 * PERIOD_S), CONNECTING_LOOK);
}

static void test_heard(void **state)
{
	(void)state;
	assert_true(connecting_is_heard(T, PERIOD_S, T));
	assert_true(connecting_is_heard(T, PERIOD_S, T + 2 * PERIOD_S - 1));
	assert_false(connecting_is_heard(T, PERIOD_S, T + 2 * PERIOD_S));
	assert_true(connecting_is_heard(T, PERIOD_S, T - 1));
	assert_false(connecting_is_heard(T, PERIOD_S, T - PERIOD_S - 1));
	assert_false(connecting_is_heard(T, 0, T));
}

static void test_ended(void **state)
{
	struct connecting_plan plan;

	(void)state;
	bring(&plan, true, CONNECTING_STANDS);
	connecting_plan_ended(&plan, 100, CHANCE);
	assert_int_equal(next(&plan, 100 + CONNECTING_ENDED_MS - 1), CONNECTING_NOTHING);
	assert_int_equal(next(&plan, 100 + CONNECTING_ENDED_MS), CONNECTING_ASK);
	bring(&plan, false, CONNECTING_STANDS);
	connecting_plan_ended(&plan, 100, CHANCE);
	assert_int_equal(plan.state, CONNECTING_RESTS);
}

/* Another prefix in the middle of it: what is under way is finished, then begun again from there. */
static void test_moves_meanwhile(void **state)
{
	struct connecting_plan plan;

	(void)state;
	bring(&plan, true, CONNECTING_ASKS);
	connecting_plan_want(&plan, 10);
	connecting_plan_stands(&plan, 20);
	assert_int_equal(next(&plan, 20), CONNECTING_ASK);
	connecting_plan_stands(&plan, 30);
	assert_int_equal(plan.state, CONNECTING_STANDS);
	bring(&plan, true, CONNECTING_ASKS);
	connecting_plan_want(&plan, 10);
	connecting_plan_lost(&plan, 20, CHANCE);
	assert_int_equal(next(&plan, 20), CONNECTING_ASK);
	bring(&plan, true, CONNECTING_LOOKS);
	connecting_plan_want(&plan, 10);
	connecting_plan_found(&plan, T, PERIOD_S, 20);
	assert_int_equal(next(&plan, 20), CONNECTING_ASK);
}

static void test_no_room(void **state)
{
	struct connecting_plan plan;

	(void)state;
	connecting_plan_begin(&plan, true, 0);
	assert_int_equal(connecting_plan_next(&plan, false, 0, T), CONNECTING_NOTHING);
	assert_int_equal(plan.state, CONNECTING_WAITS);
	assert_int_equal(next(&plan, 0), CONNECTING_LOOK);
}

/* What comes late, or for something that is over, changes nothing. */
static void test_out_of_turn(void **state)
{
	struct connecting_plan plan;

	(void)state;
	bring(&plan, true, CONNECTING_STANDS);
	connecting_plan_found(&plan, T, PERIOD_S, 1);
	connecting_plan_not_found(&plan, 1, CHANCE);
	assert_int_equal(plan.state, CONNECTING_STANDS);
	bring(&plan, true, CONNECTING_LOOKS);
	connecting_plan_lost(&plan, 1, CHANCE);
	connecting_plan_ended(&plan, 1, CHANCE);
	connecting_plan_stands(&plan, 1);
	assert_int_equal(plan.state, CONNECTING_LOOKS);
	assert_string_equal(connecting_state_name(plan.state), "looks");
}

/* Nothing is looked up, whatever has failed, and the pauses stay short. */
static void test_known(void **state)
{
	struct connecting_plan plan;
	__u64 now_ms = 0;

	(void)state;
	connecting_plan_begin_known(&plan, 0);
	for (int failures = 0; failures < 10; failures++) {
		assert_int_equal(connecting_plan_next(&plan, false, now_ms, T), CONNECTING_ASK);
		connecting_plan_lost(&plan, now_ms, 255);
		assert_in_range(connecting_plan_wake_ms(&plan) - now_ms, 1, CONNECTING_KNOWN_MOST_MS * 5 / 4);
		now_ms = connecting_plan_wake_ms(&plan);
	}
	assert_int_equal(next(&plan, now_ms), CONNECTING_ASK);
	connecting_plan_stands(&plan, now_ms);
	connecting_plan_lost(&plan, now_ms, 0);
	assert_int_equal(next(&plan, now_ms), CONNECTING_ASK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_way),
		cmocka_unit_test(test_rests_on_demand),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_most_pause),
		cmocka_unit_test(test_gives_up_on_demand),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_old_offer),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_moves_meanwhile),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_out_of_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
