// SPDX-License-Identifier: GPL-2.0-only
/* ctl/identity.c against values computed apart from it (Python's hashlib), from the key in MTD'15 figure 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/format.h"
#include "ctl/identity.h"
#include "ctl/parse.h"

static const char public_hex[] = "7a1294c77b0c33db228d0572b7ea32117cfce4bd854594a3000faa5c0a537206";

static void test_address(void **state)
{
	char text[FORMAT_ADDRESS];
	__u8 key[32], address[16];

	(void)state;
	assert_int_equal(parse_hex(public_hex, key, sizeof(key)), 0);
	identity_address(address, key);
	assert_string_equal(format_address(text, address), "fd6d:ef44:cd6c:42f0:3007:a9f1:2fb1:7995");
	key[31] ^= 1;
	identity_address(address, key);
	assert_string_not_equal(format_address(text, address), "fd6d:ef44:cd6c:42f0:3007:a9f1:2fb1:7995");
}

static void test_introduction(void **state)
{
	char text[FORMAT_ADDRESS];
	__u8 key[32], address[16];

	(void)state;
	assert_int_equal(parse_hex(public_hex, key, sizeof(key)), 0);
	identity_introduction(address, key);
	assert_string_equal(format_address(text, address), "fd6d:130f:a33:e934:15c5:e344:8385:e2b0");
	for (int i = 0; i < 32; i++)
		key[i] = i;
	identity_introduction(address, key); /* of docs/PROTOCOL.md 6 */
	assert_string_equal(format_address(text, address), "fd6d:d68a:6ccc:780d:7ed6:ac22:a8ac:7ac2");
}

static void test_visitor(void **state)
{
	char text[FORMAT_ADDRESS];
	__u8 key[32], address[16];

	(void)state;
	assert_int_equal(parse_hex(public_hex, key, sizeof(key)), 0);
	identity_visitor(address, key);
	assert_string_equal(format_address(text, address), "fd6d:6edb:b6d8:fd9b:5c7a:cddc:ace0:ba4f");
}

static void test_seed(void **state)
{
	static const __u8 wanted[8] = { 0xcb, 0xb0, 0xfd, 0xdd, 0xd8, 0x12, 0x7a, 0xd3 };
	__u8 key[32], seed[8];

	(void)state;
	assert_int_equal(parse_hex(public_hex, key, sizeof(key)), 0);
	identity_seed(seed, key);
	assert_memory_equal(seed, wanted, sizeof(seed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_introduction),
		cmocka_unit_test(test_visitor),
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
