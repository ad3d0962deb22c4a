// SPDX-License-Identifier: GPL-2.0-only
/* Levels: what raises them and how far, what lowers them and when, and whom it concerns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/level.h"
#include "ctl/rendezvous.h"

static const __u64 START = 1700000000000;

enum { SECOND = 1000, CAP_LEAKS_MS = LEVEL_ASSOCIATION_CAP * LEVEL_LEAK_MS, RANDOM = -1 };

static bool hit(struct levels *levels, __u32 association, __u64 now_ms)
{
	const struct mf_event event = { .kind = MF_EVENT_PROBE_EXPIRED, .association = association };

	return level_take(levels, &event, now_ms);
}

static bool probe(struct levels *levels, __u64 suppressed, __u64 now_ms)
{
	const struct mf_event event = { .kind = MF_EVENT_PROBE_RANDOM, .association = LEVEL_NO_ASSOCIATION,
					.suppressed = suppressed };

	return level_take(levels, &event, now_ms);
}

/* So many events, one every so often: what the node and association 7 are then. */
static void test_table(void **state)
{
	static const struct {
		const char *what;
		int association; /* RANDOM: probes; else so many associations from 7 on are hit in turn */
		unsigned int count;
		__u32 every_ms;
		enum level node, own;
	} rows[] = {
		{ "nothing", RANDOM, 0, SECOND, LEVEL_CALM, LEVEL_CALM },
		{ "some random probes", RANDOM, 14, SECOND, LEVEL_CALM, LEVEL_CALM },
		{ "a scan", RANDOM, 30, SECOND, LEVEL_WATCHED, LEVEL_CALM },
		{ "the Internet's noise", RANDOM, 10000, 5 * SECOND, LEVEL_CALM, LEVEL_CALM },
		{ "a flood of random probes", RANDOM, 100000, 1, LEVEL_WATCHED, LEVEL_CALM },
		{ "one hit", 1, 1, SECOND, LEVEL_CALM, LEVEL_CALM },
		{ "two hits", 1, 2, SECOND, LEVEL_WATCHED, LEVEL_WATCHED },
		{ "two hits, apart", 1, 2, 60 * SECOND, LEVEL_CALM, LEVEL_CALM },
		{ "one a minute", 1, 1000, 60 * SECOND, LEVEL_CALM, LEVEL_CALM },
		{ "one every 40 s", 1, 1000, 40 * SECOND, LEVEL_WATCHED, LEVEL_ATTACKED },
		{ "many hits", 1, 100, SECOND, LEVEL_WATCHED, LEVEL_ATTACKED },
		{ "a flood of hits", 1, 100000, 1, LEVEL_WATCHED, LEVEL_ATTACKED },
		{ "two associations", 2, 200, SECOND, LEVEL_WATCHED, LEVEL_ATTACKED },
		{ "three associations", 3, 300, SECOND, LEVEL_ATTACKED, LEVEL_ATTACKED },
		{ "three times two hits", 3, 6, SECOND, LEVEL_WATCHED, LEVEL_WATCHED },
		{ "many associations, each once", 50, 50, 100, LEVEL_ATTACKED, LEVEL_WATCHED },
	};
	struct levels *levels = malloc(sizeof(*levels));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		__u64 now_ms = START;

		level_init(levels, LEVEL_AUTO, now_ms);
		for (unsigned int j = 0; j < rows[i].count; j++, now_ms += rows[i].every_ms) {
			if (rows[i].association == RANDOM)
				probe(levels, 0, now_ms);
			else
				hit(levels, 7 + j % (unsigned int)rows[i].association, now_ms);
		}
		if (level_of_node(levels) != rows[i].node || level_of(levels, 7) != rows[i].own)
			fail_msg("%s: node %s, association %s", rows[i].what, level_name(level_of_node(levels)),
				 level_name(level_of(levels, 7)));
	}
	free(levels);
}

