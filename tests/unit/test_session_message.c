// SPDX-License-Identifier: GPL-2.0-only
/* ctl/session_message.c: each field at its bounds and beyond, what reads writes back the same, what does not touches nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/parse.h"
#include "ctl/session_message.h"

enum { PLAIN_MOST = SESSION_RESPONSE_PLAIN };

/* One kind of content: a right one, and its reader and writer behind one face. */
struct content {
	const char *right;
	size_t bytes;
	int (*read)(const __u8 *plain, void *read);
	void (*write)(__u8 *plain, const void *read);
};

static int read_request(const __u8 *plain, void *read)
{
	return session_request_read(plain, read);
}

static void write_request(__u8 *plain, const void *read)
{
	session_request_write(plain, read);
}

static int read_response(const __u8 *plain, void *read)
{
	return session_response_read(plain, read);
}

static void write_response(__u8 *plain, const void *read)
{
	session_response_write(plain, read);
}

static int read_notice(const __u8 *plain, void *read)
{
	return session_notice_read(plain, read);
}

static void write_notice(__u8 *plain, const void *read)
{
	session_notice_write(plain, read);
}

static const struct content request = {
	"00630dcd" "20010db8000100001011121314151617" "fd6d7e7016ead60e398dad10b71c8778" "01404001" "0000000000000000",
	SESSION_REQUEST_PLAIN, read_request, write_request,
};
static const struct content response = {
	"01000bb8" "20010db8000200002021222324252627" "000102030405060708090a0b0c0d0e0f" "01404000" "0000000000000000"
	"00000e10" "00000258",
	SESSION_RESPONSE_PLAIN, read_response, write_response,
};
static const struct content notice = {
	"0505" "0000012c" "3031323334353637" "0000000000000000000000000000000000000000000000000000",
	SESSION_NOTICE_PLAIN, read_notice, write_notice,
};

/* Bytes to put over the right ones, and whether that is right still. */
struct change {
	unsigned int at;
	const char *bytes;
	int right;
};

static void put_hex(__u8 *bytes, size_t room, const char *text)
{
	size_t count = strlen(text) / 2;

	assert_in_range(count, 1, room);
	assert_int_equal(parse_hex(text, bytes, count), 0);
}

static void assert_untouched(const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(((const __u8 *)bytes)[i], 0x5a);
}

/* Whether it reads; and if it does, that it is written again as it was. */
static int reads(const struct content *content, const __u8 *plain)
{
	union {
		struct session_request request;
		struct session_response response;
		struct session_notice notice;
	} read;
	__u8 again[PLAIN_MOST];
	int error;

	memset(&read, 0x5a, sizeof(read));
	error = content->read(plain, &read);
	if (error) {
		assert_int_equal(error, -EBADMSG);
		assert_untouched(&read, sizeof(read));
		return 0;
	}
	memset(again, 0xa5, sizeof(again));
	content->write(again, &read);
	assert_memory_equal(again, plain, content->bytes);
	return 1;
}

static void assert_changes(const struct content *content, const struct change *changes, size_t count)
{
	__u8 plain[PLAIN_MOST];

	for (size_t i = 0; i < count; i++) {
		put_hex(plain, content->bytes, content->right);
		put_hex(plain + changes[i].at, content->bytes - changes[i].at, changes[i].bytes);
		if (reads(content, plain) != changes[i].right)
			fail_msg("%s at %u", changes[i].bytes, changes[i].at);
	}
}

#define ASSERT_CHANGES(content, changes) assert_changes(content, changes, sizeof(changes) / sizeof(*(changes)))

static void test_request_fields(void **state)
{
	struct session_request read;
	__u8 plain[SESSION_REQUEST_PLAIN], inner[16], base[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 };

	(void)state;
	put_hex(plain, sizeof(plain), request.right);
	assert_int_equal(session_request_read(plain, &read), 0);
	put_hex(inner, sizeof(inner), "fd6d7e7016ead60e398dad10b71c8778");
	assert_int_equal(read.client_id, 0x630dcd);
	assert_memory_equal(read.prefix.base, base, 16);
	assert_int_equal(read.prefix.prefix_length, 64);
	assert_int_equal(read.prefix.hop_bits, 64);
	assert_true(sodium_is_zero(read.prefix.pad, sizeof(read.prefix.pad)));
	assert_memory_equal(read.seed, "\x10\x11\x12\x13\x14\x15\x16\x17", 8);
	assert_memory_equal(read.inner, inner, 16);
	assert_int_equal(read.flags, SESSION_BEHIND_FIREWALL);
}

