// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every fate (in time, lost, twice, too late) of each of the first messages of a handshake, begun in every way, with every
 * restart in the middle. In the end both ends are up, under the same keys (session_run.h).
 *
 * MF_DEPTH=8 tries the fates of so many messages, MF_CHOICE=n shows what happens in one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_run.h"

enum { BOTH_ASK = 1, STANDS_BEFORE = 2, MOVES = 4, SCENARIOS = 6, RESTARTS = 4, RESTART_AT = 3 };
enum { DEPTH = 5 }; /* messages whose fates are all tried */

static void set_up_quietly(unsigned int scenario)
{
	set_up(1);
	world.ends = 2;
	world.calm = true;
	world.faults = (struct world_faults){ .mesh = (scenario & BOTH_ASK) != 0, .gentle = true };
	memset(world.end, 0, 2 * sizeof(world.end[0]));
	set_up_ends();
	for (int i = 0; i < 2; i++) {
		world.end[i].connect_ms = 0;
		world.end[i].lab.settings.encap &= !(scenario & MOVES);
		world.end[i].lab.session.settings.encap = world.end[i].lab.settings.encap;
	}
}

static void run_until_settled(__u64 least_ms, __u64 most_ms)
{
	const __u64 from_ms = world.now_ms;

	while (!world.wrong && world.now_ms < from_ms + most_ms && (world.now_ms < from_ms + least_ms || !all_settled()))
		step(from_ms + (world.now_ms < from_ms + least_ms ? least_ms : most_ms));
	check_settled(from_ms);
}

/* 1: the server, adopting; 2: the server, with nothing; 3: the client, with nothing. */
static void restart_in_the_middle(unsigned int which)
{
	struct world_end *end = &world.end[which != 3];

	while (!world.wrong && world.chosen < RESTART_AT)
		step(world.now_ms + 1000);
	world.faults.gentle = false;
	unsettle(end);
	lab_restart(&end->lab, which == 1, local_ms(end));
	look_up(&world.end[0], 500);
}

static void move_at_once(struct world_end *end)
{
	end->old_until_ms = 0;
	lab_move(&end->lab, 9);
	if (!daemon_move(end))
		wrong("an initiator whose packets are sealed does not move inside its session");
}

static const char *run_chosen(__u64 number, unsigned int depth)
{
	unsigned int scenario = number % SCENARIOS, which = number / SCENARIOS % RESTARTS;

	set_up_quietly(scenario);
	if (scenario & (STANDS_BEFORE | MOVES)) {
		daemon_connect(&world.end[0]);
		run_until_settled(0, 1000);
	}
	world.choices = number / SCENARIOS / RESTARTS;
	world.to_choose = depth;
	if (scenario & MOVES)
		move_at_once(&world.end[0]);
	else if (scenario & STANDS_BEFORE)
		renew(&world.end[0], SESSION_NO_REASON);
	else
		daemon_connect(&world.end[0]);
	if (scenario & BOTH_ASK)
		daemon_connect(&world.end[1]);
	if (which)
		restart_in_the_middle(which);
	run_until_settled(8000, CALM_MS);
	return world.wrong;
}

static void test_exhaustively(void **state)
{
	unsigned int depth = (unsigned int)from_environment("MF_DEPTH", DEPTH), bad = 0;
	__u64 count = (__u64)SCENARIOS * RESTARTS << 2 * depth;

	(void)state;
	noise_cheap = true;
	worst_calm_ms = 0;
	for (__u64 number = 0; number < count && bad < 10; number++) {
		const char *why = run_chosen(number, depth);

		if (why)
			printf("choice %llu: %s\n", (unsigned long long)number, why);
		bad += why != NULL;
	}
	printf("%llu ways that the first %u messages can go, at most %llu ms until the two had met\n",
	       (unsigned long long)count, depth, (unsigned long long)worst_calm_ms);
	noise_cheap = false;
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_exhaustively) };

	make_templates();
	if (getenv("MF_CHOICE")) {
		noise_cheap = world.trace = true;
		printf("%s\n", run_chosen(from_environment("MF_CHOICE", 0), (unsigned int)from_environment("MF_DEPTH", DEPTH)));
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
