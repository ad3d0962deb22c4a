// SPDX-License-Identifier: GPL-2.0-only
/* The live table: what is put is found, what is dropped is not, at the load it is made for and by two writers at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "loader/live.h"

enum { CAPACITY = 4000, FULL = CAPACITY * MF_LIVE_PER_ASSOC, SLOTS = 2 * FULL };

struct table {
	struct mf_live live;
	struct mf_slot *slot;
};

/* Digests, as good as: splitmix64. */
static void address_draw(__u8 address[static 16], __u64 number)
{
	__u64 mixed = (number + 1) * 0x9e3779b97f4a7c15;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	mixed ^= mixed >> 31;
	memcpy(address, "\x20\x01\x0d\xb8\0\1\0\0", 8);
	memcpy(address + 8, &mixed, 8);
}

static struct table *table_open(void)
{
	struct table *table = calloc(1, sizeof(*table));

	table->slot = calloc(SLOTS, sizeof(*table->slot));
	for (__u32 i = 0; i < SLOTS; i++) {
		table->slot[i].index = i + 1;
		address_draw(table->slot[i].local, i);
	}
	table->live = (struct mf_live){ .half = mf_live_half(CAPACITY), .slots = SLOTS, .slot = table->slot };
	table->live.bucket = calloc(2 * table->live.half, sizeof(*table->live.bucket));
	return table;
}

static void table_close(struct table *table)
{
	free(table->live.bucket);
	free(table->slot);
	free(table);
}

static __u32 count(const struct table *table)
{
	__u32 used = 0;

	for (__u32 i = 0; i < 2 * table->live.half; i++)
		for (int j = 0; j < MF_BUCKET_ENTRIES; j++)
			used += table->live.bucket[i].entry[j].place != 0;
	return used;
}

static int is_there(const struct table *table, __u32 position)
{
	return mf_live_find(&table->live, table->slot[position].local) == position;
}

static void put_find_drop(void **state)
{
	struct table *table = table_open();

	(void)state;
	assert_false(is_there(table, 3));
	assert_int_equal(mf_live_put(&table->live, 3), 0);
	assert_int_equal(mf_live_put(&table->live, 3), 0); /* twice does no harm */
	assert_true(is_there(table, 3));
	assert_false(is_there(table, 4));
	assert_int_equal(count(table), 1);
	mf_live_drop(&table->live, 4);
	assert_true(is_there(table, 3));
	mf_live_drop(&table->live, 3);
	mf_live_drop(&table->live, 3);
	assert_false(is_there(table, 3));
	assert_int_equal(count(table), 0);
	table_close(table);
}

/* As full as it gets, the oldest out for every new one, each an address that never was: every put finds room. */
static void at_capacity(void **state)
{
	struct table *table = table_open();

	(void)state;
	for (__u64 number = 0; number < 60 * FULL; number++) {
		__u32 position = number % FULL;

		if (number >= FULL)
			mf_live_drop(&table->live, position);
		address_draw(table->slot[position].local, number);
		assert_int_equal(mf_live_put(&table->live, position), 0);
		assert_true(is_there(table, position));
	}
	assert_int_equal(count(table), FULL);
	for (__u32 position = 0; position < FULL; position++)
		assert_true(is_there(table, position));
	table_close(table);
}

/* Half as much again: entries have to move, none is lost; and once it is full it says so and stays as it was. */
static void beyond_capacity(void **state)
{
	struct table *table = table_open();
	__u32 refused = 0, stand = 0;

	(void)state;
	for (__u32 i = 0; i < SLOTS; i++) {
		int error = mf_live_put(&table->live, i);

		assert_true(!error || error == -ENOSPC);
		assert_int_equal(is_there(table, i), !error);
		refused += !!error;
		if (i < SLOTS * 3 / 4)
			assert_int_equal(error, 0);
	}
	assert_true(refused > 0);
	for (__u32 i = 0; i < SLOTS; i++)
		stand += is_there(table, i);
	assert_int_equal(stand, SLOTS - refused);
	assert_int_equal(count(table), stand);
	table_close(table);
}