static void test_response_fields(void **state)
{
	struct session_response read;
	__u8 plain[SESSION_RESPONSE_PLAIN], base[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 2 };

	(void)state;
	put_hex(plain, sizeof(plain), response.right);
	assert_int_equal(session_response_read(plain, &read), 0);
	assert_int_equal(read.rotation_ms, 3000);
	assert_memory_equal(read.prefix.base, base, 16);
	assert_int_equal(read.prefix.prefix_length, 64);
	assert_int_equal(read.prefix.hop_bits, 64);
	assert_true(sodium_is_zero(read.prefix.pad, sizeof(read.prefix.pad)));
	assert_memory_equal(read.seed, "\x20\x21\x22\x23\x24\x25\x26\x27", 8);
	assert_memory_equal(read.key, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
	assert_int_equal(read.flags, 0);
	assert_int_equal(read.lifetime_s, 3600);
	assert_int_equal(read.period_s, 600);
}

static void test_notice_fields(void **state)
{
	struct session_notice read;
	__u8 plain[SESSION_NOTICE_PLAIN];

	(void)state;
	put_hex(plain, sizeof(plain), notice.right);
	assert_int_equal(session_notice_read(plain, &read), 0);
	assert_int_equal(read.id, SESSION_RENEW);
	assert_int_equal(read.reason, SESSION_LEVEL);
	assert_int_equal(read.period_s, 300);
	assert_memory_equal(read.echo, "01234567", 8);
}

/* What either end says of itself stands at the same places. */
static void test_end_bounds(void **state)
{
	static const struct change changes[] = {
		{ 4, "2001000000000000", 1 }, { 4, "0001000000000000", 1 }, { 4, "fd00000000000000", 1 },
		{ 4, "0000000000000000", 0 }, { 4, "0000ffffffffffff", 0 }, { 4, "fe7fffffffffffff", 1 },
		{ 4, "fe80000000000000", 0 }, { 4, "febfffffffffffff", 0 }, { 4, "fec0000000000000", 1 },
		{ 4, "feffffffffffffff", 1 }, { 4, "ff00000000000000", 0 }, { 4, "ff0e000000000000", 0 },
		{ 12, "0000000000000000", 1 }, { 12, "ffffffffffffffff", 1 },
		{ 36, "00", 0 }, { 36, "02", 0 }, { 36, "ff", 0 },
		{ 37, "2f40", 0 }, { 37, "3040", 1 }, { 37, "4040", 1 }, { 37, "4140", 0 }, { 37, "413f", 1 },
		{ 37, "5030", 1 }, { 37, "5031", 0 }, { 37, "7010", 1 }, { 37, "7110", 0 }, { 37, "700f", 0 },
		{ 37, "3010", 1 }, { 37, "300f", 0 }, { 37, "3041", 0 }, { 37, "3000", 0 }, { 37, "00ff", 0 },
		{ 37, "ff00", 0 }, { 37, "ffff", 0 },
		{ 39, "00", 1 }, { 39, "01", 1 }, { 39, "02", 1 }, { 39, "03", 1 }, { 39, "04", 0 }, { 39, "07", 0 }, { 39, "80", 0 },
		{ 40, "8000000000000000", 0 }, { 40, "0000000000000001", 0 },
		{ 37, "503000" "0001000000000000", 1 }, { 37, "503000" "0000800000000000", 0 },
		{ 37, "503000" "ffff000000000000", 1 }, { 37, "403000" "ffff000000000000", 1 },
		{ 37, "701000" "ffffffffffff0000", 1 }, { 37, "701000" "0000000000008000", 0 },
		{ 37, "413f00" "8000000000000000", 1 }, { 37, "413f00" "4000000000000000", 0 },
	};

	(void)state;
	ASSERT_CHANGES(&request, changes);
	ASSERT_CHANGES(&response, changes);
}

static void test_request_bounds(void **state)
{
	static const struct change changes[] = {
		{ 0, "01", 0 }, { 0, "02", 0 }, { 0, "80", 0 }, { 1, "000000", 1 }, { 1, "ffffff", 1 },
		{ 20, "00000000000000000000000000000000", 1 }, { 20, "ffffffffffffffffffffffffffffffff", 1 },
	};

	(void)state;
	ASSERT_CHANGES(&request, changes);
}

static void test_response_bounds(void **state)
{
	static const struct change changes[] = {
		{ 0, "00", 0 }, { 0, "02", 0 }, { 0, "81", 0 },
		{ 1, "000000", 0 }, { 1, "000063", 0 }, { 1, "000064", 1 }, { 1, "36ee80", 1 }, { 1, "36ee81", 0 },
		{ 1, "ffffff", 0 },
		{ 20, "00000000000000000000000000000000", 0 }, { 20, "00000000000000000000000000000001", 1 },
		{ 20, "80000000000000000000000000000000", 1 },
		{ 48, "00000000", 1 }, { 48, "ffffffff", 1 },
		{ 52, "00000000", 1 }, { 52, "00015180", 1 }, { 52, "00015181", 0 }, { 52, "ffffffff", 0 },
	};

	(void)state;
	ASSERT_CHANGES(&response, changes);
}

static void test_notice_bounds(void **state)
{
	static const struct change changes[] = {
		{ 0, "00", 0 }, { 0, "01", 0 }, { 0, "02", 1 }, { 0, "07", 1 }, { 0, "08", 0 }, { 0, "ff", 0 },
		{ 1, "00", 1 }, { 1, "06", 1 }, { 1, "07", 0 }, { 1, "ff", 0 },
		{ 2, "00000000", 1 }, { 2, "00015180", 1 }, { 2, "00015181", 0 }, { 2, "ffffffff", 0 },
		{ 6, "0000000000000000", 1 }, { 6, "ffffffffffffffff", 1 },
	};
	__u8 plain[SESSION_NOTICE_PLAIN];

	(void)state;
	ASSERT_CHANGES(&notice, changes);
	for (int at = 14; at < SESSION_NOTICE_PLAIN; at++) {
		put_hex(plain, sizeof(plain), notice.right);
		plain[at] = 1;
		assert_false(reads(&notice, plain));
	}
}

static void test_header(void **state)
{
	static const size_t bytes[] = { SESSION_REQUEST_BYTES, SESSION_RESPONSE_BYTES, SESSION_SEALED_BYTES };
	__u8 message[SESSION_MESSAGE_MOST + 8] = { 0 };

	(void)state;
	for (unsigned int kind = 0; kind < 3; kind++) {
		struct session_header header = { kind, 0xf1e2d3c4 }, read;

		session_header_write(message, &header);
		assert_memory_equal(message + 1, "\1\0\0\xf1\xe2\xd3\xc4", 7);
		for (size_t count = 0; count <= sizeof(message); count++) {
			memset(&read, 0x5a, sizeof(read));
			if (count == bytes[kind]) {
				assert_int_equal(session_header_read(message, count, &read), 0);
				assert_int_equal(read.kind, kind);
				assert_int_equal(read.number, 0xf1e2d3c4);
			} else {
				assert_int_equal(session_header_read(message, count, &read), -EBADMSG);
				assert_untouched(&read, sizeof(read));
			}
		}
	}
}

static void test_header_bounds(void **state)
{
	static const struct change changes[] = {
		{ 0, "03", 0 }, { 0, "ff", 0 }, { 0, "80", 0 }, { 1, "00", 0 }, { 1, "02", 0 }, { 1, "81", 0 },
		{ 2, "01", 0 }, { 2, "80", 0 }, { 3, "01", 0 }, { 3, "80", 0 }, { 4, "00000000", 1 }, { 4, "ffffffff", 1 },
	};
	struct session_header header = { SESSION_REQUEST, 1 }, read;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		__u8 message[SESSION_REQUEST_BYTES] = { 0 };
		int error;

		session_header_write(message, &header);
		put_hex(message + changes[i].at, 4, changes[i].bytes);
		memset(&read, 0x5a, sizeof(read));
		error = session_header_read(message, sizeof(message), &read);
		assert_int_equal(error, changes[i].right ? 0 : -EBADMSG);
		if (error)
			assert_untouched(&read, sizeof(read));
	}
}