/* Whatever was done to it, all is calm and nothing is kept once everything has leaked and each level has lasted. */
static void test_decay(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));
	__u64 now_ms = START, end_ms;

	(void)state;
	level_init(levels, LEVEL_AUTO, now_ms);
	for (unsigned int i = 0; i < 100000; i++, now_ms++) {
		hit(levels, i % 5000, now_ms);
		hit(levels, 3, now_ms);
		probe(levels, ~0ULL, now_ms);
	}
	assert_int_equal(level_of_node(levels), LEVEL_ATTACKED);
	assert_true(levels->count <= LEVEL_ASSOCIATIONS);
	end_ms = now_ms + CAP_LEAKS_MS + LEVEL_WATCHED_MS;
	for (; now_ms <= end_ms; now_ms += SECOND)
		level_tick(levels, now_ms);
	assert_int_equal(level_of_node(levels), LEVEL_CALM);
	assert_int_equal(level_of(levels, 3), LEVEL_CALM);
	assert_int_equal(levels->count, 0);
	assert_int_equal(levels->random.hits, 0);
	free(levels);
}

/* Further hits beyond the cap neither add to the score nor lengthen what follows. */
static void test_cap(void **state)
{
	struct levels *few = malloc(sizeof(*few)), *many = malloc(sizeof(*many));

	(void)state;
	level_init(few, LEVEL_AUTO, START);
	level_init(many, LEVEL_AUTO, START);
	for (int i = 0; i < 10; i++)
		hit(few, 1, START);
	for (int i = 0; i < 100000; i++)
		hit(many, 1, START);
	assert_int_equal(few->score[0].points, LEVEL_ASSOCIATION_CAP);
	assert_int_equal(many->score[0].points, LEVEL_ASSOCIATION_CAP);
	probe(many, ~0ULL, START);
	assert_int_equal(many->random.points, (1 + LEVEL_SUPPRESSED_MOST) * LEVEL_RANDOM);
	for (int i = 0; i < 1000; i++)
		probe(many, 5, START);
	assert_int_equal(many->random.points, LEVEL_RANDOM_CAP);
	free(few);
	free(many);
}

/* Up at once, down not before the level has lasted and the score is well below what raised it. */
static void test_hysteresis(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));
	__u64 now_ms = START;

	(void)state;
	level_init(levels, LEVEL_AUTO, now_ms);
	assert_false(hit(levels, 1, now_ms));
	assert_true(hit(levels, 1, now_ms));
	assert_int_equal(level_of(levels, 1), LEVEL_WATCHED);
	for (; now_ms < START + LEVEL_WATCHED_MS; now_ms += SECOND)
		assert_false(level_tick(levels, now_ms)); /* 20 points have gone after 100 s */
	assert_true(level_tick(levels, now_ms));
	assert_int_equal(level_of(levels, 1), LEVEL_CALM);

	/* 70 points, 40 after 150 s; then a hit every 50 s keeps them below 50: attacked stays, and would not rise. */
	for (int i = 0; i < 7; i++)
		hit(levels, 1, now_ms);
	assert_int_equal(level_of(levels, 1), LEVEL_ATTACKED);
	now_ms += 150 * SECOND;
	for (int i = 0; i < 100; i++, now_ms += 50 * SECOND) {
		hit(levels, 1, now_ms);
		assert_int_equal(level_of(levels, 1), LEVEL_ATTACKED);
	}
	free(levels);
}

/* However events come, a level is left for a lower one no more often than it must have lasted. */
static void test_no_flapping(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));
	enum level before = LEVEL_CALM;
	unsigned int falls = 0;
	__u64 now_ms = START;

	(void)state;
	srandom(1);
	level_init(levels, LEVEL_AUTO, now_ms);
	for (int i = 0; i < 200000; i++, now_ms += (__u64)random() % SECOND) {
		if (random() % 40 == 0)
			hit(levels, (__u32)random() % 3, now_ms);
		else
			level_tick(levels, now_ms);
		falls += level_of(levels, 1) < before;
		before = level_of(levels, 1);
	}
	assert_true(falls > 0);
	assert_true(falls <= (now_ms - START) / LEVEL_WATCHED_MS);
	free(levels);
}

