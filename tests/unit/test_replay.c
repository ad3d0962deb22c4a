// SPDX-License-Identifier: GPL-2.0-only
/* The replay window against a set of all that was ever opened, and by several threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "bpf/replay.h"

enum { COUNTERS = 200000, STEPS = 2000000, THREADS = 4 };

static __u64 draw(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* As the way in does it. */
static __u32 take_in(struct mf_seal *seal, __u64 counter)
{
	__u32 verdict = replay_look(seal, counter);

	return verdict == MF_IN_DELIVERED ? replay_mark(seal, counter) : verdict;
}

/* Never twice; and whatever is new and at most MF_REPLAY_PACKETS behind the newest is taken. */
static void against_a_set(__u64 start, __u64 seed, __u32 spread)
{
	static __u8 seen[COUNTERS];
	struct mf_seal *seal = calloc(1, sizeof(*seal));
	__u64 at = 0, newest = 0, state = seed;

	memset(seen, 0, sizeof(seen));
	seal->heard = start;
	for (int step = 0; step < STEPS / 10; step++) {
		__u64 counter, back = draw(&state) % spread;
		__u32 verdict;

		at += draw(&state) % 3;
		counter = at > back ? at - back : at;
		if (draw(&state) % 1000 == 0)
			counter = at + draw(&state) % 20000;
		if (counter >= COUNTERS)
			break;
		verdict = take_in(seal, start + counter);
		if (seen[counter])
			assert_int_equal(verdict, MF_DROP_REPLAY);
		else if (counter + MF_REPLAY_PACKETS > newest)
			assert_int_equal(verdict, MF_IN_DELIVERED);
		if (verdict == MF_IN_DELIVERED) {
			seen[counter] = 1;
			newest = counter > newest ? counter : newest;
		}
	}
	assert_true(newest > COUNTERS / 2);
	free(seal);
}

static void never_twice(void **state)
{
	static const __u32 spread[] = { 1, 2, 64, 1000, 8192, 20000, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(spread) / sizeof(spread[0]); i++)
		for (__u64 seed = 1; seed < 6; seed++) {
			against_a_set(0, seed * 77, spread[i]);
			against_a_set((1ULL << 32) - 50000, seed, spread[i]); /* over what 32 bits hold */
			against_a_set(MF_COUNTER_END - COUNTERS, seed * 3, spread[i]);
		}
}

static void table(void **state)
{
	static const struct {
		__u64 counter;
		__u32 verdict;
	} rows[] = {
		{ 0, MF_IN_DELIVERED }, { 0, MF_DROP_REPLAY }, { 31, MF_IN_DELIVERED }, { 32, MF_IN_DELIVERED },
		{ 31, MF_DROP_REPLAY }, { 1, MF_IN_DELIVERED }, { MF_REPLAY_PACKETS, MF_IN_DELIVERED },
		{ 2, MF_IN_DELIVERED }, { MF_REPLAY_WORDS * 32, MF_IN_DELIVERED }, { 3, MF_DROP_REPLAY },
		{ 33, MF_IN_DELIVERED }, { MF_COUNTER_AHEAD + MF_REPLAY_WORDS * 32 + 1, MF_DROP_COUNTER },
		{ MF_COUNTER_AHEAD, MF_IN_DELIVERED }, { 34, MF_IN_DELIVERED }, { MF_COUNTER_END - 1, MF_DROP_COUNTER },
		{ MF_COUNTER_END, MF_DROP_COUNTER }, { ~0ULL, MF_DROP_COUNTER },
	};
	struct mf_seal *seal = calloc(1, sizeof(*seal));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (take_in(seal, rows[i].counter) != rows[i].verdict)
			fail_msg("row %zu: counter %llu", i, rows[i].counter);
	free(seal);
}

static struct {
	struct mf_seal seal;
	__u8 taken[THREADS][COUNTERS];
} crowd;

/* Each thread has every counter, in an order a little of its own, as several CPUs have what an attacker sends twice. */
static void *take_all(void *argument)
{
	__u8 *taken = argument;
	__u64 state = 99 + (taken - crowd.taken[0]);

	for (__u64 at = 0; at < COUNTERS; at++) {
		__u64 counter = (at ^ (draw(&state) & 63)) % COUNTERS;

		taken[counter] += take_in(&crowd.seal, counter) == MF_IN_DELIVERED;
		taken[at] += take_in(&crowd.seal, at) == MF_IN_DELIVERED;
	}
	return NULL;
}

static void several_at_once(void **state)
{
	pthread_t thread[THREADS];
	__u32 all = 0;

	(void)state;
	memset(&crowd, 0, sizeof(crowd));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, take_all, crowd.taken[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (__u32 counter = 0; counter < COUNTERS; counter++) {
		__u32 times = 0;

		for (int i = 0; i < THREADS; i++)
			times += crowd.taken[i][counter];
		if (times > 1)
			fail_msg("counter %u was taken %u times", counter, times);
		all += times;
	}
	assert_true(all > COUNTERS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(never_twice),
		cmocka_unit_test(several_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
