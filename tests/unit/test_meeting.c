// SPDX-License-Identifier: GPL-2.0-only
/* Three lookups, one answer: the offer of now before others, or the reason that tells a person most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/meeting.h"

enum { NOW = 1700000123, PERIOD_S = 600 };

static void end_all(struct meeting *meeting, enum store_outcome current, enum store_outcome last,
		    enum store_outcome next)
{
	const enum store_outcome outcomes[] = { current, last, next };

	meeting_begin(meeting, NOW, PERIOD_S);
	for (int i = 0; i < MEETING_PERIODS; i++) {
		meeting->lookup[i].ended = true;
		meeting->lookup[i].opened = outcomes[i] == STORE_DONE;
		meeting->lookup[i].result = (struct store_result){ .outcome = outcomes[i], .nodes = 3, .sent = 10,
								   .took_ms = 100U * (unsigned int)i };
	}
}

static void test_periods(void **state)
{
	struct meeting meeting;

	(void)state;
	meeting_begin(&meeting, NOW, PERIOD_S);
	assert_int_equal(meeting.lookup[0].period, NOW - NOW % PERIOD_S);
	assert_int_equal(meeting.lookup[1].period, NOW - NOW % PERIOD_S - PERIOD_S);
	assert_int_equal(meeting.lookup[2].period, NOW - NOW % PERIOD_S + PERIOD_S);
	assert_false(meeting_is_over(&meeting));
	assert_null(meeting_best(&meeting));
}

static void test_best(void **state)
{
	struct meeting meeting;

	(void)state;
	end_all(&meeting, STORE_DONE, STORE_DONE, STORE_DONE);
	assert_true(meeting_is_over(&meeting));
	assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[0]);
	assert_null(meeting_clock(&meeting));
	end_all(&meeting, STORE_NOTHING, STORE_DONE, STORE_DONE);
	assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[2]);
	end_all(&meeting, STORE_DONE, STORE_DONE, STORE_NOTHING);
	assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[0]);
	end_all(&meeting, STORE_NOTHING, STORE_DONE, STORE_NOTHING);
	assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[1]);
	assert_non_null(strstr(meeting_clock(&meeting), "ahead"));
	end_all(&meeting, STORE_NOTHING, STORE_NOTHING, STORE_DONE);
	assert_non_null(strstr(meeting_clock(&meeting), "behind"));
}

static void test_sum(void **state)
{
	struct store_result sum;
	struct meeting meeting;

	(void)state;
	end_all(&meeting, STORE_NO_ANSWER, STORE_NOTHING, STORE_NO_ANSWER);
	meeting_sum(&meeting, &sum);
	assert_int_equal(sum.outcome, STORE_NOTHING);
	assert_int_equal(sum.nodes, 9);
	assert_int_equal(sum.sent, 30);
	assert_int_equal(sum.took_ms, 200);
}

static void test_why(void **state)
{
	static const struct {
		enum store_outcome outcome;
		const char *words;
	} rows[] = {
		{ STORE_NO_BOOTSTRAP, "no bootstrap node" }, { STORE_NO_ANSWER, "no answer" },
		{ STORE_NOTHING, "nothing stored" },         { STORE_FOREIGN, "wrong key" },
		{ STORE_FAILED, "failed: no route" },
	};
	char words[MEETING_WORDS];
	struct meeting meeting;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		end_all(&meeting, STORE_NO_BOOTSTRAP, rows[i].outcome, STORE_NO_BOOTSTRAP);
		strcpy(meeting.lookup[1].result.why, "no route");
		if (strncmp(meeting_why(words, &meeting), rows[i].words, strlen(rows[i].words)))
			fail_msg("row %zu: %s", i, words);
	}
}

static void give_all(struct meeting *meeting, enum store_outcome outcome)
{
	for (int i = 0; i < MEETING_PERIODS; i++) {
		meeting->lookup[i].ended = true;
		meeting->lookup[i].opened = outcome == STORE_DONE;
		meeting->lookup[i].result = (struct store_result){ .outcome = outcome, .nodes = 1, .sent = 2, .took_ms = 50 };
	}
}

/* n, n/2, n/4, each with the periods that hold the moment; what the steps before cost is not forgotten. */
static void test_ladder(void **state)
{
	struct store_result sum;
	struct meeting meeting;

	(void)state;
	end_all(&meeting, STORE_NOTHING, STORE_NOTHING, STORE_NOTHING);
	assert_true(meeting_step(&meeting, NOW));
	assert_int_equal(meeting.period_s, 300);
	assert_int_equal(meeting.lookup[0].period, NOW - NOW % 300);
	assert_int_equal(meeting.lookup[1].period, NOW - NOW % 300 - 300);
	assert_int_equal(meeting.lookup[2].period, NOW - NOW % 300 + 300);
	assert_false(meeting_is_over(&meeting));
	give_all(&meeting, STORE_NOTHING);
	assert_true(meeting_step(&meeting, NOW + 400));
	assert_int_equal(meeting.period_s, 150);
	assert_int_equal(meeting.configured_s, PERIOD_S);
	assert_int_equal(meeting.lookup[0].period, NOW + 400 - (NOW + 400) % 150);
	give_all(&meeting, STORE_DONE);
	meeting_sum(&meeting, &sum);
	assert_int_equal(sum.outcome, STORE_DONE);
	assert_int_equal(sum.nodes, 9 + 3 + 3);
	assert_int_equal(sum.sent, 30 + 6 + 6);
	assert_int_equal(sum.took_ms, 200 + 50 + 50);
	assert_false(meeting_step(&meeting, NOW));
	give_all(&meeting, STORE_NOTHING);
	assert_false(meeting_step(&meeting, NOW)); /* there are three */
}

