// SPDX-License-Identifier: GPL-2.0-only
/*
 * docs/vectors.json against this code: what a publisher leaves, and where. tests/peer checks the same file,
 * written apart from this code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/dht/dht.h"
#include "ctl/dht/item.h"
#include "ctl/key.h"
#include "ctl/rendezvous_plain.h"
#include "ctl/stuffing.h"
#include "ctl/two_stage.h"
#include "tests/unit/vectors.h"

/* --- rendezvous (section 7) --- */

static void check_pair(struct vector *vector, void *context)
{
	__u8 private_key[32], public_key[32], other[32];
	struct rendezvous_pair pair;

	(void)context;
	in_bytes(vector->in, "private_key", private_key, sizeof(private_key));
	in_bytes(vector->in, "other_public_key", other, sizeof(other));
	assert_int_equal(key_public(public_key, private_key), 0);
	assert_int_equal(rendezvous_pair(&pair, private_key, other, 1), 0);
	out_bytes(vector, "public_key", public_key, sizeof(public_key));
	out_bytes(vector, "s", pair.shared, sizeof(pair.shared));
	out_bytes(vector, "box_key", pair.box_key, sizeof(pair.box_key));
}

static void check_period(struct vector *vector, void *context)
{
	__u64 at_s = in_number(vector->in, "at_s");
	__u32 period_s = in_number(vector->in, "n");
	json_t *steps = vector_word(vector->out, "steps"), *starts = vector_word(vector->out, "T");
	struct two_stage_window window;

	(void)context;
	assert_int_equal(json_array_size(steps), RENDEZVOUS_LADDER);
	assert_int_equal(json_array_size(starts), RENDEZVOUS_LADDER);
	for (unsigned int step = 0; step < RENDEZVOUS_LADDER; step++) {
		__u32 length = rendezvous_ladder(period_s, step);

		assert_int_equal(length, json_integer_value(json_array_get(steps, step)));
		assert_int_equal(rendezvous_period(at_s, length), json_integer_value(json_array_get(starts, step)));
	}
	vector->compared += 2;
	assert_int_equal(two_stage_window(&window, period_s, in_number(vector->in, "w"), at_s), 0);
	out_number(vector, "N", window.long_s);
	out_number(vector, "L", window.start);
}

static void check_meeting(struct vector *vector, void *context)
{
	__u8 key[16], seed[8], descriptor[RENDEZVOUS_DESCRIPTOR_BYTES];
	struct rendezvous_pair pair = {};

	(void)context;
	in_bytes(vector->in, "s", pair.shared, sizeof(pair.shared));
	in_bytes(vector->in, "K", key, sizeof(key));
	rendezvous_descriptor(&pair, in_number(vector->in, "T"), descriptor);
	rendezvous_reader_seed(&pair, key, seed);
	out_bytes(vector, "d_T", descriptor, sizeof(descriptor));
	out_bytes(vector, "C_IID", seed, sizeof(seed));
}

static void check_item(struct vector *vector, void *context)
{
	__u8 seed[32], public_key[32], target[DHT_ID_BYTES];
	struct rendezvous_pair pair = {};

	(void)context;
	in_bytes(vector->in, "s", pair.shared, sizeof(pair.shared));
	in_bytes(vector->in, "publisher", pair.publisher, sizeof(pair.publisher));
	in_bytes(vector->in, "reader", pair.reader, sizeof(pair.reader));
	rendezvous_item_seed(&pair, in_number(vector->in, "n"), in_number(vector->in, "T"), seed, public_key);
	item_target(target, public_key);
	out_bytes(vector, "seed", seed, sizeof(seed));
	out_bytes(vector, "public_key", public_key, sizeof(public_key));
	out_bytes(vector, "target", target, sizeof(target));
}

static void check_item_signature(struct vector *vector, void *context)
{
	struct dht_item item = { .sequence = in_number(vector->in, "sequence") };
	__u8 seed[32], signed_bytes[ITEM_SIGNED_MOST];

	(void)context;
	in_bytes(vector->in, "seed", seed, sizeof(seed));
	item.length = in_any(vector->in, "value", item.value, sizeof(item.value));
	assert_int_equal(dht_item_sign(&item, seed), 0);
	assert_true(dht_item_verify(&item));
	out_bytes(vector, "signed", signed_bytes, item_signed_bytes(signed_bytes, &item));
	out_bytes(vector, "signature", item.signature, sizeof(item.signature));
}

/* The "offer" of a vector. */
static struct rendezvous_offer offer_of(const json_t *in, enum rendezvous_form form)
{
	struct rendezvous_offer offer = { .form = form, .period_s = in_number(in, "n"), .period = in_number(in, "T") };
	const json_t *said = vector_word(in, "offer");

	in_bytes(said, "K", offer.key, sizeof(offer.key));
	in_bytes(said, "seed", offer.seed, sizeof(offer.seed));
	in_template(said, &offer.prefix);
	offer.rotation_ms = in_number(said, "rotation_ms");
	return offer;
}

