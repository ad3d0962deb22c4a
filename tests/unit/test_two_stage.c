// SPDX-License-Identifier: GPL-2.0-only
/* ctl/two_stage*.c: vectors computed apart from this code, both stages between two ends, and what each party cannot do. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/dht/dht.h"
#include "ctl/key.h"
#include "ctl/parse.h"
#include "ctl/rendezvous_plain.h"
#include "ctl/two_stage.h"
#include "tests/unit/figure_1.h"

static struct rendezvous_pair pair;
static struct two_stage_keys keys;
static struct two_stage_window window;
static __u8 own[32];

static int set_up(void **state)
{
	__u8 reader[1][32], epoch[32];

	(void)state;
	if (sodium_init() < 0)
		return -1;
	hex(FIGURE_SERVER_SECRET, own, 32);
	hex(FIGURE_CLIENT_PUBLIC, reader[0], 32);
	hex(TWO_STAGE_EPOCH, epoch, 32);
	return rendezvous_pair(&pair, own, reader[0], 1) ||
	       two_stage_window(&window, FIGURE_PERIOD_S, TWO_STAGE_PERIODS_DEFAULT, FIGURE_PERIOD + 7) ||
	       two_stage_keys(&keys, own, &window, epoch);
}

static void test_vectors(void **state)
{
	__u8 bytes[RENDEZVOUS_VALUE_BYTES], seed[32], signature[64];
	struct rendezvous_offer wanted = native_offer(), offer;
	struct two_stage_access access;
	char why[SAY_BYTES];

	(void)state;
	assert_int_equal(window.start, TWO_STAGE_START);
	assert_int_equal(window.long_s, TWO_STAGE_LONG_S);
	demand(keys.access.public_key, TWO_STAGE_PUBLIC, 32);
	demand(keys.access.decryption_key, TWO_STAGE_DECRYPTION, 32);
	assert_int_equal(two_stage_item_key(&keys.access, FIGURE_PERIOD, bytes), 0);
	demand(bytes, TWO_STAGE_ITEM_KEY, 32);
	rendezvous_item_seed(&pair, window.long_s, window.start, seed, bytes);
	demand(bytes, TWO_STAGE_LONG_ITEM, 32);
	assert_int_equal(two_stage_sign_item(&keys, FIGURE_PERIOD, 1431376090, (const __u8 *)"abcd", 4, signature), 0);
	demand(signature, TWO_STAGE_SIGNATURE, 64);

	hex(TWO_STAGE_LONG_VALUE, bytes, sizeof(bytes));
	assert_int_equal(two_stage_open_long(&pair, &window, bytes, sizeof(bytes), &access, why), 0);
	assert_memory_equal(&access, &keys.access, sizeof(access));
	hex(TWO_STAGE_SHORT_VALUE, bytes, sizeof(bytes));
	assert_int_equal(two_stage_open_short(&access, FIGURE_PERIOD, bytes, sizeof(bytes), &offer, why), 0);
	assert_memory_equal(&offer, &wanted, sizeof(offer));
}

static void test_there_and_back(void **state)
{
	struct rendezvous_offer wanted = native_offer(), offer;
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	struct two_stage_access access;
	char why[SAY_BYTES];

	(void)state;
	assert_int_equal(two_stage_seal_long(&pair, &keys.access, value), RENDEZVOUS_VALUE_BYTES);
	assert_int_equal(two_stage_open_long(&pair, &window, value, sizeof(value), &access, why), 0);
	assert_memory_equal(&access, &keys.access, sizeof(access));
	for (__u32 period = window.start; period < window.start + window.long_s; period += window.period_s) {
		wanted.period = period;
		assert_int_equal(two_stage_seal_short(&keys, &wanted, value, why), RENDEZVOUS_VALUE_BYTES);
		assert_int_equal(two_stage_open_short(&access, period, value, sizeof(value), &offer, why), 0);
		assert_memory_equal(&offer, &wanted, sizeof(offer));
	}
}

/* libsodium takes the signatures; no other message, period or key does. */
static void test_signatures(void **state)
{
	static const char message[] = "3:seqi1700000000e1:v3:abc";
	__u8 signature[64], again[64], key[32], next[32];

	(void)state;
	assert_int_equal(two_stage_item_key(&keys.access, FIGURE_PERIOD, key), 0);
	assert_int_equal(two_stage_item_key(&keys.access, FIGURE_PERIOD + 240, next), 0);
	assert_memory_not_equal(key, next, 32);
	assert_int_equal(two_stage_sign_item(&keys, FIGURE_PERIOD, 1700000000, (const __u8 *)"abc", 3, signature), 0);
	assert_int_equal(crypto_sign_verify_detached(signature, (const __u8 *)message, sizeof(message) - 1, key), 0);
	assert_int_not_equal(crypto_sign_verify_detached(signature, (const __u8 *)message, sizeof(message) - 2, key), 0);
	assert_int_not_equal(crypto_sign_verify_detached(signature, (const __u8 *)message, sizeof(message) - 1, next), 0);
	assert_int_not_equal(crypto_sign_verify_detached(signature, (const __u8 *)message, sizeof(message) - 1,
							 keys.access.public_key), 0);
	assert_int_equal(two_stage_sign(&keys, FIGURE_PERIOD + 240, message, sizeof(message) - 1, again), 0);
	assert_memory_not_equal(signature, again, 32); /* never one R under two keys */
	assert_int_equal(two_stage_sign(&keys, window.start + window.long_s, message, 1, again), -EINVAL);
	assert_int_equal(two_stage_sign_item(&keys, FIGURE_PERIOD, 1, (const __u8 *)message, 997, again), -EINVAL);
	assert_int_equal(two_stage_sign_item(&keys, FIGURE_PERIOD, -1, (const __u8 *)message, 1, again), -EINVAL);
}

