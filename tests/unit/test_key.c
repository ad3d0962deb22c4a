// SPDX-License-Identifier: GPL-2.0-only
/* ctl/key.c: files that others can read are refused with the remedy, and keys are what they should be. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/key.h"
#include "ctl/parse.h"

static char directory[] = "/tmp/mayfly-test-key-XXXXXX";
static char path[sizeof(directory) + 8];

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0 || !mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/key", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void put_file(const char *text, mode_t mode)
{
	FILE *stream;

	unlink(path);
	stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_permissions(void **state)
{
	static const mode_t closed[] = { 0600, 0400, 0700 }, open_ones[] = { 0640, 0604, 0644, 0660, 0610, 0666 };
	char why[SAY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++) {
		put_file("", closed[i]);
		assert_int_equal(key_check_file(path, why), 0);
	}
	for (size_t i = 0; i < sizeof(open_ones) / sizeof(*open_ones); i++) {
		put_file("", open_ones[i]);
		assert_int_equal(key_check_file(path, why), -EPERM);
		assert_non_null(strstr(why, "chmod 600"));
	}
	assert_int_equal(key_check_file("/nonexistent/key", why), -ENOENT);
	assert_non_null(strstr(why, "genkey"));
	assert_int_equal(key_check_file("/tmp", why), -EINVAL);
}

static void test_hop_keys(void **state)
{
	static const __u8 wanted[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const char *const right[] = {
		"000102030405060708090a0b0c0d0e0f", "000102030405060708090A0B0C0D0E0F\n", "AAECAwQFBgcICQoLDA0ODw==\n",
		"AAECAwQFBgcICQoLDA0ODw== \r\n",
	};
	static const char *const wrong[] = {
		"", "\n", "000102030405060708090a0b0c0d0e", "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODw==\nmore",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	};
	char why[SAY_BYTES];
	__u8 key[16];

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		memset(key, 0xff, sizeof(key));
		put_file(right[i], 0600);
		assert_int_equal(key_read_hop(path, key, why), 0);
		assert_memory_equal(key, wanted, sizeof(key));
	}
	memset(key, 0x55, sizeof(key));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		put_file(wrong[i], 0600);
		assert_int_equal(key_read_hop(path, key, why), -EINVAL);
		assert_int_equal(key[0], 0x55);
		/* what stands in the file stays out of the message */
		assert_true(!*wrong[i] || *wrong[i] == '\n' || !strstr(why, wrong[i]));
	}
	put_file("000102030405060708090a0b0c0d0e0f", 0644);
	assert_int_equal(key_read_hop(path, key, why), -EPERM);
}

static void test_private_keys(void **state)
{
	static const char *const right[] = { "94197ec9bbaa690954a8e2d18c7b93aa032229b56289cae2a0ac8ba1f4638bc3\n",
					     "lBl+ybuqaQlUqOLRjHuTqgMiKbViicrioKyLofRji8M=\n" };
	static const char *const wrong[] = { "", "94197ec9bbaa690954a8e2d18c7b93aa032229b56289cae2a0ac8ba1f4638b",
					     "lBl+ybuqaQlUqOLRjHuTqgMiKbViicrioKyLofRji8M" };
	char why[SAY_BYTES];
	__u8 key[2][32];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		put_file(right[i], 0600);
		assert_int_equal(key_read_private(path, key[i], why), 0);
	}
	assert_memory_equal(key[0], key[1], 32);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		put_file(wrong[i], 0600);
		assert_int_equal(key_read_private(path, key[1], why), -EINVAL);
	}
	assert_memory_equal(key[0], key[1], 32);
}

static void test_long_file(void **state)
{
	char why[SAY_BYTES], text[400];
	__u8 key[32];

	(void)state;
	memset(text, 'A', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	put_file(text, 0600);
	assert_int_equal(key_read_private(path, key, why), -EFBIG);
}

/* The server's pair in MTD'15 figure 1, and Alice's in RFC 7748 section 6.1. */
static void test_public(void **state)
{
	static const char *const pairs[][2] = {
		{ "94197ec9bbaa690954a8e2d18c7b93aa032229b56289cae2a0ac8ba1f4638bc3",
		  "7a1294c77b0c33db228d0572b7ea32117cfce4bd854594a3000faa5c0a537206" },
		{ "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
		  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a" },
	};
	__u8 private_key[32], public_key[32], wanted[32];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		assert_int_equal(parse_hex(pairs[i][0], private_key, 32), 0);
		assert_int_equal(parse_hex(pairs[i][1], wanted, 32), 0);
		assert_int_equal(key_public(public_key, private_key), 0);
		assert_memory_equal(public_key, wanted, 32);
	}
}

static void test_secret_memory(void **state)
{
	__u64 *secret = key_secret_new(13);

	(void)state;
	assert_non_null(secret);
	assert_int_equal((uintptr_t)secret % 8, 0);
	assert_int_equal(secret[0], 0);
	key_secret_free(secret);
	key_secret_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permissions), cmocka_unit_test(test_hop_keys), cmocka_unit_test(test_long_file),
		cmocka_unit_test(test_public),      cmocka_unit_test(test_private_keys), cmocka_unit_test(test_secret_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
