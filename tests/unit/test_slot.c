// SPDX-License-Identifier: GPL-2.0-only
/* Slot derivation: the vectors of docs/PROTOCOL.md section 6, reserved identifiers, template bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>

#include "loader/slot.h"

static const __u8 key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const __u8 seed_a[8] = { 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 };
static const __u8 seed_b[8] = { 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27 };
enum { ROTATION_MS = 3000 };
#define NOW_MS 1700000000000ULL
#define START_MS 1699999999201ULL
#define INDEX 566666667ULL

static struct mf_template template(const char *base, unsigned int length, unsigned int hop_bits)
{
	struct mf_template template = { .prefix_length = length, .hop_bits = hop_bits };

	assert_int_equal(inet_pton(AF_INET6, base, template.base), 1);
	return template;
}

static void assert_address(const __u8 *address, const char *text)
{
	__u8 wanted[16];

	assert_int_equal(inet_pton(AF_INET6, text, wanted), 1);
	assert_memory_equal(address, wanted, 16);
}

static void grid(void **state)
{
	struct mf_schedule schedule = { ROTATION_MS, mf_slot_phase(key, ROTATION_MS) };

	(void)state;
	assert_int_equal(schedule.phase_ms, 1799);
	assert_int_equal(mf_slot_index(&schedule, NOW_MS), INDEX);
	assert_int_equal(mf_slot_start(&schedule, INDEX), START_MS);
	for (__u64 ms = NOW_MS; ms < NOW_MS + 10000; ms += 7) {
		__u64 index = mf_slot_index(&schedule, ms);

		assert_true(mf_slot_start(&schedule, index) <= ms);
		assert_true(ms < mf_slot_start(&schedule, index + 1));
	}
}

static void vectors(void **state)
{
	struct mf_slot_end end;
	struct mf_template net_64 = template("2001:db8:1::", 64, 64), net_80 = template("2001:db8:1:2:3::", 80, 48);
	__u8 address[16];

	(void)state;
	mf_slot_end(&end, seed_a, key, START_MS);
	assert_int_equal(ntohs(end.port), 18505);
	assert_int_equal(end.flow_label, 0x5a641);
	mf_slot_address(address, &net_64, end.identifier);
	assert_address(address, "2001:db8:1:0:7e18:b5e:a727:32bc");
	mf_slot_address(address, &net_80, end.identifier);
	assert_address(address, "2001:db8:1:2:3:7e18:b5e:a727");
}

static void both_ends_agree(void **state)
{
	struct mf_seed one = { .local = template("2001:db8:1::", 64, 64), .remote = template("2001:db8:2::", 64, 64) };
	struct mf_schedule schedule = { ROTATION_MS, mf_slot_phase(key, ROTATION_MS) };
	struct mf_slot here, there;
	struct mf_seed other;

	(void)state;
	memcpy(one.key, key, sizeof(key));
	memcpy(one.seed_local, seed_a, sizeof(seed_a));
	memcpy(one.seed_remote, seed_b, sizeof(seed_b));
	other = one;
	memcpy(other.seed_local, seed_b, sizeof(seed_b));
	memcpy(other.seed_remote, seed_a, sizeof(seed_a));
	other.local = one.remote;
	other.remote = one.local;
	mf_slot_fill(&here, &one, &schedule, INDEX);
	mf_slot_fill(&there, &other, &schedule, INDEX);
	assert_address(here.local, "2001:db8:1:0:7e18:b5e:a727:32bc");
	assert_address(here.remote, "2001:db8:2:0:ad6:6de5:2a5:979c");
	assert_int_equal(ntohs(here.remote_port), 26648);
	assert_int_equal(ntohl(here.label_out), 0x6005a641);
	assert_int_equal(ntohl(there.label_out), 0x600fdfff);
	assert_memory_equal(here.local, there.remote, 16);
	assert_memory_equal(here.remote, there.local, 16);
	assert_int_equal(here.local_port, there.remote_port);
	assert_int_equal(here.address_sum, there.address_sum);
	assert_int_equal(here.start_ms, START_MS);
}

/* 16 hop bits and every port: none below 1024, address bits outside the template untouched. */
static void bounds_of_what_is_derived(void **state)
{
	struct mf_template narrow = template("2001:db8:1:2:3:4:5:0", 112, 16);

	(void)state;
	for (__u64 start_ms = 0; start_ms < 20000; start_ms++) {
		struct mf_slot_end end;
		__u8 address[16];

		mf_slot_end(&end, seed_a, key, start_ms);
		assert_true(ntohs(end.port) >= 1024);
		assert_true(end.flow_label <= 0xfffff);
		mf_slot_address(address, &narrow, end.identifier);
		assert_memory_equal(address, narrow.base, 14);
		assert_memory_equal(address + 14, end.identifier, 2);
	}
}

static void templates(void **state)
{
	struct mf_template right = template("2001:db8::", 64, 64), bits = template("2001:db8::1", 64, 64);
	struct mf_template wide = template("2001:db8::", 80, 64), few = template("2001:db8::", 64, 15);
	struct mf_template many = template("2001:db8::", 48, 65), gap = template("2001:db8:1:2:3::", 64, 48);

	(void)state;
	assert_int_equal(mf_template_check(&right), 0);
	assert_int_equal(mf_template_check(&gap), 0);
	assert_int_equal(mf_template_check(&bits), -EINVAL);
	assert_int_equal(mf_template_check(&wide), -EINVAL);
	assert_int_equal(mf_template_check(&few), -EINVAL);
	assert_int_equal(mf_template_check(&many), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grid), cmocka_unit_test(vectors), cmocka_unit_test(both_ends_agree),
		cmocka_unit_test(bounds_of_what_is_derived), cmocka_unit_test(templates),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