/* The DHT's own check of items takes them. */
static void test_item(void **state)
{
	struct dht_item item = { .sequence = 1700000000, .length = RENDEZVOUS_VALUE_BYTES };
	struct rendezvous_offer offer = native_offer();
	char why[SAY_BYTES];

	(void)state;
	assert_int_equal(two_stage_seal_short(&keys, &offer, item.value, why), RENDEZVOUS_VALUE_BYTES);
	assert_int_equal(two_stage_item_key(&keys.access, FIGURE_PERIOD, item.public_key), 0);
	assert_int_equal(two_stage_sign_item(&keys, FIGURE_PERIOD, item.sequence, item.value, item.length, item.signature), 0);
	assert_true(dht_item_verify(&item));
	item.sequence++;
	assert_false(dht_item_verify(&item));
	item.sequence--;
	item.value[7] ^= 1;
	assert_false(dht_item_verify(&item));
}

static void test_window(void **state)
{
	static const struct {
		__u32 period_s, periods;
	} wrong[] = { { 0, 6 }, { 600, 1 }, { 600, 0 }, { 600, 145 }, { 86400, 2 }, { 86401, 2 }, { 3600, 25 },
		      { 0x80000000, 2 }, { 600, 0xffffffff } };
	struct two_stage_window got = { 1, 2, 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(two_stage_window(&got, wrong[i].period_s, wrong[i].periods, 1700000000), -EINVAL);
	assert_int_equal(got.start, 3);
	assert_int_equal(two_stage_window(&got, 600, 6, 1700003599), 0);
	assert_int_equal(got.long_s, 3600);
	assert_int_equal(got.start, 1700002800);
	assert_int_equal(two_stage_window(&got, 600, 144, 1700003599), 0);
}

/* One reader less, another epoch: other keys, and nothing put from then on opens for the one removed. */
static void test_removed(void **state)
{
	__u8 epoch[32], value[RENDEZVOUS_VALUE_BYTES], before[32], after[32];
	struct two_stage_keys first, second;
	struct rendezvous_offer offer = native_offer();
	char why[SAY_BYTES];

	(void)state;
	memset(epoch, 9, 32);
	two_stage_keys(&first, own, &window, epoch);
	epoch[31]++;
	two_stage_keys(&second, own, &window, epoch);

	two_stage_item_key(&first.access, FIGURE_PERIOD, before);
	two_stage_item_key(&second.access, FIGURE_PERIOD, after);
	assert_memory_not_equal(before, after, 32);
	assert_memory_not_equal(first.access.decryption_key, second.access.decryption_key, 32);
	assert_int_equal(two_stage_seal_short(&second, &offer, value, why), RENDEZVOUS_VALUE_BYTES);
	assert_int_equal(two_stage_open_short(&first.access, FIGURE_PERIOD, value, sizeof(value), &offer, why), -EBADMSG);
}

static void refuse_long(const struct rendezvous_pair *of, const struct two_stage_window *in, const __u8 *value,
			size_t length, int error, const char *word)
{
	struct two_stage_access access, before;
	char why[SAY_BYTES] = "";

	memset(&before, 0x5a, sizeof(before));
	access = before;
	assert_int_equal(two_stage_open_long(of, in, value, length, &access, why), error);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not speak of \"%s\"", why, word);
	assert_memory_equal(&access, &before, sizeof(access));
}