/* Who replays against one association, as much as he likes, and floods besides, leaves the others as they were. */
static void test_one_attacked(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));
	__u64 now_ms = START;

	(void)state;
	level_init(levels, LEVEL_AUTO, now_ms);
	for (int i = 0; i < 20000; i++, now_ms += 10) {
		hit(levels, 1, now_ms);
		probe(levels, 1000, now_ms);
	}
	assert_int_equal(level_of(levels, 1), LEVEL_ATTACKED);
	assert_int_equal(level_of(levels, 2), LEVEL_CALM);
	assert_int_equal(level_of(levels, LEVEL_NO_ASSOCIATION), LEVEL_CALM);
	assert_int_equal(level_of_node(levels), LEVEL_WATCHED);
	hit(levels, 3, now_ms);
	hit(levels, 3, now_ms); /* a second and a third source: now it is the node's matter */
	assert_int_equal(level_of_node(levels), LEVEL_ATTACKED);
	assert_int_equal(level_of(levels, 2), LEVEL_WATCHED);
	free(levels);
}

/* Thousands of associations hit once push out no score that counts. */
static void test_bounded(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));

	(void)state;
	level_init(levels, LEVEL_AUTO, START);
	for (int i = 0; i < 6; i++)
		hit(levels, 1, START);
	for (__u32 i = 0; i < 10 * LEVEL_ASSOCIATIONS; i++)
		hit(levels, 100 + i, START + i);
	assert_int_equal(levels->count, LEVEL_ASSOCIATIONS);
	assert_int_equal(level_of(levels, 1), LEVEL_ATTACKED);
	free(levels);
}

static void test_manual(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));
	char words[LEVEL_WORDS];

	(void)state;
	level_init(levels, LEVEL_AUTO, START);
	assert_false(level_set_manual(levels, LEVEL_AUTO, START));
	assert_true(level_set_manual(levels, LEVEL_CALM, START));
	for (__u32 i = 0; i < 100; i++)
		assert_false(hit(levels, i % 4, START));
	assert_int_equal(level_of_node(levels), LEVEL_CALM);
	assert_int_equal(level_of(levels, 1), LEVEL_CALM);
	assert_string_equal(level_why(words, levels, START + 90000), "calm for 1 min 30 s, by Level in the configuration");
	assert_true(level_set_manual(levels, LEVEL_ATTACKED, START));
	assert_int_equal(level_of(levels, 99), LEVEL_ATTACKED);
	assert_true(level_set_manual(levels, LEVEL_AUTO, START));
	assert_int_equal(level_of_node(levels), LEVEL_ATTACKED); /* what was seen meanwhile counts */
	free(levels);
}

/* A session's next association goes on with what the one before had; one that has gone leaves nothing. */
static void test_move(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));

	(void)state;
	level_init(levels, LEVEL_AUTO, START);
	for (int i = 0; i < 9; i++)
		hit(levels, 1, START);
	hit(levels, 2, START);
	level_move(levels, 1, 2);
	level_move(levels, 8, 9);
	assert_int_equal(levels->count, 1);
	assert_int_equal(level_of(levels, 1), LEVEL_CALM);
	assert_int_equal(level_of(levels, 2), LEVEL_ATTACKED);
	level_move(levels, 2, 2);
	assert_int_equal(level_of(levels, 2), LEVEL_ATTACKED);
	level_forget(levels, 2);
	level_forget(levels, 2);
	assert_int_equal(level_of(levels, 2), LEVEL_CALM);
	free(levels);
}

/* Clocks are set. Backwards nothing leaks and nothing is lost; no level is held for ever. */
static void test_clock_back(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));
	__u64 now_ms = START - 86400000;

	(void)state;
	level_init(levels, LEVEL_AUTO, START);
	hit(levels, 1, START);
	hit(levels, 1, START);
	level_tick(levels, now_ms);
	assert_int_equal(level_of(levels, 1), LEVEL_WATCHED);
	assert_int_equal(levels->score[0].points, 2 * LEVEL_EXPIRED);
	for (int i = 0; i <= LEVEL_WATCHED_MS / SECOND; i++, now_ms += SECOND)
		level_tick(levels, now_ms);
	assert_int_equal(level_of(levels, 1), LEVEL_CALM);
	free(levels);
}

/* Ticks that are close together leak as much as those that are far apart. */
static void test_fine_ticks(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));

	(void)state;
	level_init(levels, LEVEL_AUTO, START);
	hit(levels, 1, START);
	for (__u64 i = 1; i <= 10003; i++)
		level_tick(levels, START + i);
	assert_int_equal(levels->score[0].points, LEVEL_EXPIRED - 10003 / LEVEL_LEAK_MS);
	free(levels);
}

