// SPDX-License-Identifier: GPL-2.0-only
/* ctl/rendezvous*.c: MTD'15 figure 1 first, then the native form's vectors, then what must be refused and why. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/key.h"
#include "ctl/parse.h"
#include "ctl/rendezvous.h"
#include "ctl/rendezvous_plain.h"
#include "tests/unit/figure_1.h"

static struct rendezvous_pair figure;

static int set_up(void **state)
{
	__u8 secret[32], client[32];

	(void)state;
	if (sodium_init() < 0)
		return -1;
	hex(FIGURE_SERVER_SECRET, secret, 32);
	hex(FIGURE_CLIENT_PUBLIC, client, 32);
	return rendezvous_pair(&figure, secret, client, 1);
}

static void test_figure_1(void **state)
{
	struct rendezvous_offer offer;
	__u8 bytes[65], seed[8];
	char why[SAY_BYTES];
	struct mf_template prefix;

	(void)state;
	demand(figure.shared, FIGURE_SHARED, 32);
	demand(figure.publisher, FIGURE_SERVER_PUBLIC, 32);
	demand(figure.reader, FIGURE_CLIENT_PUBLIC, 32);
	rendezvous_descriptor(&figure, FIGURE_PERIOD, bytes);
	demand(bytes, FIGURE_DESCRIPTOR, 20);

	hex(FIGURE_MESSAGE, bytes, 65);
	assert_int_equal(rendezvous_open(&figure, FIGURE_PERIOD_S, FIGURE_PERIOD, bytes, 65, &offer, why), 0);
	demand(offer.key, FIGURE_KEY, 16);
	parse_template(FIGURE_PREFIX, &prefix);
	assert_memory_equal(&offer.prefix, &prefix, sizeof(prefix));
	assert_int_equal(offer.rotation_ms, FIGURE_ROTATION_MS);
	assert_int_equal(offer.form, RENDEZVOUS_COMPACT);
	assert_true(sodium_is_zero(offer.seed, 8));
	rendezvous_reader_seed(&figure, offer.key, seed);
	demand(seed, FIGURE_READER_SEED, 8);
}

/* Sealed again under the paper's own nonce, it is the paper's own message. */
static void test_figure_1_sealed(void **state)
{
	struct rendezvous_offer offer = native_offer();
	__u8 value[RENDEZVOUS_VALUE_BYTES], message[65];
	char why[SAY_BYTES];

	(void)state;
	hex(FIGURE_MESSAGE, message, 65);
	offer.form = RENDEZVOUS_COMPACT;
	offer.rotation_ms = FIGURE_ROTATION_MS;
	memset(offer.seed, 0, 8);
	assert_int_equal(rendezvous_seal_with(&figure, &offer, message, value, why), 65);
	assert_memory_equal(value, message, 65);
}

static void test_native_vectors(void **state)
{
	struct rendezvous_pair back = figure;
	struct rendezvous_offer offer = native_offer(), opened;
	__u8 seed[32], public_key[32], nonce[24], value[RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES];

	(void)state;
	rendezvous_item_seed(&figure, FIGURE_PERIOD_S, FIGURE_PERIOD, seed, public_key);
	demand(seed, NATIVE_ITEM_SEED, 32);
	demand(public_key, NATIVE_ITEM_PUBLIC, 32);
	memcpy(back.publisher, figure.reader, 32);
	memcpy(back.reader, figure.publisher, 32);
	rendezvous_item_seed(&back, FIGURE_PERIOD_S, FIGURE_PERIOD, seed, public_key);
	demand(public_key, NATIVE_ITEM_PUBLIC_BACK, 32);

	hex(NATIVE_NONCE, nonce, 24);
	assert_int_equal(rendezvous_seal_with(&figure, &offer, nonce, value, why), RENDEZVOUS_VALUE_BYTES);
	demand(value, NATIVE_VALUE, RENDEZVOUS_VALUE_BYTES);
	assert_int_equal(rendezvous_open(&figure, FIGURE_PERIOD_S, FIGURE_PERIOD, value, sizeof(value), &opened, why), 0);
	assert_memory_equal(&opened, &offer, sizeof(offer));

	offer.form = RENDEZVOUS_FULL;
	assert_int_equal(rendezvous_seal_with(&figure, &offer, nonce, value, why), RENDEZVOUS_FULL_BYTES);
	demand(value, NATIVE_FULL, RENDEZVOUS_FULL_BYTES);
	assert_int_equal(rendezvous_open(&figure, FIGURE_PERIOD_S, FIGURE_PERIOD, value, RENDEZVOUS_FULL_BYTES, &opened,
					 why), 0);
	assert_memory_equal(&opened, &offer, sizeof(offer));
}