/* Few hop bits: the newer slot of an address takes the older one's place, whose end does not touch it. */
static void same_address(void **state)
{
	struct table *table = table_open();

	(void)state;
	memcpy(table->slot[8].local, table->slot[7].local, 16);
	assert_int_equal(mf_live_put(&table->live, 7), 0);
	assert_int_equal(mf_live_put(&table->live, 8), 0);
	assert_true(is_there(table, 8));
	assert_int_equal(count(table), 1);
	mf_live_drop(&table->live, 7);
	assert_true(is_there(table, 8));
	mf_live_drop(&table->live, 8);
	assert_int_equal(count(table), 0);
	table_close(table);
}

static int keeps_even(const void *context, const struct mf_slot *slot)
{
	(void)context;
	return slot->index % 2 == 0;
}

static void sweep(void **state)
{
	struct table *table = table_open();

	(void)state;
	for (__u32 i = 0; i < 100; i++)
		assert_int_equal(mf_live_put(&table->live, i), 0);
	table->slot[1].local[15] ^= 1; /* even index, but another address by now */
	table->slot[3].index = 0;      /* taken out of the ring */
	assert_int_equal(mf_live_sweep(&table->live, keeps_even, NULL), 52);
	assert_int_equal(count(table), 48);
	assert_true(is_there(table, 5));
	assert_false(is_there(table, 1));
	assert_false(is_there(table, 6));
	table_close(table);
}

/* Loader and timer do the same at the same time, in a table so full that entries move. */
static void *write_all(void *context)
{
	struct table *table = context;

	for (int round = 0; round < 20; round++) {
		for (__u32 i = 0; i < FULL; i++)
			mf_live_put(&table->live, FULL / 2 + i);
		for (__u32 i = 0; i < FULL; i += 2)
			mf_live_drop(&table->live, FULL / 2 + i);
	}
	return NULL;
}

static void two_writers(void **state)
{
	struct table *table = table_open();
	pthread_t other;

	(void)state;
	for (__u32 i = 0; i < FULL / 2; i++)
		assert_int_equal(mf_live_put(&table->live, i), 0);
	assert_int_equal(pthread_create(&other, NULL, write_all, table), 0);
	write_all(table);
	pthread_join(other, NULL);
	for (__u32 i = 0; i < FULL / 2; i++)
		assert_true(is_there(table, i));
	for (__u32 i = 1; i < FULL; i += 2)
		assert_true(is_there(table, FULL / 2 + i));
	for (__u32 i = 0; i < FULL; i++)
		mf_live_drop(&table->live, FULL / 2 + i);
	assert_int_equal(count(table), FULL / 2);
	table_close(table);
}

/* Every bit of an address counts, and every bucket is as likely: 2^16 addresses that differ in 16 bits only. */
static void few_bits(void **state)
{
	const __u32 half = mf_live_half(CAPACITY);
	__u32 *left = calloc(half, sizeof(*left)), *right = calloc(half, sizeof(*right));

	(void)state;
	for (__u32 i = 0; i < 1 << 16; i++) {
		struct mf_live_key key = mf_live_key(0x0100b80d01200000, (__u64)i << 48, half);

		assert_true(key.left < half && key.right >= half && key.right < 2 * half && key.tag);
		left[key.left]++;
		right[key.right - half]++;
	}
	for (__u32 i = 0; i < half; i++) /* 26 on average; 5 standard deviations */
		assert_true(left[i] > 0 && left[i] < 55 && right[i] > 0 && right[i] < 55);
	free(left);
	free(right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_find_drop), cmocka_unit_test(at_capacity), cmocka_unit_test(beyond_capacity),
		cmocka_unit_test(same_address), cmocka_unit_test(sweep), cmocka_unit_test(two_writers),
		cmocka_unit_test(few_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