/* Wider than its 24 bits: cut, and never into the identifier in front. */
static void test_numbers_of_24_bits(void **state)
{
	struct session_request asked = { .client_id = 0xff630dcd };
	struct session_response said = { .rotation_ms = 0xff000bb8 };
	__u8 plain[PLAIN_MOST];

	(void)state;
	session_request_write(plain, &asked);
	assert_memory_equal(plain, "\0\x63\x0d\xcd", 4);
	session_response_write(plain, &said);
	assert_memory_equal(plain, "\1\0\x0b\xb8", 4);
}

static void test_client_id(void **state)
{
	__u8 key[32];

	(void)state;
	for (int i = 0; i < 32; i++)
		key[i] = i;
	assert_int_equal(session_client_id(key), 0x630dcd);
}

static void test_prologue(void **state)
{
	__u8 key[16], first[32], second[32], prologue[SESSION_PROLOGUE_BYTES];

	(void)state;
	memset(key, 'k', sizeof(key));
	memset(first, 'i', sizeof(first));
	memset(second, 'r', sizeof(second));
	session_prologue(prologue, key, first, second);
	assert_memory_equal(prologue, "\1kkkkkkkkkkkkkkkkiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiirrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr",
			    sizeof(prologue));
}

static void test_reason_names(void **state)
{
	(void)state;
	for (int reason = 0; reason < SESSION_REASONS; reason++) {
		assert_string_not_equal(session_reason_name(reason), "unknown");
		for (int other = 0; other < reason; other++)
			assert_string_not_equal(session_reason_name(reason), session_reason_name(other));
	}
	assert_string_equal(session_reason_name(SESSION_REASONS), "unknown");
	assert_string_equal(session_reason_name((enum session_reason)-1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_fields),
		cmocka_unit_test(test_response_fields),
		cmocka_unit_test(test_notice_fields),
		cmocka_unit_test(test_end_bounds),
		cmocka_unit_test(test_request_bounds),
		cmocka_unit_test(test_response_bounds),
		cmocka_unit_test(test_notice_bounds),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_bounds),
		cmocka_unit_test(test_numbers_of_24_bits),
		cmocka_unit_test(test_client_id),
		cmocka_unit_test(test_prologue),
		cmocka_unit_test(test_reason_names),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
