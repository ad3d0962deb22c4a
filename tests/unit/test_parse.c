// SPDX-License-Identifier: GPL-2.0-only
/* ctl/parse.c and ctl/format.c: what goes in comes out, what is half right is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/format.h"
#include "ctl/parse.h"
#include "loader/control.h"

struct duration {
	const char *text;
	int error;
	__u32 ms;
};

static void test_durations(void **state)
{
	static const struct duration rows[] = {
		{ "3", 0, 3000 }, { "3s", 0, 3000 }, { "200ms", 0, 200 }, { "2m", 0, 120000 }, { "2min", 0, 120000 },
		{ "1h", 0, 3600000 }, { "1.5s", 0, 1500 }, { "0.2", 0, 200 }, { "0.001", 0, 1 }, { "0", 0, 0 },
		{ "3S", 0, 3000 }, { "0.5h", 0, 1800000 },
		{ "", -EINVAL, 0 }, { "s", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "3 s", -EINVAL, 0 },
		{ "3x", -EINVAL, 0 }, { "1.", -EINVAL, 0 }, { ".5", -EINVAL, 0 }, { "1.2345", -EINVAL, 0 },
		{ "0.5ms", -EINVAL, 0 }, { "1e3", -EINVAL, 0 }, { "3s ", -EINVAL, 0 }, { "0x10", -EINVAL, 0 },
		{ "99999999999999999999", -ERANGE, 0 }, { "999999999h", -ERANGE, 0 }, { "1000001", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		__u32 ms = 77;

		assert_int_equal(parse_duration_ms(rows[i].text, &ms), rows[i].error);
		assert_int_equal(ms, rows[i].error ? 77 : rows[i].ms);
	}
}

struct row {
	const char *text;
	int error;
	const char *back; /* as format_ writes it */
};

static void test_prefixes(void **state)
{
	static const struct row rows[] = {
		{ "fd00::1", 0, "fd00::1/128" }, { "fd00::1/64", 0, "fd00::1/64" }, { "10.9.0.1", 0, "10.9.0.1/32" },
		{ "10.9.0.0/24", 0, "10.9.0.0/24" }, { "0.0.0.0/0", 0, "0.0.0.0/0" }, { "::/0", 0, "::/0" },
		{ "::ffff:10.0.0.1", 0, "10.0.0.1/32" }, { "::ffff:10.0.0.0/104", 0, "10.0.0.0/8" },
		{ "", -EINVAL, NULL }, { "/64", -EINVAL, NULL }, { "fd00::1/", -EINVAL, NULL },
		{ "fd00::1/129", -ERANGE, NULL }, { "10.0.0.1/33", -ERANGE, NULL }, { "fd00::1/-1", -EINVAL, NULL },
		{ "fd00::1/64/64", -EINVAL, NULL }, { "fd00:::1", -EINVAL, NULL }, { "10.0.0", -EINVAL, NULL },
		{ "fd00::1%eth0", -EINVAL, NULL }, { " fd00::1", -EINVAL, NULL }, { "::ffff:10.0.0.0/64", -EINVAL, NULL },
		{ "fd00::1/99999999999999999999999", -ERANGE, NULL },
		{ "fd00:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001", -EINVAL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mf_prefix prefix = { .length = 77 };
		char text[FORMAT_PREFIX];

		assert_int_equal(parse_prefix(rows[i].text, &prefix), rows[i].error);
		if (rows[i].error)
			assert_int_equal(prefix.length, 77);
		else
			assert_string_equal(format_prefix(text, &prefix), rows[i].back);
	}
}

static void test_templates(void **state)
{
	static const struct row rows[] = {
		{ "2001:db8:1::/64", 0, "2001:db8:1::/64" }, { "2001:db8::/48", 0, "2001:db8::/48" },
		{ "2001:db8::1:0:0/96", 0, "2001:db8::1:0:0/96" }, { "2001:db8::/112", 0, "2001:db8::/112" },
		{ "2001:db8::/47", -ERANGE, NULL }, { "2001:db8::/113", -ERANGE, NULL },
		{ "2001:db8::1/64", -EADDRNOTAVAIL, NULL }, { "2001:db8::", -EINVAL, NULL }, { "10.0.0.0/8", -EINVAL, NULL },
		{ "::ffff:10.0.0.0/104", -EINVAL, NULL },
	};
	struct mf_template template;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[FORMAT_PREFIX];

		assert_int_equal(parse_template(rows[i].text, &template), rows[i].error);
		if (!rows[i].error)
			assert_string_equal(format_template(text, &template), rows[i].back);
	}
	assert_int_equal(parse_template("2001:db8::/48", &template), 0);
	assert_int_equal(template.hop_bits, 64);
	assert_int_equal(parse_template("2001:db8::/80", &template), 0);
	assert_int_equal(template.hop_bits, 48);
	assert_int_equal(parse_template("2001:db8::/112", &template), 0);
	assert_int_equal(template.hop_bits, 16);
}

