// SPDX-License-Identifier: GPL-2.0-only
/* Ring space: parts never overlap, everything given back makes one whole, the last association still finds room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "loader/ring.h"

static void wanted(void **state)
{
	(void)state;
	assert_int_equal(mf_ring_wanted(120000, 3000), 48);
	assert_int_equal(mf_ring_wanted(120000, 200), 608);
	assert_int_equal(mf_ring_wanted(1000, 3600000), 9);
	assert_int_equal(mf_ring_wanted(3600000, 100), 36008);
}

static void take_and_give(void **state)
{
	struct mf_ring_space space;
	struct mf_ring_extent a, b, c;

	(void)state;
	assert_int_equal(mf_ring_space_open(&space, 1000), 0);
	assert_int_equal(mf_ring_take(&space, 100, 0, &a), 0);
	assert_int_equal(mf_ring_take(&space, 200, 0, &b), 0);
	assert_int_equal(mf_ring_take(&space, 300, 0, &c), 0);
	assert_int_equal(space.free, 400);
	assert_int_equal(mf_ring_give(&space, &b), 0);
	assert_int_equal(space.extents, 2);
	assert_int_equal(mf_ring_give(&space, &a), 0);
	assert_int_equal(space.extents, 2);
	assert_int_equal(mf_ring_give(&space, &c), 0);
	assert_int_equal(space.extents, 1);
	assert_int_equal(space.free, 1000);
	mf_ring_space_close(&space);
}

/* Shorter and shorter, but never below the least, until all are in. */
static void shrinks(void **state)
{
	enum { CAPACITY = 100, SLOTS = 2000 };
	struct mf_ring_space space;
	struct mf_ring_extent ring;

	(void)state;
	assert_int_equal(mf_ring_space_open(&space, SLOTS), 0);
	for (int i = 0; i < CAPACITY; i++) {
		assert_int_equal(mf_ring_take(&space, 608, CAPACITY - i - 1, &ring), 0);
		assert_in_range(ring.slots, MF_RING_MIN, 608);
	}
	while (!mf_ring_take(&space, 608, 0, &ring))
		;
	assert_int_equal(mf_ring_take(&space, 608, 0, &ring), -ENOSPC);
	assert_true(space.free < MF_RING_MIN);
	mf_ring_space_close(&space);
}

static void claims(void **state)
{
	struct mf_ring_space space;
	struct mf_ring_extent middle = { 400, 100 }, over = { 450, 100 }, end = { 900, 100 }, past = { 990, 20 };
	struct mf_ring_extent start = { 0, 10 }, none = { 5, 0 }, wraps = { 950, 0xffffffff };

	(void)state;
	assert_int_equal(mf_ring_space_open(&space, 1000), 0);
	assert_int_equal(mf_ring_claim(&space, &middle), 0);
	assert_int_equal(mf_ring_claim(&space, &middle), -EBUSY);
	assert_int_equal(mf_ring_claim(&space, &over), -EBUSY);
	assert_int_equal(mf_ring_claim(&space, &past), -EBUSY);
	assert_int_equal(mf_ring_claim(&space, &none), -EBUSY);
	assert_int_equal(mf_ring_claim(&space, &wraps), -EBUSY);
	assert_int_equal(mf_ring_claim(&space, &end), 0);
	assert_int_equal(mf_ring_claim(&space, &start), 0);
	assert_int_equal(space.free, 790);
	assert_int_equal(mf_ring_give(&space, &middle), 0);
	assert_int_equal(mf_ring_give(&space, &start), 0);
	assert_int_equal(mf_ring_give(&space, &end), 0);
	assert_int_equal(space.extents, 1);
	assert_int_equal(space.extent[0].slots, 1000);
	mf_ring_space_close(&space);
}

/* Owner of every slot, kept beside. */
static void random_traffic(void **state)
{
	enum { SLOTS = 4096, RINGS = 200 };
	static unsigned char owner[SLOTS];
	struct mf_ring_extent ring[RINGS] = { 0 };
	struct mf_ring_space space;
	unsigned int used = 0;

	(void)state;
	srand(2);
	assert_int_equal(mf_ring_space_open(&space, SLOTS), 0);
	for (int step = 0; step < 20000; step++) {
		struct mf_ring_extent *one = &ring[rand() % RINGS];

		if (one->slots) {
			assert_int_equal(mf_ring_give(&space, one), 0);
			memset(owner + one->base, 0, one->slots);
			used -= one->slots;
			one->slots = 0;
		} else if (!mf_ring_take(&space, 8 + rand() % 90, 0, one)) {
			assert_true(one->base + one->slots <= SLOTS);
			for (__u32 i = 0; i < one->slots; i++)
				assert_int_equal(owner[one->base + i], 0);
			memset(owner + one->base, 1, one->slots);
			used += one->slots;
		} else {
			one->slots = 0;
		}
		assert_int_equal(space.free, SLOTS - used);
	}
	mf_ring_space_close(&space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wanted), cmocka_unit_test(take_and_give), cmocka_unit_test(shrinks),
		cmocka_unit_test(claims), cmocka_unit_test(random_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
