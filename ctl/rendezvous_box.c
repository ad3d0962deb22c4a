// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seals and opens the values of the blind rendezvous: nonce(24) || crypto_box(plain). Inside are the
 * layouts of rendezvous_plain.c. Pure but for the nonce.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/rendezvous_plain.h"

_Static_assert(crypto_box_NONCEBYTES == RENDEZVOUS_NONCE_BYTES, "nonce");
_Static_assert(crypto_box_NONCEBYTES + crypto_box_MACBYTES == PLAIN_BOX_BYTES, "box");
_Static_assert(PLAIN_NATIVE_BYTES + PLAIN_BOX_BYTES == RENDEZVOUS_VALUE_BYTES, "native");
_Static_assert(PLAIN_FULL_BYTES + PLAIN_BOX_BYTES == RENDEZVOUS_FULL_BYTES, "full");
_Static_assert(PLAIN_COMPACT_BYTES + PLAIN_BOX_BYTES == RENDEZVOUS_COMPACT_BYTES, "compact");

static struct plain_head head_of(const struct rendezvous_pair *pair, __u32 period_s, __u32 period)
{
	return (struct plain_head){ PLAIN_OFFER, pair->publisher, pair->reader, period_s, period };
}

static int check_period(__u32 period_s, __u32 period, char why[static SAY_BYTES])
{
	if (period_s < RENDEZVOUS_PERIOD_MIN_S || period_s > RENDEZVOUS_PERIOD_MAX_S)
		return say_why(why, -EINVAL, "a period of %u s: expected 1s to 24h", period_s);
	if (period % period_s)
		return say_why(why, -EINVAL, "no period of %u s begins at %u", period_s, period);
	return 0;
}

/* How many bytes. */
static size_t put_plain(const struct rendezvous_pair *pair, const struct rendezvous_offer *offer,
			__u8 plain[static PLAIN_NATIVE_BYTES])
{
	struct plain_head head = head_of(pair, offer->period_s, offer->period);

	switch (offer->form) {
	case RENDEZVOUS_FULL:
		plain_put_full(plain, offer);
		return PLAIN_FULL_BYTES;
	case RENDEZVOUS_COMPACT:
		plain_put_compact(plain, offer);
		return PLAIN_COMPACT_BYTES;
	default:
		memset(plain, 0, PLAIN_NATIVE_BYTES);
		plain_put_head(plain, &head);
		plain_put_offer(plain + PLAIN_HEAD_BYTES, offer);
		return PLAIN_NATIVE_BYTES;
	}
}

int rendezvous_seal_with(const struct rendezvous_pair *pair, const struct rendezvous_offer *offer,
			 const __u8 nonce[static RENDEZVOUS_NONCE_BYTES], __u8 value[static RENDEZVOUS_VALUE_BYTES],
			 char why[static SAY_BYTES])
{
	__u8 plain[PLAIN_NATIVE_BYTES];
	size_t length;
	int error;

	error = check_period(offer->period_s, offer->period, why);
	if (!error)
		error = plain_check_offer(offer, why);
	if (error)
		return error;
	length = put_plain(pair, offer, plain);
	memmove(value, nonce, RENDEZVOUS_NONCE_BYTES);
	crypto_box_easy_afternm(value + RENDEZVOUS_NONCE_BYTES, plain, length, value, pair->box_key);
	sodium_memzero(plain, sizeof(plain));
	return (int)length + PLAIN_BOX_BYTES;
}

int rendezvous_seal(const struct rendezvous_pair *pair, const struct rendezvous_offer *offer,
		    __u8 value[static RENDEZVOUS_VALUE_BYTES], char why[static SAY_BYTES])
{
	__u8 nonce[RENDEZVOUS_NONCE_BYTES];

	randombytes_buf(nonce, sizeof(nonce));
	return rendezvous_seal_with(pair, offer, nonce, value, why);
}

/* The form that has this length, or 0. */
static enum rendezvous_form form_of(size_t length)
{
	return length == RENDEZVOUS_VALUE_BYTES ? RENDEZVOUS_NATIVE : length == RENDEZVOUS_FULL_BYTES ? RENDEZVOUS_FULL :
	       length == RENDEZVOUS_COMPACT_BYTES ? RENDEZVOUS_COMPACT : 0;
}

/* Takes what the box held. */
static int take_plain(const struct plain_head *head, const __u8 plain[static PLAIN_NATIVE_BYTES],
		      struct rendezvous_offer *offer, char why[static SAY_BYTES])
{
	int error = 0;

	if (offer->form == RENDEZVOUS_FULL) {
		plain_take_full(offer, plain);
	} else if (offer->form == RENDEZVOUS_COMPACT) {
		plain_take_compact(offer, plain);
	} else {
		error = plain_check_head(plain, head, why);
		if (!error)
			error = plain_check_padding(plain, PLAIN_HEAD_BYTES + PLAIN_OFFER_BYTES, why);
		plain_take_offer(offer, plain + PLAIN_HEAD_BYTES);
	}
	return error ? error : plain_check_offer(offer, why);
}

int rendezvous_open(const struct rendezvous_pair *pair, __u32 period_s, __u32 period, const __u8 *value, size_t length,
		    struct rendezvous_offer *offer, char why[static SAY_BYTES])
{
	struct rendezvous_offer taken = { .form = form_of(length), .period_s = period_s, .period = period };
	struct plain_head head = head_of(pair, period_s, period);
	__u8 plain[PLAIN_NATIVE_BYTES];
	int error;

	if (!taken.form)
		return say_why(why, -EBADMSG, "the value has %zu bytes: expected %d (native), %d (full) or %d (compact)",
			       length, RENDEZVOUS_VALUE_BYTES, RENDEZVOUS_FULL_BYTES, RENDEZVOUS_COMPACT_BYTES);
	error = check_period(period_s, period, why);
	if (error)
		return error;
	if (crypto_box_open_easy_afternm(plain, value + RENDEZVOUS_NONCE_BYTES, length - RENDEZVOUS_NONCE_BYTES, value,
					 pair->box_key))
		return say_why(why, -EBADMSG, "the box does not open: it was not made by the other end for this one, or was "
			       "changed on the way; compare the public keys at both ends");
	error = take_plain(&head, plain, &taken, why);
	if (!error)
		*offer = taken;
	sodium_memzero(plain, sizeof(plain));
	sodium_memzero(&taken, sizeof(taken));
	return error;
}

bool rendezvous_is_of_form(enum rendezvous_form form, size_t length)
{
	return (length == RENDEZVOUS_VALUE_BYTES) == (form == RENDEZVOUS_NATIVE);
}