/* Both ends, each with its own private key, see the same. */
static void test_both_ends(void **state)
{
	__u8 one[32], other[32], one_public[32], other_public[32], box_key[32];
	struct rendezvous_pair publishes, reads;

	(void)state;
	randombytes_buf(one, 32);
	randombytes_buf(other, 32);
	key_public(one_public, one);
	key_public(other_public, other);
	assert_int_equal(rendezvous_pair(&publishes, one, other_public, 1), 0);
	assert_int_equal(rendezvous_pair(&reads, other, one_public, 0), 0);
	assert_memory_equal(&publishes, &reads, sizeof(reads));
	assert_int_equal(rendezvous_pair(&reads, other, one_public, 1), 0);
	assert_memory_equal(publishes.shared, reads.shared, 32);
	assert_memory_not_equal(publishes.publisher, reads.publisher, 32);
	assert_int_equal(crypto_box_beforenm(box_key, other_public, one), 0);
	assert_memory_equal(publishes.box_key, box_key, 32);
}

static void test_low_order(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	struct rendezvous_pair pair, before;
	__u8 own[32], public_key[32];

	(void)state;
	hex(FIGURE_SERVER_SECRET, own, 32);
	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
		pair = before;
		hex(points[i], public_key, 32);
		assert_int_equal(rendezvous_pair(&pair, own, public_key, 0), -EINVAL);
		assert_memory_equal(&pair, &before, sizeof(pair));
		assert_true(key_is_low_order(public_key)); /* told without a private key */
		public_key[31] |= 0x80;
		assert_true(key_is_low_order(public_key));
		public_key[17] ^= 4;
		assert_false(key_is_low_order(public_key));
	}
	assert_int_equal(key_public(public_key, own), 0);
	assert_false(key_is_low_order(public_key));
}

/* A clock that was never set, one that was set by mistake, and one past what T can hold. */
static void test_clock(void **state)
{
	static const struct {
		__u64 unix_s;
		const char *words; /* NULL: fine */
	} rows[] = {
		{ 0, "says 1970-01-01 00:00 UTC" }, { 4711, "says 1970-01-01 01:18 UTC" }, { 1735689599, "says 2024-12-31 23:59 UTC" },
		{ 1735689600, NULL }, { 4000000000, NULL }, { 4294967295, "says 2106-02-07" }, { 1ULL << 62, "the clock of this host" },
	};
	char why[SAY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(rendezvous_check_clock(rows[i].unix_s, why), rows[i].words ? -ERANGE : 0);
		if (rows[i].words && !strstr(why, rows[i].words))
			assert_string_equal(why, rows[i].words);
	}
}

static void test_period(void **state)
{
	(void)state;
	assert_int_equal(rendezvous_period(1431376080, 240), 1431376080);
	assert_int_equal(rendezvous_period(1431376319, 240), 1431376080);
	assert_int_equal(rendezvous_period(1431376320, 240), 1431376320);
	assert_int_equal(rendezvous_period(0, 600), 0);
	assert_int_equal(rendezvous_period(86399, 86400), 0);
	assert_int_equal(rendezvous_period(1700000000, 1), 1700000000);
}

/* Nothing of a value is constant, and no two periods, directions or pairs share a key. */
static void test_unlinkable(void **state)
{
	struct rendezvous_offer offer = native_offer();
	__u8 one[RENDEZVOUS_VALUE_BYTES], other[RENDEZVOUS_VALUE_BYTES], varies[RENDEZVOUS_VALUE_BYTES] = { 0 };
	__u8 seed[32], first[32], second[32];
	char why[SAY_BYTES];

	(void)state;
	rendezvous_seal(&figure, &offer, one, why);
	for (int i = 0; i < 16; i++) {
		rendezvous_seal(&figure, &offer, other, why);
		for (size_t j = 0; j < sizeof(one); j++)
			varies[j] |= one[j] ^ other[j];
	}
	for (size_t j = 0; j < sizeof(one); j++)
		assert_int_not_equal(varies[j], 0);
	rendezvous_item_seed(&figure, 240, FIGURE_PERIOD, seed, first);
	rendezvous_item_seed(&figure, 240, FIGURE_PERIOD + 240, seed, second);
	assert_memory_not_equal(first, second, 32);
	rendezvous_item_seed(&figure, 120, FIGURE_PERIOD, seed, second);
	assert_memory_not_equal(first, second, 32);
}

static void refuse(const struct rendezvous_pair *pair, __u32 period_s, __u32 period, const __u8 *value, size_t length,
		   int wanted, const char *word)
{
	struct rendezvous_offer offer, before;
	char why[SAY_BYTES] = "";

	memset(&before, 0x5a, sizeof(before));
	offer = before;
	assert_int_equal(rendezvous_open(pair, period_s, period, value, length, &offer, why), wanted);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not speak of \"%s\"", why, word);
	assert_memory_equal(&offer, &before, sizeof(offer));
}

