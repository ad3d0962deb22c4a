// SPDX-License-Identifier: GPL-2.0-only
/* ctl/hkdf.c against the vectors of RFC 5869 appendix A.1 to A.3. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/hkdf.h"
#include "ctl/parse.h"

static struct hkdf_text range(__u8 *bytes, __u8 first, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (__u8)(first + i);
	return (struct hkdf_text){ bytes, length };
}

static void demand(const __u8 *key, const char *wanted, size_t length)
{
	__u8 bytes[128];

	assert_int_equal(parse_hex(wanted, bytes, length), 0);
	assert_memory_equal(key, bytes, length);
}

static void test_basic(void **state)
{
	__u8 salt[13], info[10], secret[22], key[42];

	(void)state;
	memset(secret, 0x0b, sizeof(secret));
	assert_int_equal(hkdf_sha256(key, sizeof(key), (struct hkdf_text){ secret, sizeof(secret) },
				     range(salt, 0, sizeof(salt)), range(info, 0xf0, sizeof(info))), 0);
	demand(key, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", sizeof(key));
}

static void test_long(void **state)
{
	__u8 salt[80], info[80], secret[80], key[82];

	(void)state;
	assert_int_equal(hkdf_sha256(key, sizeof(key), range(secret, 0, sizeof(secret)), range(salt, 0x60, sizeof(salt)),
				     range(info, 0xb0, sizeof(info))), 0);
	demand(key, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
		    "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87", sizeof(key));
}

static void test_empty_salt_and_info(void **state)
{
	__u8 secret[22], key[42];

	(void)state;
	memset(secret, 0x0b, sizeof(secret));
	assert_int_equal(hkdf_sha256(key, sizeof(key), (struct hkdf_text){ secret, sizeof(secret) },
				     (struct hkdf_text){ 0 }, (struct hkdf_text){ 0 }), 0);
	demand(key, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8", sizeof(key));
}

static void test_bounds(void **state)
{
	static __u8 key[HKDF_BYTES_MOST + 1];
	struct hkdf_text nothing = { 0 };

	(void)state;
	assert_int_equal(hkdf_sha256(key, HKDF_BYTES_MOST + 1, nothing, nothing, nothing), -EINVAL);
	assert_true(sodium_is_zero(key, sizeof(key)));
	assert_int_equal(hkdf_sha256(key, HKDF_BYTES_MOST, nothing, nothing, nothing), 0);
	assert_int_equal(key[HKDF_BYTES_MOST], 0);
	assert_int_equal(hkdf_sha256(key, 0, nothing, nothing, nothing), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basic),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_empty_salt_and_info),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
