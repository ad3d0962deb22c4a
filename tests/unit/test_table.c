// SPDX-License-Identifier: GPL-2.0-only
/* Table of fixed-size keys: finds what was put, forgets what was dropped, through growth and collisions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "loader/table.h"

static void put_find_drop(void **state)
{
	struct mf_table table;
	char key[32] = "one";

	(void)state;
	assert_int_equal(mf_table_open(&table, sizeof(key)), 0);
	assert_null(mf_table_find(&table, key));
	assert_int_equal(mf_table_put(&table, key, 5), 0);
	assert_int_equal(*mf_table_find(&table, key), 5);
	assert_int_equal(mf_table_put(&table, key, 6), 0);
	assert_int_equal(*mf_table_find(&table, key), 6);
	assert_int_equal(table.used, 1);
	mf_table_drop(&table, key);
	mf_table_drop(&table, key);
	assert_null(mf_table_find(&table, key));
	assert_int_equal(table.used, 0);
	mf_table_close(&table);
	assert_null(mf_table_find(&table, key));
}

static void random_traffic(void **state)
{
	enum { KEYS = 5000 };
	static __u32 value[KEYS]; /* 0: not in */
	struct mf_table table;
	__u32 used = 0;

	(void)state;
	srand(4);
	assert_int_equal(mf_table_open(&table, sizeof(__u32)), 0);
	for (int step = 0; step < 200000; step++) {
		__u32 key = rand() % KEYS;

		if (rand() % 2) {
			used += !value[key];
			value[key] = 1 + rand() % 1000;
			assert_int_equal(mf_table_put(&table, &key, value[key]), 0);
		} else {
			used -= !!value[key];
			value[key] = 0;
			mf_table_drop(&table, &key);
		}
		assert_int_equal(table.used, used);
	}
	for (__u32 key = 0; key < KEYS; key++) {
		const __u32 *found = mf_table_find(&table, &key);

		assert_int_equal(found ? *found : 0, value[key]);
	}
	mf_table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(put_find_drop), cmocka_unit_test(random_traffic) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
