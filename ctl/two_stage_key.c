// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys of two-stage publication: windows, what follows from the publisher's private key, the item key of each period
 * and signatures under it. An item key is the window's key moved by a known scalar, so that who has
 * access can compute it and only the publisher can sign.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/hkdf.h"
#include "ctl/key.h"
#include "ctl/little_endian.h"
#include "ctl/two_stage.h"

enum { SCALAR = crypto_core_ed25519_SCALARBYTES, WIDE = crypto_core_ed25519_NONREDUCEDSCALARBYTES };

_Static_assert((int)WIDE == (int)crypto_hash_sha512_BYTES, "a digest is a scalar to be reduced");

int two_stage_window(struct two_stage_window *window, __u32 period_s, __u32 periods, __u64 unix_s)
{
	if (period_s < RENDEZVOUS_PERIOD_MIN_S || period_s > RENDEZVOUS_PERIOD_MAX_S ||
	    periods < TWO_STAGE_PERIODS_LEAST || periods > TWO_STAGE_PERIODS_MOST ||
	    period_s * periods > RENDEZVOUS_PERIOD_MAX_S)
		return -EINVAL;
	window->period_s = period_s;
	window->long_s = period_s * periods;
	window->start = rendezvous_period(unix_s, window->long_s);
	return 0;
}

/* HKDF's 128 bytes: a to be reduced, the key of nonces, the decryption key. */
static int expand_keys(struct two_stage_keys *keys, const __u8 material[static WIDE + 64])
{
	crypto_core_ed25519_scalar_reduce(keys->scalar, material);
	memcpy(keys->nonce_key, material + WIDE, 32);
	memcpy(keys->access.decryption_key, material + WIDE + 32, 32);
	return crypto_scalarmult_ed25519_base_noclamp(keys->access.public_key, keys->scalar) ? -EINVAL : 0;
}

int two_stage_keys(struct two_stage_keys *keys, const __u8 own[static 32], const struct two_stage_window *window,
		   const __u8 epoch[static 32])
{
	static const char label[] = "mayfly two-stage v1";
	enum { LABEL = sizeof(label) - 1 };
	struct two_stage_keys value = { .access.window = *window };
	__u8 info[LABEL + 12 + 32], material[WIDE + 64];
	int error;

	if (key_public(value.access.publisher, own))
		return -EINVAL;
	memcpy(info, label, LABEL);
	le32_put(info + LABEL, window->period_s);
	le32_put(info + LABEL + 4, window->long_s);
	le32_put(info + LABEL + 8, window->start);
	memcpy(info + LABEL + 12, epoch, 32);
	hkdf_sha256(material, sizeof(material), (struct hkdf_text){ own, 32 }, (struct hkdf_text){ 0 },
		    (struct hkdf_text){ info, sizeof(info) });
	error = expand_keys(&value, material);
	if (!error)
		*keys = value;
	sodium_memzero(material, sizeof(material));
	sodium_memzero(&value, sizeof(value));
	return error;
}

static bool in_window(const struct two_stage_window *window, __u32 period)
{
	return period >= window->start && period - window->start < window->long_s && !(period % window->period_s);
}

/* h_T = SHA-512("mayfly item v1" || A || decryption key || le32(T)) mod the group's order */
static void shift_of(const struct two_stage_access *access, __u32 period, __u8 shift[static SCALAR])
{
	static const char label[] = "mayfly item v1";
	__u8 digest[crypto_hash_sha512_BYTES], period_le[4];
	crypto_hash_sha512_state state;

	le32_put(period_le, period);
	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, (const __u8 *)label, sizeof(label) - 1);
	crypto_hash_sha512_update(&state, access->public_key, sizeof(access->public_key));
	crypto_hash_sha512_update(&state, access->decryption_key, sizeof(access->decryption_key));
	crypto_hash_sha512_update(&state, period_le, sizeof(period_le));
	crypto_hash_sha512_final(&state, digest);
	crypto_core_ed25519_scalar_reduce(shift, digest);
	sodium_memzero(digest, sizeof(digest));
	sodium_memzero(&state, sizeof(state));
}

int two_stage_item_key(const struct two_stage_access *access, __u32 period, __u8 public_key[static 32])
{
	__u8 shift[SCALAR], moved[32], sum[32];

	if (!in_window(&access->window, period))
		return -EINVAL;
	shift_of(access, period, shift);
	if (crypto_scalarmult_ed25519_base_noclamp(moved, shift) ||
	    crypto_core_ed25519_add(sum, access->public_key, moved))
		return -EINVAL;
	memcpy(public_key, sum, sizeof(sum));
	return 0;
}

/* SHA-512(a || b || message) mod the group's order; the parts 32 bytes each. */
static void digest_scalar(__u8 scalar[static SCALAR], const __u8 a[static 32], const __u8 b[static 32], const void *message,
			  size_t length)
{
	__u8 digest[crypto_hash_sha512_BYTES];
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, a, 32);
	crypto_hash_sha512_update(&state, b, 32);
	crypto_hash_sha512_update(&state, message, length);
	crypto_hash_sha512_final(&state, digest);
	crypto_core_ed25519_scalar_reduce(scalar, digest);
	sodium_memzero(digest, sizeof(digest));
	sodium_memzero(&state, sizeof(state));
}

/* RFC 8032 section 5.1.6 from step 2 on, with a_T = a + h_T in the place of the scalar, and r that depends on P_T too. */
int two_stage_sign(const struct two_stage_keys *keys, __u32 period, const void *message, size_t length,
		   __u8 signature[static 64])
{
	__u8 public_key[32], secret[SCALAR], nonce[SCALAR], challenge[SCALAR], point[32];

	if (two_stage_item_key(&keys->access, period, public_key))
		return -EINVAL;
	digest_scalar(nonce, keys->nonce_key, public_key, message, length);
	if (crypto_scalarmult_ed25519_base_noclamp(point, nonce))
		return -EINVAL;
	digest_scalar(challenge, point, public_key, message, length);
	shift_of(&keys->access, period, secret);
	crypto_core_ed25519_scalar_add(secret, secret, keys->scalar);
	crypto_core_ed25519_scalar_mul(challenge, challenge, secret);
	memcpy(signature, point, sizeof(point));
	crypto_core_ed25519_scalar_add(signature + 32, challenge, nonce);
	sodium_memzero(nonce, sizeof(nonce));
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(challenge, sizeof(challenge));
	return 0;
}

int two_stage_sign_item(const struct two_stage_keys *keys, __u32 period, __s64 sequence, const __u8 *value,
			size_t length, __u8 signature[static 64])
{
	enum { VALUE_MOST = 996, HEAD_MOST = 48 };
	char message[HEAD_MOST + VALUE_MOST];
	int head;

	if (length > VALUE_MOST || sequence < 0)
		return -EINVAL;
	head = snprintf(message, HEAD_MOST, "3:seqi%llde1:v%zu:", sequence, length);
	memcpy(message + head, value, length);
	return two_stage_sign(keys, period, message, (size_t)head + length, signature);
}