static void test_long_refused(void **state)
{
	struct two_stage_access access = keys.access;
	struct two_stage_window other = window;
	struct rendezvous_offer offer = native_offer();
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES];

	(void)state;
	two_stage_seal_long(&pair, &access, value);
	refuse_long(&pair, &window, value, 239, -EBADMSG, "239 bytes");
	value[100] ^= 1;
	refuse_long(&pair, &window, value, 240, -EBADMSG, "does not open");
	value[100] ^= 1;
	other.start += other.long_s;
	refuse_long(&pair, &other, value, 240, -EBADMSG, "period");
	other = window;
	other.period_s /= 2;
	refuse_long(&pair, &other, value, 240, -EBADMSG, "periods of 240");
	rendezvous_seal(&pair, &offer, value, why);
	refuse_long(&pair, &window, value, 240, -EBADMSG, "type");
	memset(access.public_key, 0, 32);
	two_stage_seal_long(&pair, &access, value);
	refuse_long(&pair, &window, value, 240, -EINVAL, "none");
	access.public_key[0] = 1; /* the neutral element: everything would be signed by anybody */
	two_stage_seal_long(&pair, &access, value);
	refuse_long(&pair, &window, value, 240, -EINVAL, "none");
}

static void refuse_short(__u32 period, const __u8 *value, size_t length, int error, const char *word)
{
	struct rendezvous_offer offer, before;
	char why[SAY_BYTES] = "";

	memset(&before, 0x5a, sizeof(before));
	offer = before;
	assert_int_equal(two_stage_open_short(&keys.access, period, value, length, &offer, why), error);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not speak of \"%s\"", why, word);
	assert_memory_equal(&offer, &before, sizeof(offer));
}

static void test_short_refused(void **state)
{
	struct rendezvous_offer offer = native_offer();
	__u8 value[RENDEZVOUS_VALUE_BYTES], plain[PLAIN_NATIVE_BYTES];
	char why[SAY_BYTES];

	(void)state;
	assert_int_equal(two_stage_seal_short(&keys, &offer, value, why), 240);
	refuse_short(FIGURE_PERIOD, value, 76, -EBADMSG, "76 bytes");
	refuse_short(FIGURE_PERIOD + 240, value, 240, -EBADMSG, "another");
	refuse_short(FIGURE_PERIOD + 1, value, 240, -EINVAL, "window");
	refuse_short(window.start + window.long_s, value, 240, -EINVAL, "window");
	value[239] ^= 1;
	refuse_short(FIGURE_PERIOD, value, 240, -EBADMSG, "does not open");
	value[239] ^= 1;

	/* a reader has the key of the box, and writes an offer of its own */
	assert_int_equal(crypto_secretbox_open_easy(plain, value + 24, 216, value, keys.access.decryption_key), 0);
	plain[PLAIN_HEAD_BYTES] ^= 1;
	crypto_secretbox_easy(value + 24, plain, sizeof(plain), value, keys.access.decryption_key);
	refuse_short(FIGURE_PERIOD, value, 240, -EBADMSG, "signature");
	plain[PLAIN_HEAD_BYTES] ^= 1;
	plain[199] = 1;
	crypto_secretbox_easy(value + 24, plain, sizeof(plain), value, keys.access.decryption_key);
	refuse_short(FIGURE_PERIOD, value, 240, -EINVAL, "more than");
}

static void test_seal_refused(void **state)
{
	struct rendezvous_offer offer = native_offer();
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES];

	(void)state;
	offer.period += window.long_s;
	assert_int_equal(two_stage_seal_short(&keys, &offer, value, why), -EINVAL);
	assert_non_null(strstr(why, "window"));
	offer = native_offer();
	offer.period_s = 120;
	assert_int_equal(two_stage_seal_short(&keys, &offer, value, why), -EINVAL);
	offer = native_offer();
	offer.form = RENDEZVOUS_FULL;
	assert_int_equal(two_stage_seal_short(&keys, &offer, value, why), -EINVAL);
	offer = native_offer();
	offer.rotation_ms = 0;
	assert_int_equal(two_stage_seal_short(&keys, &offer, value, why), -EINVAL);
	assert_non_null(strstr(why, "rotation"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),       cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_signatures),    cmocka_unit_test(test_window),
		cmocka_unit_test(test_removed),       cmocka_unit_test(test_long_refused),
		cmocka_unit_test(test_short_refused), cmocka_unit_test(test_seal_refused),
		cmocka_unit_test(test_item),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