/* Steps that are the same are gone once, and a store that does not answer is not asked again. */
static void test_ladder_ends(void **state)
{
	static const struct {
		__u32 period_s;
		enum store_outcome outcome;
		unsigned int steps;
	} rows[] = {
		{ 600, STORE_NOTHING, 2 },   { 600, STORE_FOREIGN, 2 }, { 100, STORE_NOTHING, 1 },
		{ 60, STORE_NOTHING, 0 },    { 12, STORE_NOTHING, 0 },  { 600, STORE_NO_ANSWER, 0 },
		{ 600, STORE_NO_BOOTSTRAP, 0 }, { 600, STORE_FAILED, 0 }, { 600, STORE_DONE, 0 },
	};
	struct meeting meeting;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned int steps = 0;

		meeting_begin(&meeting, NOW, rows[i].period_s);
		give_all(&meeting, rows[i].outcome);
		for (; meeting_step(&meeting, NOW); steps++)
			give_all(&meeting, rows[i].outcome);
		if (steps != rows[i].steps)
			fail_msg("row %zu: %u steps", i, steps);
	}
}

/* How many nodes have answered is said where there are nodes: a Redis server is none. */
static void test_why_nodes(void **state)
{
	char words[MEETING_WORDS];
	struct meeting meeting;

	(void)state;
	meeting_begin(&meeting, NOW, PERIOD_S);
	give_all(&meeting, STORE_NOTHING);
	assert_non_null(strstr(meeting_why(words, &meeting), "nothing stored for us (3 answers of nodes): does"));
	for (int i = 0; i < MEETING_PERIODS; i++)
		meeting.lookup[i].result.nodes = 0;
	assert_non_null(strstr(meeting_why(words, &meeting), "nothing stored for us: does"));
}

/* A value that did not open at n says more than nothing at n/2. */
static void test_ladder_why(void **state)
{
	char words[MEETING_WORDS];
	struct meeting meeting;

	(void)state;
	end_all(&meeting, STORE_NOTHING, STORE_FOREIGN, STORE_NOTHING);
	assert_true(meeting_step(&meeting, NOW));
	give_all(&meeting, STORE_NOTHING);
	assert_non_null(strstr(meeting_why(words, &meeting), "wrong key"));
	end_all(&meeting, STORE_NOTHING, STORE_NOTHING, STORE_NOTHING);
	assert_true(meeting_step(&meeting, NOW));
	give_all(&meeting, STORE_NO_ANSWER);
	assert_non_null(strstr(meeting_why(words, &meeting), "is Period the same (600s here)"));
}

/* --- what nobody answered in --------------------------------------------------------- */

static struct rendezvous_offer offer_of(__u8 key)
{
	return (struct rendezvous_offer){ .key = { key } };
}

