// SPDX-License-Identifier: GPL-2.0-only
/* The two values of two-stage publication: the long one, boxed for one reader, and the short one, common to all. */
#include "ctl/two_stage.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/little_endian.h"
#include "ctl/rendezvous_plain.h"

/* Behind the head, docs/PROTOCOL.md 7.5. */
enum {
	LONG_PUBLIC_KEY = PLAIN_HEAD_BYTES,
	LONG_DECRYPTION_KEY = LONG_PUBLIC_KEY + 32,
	LONG_PERIOD_S = LONG_DECRYPTION_KEY + 32,
	LONG_USED = LONG_PERIOD_S + 4,
	SHORT_SIGNED = PLAIN_HEAD_BYTES + PLAIN_OFFER_BYTES,
	SHORT_USED = SHORT_SIGNED + crypto_sign_BYTES,
};

_Static_assert(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES == PLAIN_BOX_BYTES, "box");

static const char sign_label[] = "mayfly short v1";
enum { SIGN_LABEL = sizeof(sign_label) - 1 };

int two_stage_seal_long(const struct rendezvous_pair *pair, const struct two_stage_access *access,
			__u8 value[static RENDEZVOUS_VALUE_BYTES])
{
	struct plain_head head = { PLAIN_LONG, pair->publisher, pair->reader, access->window.long_s, access->window.start };
	__u8 plain[PLAIN_NATIVE_BYTES] = { 0 };

	plain_put_head(plain, &head);
	memcpy(plain + LONG_PUBLIC_KEY, access->public_key, 32);
	memcpy(plain + LONG_DECRYPTION_KEY, access->decryption_key, 32);
	le32_put(plain + LONG_PERIOD_S, access->window.period_s);
	randombytes_buf(value, RENDEZVOUS_NONCE_BYTES);
	crypto_box_easy_afternm(value + RENDEZVOUS_NONCE_BYTES, plain, sizeof(plain), value, pair->box_key);
	sodium_memzero(plain, sizeof(plain));
	return RENDEZVOUS_VALUE_BYTES;
}

static int take_long(const struct two_stage_window *window, const __u8 plain[static PLAIN_NATIVE_BYTES],
		     struct two_stage_access *access, char why[static SAY_BYTES])
{
	__u32 period_s = le32_take(plain + LONG_PERIOD_S);

	if (period_s != window->period_s)
		return say_why(why, -EBADMSG, "the item is for periods of %u s, expected %u s: the ends have different "
			       "periods configured", period_s, window->period_s);
	if (!crypto_core_ed25519_is_valid_point(plain + LONG_PUBLIC_KEY))
		return say_why(why, -EINVAL, "the item gives a key that is none");
	memcpy(access->public_key, plain + LONG_PUBLIC_KEY, 32);
	memcpy(access->decryption_key, plain + LONG_DECRYPTION_KEY, 32);
	return 0;
}

static int check_length(size_t length, char why[static SAY_BYTES])
{
	if (length == RENDEZVOUS_VALUE_BYTES)
		return 0;
	return say_why(why, -EBADMSG, "the value has %zu bytes: expected %d", length, RENDEZVOUS_VALUE_BYTES);
}

int two_stage_open_long(const struct rendezvous_pair *pair, const struct two_stage_window *window, const __u8 *value,
			size_t length, struct two_stage_access *access, char why[static SAY_BYTES])
{
	struct plain_head head = { PLAIN_LONG, pair->publisher, pair->reader, window->long_s, window->start };
	struct two_stage_access taken = { .window = *window };
	__u8 plain[PLAIN_NATIVE_BYTES];
	int error = check_length(length, why);

	if (error)
		return error;
	if (crypto_box_open_easy_afternm(plain, value + RENDEZVOUS_NONCE_BYTES, length - RENDEZVOUS_NONCE_BYTES, value,
					 pair->box_key))
		return say_why(why, -EBADMSG, "the box does not open: it was not made by the other end for this one, or was "
			       "changed on the way; compare the public keys at both ends");
	memcpy(taken.publisher, pair->publisher, 32);
	error = plain_check_head(plain, &head, why);
	if (!error)
		error = plain_check_padding(plain, LONG_USED, why);
	if (!error)
		error = take_long(window, plain, &taken, why);
	if (!error)
		*access = taken;
	sodium_memzero(plain, sizeof(plain));
	sodium_memzero(&taken, sizeof(taken));
	return error;
}

