// SPDX-License-Identifier: GPL-2.0-only
/* Heap of due times against a plain list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "loader/due.h"

enum { IDS = 300 };

static void earliest_first(void **state)
{
	static const __u64 times[] = { 50, 10, 40, 10, 30 };
	struct mf_due due;
	__u64 last = 0;

	(void)state;
	assert_int_equal(mf_due_open(&due, 5), 0);
	assert_null(mf_due_first(&due));
	for (__u32 id = 0; id < 5; id++)
		mf_due_set(&due, id, times[id]);
	while (mf_due_first(&due)) {
		assert_true(mf_due_first(&due)->when_ms >= last);
		last = mf_due_first(&due)->when_ms;
		mf_due_drop(&due, mf_due_first(&due)->id);
	}
	assert_int_equal(last, 50);
	mf_due_drop(&due, 3); /* not there */
	mf_due_close(&due);
}

static __u64 least_of(const __u64 *when)
{
	__u64 least = ~0ULL;

	for (int id = 0; id < IDS; id++)
		if (when[id] < least)
			least = when[id];
	return least;
}

static void random_traffic(void **state)
{
	static __u64 when[IDS]; /* ~0: not in */
	struct mf_due due;

	(void)state;
	srand(3);
	memset(when, 0xff, sizeof(when));
	assert_int_equal(mf_due_open(&due, IDS), 0);
	for (int step = 0; step < 30000; step++) {
		__u32 id = rand() % IDS;

		if (rand() % 3) {
			when[id] = rand() % 1000;
			mf_due_set(&due, id, when[id]);
		} else {
			when[id] = ~0ULL;
			mf_due_drop(&due, id);
		}
		if (least_of(when) == ~0ULL)
			assert_null(mf_due_first(&due));
		else
			assert_int_equal(mf_due_first(&due)->when_ms, least_of(when));
	}
	mf_due_close(&due);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(earliest_first), cmocka_unit_test(random_traffic) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