static void test_refused(void **state)
{
	struct rendezvous_offer offer = native_offer();
	__u8 value[RENDEZVOUS_VALUE_BYTES + 1] = { 0 };
	struct rendezvous_pair other = figure;
	char why[SAY_BYTES];

	(void)state;
	rendezvous_seal(&figure, &offer, value, why);
	for (size_t length = 0; length <= sizeof(value); length++)
		if (length != RENDEZVOUS_VALUE_BYTES)
			refuse(&figure, 240, FIGURE_PERIOD, value, length, -EBADMSG,
			       length == 65 || length == 76 ? "does not open" : "bytes");
	for (size_t i = 0; i < RENDEZVOUS_VALUE_BYTES; i++) {
		value[i] ^= 0x40;
		refuse(&figure, 240, FIGURE_PERIOD, value, RENDEZVOUS_VALUE_BYTES, -EBADMSG, "does not open");
		value[i] ^= 0x40;
	}
	refuse(&figure, 240, FIGURE_PERIOD + 240, value, RENDEZVOUS_VALUE_BYTES, -EBADMSG, "period");
	refuse(&figure, 120, FIGURE_PERIOD, value, RENDEZVOUS_VALUE_BYTES, -EBADMSG, "period");
	refuse(&figure, 240, FIGURE_PERIOD + 1, value, RENDEZVOUS_VALUE_BYTES, -EINVAL, "begins at");
	refuse(&figure, 0, FIGURE_PERIOD, value, RENDEZVOUS_VALUE_BYTES, -EINVAL, "24h");
	refuse(&figure, 86401, 0, value, RENDEZVOUS_VALUE_BYTES, -EINVAL, "24h");
	memcpy(other.publisher, figure.reader, 32);
	memcpy(other.reader, figure.publisher, 32);
	refuse(&other, 240, FIGURE_PERIOD, value, RENDEZVOUS_VALUE_BYTES, -EBADMSG, "sent it back");
	other = figure;
	other.box_key[0] ^= 1;
	refuse(&other, 240, FIGURE_PERIOD, value, RENDEZVOUS_VALUE_BYTES, -EBADMSG, "does not open");
}

/* Boxes whatever plain: what a registered, but senseless or hostile other end could. */
static size_t box(const __u8 *plain, size_t length, __u8 value[static RENDEZVOUS_VALUE_BYTES])
{
	randombytes_buf(value, RENDEZVOUS_NONCE_BYTES);
	crypto_box_easy_afternm(value + RENDEZVOUS_NONCE_BYTES, plain, length, value, figure.box_key);
	return length + PLAIN_BOX_BYTES;
}

static void test_senseless(void **state)
{
	static const struct {
		unsigned int at;
		__u8 byte;
		int error;
		const char *word;
	} rows[] = {
		{ 0, 2, -EINVAL, "version" },    { 1, 2, -EBADMSG, "type" },       { 1, 3, -EBADMSG, "type" },
		{ 2, 0, -EBADMSG, "publisher" }, { 65, 0, -EBADMSG, "publisher" }, { 66, 1, -EBADMSG, "period" },
		{ 90, 0xff, -EINVAL, "unicast" }, { 106, 47, -EINVAL, "length" },  { 106, 65, -EINVAL, "length" },
		{ 107, 15, -EINVAL, "hop" },     { 107, 65, -EINVAL, "hop" },      { 105, 1, -EINVAL, "hop" },
		{ 119, 1, -EINVAL, "rotation" }, { 120, 1, -EINVAL, "more than" }, { 199, 1, -EINVAL, "more than" },
	};
	struct rendezvous_offer offer = native_offer();
	struct plain_head head = { PLAIN_OFFER, figure.publisher, figure.reader, 240, FIGURE_PERIOD };
	__u8 right[PLAIN_NATIVE_BYTES] = { 0 }, plain[PLAIN_NATIVE_BYTES], value[RENDEZVOUS_VALUE_BYTES];

	(void)state;
	plain_put_head(right, &head);
	plain_put_offer(right + PLAIN_HEAD_BYTES, &offer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memcpy(plain, right, sizeof(plain));
		plain[rows[i].at] = rows[i].byte;
		refuse(&figure, 240, FIGURE_PERIOD, value, box(plain, sizeof(plain), value), rows[i].error, rows[i].word);
	}
	memcpy(plain, right, sizeof(plain));
	memset(plain + 74, 0, 16);
	refuse(&figure, 240, FIGURE_PERIOD, value, box(plain, sizeof(plain), value), -EINVAL, "zero");
	memset(plain + 90, 0, 16);
	memset(plain + 74, 1, 16);
	refuse(&figure, 240, FIGURE_PERIOD, value, box(plain, sizeof(plain), value), -EINVAL, "unicast");
}