/* "mayfly short v1" before what is signed: no signature of an item (BEP 44 begins with "3:seq") can stand for it. */
static void put_signed(__u8 message[static SIGN_LABEL + SHORT_SIGNED], const __u8 plain[static SHORT_SIGNED])
{
	memcpy(message, sign_label, SIGN_LABEL);
	memcpy(message + SIGN_LABEL, plain, SHORT_SIGNED);
}

static int put_short(const struct two_stage_keys *keys, const struct rendezvous_offer *offer,
		     __u8 plain[static PLAIN_NATIVE_BYTES])
{
	__u8 item_key[32], message[SIGN_LABEL + SHORT_SIGNED];
	struct plain_head head = { PLAIN_SHORT, keys->access.publisher, item_key, offer->period_s, offer->period };
	int error = two_stage_item_key(&keys->access, offer->period, item_key);

	if (error)
		return error;
	memset(plain, 0, PLAIN_NATIVE_BYTES);
	plain_put_head(plain, &head);
	plain_put_offer(plain + PLAIN_HEAD_BYTES, offer);
	put_signed(message, plain);
	error = two_stage_sign(keys, offer->period, message, sizeof(message), plain + SHORT_SIGNED);
	sodium_memzero(message, sizeof(message));
	return error;
}

int two_stage_seal_short(const struct two_stage_keys *keys, const struct rendezvous_offer *offer,
			 __u8 value[static RENDEZVOUS_VALUE_BYTES], char why[static SAY_BYTES])
{
	__u8 plain[PLAIN_NATIVE_BYTES];
	int error = plain_check_offer(offer, why);

	if (error)
		return error;
	if (offer->form != RENDEZVOUS_NATIVE)
		return say_why(why, -EINVAL, "two-stage publication has the native form only");
	if (offer->period_s != keys->access.window.period_s || put_short(keys, offer, plain))
		return say_why(why, -EINVAL, "period %u (of %u s) does not lie in the window of %u s from %u", offer->period,
			       offer->period_s, keys->access.window.long_s, keys->access.window.start);
	randombytes_buf(value, RENDEZVOUS_NONCE_BYTES);
	crypto_secretbox_easy(value + RENDEZVOUS_NONCE_BYTES, plain, sizeof(plain), value, keys->access.decryption_key);
	sodium_memzero(plain, sizeof(plain));
	return RENDEZVOUS_VALUE_BYTES;
}

/* What every reader could have written, until the signature holds. */
static int take_short(const struct plain_head *head, const __u8 plain[static PLAIN_NATIVE_BYTES],
		      struct rendezvous_offer *offer, char why[static SAY_BYTES])
{
	__u8 message[SIGN_LABEL + SHORT_SIGNED];
	int error = plain_check_head(plain, head, why);

	put_signed(message, plain);
	if (!error && crypto_sign_verify_detached(plain + SHORT_SIGNED, message, sizeof(message), head->reader))
		error = say_why(why, -EBADMSG, "the value's signature is not the publisher's: another reader wrote it");
	sodium_memzero(message, sizeof(message));
	if (!error)
		error = plain_check_padding(plain, SHORT_USED, why);
	if (error)
		return error;
	plain_take_offer(offer, plain + PLAIN_HEAD_BYTES);
	return plain_check_offer(offer, why);
}

int two_stage_open_short(const struct two_stage_access *access, __u32 period, const __u8 *value, size_t length,
			 struct rendezvous_offer *offer, char why[static SAY_BYTES])
{
	__u8 item_key[32], plain[PLAIN_NATIVE_BYTES];
	struct plain_head head = { PLAIN_SHORT, access->publisher, item_key, access->window.period_s, period };
	struct rendezvous_offer taken = { .form = RENDEZVOUS_NATIVE, .period_s = access->window.period_s, .period = period };
	int error = check_length(length, why);

	if (error)
		return error;
	if (two_stage_item_key(access, period, item_key))
		return say_why(why, -EINVAL, "period %u does not lie in the window of %u s from %u", period,
			       access->window.long_s, access->window.start);
	if (crypto_secretbox_open_easy(plain, value + RENDEZVOUS_NONCE_BYTES, length - RENDEZVOUS_NONCE_BYTES, value,
				       access->decryption_key))
		return say_why(why, -EBADMSG, "the common value does not open: it is of another window or set of readers, "
			       "or was changed on the way");
	error = take_short(&head, plain, &taken, why);
	if (!error)
		*offer = taken;
	sodium_memzero(plain, sizeof(plain));
	sodium_memzero(&taken, sizeof(taken));
	return error;
}