static void test_dead_are_remembered(void **state)
{
	struct meeting_dead dead = { 0 };
	struct rendezvous_offer offer;

	(void)state;
	assert_false(meeting_knows_dead(&dead));
	assert_false(meeting_knows_dead(NULL));
	offer = offer_of(1);
	assert_false(meeting_is_dead(NULL, offer.key));
	for (__u8 key = 1; key <= MEETING_DEAD + 1; key++) {
		offer = offer_of(key);
		meeting_note_dead(&dead, offer.key);
		meeting_note_dead(&dead, offer.key); /* once is enough */
		assert_true(meeting_is_dead(&dead, offer.key));
		assert_true(meeting_knows_dead(&dead));
	}
	offer = offer_of(1);
	assert_false(meeting_is_dead(&dead, offer.key)); /* the oldest gave its place away */
	offer = offer_of(2);
	assert_true(meeting_is_dead(&dead, offer.key));
}

/* Whatever comes first: another one is better, and of two others the first stays. */
static void test_take(void **state)
{
	const struct rendezvous_offer old = offer_of(1), fresh = offer_of(2), other = offer_of(3);
	struct meeting_lookup lookup = { 0 };
	struct meeting_dead dead = { 0 };

	(void)state;
	meeting_note_dead(&dead, old.key);
	assert_false(meeting_take(&lookup, &old, &dead));
	assert_true(lookup.opened && lookup.dead);
	assert_true(meeting_take(&lookup, &fresh, &dead));
	assert_true(lookup.opened && !lookup.dead);
	assert_true(meeting_take(&lookup, &old, &dead));
	assert_true(meeting_take(&lookup, &other, &dead));
	assert_memory_equal(lookup.offer.key, fresh.key, sizeof(fresh.key));
	assert_false(lookup.dead);
}

static void test_dead_come_last(void **state)
{
	struct meeting meeting;

	(void)state;
	end_all(&meeting, STORE_DONE, STORE_DONE, STORE_DONE);
	meeting.lookup[0].dead = true;
	assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[2]);
	assert_false(meeting_looks_on(&meeting));
	meeting.lookup[2].dead = true;
	assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[1]);
	meeting.lookup[1].dead = true;
	assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[0]);
	assert_true(meeting_looks_on(&meeting));
}

/* The ladder is gone through, and what is dead is found all the same if there is nothing else. */
static void test_dead_and_ladder(void **state)
{
	const struct rendezvous_offer old = offer_of(1), fresh = offer_of(2);
	struct meeting meeting;
	struct meeting_dead dead = { 0 };

	(void)state;
	meeting_note_dead(&dead, old.key);
	for (int finds = 0; finds < 2; finds++) {
		end_all(&meeting, STORE_NOTHING, STORE_NOTHING, STORE_NOTHING);
		meeting_take(&meeting.lookup[2], &old, &dead);
		meeting.lookup[2].result.outcome = STORE_DONE;
		meeting.two_stage = true;
		assert_true(meeting_step(&meeting, NOW));
		assert_int_equal(meeting.period_s, PERIOD_S / 2);
		assert_null(meeting_best(&meeting));
		give_all(&meeting, STORE_NOTHING);
		assert_true(meeting_step(&meeting, NOW));
		give_all(&meeting, STORE_NOTHING);
		if (finds) {
			meeting_take(&meeting.lookup[0], &fresh, &dead);
			assert_false(meeting_looks_on(&meeting));
			assert_memory_equal(meeting_best(&meeting)->offer.key, fresh.key, sizeof(fresh.key));
			continue;
		}
		assert_false(meeting_step(&meeting, NOW));
		assert_ptr_equal(meeting_best(&meeting), &meeting.lookup[2]);
		assert_memory_equal(meeting_best(&meeting)->offer.key, old.key, sizeof(old.key));
		assert_int_equal(meeting.period_s, PERIOD_S);
		assert_int_equal(meeting.step, 0);
		assert_true(meeting.two_stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_periods), cmocka_unit_test(test_best), cmocka_unit_test(test_sum),
		cmocka_unit_test(test_why),     cmocka_unit_test(test_ladder), cmocka_unit_test(test_ladder_ends),
		cmocka_unit_test(test_ladder_why),
		cmocka_unit_test(test_dead_are_remembered), cmocka_unit_test(test_take),
		cmocka_unit_test(test_dead_come_last), cmocka_unit_test(test_dead_and_ladder), cmocka_unit_test(test_why_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