static void test_bytes(void **state)
{
	static const __u8 wanted[4] = { 0xde, 0xad, 0xbe, 0xef };
	__u8 bytes[4] = { 0 };

	(void)state;
	assert_int_equal(parse_hex("deadBEEF", bytes, 4), 0);
	assert_memory_equal(bytes, wanted, 4);
	assert_int_equal(parse_hex("de:ad:be:ef", bytes, 4), 0);
	assert_int_equal(parse_hex("deadbee", bytes, 4), -EINVAL);
	assert_int_equal(parse_hex("deadbeef00", bytes, 4), -EINVAL);
	assert_int_equal(parse_hex("deadbeeg", bytes, 4), -EINVAL);
	assert_int_equal(parse_hex("", bytes, 4), -EINVAL);
	assert_memory_equal(bytes, wanted, 4);
	assert_int_equal(parse_base64("3q2+7w==", bytes, 4), 0);
	assert_memory_equal(bytes, wanted, 4);
	assert_int_equal(parse_base64("3q2+7w", bytes, 4), -EINVAL);
	assert_int_equal(parse_base64("3q2+7wA=", bytes, 4), -EINVAL);
	assert_int_equal(parse_base64("3q2-7w==", bytes, 4), -EINVAL);
	assert_int_equal(parse_base64("3q2+7w== ", bytes, 4), -EINVAL);
}

static void test_numbers(void **state)
{
	__u64 number = 5;
	bool yes = false;

	(void)state;
	assert_int_equal(parse_number("18446744073709551615", 0, ~0ULL, &number), -ERANGE); /* the edge is not ours */
	assert_int_equal(parse_number("99999999999999999999", 0, ~0ULL, &number), -ERANGE);
	assert_int_equal(parse_number("+1", 0, 10, &number), -EINVAL);
	assert_int_equal(parse_number("", 0, 10, &number), -EINVAL);
	assert_int_equal(parse_number("11", 0, 10, &number), -ERANGE);
	assert_int_equal(number, 5);
	assert_int_equal(parse_number("010", 0, 10, &number), 0);
	assert_int_equal(number, 10);
	assert_int_equal(parse_yes_no("YES", &yes), 0);
	assert_true(yes);
	assert_int_equal(parse_yes_no("true", &yes), -EINVAL);
	assert_int_equal(parse_yes_no("no", &yes), 0);
	assert_false(yes);
}

static void test_amounts(void **state)
{
	char text[FORMAT_AMOUNT];

	(void)state;
	assert_string_equal(format_period(text, 200), "200ms");
	assert_string_equal(format_period(text, 3000), "3s");
	assert_string_equal(format_period(text, 90000), "90s");
	assert_string_equal(format_period(text, 7200000), "2h");
	assert_string_equal(format_span(text, 1234), "1.2 s");
	assert_string_equal(format_span(text, 999), "999 ms");
	assert_string_equal(format_span(text, 200000), "3 min 20 s");
	assert_string_equal(format_span(text, 90000000), "1 d 1 h");
	assert_string_equal(format_bytes(text, 0), "0 B");
	assert_string_equal(format_bytes(text, 1023), "1023 B");
	assert_string_equal(format_bytes(text, 1500), "1.46 KiB");
	assert_string_equal(format_bytes(text, ~0ULL), "16.0 EiB");
	assert_string_equal(format_rate(text, 125000000), "1.00 Gbit/s");
	assert_string_equal(format_count(text, 7), "7");
	assert_string_equal(format_count(text, 1234567), "1,234,567");
	assert_string_equal(format_count(text, ~0ULL), "18,446,744,073,709,551,615");
}

static void test_lists(void **state)
{
	struct mf_prefix list[MF_ASSOC_PREFIXES];
	char text[FORMAT_PREFIXES];

	(void)state;
	for (int i = 0; i < MF_ASSOC_PREFIXES; i++)
		assert_int_equal(parse_prefix("fd00:1111:2222:3333:4444:5555:6666:7777/127", &list[i]), 0);
	assert_string_equal(format_prefixes(text, list, 0), "");
	assert_int_equal(strlen(format_prefixes(text, list, MF_ASSOC_PREFIXES)), 8 * 43 + 7 * 2);
	assert_int_equal(parse_prefix("fd00::2", &list[0]), 0);
	assert_int_equal(parse_prefix("10.0.0.0/8", &list[1]), 0);
	assert_string_equal(format_prefixes(text, list, 2), "fd00::2, 10.0.0.0/8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations), cmocka_unit_test(test_prefixes), cmocka_unit_test(test_templates),
		cmocka_unit_test(test_bytes),     cmocka_unit_test(test_numbers),  cmocka_unit_test(test_amounts),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