static struct rendezvous_pair pair_of(const json_t *in)
{
	__u8 private_key[32], reader[32];
	struct rendezvous_pair pair;

	in_bytes(in, "private_key", private_key, sizeof(private_key));
	in_bytes(in, "reader", reader, sizeof(reader));
	assert_int_equal(rendezvous_pair(&pair, private_key, reader, 1), 0);
	return pair;
}

static enum rendezvous_form form_of(const char *name)
{
	if (!strcmp(name, "compact"))
		return RENDEZVOUS_COMPACT;
	return strcmp(name, "full") ? RENDEZVOUS_NATIVE : RENDEZVOUS_FULL;
}

static void check_value(struct vector *vector, void *context)
{
	struct rendezvous_offer offer = offer_of(vector->in, form_of(in_text(vector->in, "form"))), found;
	struct rendezvous_pair pair = pair_of(vector->in);
	__u8 value[RENDEZVOUS_VALUE_BYTES], nonce[RENDEZVOUS_NONCE_BYTES], plain[PLAIN_NATIVE_BYTES];
	char why[SAY_BYTES];
	int length;

	(void)context;
	in_bytes(vector->in, "nonce", nonce, sizeof(nonce));
	length = rendezvous_seal_with(&pair, &offer, nonce, value, why);
	assert_true(length > PLAIN_BOX_BYTES);
	out_bytes(vector, "value", value, length);
	assert_int_equal(crypto_box_open_easy_afternm(plain, value + sizeof(nonce), length - sizeof(nonce), nonce,
						      pair.box_key), 0);
	out_bytes(vector, "plain", plain, length - PLAIN_BOX_BYTES);
	assert_int_equal(rendezvous_open(&pair, offer.period_s, offer.period, value, length, &found, why), 0);
	assert_memory_equal(&found, &offer, sizeof(offer));
}

/* Authentic, whatever it says. */
static void check_boxed(struct vector *vector, void *context)
{
	__u8 plain[PLAIN_NATIVE_BYTES], value[RENDEZVOUS_VALUE_BYTES] = {};
	struct rendezvous_pair pair = pair_of(vector->in);
	struct rendezvous_offer offer;
	char why[SAY_BYTES];
	size_t length = in_any(vector->in, "plain", plain, sizeof(plain));

	(void)context;
	assert_int_equal(crypto_box_easy_afternm(value + RENDEZVOUS_NONCE_BYTES, plain, length, value, pair.box_key), 0);
	out_yes_no(vector, "taken", !rendezvous_open(&pair, in_number(vector->in, "n"), in_number(vector->in, "T"), value,
						     length + PLAIN_BOX_BYTES, &offer, why));
}

struct wanted_value {
	__u8 bytes[RENDEZVOUS_VALUE_BYTES];
	size_t length;
};

static bool is_wanted(void *context, const __u8 *bytes, size_t length)
{
	const struct wanted_value *wanted = context;

	return length == wanted->length && !memcmp(bytes, wanted->bytes, length);
}

static size_t announces_of(struct stuffing_announce *announces, size_t count, const json_t *ports)
{
	size_t i;
	json_t *port;

	json_array_foreach(ports, i, port) {
		assert_true(count < STUFFING_ANNOUNCES_MOST);
		announces[count++] = (struct stuffing_announce){ .port = htons(json_integer_value(port)) };
	}
	return count;
}

/* Its ports, and those that somebody else announces from the same address, read as the value. */
static void check_stuffed(struct vector *vector, void *context)
{
	static struct stuffing_announce announces[STUFFING_ANNOUNCES_MOST];
	static const size_t lengths[] = { RENDEZVOUS_FULL_BYTES, RENDEZVOUS_COMPACT_BYTES };
	struct wanted_value wanted;
	size_t count;

	(void)context;
	wanted.length = in_any(vector->in, "value", wanted.bytes, sizeof(wanted.bytes));
	count = announces_of(announces, 0, vector_word(vector->out, "ports"));
	assert_int_equal(count, wanted.length);
	count = announces_of(announces, count, vector_word(vector->in, "foreign"));
	assert_int_equal(stuffing_read(announces, count, lengths, 2, is_wanted, &wanted), 0);
	wanted.bytes[7] ^= 1;
	assert_int_not_equal(stuffing_read(announces, count, lengths, 2, is_wanted, &wanted), 0);
	vector->compared++;
}

/* --- two stages (section 7.5) --- */

static struct two_stage_keys keys_of(const json_t *in)
{
	struct two_stage_window window = { in_number(in, "n"), in_number(in, "N"), in_number(in, "L") };
	__u8 own[32], epoch[32];
	struct two_stage_keys keys;

	in_bytes(in, "private_key", own, sizeof(own));
	in_bytes(in, "epoch", epoch, sizeof(epoch));
	assert_int_equal(two_stage_keys(&keys, own, &window, epoch), 0);
	return keys;
}

