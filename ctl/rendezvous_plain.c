// SPDX-License-Identifier: GPL-2.0-only
/* Layouts of what is boxed, and the checks that hold for both directions. Bytes here are authentic, not sensible. */
#include "ctl/rendezvous_plain.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/little_endian.h"
#include "loader/control.h"
#include "loader/slot.h"

enum { AT_PUBLISHER = 2, AT_READER = 34, AT_PERIOD_S = 66, AT_PERIOD = 70 };

void plain_put_head(__u8 plain[static PLAIN_HEAD_BYTES], const struct plain_head *head)
{
	plain[0] = PLAIN_VERSION;
	plain[1] = (__u8)head->type;
	memcpy(plain + AT_PUBLISHER, head->publisher, 32);
	memcpy(plain + AT_READER, head->reader, 32);
	le32_put(plain + AT_PERIOD_S, head->period_s);
	le32_put(plain + AT_PERIOD, head->period);
}

int plain_check_head(const __u8 plain[static PLAIN_HEAD_BYTES], const struct plain_head *head,
		     char why[static SAY_BYTES])
{
	__u32 period_s = le32_take(plain + AT_PERIOD_S), period = le32_take(plain + AT_PERIOD);

	if (plain[0] != PLAIN_VERSION)
		return say_why(why, -EINVAL, "the value has version %u, this is version %d: update mayfly here or there",
			       plain[0], PLAIN_VERSION);
	if (plain[1] != head->type)
		return say_why(why, -EBADMSG, "the value is of type %u, expected %d: it was stored for another use",
			       plain[1], head->type);
	if (memcmp(plain + AT_PUBLISHER, head->publisher, 32) || memcmp(plain + AT_READER, head->reader, 32))
		return say_why(why, -EBADMSG, "the value names another publisher and reader: somebody sent it back, or "
			       "publisher and reader are exchanged here");
	if (period_s != head->period_s || period != head->period)
		return say_why(why, -EBADMSG, "the value is of period %u (of %u s), expected %u (of %u s): somebody stored "
			       "it again, or the ends have different periods configured", period, period_s,
			       head->period, head->period_s);
	return 0;
}

int plain_check_padding(const __u8 plain[static PLAIN_NATIVE_BYTES], size_t used, char why[static SAY_BYTES])
{
	if (sodium_is_zero(plain + used, PLAIN_NATIVE_BYTES - used))
		return 0;
	return say_why(why, -EINVAL, "the value holds more than version %d knows: update mayfly here", PLAIN_VERSION);
}

void plain_put_offer(__u8 body[static PLAIN_OFFER_BYTES], const struct rendezvous_offer *offer)
{
	memcpy(body, offer->key, 16);
	memcpy(body + 16, offer->prefix.base, 16);
	body[32] = offer->prefix.prefix_length;
	body[33] = offer->prefix.hop_bits;
	memcpy(body + 34, offer->seed, 8);
	le32_put(body + 42, offer->rotation_ms);
}

void plain_take_offer(struct rendezvous_offer *offer, const __u8 body[static PLAIN_OFFER_BYTES])
{
	memcpy(offer->key, body, 16);
	memcpy(offer->prefix.base, body + 16, 16);
	offer->prefix.prefix_length = body[32];
	offer->prefix.hop_bits = body[33];
	memcpy(offer->seed, body + 34, 8);
	offer->rotation_ms = le32_take(body + 42);
}

void plain_put_full(__u8 plain[static PLAIN_FULL_BYTES], const struct rendezvous_offer *offer)
{
	memcpy(plain, offer->key, 16);
	memcpy(plain + 16, offer->prefix.base, 8);
	memcpy(plain + 24, offer->seed, 8);
	le32_put(plain + 32, offer->rotation_ms);
}

void plain_take_full(struct rendezvous_offer *offer, const __u8 plain[static PLAIN_FULL_BYTES])
{
	memcpy(offer->key, plain, 16);
	memcpy(offer->prefix.base, plain + 16, 8);
	offer->prefix.prefix_length = offer->prefix.hop_bits = 64;
	memcpy(offer->seed, plain + 24, 8);
	offer->rotation_ms = le32_take(plain + 32);
}

void plain_put_compact(__u8 plain[static PLAIN_COMPACT_BYTES], const struct rendezvous_offer *offer)
{
	memcpy(plain, offer->key, 16);
	memcpy(plain + 16, offer->prefix.base, 8);
	plain[24] = (__u8)(offer->rotation_ms / 1000);
}

void plain_take_compact(struct rendezvous_offer *offer, const __u8 plain[static PLAIN_COMPACT_BYTES])
{
	memcpy(offer->key, plain, 16);
	memcpy(offer->prefix.base, plain + 16, 8);
	offer->prefix.prefix_length = offer->prefix.hop_bits = 64;
	offer->rotation_ms = plain[24] * 1000U;
}

/* Neither the unspecified, loopback or mapped, nor link-local or multicast; bounds as in the configuration. */
int rendezvous_check_prefix(const struct mf_template *prefix)
{
	const __u8 *base = prefix->base;

	if (mf_template_check(prefix) || prefix->prefix_length < RENDEZVOUS_PREFIX_LEAST)
		return -EINVAL;
	if ((!base[0] && !base[1]) || base[0] == 0xff || (base[0] == 0xfe && (base[1] & 0xc0) == 0x80))
		return -EADDRNOTAVAIL;
	return 0;
}

static int check_prefix(const struct mf_template *prefix, char why[static SAY_BYTES])
{
	switch (rendezvous_check_prefix(prefix)) {
	case 0:
		return 0;
	case -EADDRNOTAVAIL:
		return say_why(why, -EINVAL, "the offer's prefix is no unicast prefix that is routed");
	default:
		return say_why(why, -EINVAL, "the offer's prefix has length %u and %u hop bits: expected /%d or longer, "
			       "16 to 64 hop bits, and zero where addresses hop", prefix->prefix_length, prefix->hop_bits,
			       RENDEZVOUS_PREFIX_LEAST);
	}
}

static int check_form(const struct rendezvous_offer *offer, char why[static SAY_BYTES])
{
	if (offer->form == RENDEZVOUS_NATIVE)
		return 0;
	if (offer->prefix.prefix_length != 64 || offer->prefix.hop_bits != 64)
		return say_why(why, -EINVAL, "this form can only say a /64 with 64 hop bits: use the native form");
	if (offer->form == RENDEZVOUS_FULL)
		return 0;
	if (offer->form != RENDEZVOUS_COMPACT)
		return say_why(why, -EINVAL, "there is no form %d", offer->form);
	if (offer->rotation_ms % 1000 || offer->rotation_ms > 255000)
		return say_why(why, -EINVAL, "the compact form can only say rotations of 1 to 255 whole seconds: use "
			       "another rotation or form");
	if (!sodium_is_zero(offer->seed, sizeof(offer->seed)))
		return say_why(why, -EINVAL, "the compact form has no place for a seed: leave it zero, or use another form");
	return 0;
}

int plain_check_offer(const struct rendezvous_offer *offer, char why[static SAY_BYTES])
{
	int error = check_prefix(&offer->prefix, why);

	if (error)
		return error;
	if (sodium_is_zero(offer->key, sizeof(offer->key)))
		return say_why(why, -EINVAL, "the offer's K is all zero");
	if (offer->rotation_ms < MF_ROTATION_MIN_MS || offer->rotation_ms > MF_ROTATION_MAX_MS)
		return say_why(why, -EINVAL, "the offer's rotation is %u ms: expected 100ms to 1h", offer->rotation_ms);
	return check_form(offer, why);
}
