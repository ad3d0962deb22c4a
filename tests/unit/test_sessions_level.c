// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_level.c: a score goes along with its session, and ends with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sessions_level.h"
#include "ctl/sessions_parts.h"

enum { START = 1000000, PEERS = 2, HITS = 9 };

static struct levels levels;
static struct sessions_peer peer[PEERS];
static struct sessions sessions = { .peer = peer, .peers = PEERS };

static int begin(void **state)
{
	(void)state;
	level_init(&levels, LEVEL_AUTO, START);
	free(sessions.by_association);
	sessions.by_association = NULL;
	sessions.associations = 0;
	for (int i = 0; i < PEERS; i++)
		peer[i] = (struct sessions_peer){
			.used = true, .association = SESSIONS_NO_ASSOCIATION, .scored = SESSIONS_NO_ASSOCIATION,
		};
	return 0;
}

static void carried_by(__u32 number, __u32 association)
{
	peer[number].association = association;
	sessions_level_follow(&sessions, &levels, number);
}

static void hit(__u32 association)
{
	struct mf_event event = { .kind = MF_EVENT_PROBE_EXPIRED, .association = association };

	for (int i = 0; i < HITS; i++)
		level_take(&levels, &event, START);
}

/* A generation of this peer's session has this id in the loader; SESSIONS_NO_ASSOCIATION: it has gone. */
static void generation(__u32 number, char letter, __u32 id)
{
	sessions_unknow_generation(&sessions, number, letter);
	if (id != (__u32)SESSIONS_NO_ASSOCIATION)
		sessions_know_generation(&sessions, number, letter, id);
}

static void hear(__u32 association)
{
	struct mf_event event = { .kind = MF_EVENT_PROBE_EXPIRED, .association = association };

	for (int i = 0; i < HITS; i++)
		sessions_level_hear(&sessions, &levels, &event, START);
}

static enum level level(__u32 number)
{
	return sessions_level_of(&sessions, &levels, number);
}

static void goes_along(void **state)
{
	(void)state;
	carried_by(0, 7);
	carried_by(1, 8);
	hit(7);
	assert_int_equal(level(0), LEVEL_ATTACKED);
	assert_int_equal(level(1), LEVEL_CALM);
	carried_by(0, 9);
	assert_int_equal(level(0), LEVEL_ATTACKED);
	carried_by(1, 7); /* the loader gives ids again */
	assert_int_equal(level(1), LEVEL_CALM);
}

static void ends_with_it(void **state)
{
	(void)state;
	carried_by(0, 7);
	hit(7);
	carried_by(0, SESSIONS_NO_ASSOCIATION);
	assert_int_equal(levels.count, 0);
	assert_int_equal(level(0), LEVEL_CALM);
	carried_by(1, 7);
	assert_int_equal(level(1), LEVEL_CALM);
}

/* A session with new keys again and again, each time hit in what has just been replaced, is one that is watched. */
static void is_one(void **state)
{
	(void)state;
	for (__u32 id = 10; id < 20; id++) {
		carried_by(0, id);
		generation(0, id % 2 ? 'a' : 'b', id);
		hear(id);
		hear(id - 1);
	}
	assert_int_equal(level(0), LEVEL_ATTACKED);
	assert_int_equal(levels.count, 2); /* the first one's predecessor was nobody's */
	assert_int_equal(level_of_node(&levels), LEVEL_WATCHED);
	generation(0, 'b', SESSIONS_NO_ASSOCIATION);
	hear(18);
	hear(1 << 30);
	assert_int_equal(levels.count, 4);
	assert_int_equal(level_of_node(&levels), LEVEL_ATTACKED);
}

/* An introduction was hit, and went; its id is a session's now. */
static void begins_without(void **state)
{
	(void)state;
	hear(7);
	carried_by(0, 7);
	assert_int_equal(level(0), LEVEL_CALM);
	assert_int_equal(levels.count, 0);
}

/* Hits that belong to no association are nobody's: not of who has no session either. */
static void is_nobodys(void **state)
{
	(void)state;
	carried_by(0, 7);
	hit(LEVEL_NO_ASSOCIATION);
	assert_int_equal(level(0), LEVEL_CALM);
	assert_int_equal(level(1), LEVEL_CALM);
}

static void is_told_once(void **state)
{
	(void)state;
	carried_by(0, 7);
	carried_by(1, 8);
	for (__u32 i = 0; i < PEERS; i++)
		assert_false(sessions_level_take(&sessions, &levels, i)); /* a first time is no change */
	hit(7);
	assert_true(sessions_level_is_urgent(&sessions, &levels, 0));
	assert_false(sessions_level_is_urgent(&sessions, &levels, 1));
	assert_true(sessions_level_take(&sessions, &levels, 0));
	assert_false(sessions_level_take(&sessions, &levels, 0));
	assert_false(sessions_level_take(&sessions, &levels, 1));
	assert_false(sessions_level_is_urgent(&sessions, &levels, 0));
}

/* What follows from the node's level, or from what a person has chosen, has time. */
static void is_not_urgent(void **state)
{
	(void)state;
	carried_by(0, 7);
	sessions_level_take(&sessions, &levels, 0);
	for (__u32 i = 100; i < 103; i++)
		hit(i);
	assert_int_equal(level_of_node(&levels), LEVEL_ATTACKED);
	assert_int_equal(level(0), LEVEL_WATCHED);
	assert_false(sessions_level_is_urgent(&sessions, &levels, 0));
	hit(7);
	assert_true(sessions_level_is_urgent(&sessions, &levels, 0));
	level_set_manual(&levels, LEVEL_ATTACKED, START);
	assert_false(sessions_level_is_urgent(&sessions, &levels, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(goes_along, begin), cmocka_unit_test_setup(ends_with_it, begin),
		cmocka_unit_test_setup(is_one, begin), cmocka_unit_test_setup(begins_without, begin),
		cmocka_unit_test_setup(is_nobodys, begin), cmocka_unit_test_setup(is_told_once, begin),
		cmocka_unit_test_setup(is_not_urgent, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