static void check_long_window(struct vector *vector, void *context)
{
	struct two_stage_keys keys = keys_of(vector->in);

	(void)context;
	out_bytes(vector, "a", keys.scalar, sizeof(keys.scalar));
	out_bytes(vector, "A", keys.access.public_key, sizeof(keys.access.public_key));
	out_bytes(vector, "z", keys.nonce_key, sizeof(keys.nonce_key));
	out_bytes(vector, "decryption_key", keys.access.decryption_key, sizeof(keys.access.decryption_key));
}

static void check_common_item(struct vector *vector, void *context)
{
	struct two_stage_access access = { .window = { 1, 1, in_number(vector->in, "T") } };
	__u8 public_key[32], target[DHT_ID_BYTES];

	(void)context;
	in_bytes(vector->in, "A", access.public_key, sizeof(access.public_key));
	in_bytes(vector->in, "decryption_key", access.decryption_key, sizeof(access.decryption_key));
	assert_int_equal(two_stage_item_key(&access, access.window.start, public_key), 0);
	item_target(target, public_key);
	out_bytes(vector, "P_T", public_key, sizeof(public_key));
	out_bytes(vector, "target", target, sizeof(target));
}

/* Nonces are random here: what this end makes is the vector's, opened and boxed again under its nonce. */
static void check_long_value(struct vector *vector, void *context)
{
	__u8 plain[PLAIN_NATIVE_BYTES], value[RENDEZVOUS_VALUE_BYTES], *boxed = value + RENDEZVOUS_NONCE_BYTES;
	struct rendezvous_pair pair = pair_of(vector->in);
	struct two_stage_keys keys = keys_of(vector->in);
	struct two_stage_access found;
	char why[SAY_BYTES];

	(void)context;
	assert_int_equal(two_stage_seal_long(&pair, &keys.access, value), sizeof(value));
	assert_int_equal(crypto_box_open_easy_afternm(plain, boxed, sizeof(value) - RENDEZVOUS_NONCE_BYTES, value,
						      pair.box_key), 0);
	in_bytes(vector->in, "nonce", value, RENDEZVOUS_NONCE_BYTES);
	assert_int_equal(crypto_box_easy_afternm(boxed, plain, sizeof(plain), value, pair.box_key), 0);
	out_bytes(vector, "value", value, sizeof(value));
	assert_int_equal(two_stage_open_long(&pair, &keys.access.window, value, sizeof(value), &found, why), 0);
	assert_memory_equal(&found, &keys.access, sizeof(found));
}

static void check_common_value(struct vector *vector, void *context)
{
	__u8 plain[PLAIN_NATIVE_BYTES], value[RENDEZVOUS_VALUE_BYTES], *boxed = value + RENDEZVOUS_NONCE_BYTES;
	struct rendezvous_offer offer = offer_of(vector->in, RENDEZVOUS_NATIVE), found;
	struct two_stage_keys keys = keys_of(vector->in);
	char why[SAY_BYTES];

	(void)context;
	assert_int_equal(two_stage_seal_short(&keys, &offer, value, why), sizeof(value));
	assert_int_equal(crypto_secretbox_open_easy(plain, boxed, sizeof(value) - RENDEZVOUS_NONCE_BYTES, value,
						    keys.access.decryption_key), 0);
	in_bytes(vector->in, "nonce", value, RENDEZVOUS_NONCE_BYTES);
	crypto_secretbox_easy(boxed, plain, sizeof(plain), value, keys.access.decryption_key);
	out_bytes(vector, "value", value, sizeof(value));
	assert_int_equal(two_stage_open_short(&keys.access, offer.period, value, sizeof(value), &found, why), 0);
	assert_memory_equal(&found, &offer, sizeof(offer));
}

static void check_common_signature(struct vector *vector, void *context)
{
	struct two_stage_keys keys = keys_of(vector->in);
	__u8 message[VECTOR_BYTES_MOST], signature[64];
	size_t length = in_any(vector->in, "message", message, sizeof(message));

	(void)context;
	assert_int_equal(two_stage_sign(&keys, in_number(vector->in, "T"), message, length, signature), 0);
	out_bytes(vector, "signature", signature, sizeof(signature));
}

int main(void)
{
	static struct vector_kind kinds[] = {
		{ "pair", check_pair },
		{ "period", check_period },
		{ "meeting", check_meeting },
		{ "item", check_item },
		{ "item_signature", check_item_signature },
		{ "value", check_value },
		{ "boxed", check_boxed },
		{ "stuffed", check_stuffed },
		{ "long_window", check_long_window },
		{ "common_item", check_common_item },
		{ "long_value", check_long_value },
		{ "common_value", check_common_value },
		{ "common_signature", check_common_signature },
	};

	return vectors_run(VECTORS_RENDEZVOUS, kinds, sizeof(kinds) / sizeof(kinds[0]));
}