static void test_others(void **state)
{
	const struct mf_event event = { .kind = MF_EVENT_NO_ASSOCIATION, .suppressed = 1000 };
	struct levels *levels = malloc(sizeof(*levels));

	(void)state;
	level_init(levels, LEVEL_AUTO, START);
	for (int i = 0; i < 1000; i++)
		assert_false(level_take(levels, &event, START));
	assert_int_equal(levels->random.points, 0);
	free(levels);
}

static void test_periods(void **state)
{
	static const struct {
		__u32 configured, calm, watched, attacked;
	} rotations[] = {
		{ 3000, 3000, 1500, 750 }, { 10000, 10000, 5000, 2500 }, { 1000, 1000, 500, 500 }, { 999, 999, 500, 500 },
		{ 500, 500, 500, 500 },    { 200, 200, 200, 200 },
	}, periods[] = {
		{ 600, 600, 300, 150 }, { 86400, 86400, 43200, 21600 }, { 601, 601, 300, 150 }, { 200, 200, 100, 60 },
		{ 100, 100, 60, 60 },   { 60, 60, 60, 60 },             { 20, 20, 20, 20 },     { 1, 1, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rotations) / sizeof(*rotations); i++) {
		assert_int_equal(level_rotation_ms(LEVEL_CALM, rotations[i].configured), rotations[i].calm);
		assert_int_equal(level_rotation_ms(LEVEL_WATCHED, rotations[i].configured), rotations[i].watched);
		assert_int_equal(level_rotation_ms(LEVEL_ATTACKED, rotations[i].configured), rotations[i].attacked);
	}
	for (size_t i = 0; i < sizeof(periods) / sizeof(*periods); i++) {
		assert_int_equal(level_period_s(LEVEL_CALM, periods[i].configured), periods[i].calm);
		assert_int_equal(level_period_s(LEVEL_WATCHED, periods[i].configured), periods[i].watched);
		assert_int_equal(level_period_s(LEVEL_ATTACKED, periods[i].configured), periods[i].attacked);
		assert_int_equal(rendezvous_ladder(periods[i].configured, 9), periods[i].attacked);
	}
}

static void test_why(void **state)
{
	struct levels *levels = malloc(sizeof(*levels));
	char words[LEVEL_WORDS];

	(void)state;
	level_init(levels, LEVEL_AUTO, START);
	assert_string_equal(level_why(words, levels, START + 5000), "calm for 5.0 s");
	probe(levels, 3, START);
	hit(levels, 1, START);
	assert_string_equal(level_why(words, levels, START), "calm: 4 random probes, 1 hit on expired addresses "
			    "of 1 association");
	hit(levels, 1, START);
	hit(levels, 2, START);
	assert_string_equal(level_why(words, levels, START + 1000), "watched for 1.0 s: 4 random probes, 3 hits on expired "
			    "addresses of 2 associations");
	assert_string_equal(level_why_association(words, levels, 1, START + 1000),
			    "watched for 1.0 s, its expired addresses hit: 2 times");
	assert_string_equal(level_why_association(words, levels, 9, START + 1000), "calm for 1.0 s");
	level_tick(levels, START + 110000);
	assert_string_equal(level_why(words, levels, START + 110000), "watched for 1 min 50 s: nothing of late, it goes by "
			    "itself");
	for (__u32 i = 0; i < 300; i++)
		hit(levels, i % 3, START + 110000);
	assert_non_null(strstr(level_why_association(words, levels, 9, START + 110000), "the node is attacked"));
	free(levels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),      cmocka_unit_test(test_decay),        cmocka_unit_test(test_cap),
		cmocka_unit_test(test_hysteresis), cmocka_unit_test(test_no_flapping),  cmocka_unit_test(test_one_attacked),
		cmocka_unit_test(test_bounded),    cmocka_unit_test(test_manual),       cmocka_unit_test(test_move),
		cmocka_unit_test(test_clock_back), cmocka_unit_test(test_fine_ticks),   cmocka_unit_test(test_others),
		cmocka_unit_test(test_periods),    cmocka_unit_test(test_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