/* A store without signatures can be given a paper's value of another period or of the way back under any key. */
static void test_native_place(void **state)
{
	(void)state;
	assert_true(rendezvous_is_of_form(RENDEZVOUS_NATIVE, RENDEZVOUS_VALUE_BYTES));
	assert_false(rendezvous_is_of_form(RENDEZVOUS_NATIVE, RENDEZVOUS_FULL_BYTES));
	assert_false(rendezvous_is_of_form(RENDEZVOUS_NATIVE, RENDEZVOUS_COMPACT_BYTES));
	assert_false(rendezvous_is_of_form(RENDEZVOUS_FULL, RENDEZVOUS_VALUE_BYTES));
	assert_true(rendezvous_is_of_form(RENDEZVOUS_FULL, RENDEZVOUS_COMPACT_BYTES));
	assert_true(rendezvous_is_of_form(RENDEZVOUS_COMPACT, RENDEZVOUS_FULL_BYTES));
}

static void test_senseless_forms(void **state)
{
	__u8 plain[PLAIN_FULL_BYTES], value[RENDEZVOUS_VALUE_BYTES];

	(void)state;
	hex(FIGURE_KEY "200104680c80c111" "00", plain, PLAIN_COMPACT_BYTES);
	refuse(&figure, 240, FIGURE_PERIOD, value, box(plain, PLAIN_COMPACT_BYTES, value), -EINVAL, "rotation is 0");
	hex(FIGURE_KEY "fe80000000000000" "02", plain, PLAIN_COMPACT_BYTES);
	refuse(&figure, 240, FIGURE_PERIOD, value, box(plain, PLAIN_COMPACT_BYTES, value), -EINVAL, "unicast");
	hex(FIGURE_KEY "200104680c80c111" NATIVE_SEED "81ee3600", plain, PLAIN_FULL_BYTES); /* 3,600,001 ms */
	refuse(&figure, 240, FIGURE_PERIOD, value, box(plain, PLAIN_FULL_BYTES, value), -EINVAL, "3600001");
	hex(FIGURE_KEY "200104680c80c111" NATIVE_SEED "63000000", plain, PLAIN_FULL_BYTES);
	refuse(&figure, 240, FIGURE_PERIOD, value, box(plain, PLAIN_FULL_BYTES, value), -EINVAL, "99 ms");
}

static void refuse_seal(const struct rendezvous_offer *offer, const char *word)
{
	__u8 value[RENDEZVOUS_VALUE_BYTES] = { 0 };
	char why[SAY_BYTES] = "";

	assert_int_equal(rendezvous_seal(&figure, offer, value, why), -EINVAL);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not speak of \"%s\"", why, word);
	assert_true(sodium_is_zero(value, sizeof(value)));
}

static void test_cannot_say(void **state)
{
	struct rendezvous_offer offer = native_offer();

	(void)state;
	offer.form = RENDEZVOUS_COMPACT;
	refuse_seal(&offer, "seed");
	memset(offer.seed, 0, 8);
	offer.rotation_ms = 2500;
	refuse_seal(&offer, "whole seconds");
	offer.rotation_ms = 256000;
	refuse_seal(&offer, "255");
	offer.rotation_ms = 3000;
	parse_template("2001:db8:1:2:3::/80", &offer.prefix);
	refuse_seal(&offer, "/64");
	offer.form = RENDEZVOUS_FULL;
	refuse_seal(&offer, "/64");
	offer.form = 9;
	parse_template(FIGURE_PREFIX, &offer.prefix);
	refuse_seal(&offer, "no form");
	offer.form = RENDEZVOUS_NATIVE;
	offer.period++;
	refuse_seal(&offer, "begins at");
}

static void test_other_templates(void **state)
{
	static const char *const prefixes[] = { "2001:db8:1:2:3::/80", "2001:db8:1::/48", "fd00:1:2:3:4:5:6::/112" };
	struct rendezvous_offer offer = native_offer(), opened;
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		assert_int_equal(parse_template(prefixes[i], &offer.prefix), 0);
		assert_int_equal(rendezvous_seal(&figure, &offer, value, why), RENDEZVOUS_VALUE_BYTES);
		assert_int_equal(rendezvous_open(&figure, 240, FIGURE_PERIOD, value, sizeof(value), &opened, why), 0);
		assert_memory_equal(&opened, &offer, sizeof(offer));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figure_1),        cmocka_unit_test(test_figure_1_sealed),
		cmocka_unit_test(test_native_vectors),  cmocka_unit_test(test_both_ends),
		cmocka_unit_test(test_low_order),       cmocka_unit_test(test_period),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_unlinkable),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_senseless),       cmocka_unit_test(test_native_place), cmocka_unit_test(test_senseless_forms),
		cmocka_unit_test(test_cannot_say),      cmocka_unit_test(test_other_templates),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
