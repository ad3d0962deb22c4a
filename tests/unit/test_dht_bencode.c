// SPDX-License-Identifier: GPL-2.0-only
/* ctl/dht/bencode.c: what is well-formed, what is not, and that nothing beyond the bytes is read (exact buffers, ASan). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/dht/bencode.h"

/* The text without its terminator, in a buffer of its size. */
static __u8 *exact(const char *text, struct bencode_cursor *cursor)
{
	size_t length = strlen(text);
	__u8 *bytes = malloc(length ? length : 1);

	assert_non_null(bytes);
	memcpy(bytes, text, length);
	*cursor = (struct bencode_cursor){ bytes, bytes + length };
	return bytes;
}

static void test_strings(void **state)
{
	static const struct {
		const char *text;
		int length; /* -1: refused */
	} rows[] = {
		{ "0:", 0 }, { "3:abc", 3 }, { "3:abcd", 3 }, { "10:0123456789", 10 },
		{ "", -1 }, { "3", -1 }, { "3:", -1 }, { "3:ab", -1 }, { ":abc", -1 }, { "03:abc", -1 }, { "00:", -1 },
		{ "-1:a", -1 }, { "+1:a", -1 }, { " 1:a", -1 }, { "1 :a", -1 }, { "i1e", -1 }, { "1x", -1 },
		{ "18446744073709551615:", -1 }, { "18446744073709551616:a", -1 }, { "18446744073709551617:a", -1 },
		{ "99999999999999999999999999999999:a", -1 }, { "4294967297:a", -1 }, { "9:a", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bencode_bytes string = { 0 };
		struct bencode_cursor cursor;
		__u8 *bytes = exact(rows[i].text, &cursor);
		int error = bencode_string(&cursor, &string);

		if (error != (rows[i].length < 0 ? -74 : 0))
			fail_msg("\"%s\": %d", rows[i].text, error);
		if (error)
			assert_ptr_equal(cursor.at, bytes);
		else
			assert_int_equal(string.length, rows[i].length);
		free(bytes);
	}
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		__s64 value;
	} rows[] = {
		{ "i0e", true, 0 }, { "i7e", true, 7 }, { "i-7e", true, -7 },
		{ "i9223372036854775807e", true, INT64_MAX }, { "i-9223372036854775808e", true, INT64_MIN },
		{ "i9223372036854775808e", false, 0 }, { "i-9223372036854775809e", false, 0 },
		{ "i18446744073709551617e", false, 0 }, { "i-0e", false, 0 }, { "i00e", false, 0 },
		{ "i01e", false, 0 }, { "ie", false, 0 }, { "i-e", false, 0 }, { "i1", false, 0 }, { "i", false, 0 },
		{ "", false, 0 }, { "1e", false, 0 }, { "i1.5e", false, 0 }, { "i--1e", false, 0 }, { "i 1e", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bencode_cursor cursor;
		__u8 *bytes = exact(rows[i].text, &cursor);
		__s64 value = 0;
		int error = bencode_integer(&cursor, &value);

		if (!error != rows[i].good || value != rows[i].value)
			fail_msg("\"%s\": %d, %lld", rows[i].text, error, value);
		free(bytes);
	}
}

static void test_skip(void **state)
{
	static const struct {
		const char *text;
		int left; /* bytes behind; -1: refused */
	} rows[] = {
		{ "i1e", 0 }, { "1:a", 0 }, { "le", 0 }, { "de", 0 }, { "d1:ai1ee", 0 }, { "d1:ad1:bleee", 0 },
		{ "li1e1:aldeee", 0 }, { "i1ei2e", 3 }, { "lllllleeeeee", 0 }, { "d1:ald1:bld1:clei1eeeee", -1 },
		{ "lllllllleeeeeeee", -1 }, { "llllllleeeeeee", -1 }, { "d1:ae", -1 }, { "d1:a", -1 }, { "di1ei2ee", -1 },
		{ "dlee", -1 }, { "d1:ai1ei2ee", -1 }, { "ddee", -1 }, { "l", -1 }, { "d", -1 }, { "e", -1 }, { "x", -1 },
		{ "", -1 }, { "l-e", -1 }, { "l5:abce", -1 }, { "d1:ai1e1:be", -1 }, { "li1e", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bencode_cursor cursor;
		__u8 *bytes = exact(rows[i].text, &cursor);
		int error = bencode_skip(&cursor);

		if (error != (rows[i].left < 0 ? -74 : 0))
			fail_msg("\"%s\": %d", rows[i].text, error);
		assert_int_equal(error ? 0 : cursor.end - cursor.at, error ? 0 : rows[i].left);
		free(bytes);
	}
}

/* Deep nesting costs neither stack nor time. */
static void test_deep(void **state)
{
	static __u8 bytes[1 << 20];
	struct bencode_cursor cursor = { bytes, bytes + sizeof(bytes) };

	(void)state;
	memset(bytes, 'l', sizeof(bytes));
	assert_int_equal(bencode_skip(&cursor), -74);
	assert_ptr_equal(cursor.at, bytes);
}

static void test_writer(void **state)
{
	__u8 bytes[16];
	struct bencode_writer writer = { .bytes = bytes, .room = sizeof(bytes) };

	(void)state;
	bencode_put_text(&writer, "l");
	bencode_put_string(&writer, "abc", 3);
	bencode_put_integer(&writer, -42);
	bencode_put_text(&writer, "e");
	assert_false(writer.full);
	assert_int_equal(writer.used, 12);
	assert_memory_equal(bytes, "l3:abci-42ee", 12);
	bencode_put(&writer, "12345", 5);
	assert_true(writer.full);
	assert_int_equal(writer.used, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings), cmocka_unit_test(test_integers), cmocka_unit_test(test_skip),
		cmocka_unit_test(test_deep), cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
