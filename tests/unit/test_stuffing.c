// SPDX-License-Identifier: GPL-2.0-only
/* ctl/stuffing.c: ports of bytes, and the bytes again out of a union that others have announced into too. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/stuffing.h"

static const size_t lengths[] = { 76, 65 };

struct wanted {
	__u8 bytes[STUFFING_BYTES_MOST];
	size_t length;
	unsigned int asked;
};

static bool judge(void *context, const __u8 *bytes, size_t length)
{
	struct wanted *wanted = context;

	wanted->asked++;
	return length == wanted->length && !memcmp(bytes, wanted->bytes, length);
}

static void make(struct wanted *wanted, size_t length)
{
	wanted->length = length;
	wanted->asked = 0;
	randombytes_buf(wanted->bytes, sizeof(wanted->bytes));
}

static int read_it(const struct stuffing_announce *announces, size_t count, struct wanted *wanted)
{
	wanted->asked = 0;
	return stuffing_read(announces, count, lengths, 2, judge, wanted);
}

/* A source: IPv4 10.0.0.n, or an address of the /64 number n. */
static void put_source(struct stuffing_announce *announce, bool v4, __u8 n)
{
	static const __u8 mapped[13] = { [10] = 0xff, [11] = 0xff, [12] = 10 };

	memset(announce->address, 0, 16);
	if (v4) {
		memcpy(announce->address, mapped, sizeof(mapped));
		announce->address[15] = n;
	} else {
		announce->address[0] = 0x20;
		announce->address[7] = n;
		randombytes_buf(announce->address + 8, 8);
	}
}

/* Announces of one value from one source; how many. */
static size_t announce(struct stuffing_announce *announces, const struct wanted *wanted, bool v4, __u8 n)
{
	__be16 ports[STUFFING_BYTES_MOST];

	assert_int_equal(stuffing_ports(ports, wanted->bytes, wanted->length, NULL), 0);
	for (size_t i = 0; i < wanted->length; i++) {
		put_source(&announces[i], v4, n);
		announces[i].port = ports[i];
	}
	return wanted->length;
}

static void shuffle(struct stuffing_announce *announces, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = randombytes_uniform((uint32_t)i);
		struct stuffing_announce held = announces[i - 1];

		announces[i - 1] = announces[j];
		announces[j] = held;
	}
}

static void test_ports(void **state)
{
	struct wanted wanted;
	__be16 ports[256];

	(void)state;
	for (size_t length = 1; length <= 256; length++) {
		make(&wanted, length);
		wanted.bytes[0] |= 1;
		assert_int_equal(stuffing_ports(ports, wanted.bytes, length, NULL), 0);
		for (size_t i = 0; i < length; i++) {
			assert_int_equal(ntohs(ports[i]) & 0xff, wanted.bytes[i]);
			assert_int_not_equal(ports[i], 0);
			assert_true(!i || ntohs(ports[i]) >> 8 > ntohs(ports[i - 1]) >> 8);
		}
	}
	assert_int_equal(stuffing_ports(ports, wanted.bytes, 0, NULL), -EINVAL);
	assert_int_equal(stuffing_ports(ports, wanted.bytes, 257, NULL), -EINVAL);
	wanted.bytes[0] = 0;
	assert_int_equal(stuffing_ports(ports, wanted.bytes, 256, NULL), -EINVAL); /* would be port 0 */
}

/* Every index is taken as often as any other, and never the same ones twice. */
static void test_choice(void **state)
{
	enum { ROUNDS = 4000, LENGTH = 65 };
	unsigned int taken[256] = { 0 };
	struct wanted wanted;
	__be16 ports[256];

	(void)state;
	make(&wanted, LENGTH);
	for (int i = 0; i < ROUNDS; i++) {
		stuffing_ports(ports, wanted.bytes, LENGTH, NULL);
		for (int j = 0; j < LENGTH; j++)
			taken[ntohs(ports[j]) >> 8]++;
	}
	assert_int_equal(taken[0], 0);
	for (int p = 1; p < 256; p++) /* expected 1020, deviation 28: 7 of them either way */
		assert_in_range(taken[p], 820, 1220);
}

