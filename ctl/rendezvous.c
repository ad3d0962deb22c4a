// SPDX-License-Identifier: GPL-2.0-only
/*
 * Derivations of the blind rendezvous: what a pair of keys shares, where it meets in a period, what follows from K.
 * Values and their boxes are rendezvous_box.c. Pure.
 */
#include "ctl/rendezvous.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "ctl/hkdf.h"
#include "ctl/key.h"
#include "ctl/little_endian.h"

int rendezvous_pair_known(struct rendezvous_pair *pair, const __u8 own[static 32], const __u8 own_public[static 32],
			  const __u8 other_public[static 32], int own_publishes)
{
	static const __u8 zero[crypto_core_hsalsa20_INPUTBYTES];
	struct rendezvous_pair value;

	/* libsodium refuses points of low order: the output would be zero whatever the key */
	if (crypto_scalarmult(value.shared, own, other_public))
		return -EINVAL;
	crypto_core_hsalsa20(value.box_key, zero, value.shared, NULL); /* as crypto_box_beforenm() does it */
	memcpy(value.publisher, own_publishes ? own_public : other_public, 32);
	memcpy(value.reader, own_publishes ? other_public : own_public, 32);
	*pair = value;
	sodium_memzero(&value, sizeof(value));
	return 0;
}

int rendezvous_pair(struct rendezvous_pair *pair, const __u8 own[static 32], const __u8 other_public[static 32],
		    int own_publishes)
{
	__u8 own_public[KEY_PUBLIC_BYTES];

	if (key_public(own_public, own))
		return -EINVAL;
	return rendezvous_pair_known(pair, own, own_public, other_public, own_publishes);
}

int rendezvous_check_clock(__u64 unix_s, char why[static SAY_BYTES])
{
	const time_t when = (time_t)unix_s;
	char date[64] = "a year that no calendar has";
	struct tm parts;

	if (unix_s >= RENDEZVOUS_FIRST_S && unix_s <= ~(__u32)0 - 3ULL * RENDEZVOUS_PERIOD_MAX_S)
		return 0;
	if (gmtime_r(&when, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &parts);
	return say_why(why, -ERANGE, "the clock of this host says %s, and nobody looks for introductions of that time: set it "
		       "(timedatectl set-time, or chronyd -q)", date);
}

__u32 rendezvous_period(__u64 unix_s, __u32 period_s)
{
	return (__u32)(unix_s - unix_s % period_s);
}

__u32 rendezvous_ladder(__u32 period_s, unsigned int step)
{
	__u32 floor_s = period_s < RENDEZVOUS_LADDER_FLOOR_S ? period_s : RENDEZVOUS_LADDER_FLOOR_S;
	__u32 part_s = period_s >> (step < RENDEZVOUS_LADDER ? step : RENDEZVOUS_LADDER - 1);

	return part_s > floor_s ? part_s : floor_s;
}

/* SHA-256(s || more), the leading `size` bytes of it. */
static void digest_shared(const struct rendezvous_pair *pair, const __u8 *more, size_t length, __u8 *leading, size_t size)
{
	__u8 digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, pair->shared, sizeof(pair->shared));
	crypto_hash_sha256_update(&state, more, length);
	crypto_hash_sha256_final(&state, digest);
	memcpy(leading, digest, size);
	sodium_memzero(digest, sizeof(digest));
	sodium_memzero(&state, sizeof(state));
}

void rendezvous_descriptor(const struct rendezvous_pair *pair, __u32 period, __u8 descriptor[static 20])
{
	__u8 period_le[4];

	le32_put(period_le, period);
	digest_shared(pair, period_le, sizeof(period_le), descriptor, RENDEZVOUS_DESCRIPTOR_BYTES);
}

void rendezvous_reader_seed(const struct rendezvous_pair *pair, const __u8 key[static 16], __u8 seed[static 8])
{
	digest_shared(pair, key, 16, seed, 8);
}

void rendezvous_item_seed(const struct rendezvous_pair *pair, __u32 period_s, __u32 period, __u8 seed[static 32],
			  __u8 public_key[static 32])
{
	static const char label[] = "mayfly bep44 v1";
	enum { LABEL = sizeof(label) - 1 };
	__u8 info[LABEL + 32 + 32 + 4 + 4], expanded[crypto_sign_SECRETKEYBYTES];

	memcpy(info, label, LABEL);
	memcpy(info + LABEL, pair->publisher, 32);
	memcpy(info + LABEL + 32, pair->reader, 32);
	le32_put(info + LABEL + 64, period_s);
	le32_put(info + LABEL + 68, period);
	hkdf_sha256(seed, 32, (struct hkdf_text){ pair->shared, 32 }, (struct hkdf_text){ 0 },
		    (struct hkdf_text){ info, sizeof(info) });
	crypto_sign_seed_keypair(public_key, expanded, seed);
	sodium_memzero(expanded, sizeof(expanded));
}
