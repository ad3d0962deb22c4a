// SPDX-License-Identifier: GPL-2.0-only
/* ctl/spread.c: each one once, in time, whatever comes in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/spread.h"

enum { MOST = 12345 };

static unsigned int taken[MOST];

/* One turn; how many it took. */
static __u32 turn(struct spread *spread, __u32 count)
{
	__u32 share = spread_share(spread, count), number, done = 0;

	while (done < share && spread_next(spread, count, &number)) {
		assert_true(number < count);
		taken[number]++;
		done++;
	}
	assert_int_equal(done, share);
	return done;
}

static void each_once_in_time(void **state)
{
	static const __u32 counts[] = { 0, 1, 2, 99, 100, 101, 999, MOST };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct spread spread = { 0 };
		__u32 turns = 0, most = 0;

		memset(taken, 0, sizeof(taken));
		spread_begin(&spread, counts[i]);
		for (__u32 share; (share = turn(&spread, counts[i])); turns++)
			most = share > most ? share : most;
		assert_int_equal(spread.left, 0);
		assert_true(turns <= SPREAD_TURNS && turns <= counts[i]);
		assert_true(most <= (counts[i] + SPREAD_TURNS - 1) / SPREAD_TURNS);
		for (__u32 j = 0; j < counts[i]; j++)
			assert_int_equal(taken[j], 1);
	}
}

/* Somebody who makes it begin again and again holds nobody up: every one has its turn all the same. */
static void begun_again(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	memset(taken, 0, sizeof(taken));
	for (int i = 0; i < 2 * SPREAD_TURNS; i++) {
		spread_begin(&spread, 1000);
		turn(&spread, 1000);
	}
	for (__u32 j = 0; j < 1000; j++)
		assert_int_equal(taken[j], 2);
}

/* Peers come and go meanwhile. */
static void of_another_size(void **state)
{
	struct spread spread = { 0 };

	(void)state;
	spread_begin(&spread, 1000);
	turn(&spread, 1000);
	for (int i = 0; i < SPREAD_TURNS; i++)
		turn(&spread, 3);
	spread_begin(&spread, 10);
	turn(&spread, 0);
	while (turn(&spread, 5))
		;
	assert_int_equal(spread.left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_once_in_time), cmocka_unit_test(begun_again), cmocka_unit_test(of_another_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