static void zeros(void *to, size_t bytes)
{
	memset(to, 0, bytes);
}

static void test_given_random(void **state)
{
	static const __u8 bytes[] = { 0xaa, 0xbb };
	__be16 ports[2];

	(void)state;
	assert_int_equal(stuffing_ports(ports, bytes, 2, zeros), 0);
	assert_int_equal(ntohs(ports[0]), 0x01aa);
	assert_int_equal(ntohs(ports[1]), 0x02bb);
}

static void test_read(void **state)
{
	struct stuffing_announce announces[512];
	struct wanted wanted;
	size_t count;

	(void)state;
	for (int v4 = 0; v4 < 2; v4++)
		for (int i = 0; i < 2; i++) {
			make(&wanted, lengths[i]);
			count = announce(announces, &wanted, v4, 7);
			shuffle(announces, count);
			assert_int_equal(read_it(announces, count, &wanted), 0);
			assert_in_range(wanted.asked, 1, 2);
		}
}

/* Some nodes gave the same twice: a union is a set. */
static void test_repeated(void **state)
{
	struct stuffing_announce announces[512];
	struct wanted wanted;
	size_t count;

	(void)state;
	make(&wanted, 65);
	count = announce(announces, &wanted, true, 1);
	memcpy(announces + count, announces, count * sizeof(*announces));
	shuffle(announces, 2 * count);
	assert_int_equal(read_it(announces, 2 * count, &wanted), 0);
	assert_int_equal(wanted.asked, 1);
	wanted.bytes[0] ^= 1;
	assert_int_equal(read_it(announces, 2 * count, &wanted), -EBADMSG);
	assert_int_equal(wanted.asked, 1); /* there is nothing else to try */
}

/* Two values from two addresses, and a source is a whole IPv4 address. */
static void test_neighbours(void **state)
{
	struct stuffing_announce announces[512];
	struct wanted wanted, other;
	size_t count;

	(void)state;
	for (int v4 = 0; v4 < 2; v4++) {
		make(&wanted, 76);
		make(&other, 76);
		count = announce(announces, &other, v4, 1);
		count += announce(announces + count, &wanted, v4, 2);
		shuffle(announces, count);
		assert_int_equal(read_it(announces, count, &wanted), 0);
		assert_int_equal(wanted.asked, 2);
	}
}

/* 500 others, and a liar with a value of its own under the same infohash. */
static void test_crowd(void **state)
{
	struct stuffing_announce announces[STUFFING_ANNOUNCES_MOST];
	struct wanted wanted, lie;
	size_t count;

	(void)state;
	make(&wanted, 76);
	make(&lie, 76);
	count = announce(announces, &wanted, false, 9);
	count += announce(announces + count, &lie, false, 3);
	count += announce(announces + count, &lie, true, 3);
	for (int i = 0; i < 500; i++, count++) {
		put_source(&announces[count], i & 1, (__u8)randombytes_uniform(200) + 20);
		announces[count].port = (__be16)randombytes_random();
	}
	shuffle(announces, count);
	assert_int_equal(read_it(announces, count, &wanted), 0);
}

/* Behind the same address or /64, somebody announces up to two ports of his own, whatever they are. */
static void test_foreign(void **state)
{
	struct stuffing_announce announces[512];
	struct wanted wanted;

	(void)state;
	for (int round = 0; round < 50; round++) {
		size_t count;

		make(&wanted, round & 1 ? 65 : 76);
		count = announce(announces, &wanted, true, 1);
		for (int i = 0; i < 2; i++, count++) {
			put_source(&announces[count], true, 1);
			announces[count].port = (__be16)randombytes_random();
		}
		shuffle(announces, count);
		assert_int_equal(read_it(announces, count, &wanted), 0);
	}
}

