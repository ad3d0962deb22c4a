// SPDX-License-Identifier: GPL-2.0-only
/* The keys of the `sealed` carriage, one direction after the other. */
#include "ctl/seal_keys.h"

#include <sodium.h>
#include <string.h>

#include "ctl/hkdf.h"
#include "ctl/little_endian.h"

static const char purpose[] = "mayfly sealed v1";

enum { PURPOSE_BYTES = sizeof(purpose) - 1, KEY_BYTES = 32, MASK_BYTES = 16 };

static void fill(struct mf_seal_key *key, const __u8 derived[static KEY_BYTES + MASK_BYTES], enum seal_sender sender)
{
	*key = (struct mf_seal_key){ .sender = sender };
	for (size_t i = 0; i < sizeof(key->key) / sizeof(*key->key); i++)
		key->key[i] = le32_take(derived + 4 * i);
	for (size_t i = 0; i < sizeof(key->mask) / sizeof(*key->mask); i++)
		key->mask[i] = le64_take(derived + KEY_BYTES + 8 * i);
}

static void derive(struct mf_seal_key *key, const __u8 split[static NOISE_KEY_BYTES],
		   const __u8 hash[static NOISE_HASH_BYTES], enum seal_sender sender)
{
	__u8 derived[KEY_BYTES + MASK_BYTES], info[PURPOSE_BYTES + NOISE_HASH_BYTES];
	const struct hkdf_text none = { 0 };

	memcpy(info, purpose, PURPOSE_BYTES);
	memcpy(info + PURPOSE_BYTES, hash, NOISE_HASH_BYTES);
	hkdf_sha256(derived, sizeof(derived), (struct hkdf_text){ split, NOISE_KEY_BYTES }, none,
		    (struct hkdf_text){ info, sizeof(info) });
	fill(key, derived, sender);
	sodium_memzero(derived, sizeof(derived));
}

void seal_keys_derive(struct seal_keys *keys, const struct noise_result *result, bool initiator)
{
	derive(initiator ? &keys->out : &keys->in, result->to_responder, result->hash, SEAL_BY_INITIATOR);
	derive(initiator ? &keys->in : &keys->out, result->to_initiator, result->hash, SEAL_BY_RESPONDER);
}
