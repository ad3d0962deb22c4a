// SPDX-License-Identifier: GPL-2.0-only
/* ctl/key_pool.c: what is taken is zero, apart from all the others, and comes again when it is given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/key_pool.h"

enum { SIZE = 100, MANY = 3 * KEY_POOL_SLAB + 1 };

static void apart(void **state)
{
	struct key_pool pool = { .size = SIZE };
	unsigned char *taken[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		taken[i] = key_pool_take(&pool);
		assert_non_null(taken[i]);
		assert_true(sodium_is_zero(taken[i], SIZE));
		assert_int_equal((uintptr_t)taken[i] % 8, 0);
		memset(taken[i], i + 1, SIZE);
	}
	for (int i = 0; i < MANY; i++)
		for (int at = 0; at < SIZE; at++)
			assert_int_equal(taken[i][at], (unsigned char)(i + 1));
	assert_int_equal(pool.slabs, 4);
	key_pool_close(&pool);
	assert_int_equal(pool.slabs, 0);
}

static void again(void **state)
{
	struct key_pool pool = { .size = SIZE };
	unsigned char *first, *second;

	(void)state;
	key_pool_give(&pool, NULL);
	first = key_pool_take(&pool);
	second = key_pool_take(&pool);
	memset(first, 1, SIZE);
	key_pool_give(&pool, first);
	assert_true(sodium_is_zero(first + sizeof(void *), SIZE - sizeof(void *)));
	assert_ptr_equal(key_pool_take(&pool), first);
	assert_true(sodium_is_zero(first, SIZE));
	key_pool_give(&pool, second);
	for (int i = 1; i < KEY_POOL_SLAB; i++)
		assert_non_null(key_pool_take(&pool));
	assert_int_equal(pool.slabs, 1);
	key_pool_close(&pool);
	key_pool_close(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(apart), cmocka_unit_test(again) };

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