/* Conflicts: another byte for several of the indices. */
static void test_conflicts(void **state)
{
	struct stuffing_announce announces[512];
	struct wanted wanted;
	size_t count;

	(void)state;
	for (int conflicts = 1; conflicts <= 11; conflicts++) {
		make(&wanted, 65);
		count = announce(announces, &wanted, true, 1);
		for (int i = 0; i < conflicts; i++, count++) {
			announces[count] = announces[5 * i];
			announces[count].port ^= htons(1 + randombytes_uniform(255));
		}
		shuffle(announces, count);
		assert_int_equal(read_it(announces, count, &wanted), 0);
		assert_in_range(wanted.asked, 1, 1 << conflicts);
	}
}

/* However bad it is: bounded. */
static void test_bounded(void **state)
{
	struct stuffing_announce announces[4 * STUFFING_ANNOUNCES_MOST];
	struct wanted wanted;
	size_t count = sizeof(announces) / sizeof(*announces);

	(void)state;
	make(&wanted, 65);
	for (size_t i = 0; i < count; i++) {
		put_source(&announces[i], true, (__u8)(i % 15));
		announces[i].port = htons((__u16)(i / 15 % 65 << 8 | (i & 0xff)));
	}
	assert_int_equal(read_it(announces, count, &wanted), -EBADMSG);
	assert_in_range(wanted.asked, 1, 15 * STUFFING_TRIES_MOST);
	for (size_t i = 0; i < 130; i++) { /* 2^65 ways */
		put_source(&announces[i], true, 1);
		announces[i].port = htons((__u16)(i / 2 << 8 | (i & 1)));
	}
	assert_int_equal(read_it(announces, 130, &wanted), -EBADMSG);
	assert_int_equal(wanted.asked, STUFFING_TRIES_MOST);
	for (size_t i = 0; i < count; i++)
		announces[i].port = htons((__u16)(i << 8 | (i / 256)));
	assert_int_not_equal(read_it(announces, count, &wanted), 0);
}

static void test_nothing(void **state)
{
	struct stuffing_announce announces[STUFFING_BYTES_MOST];
	struct wanted wanted;
	size_t count;

	(void)state;
	make(&wanted, 65);
	assert_int_equal(read_it(announces, 0, &wanted), -ENOENT);
	count = announce(announces, &wanted, false, 1);
	assert_int_equal(read_it(announces, count - 1, &wanted), -ENOENT);
	assert_int_equal(wanted.asked, 0);
	wanted.bytes[3] ^= 1;
	assert_int_equal(read_it(announces, count, &wanted), -EBADMSG);
	assert_int_equal(wanted.asked, 1);
}

/* All ways are tried, none twice: 4 indices of 1, 2, 1 and 3 bytes, two left out. */
static struct {
	__u8 seen[64][2];
	unsigned int count;
} ways;

static bool note_way(void *context, const __u8 *bytes, size_t length)
{
	(void)context;
	assert_int_equal(length, 2);
	for (unsigned int i = 0; i < ways.count; i++)
		assert_memory_not_equal(ways.seen[i], bytes, 2);
	memcpy(ways.seen[ways.count++], bytes, 2);
	return false;
}

static void test_every_way_once(void **state)
{
	static const __u16 ports[] = { 0x0101, 0x0202, 0x0203, 0x0304, 0x0405, 0x0406, 0x0407 };
	struct stuffing_announce announces[7];
	const size_t length = 2;

	(void)state;
	for (int i = 0; i < 7; i++) {
		put_source(&announces[i], true, 1);
		announces[i].port = htons(ports[i]);
	}
	assert_int_equal(stuffing_read(announces, 7, &length, 1, note_way, NULL), -EBADMSG);
	assert_int_equal(ways.count, 2 + 1 + 3 + 2 + 6 + 3); /* pairs of the indices, times their bytes */
}

static int set_up(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),     cmocka_unit_test(test_choice),   cmocka_unit_test(test_given_random),
		cmocka_unit_test(test_read),      cmocka_unit_test(test_repeated), cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_foreign),   cmocka_unit_test(test_conflicts), cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_nothing),   cmocka_unit_test(test_every_way_once),
		cmocka_unit_test(test_neighbours),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
