// SPDX-License-Identifier: GPL-2.0-only
/* Sealed packets of the load generator. */
#include "tests/bench/load_seal.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/little_endian.h"

enum {
	AT_TAG = 8, KEY_BYTES = 32, MASK_BYTES = 16, NONCE_BYTES = 12, ASSOCIATED_BYTES = 16, TAG_BYTES = 16,
	COUNTER_BYTES = 8, SHIM_BYTES = 4, KIND_PADDED = 8, PADDING_LEAST = 2,
};

/* All of a packet that is neither plain nor sealed. */
struct bound {
	__u8 key[KEY_BYTES], nonce[NONCE_BYTES], associated[ASSOCIATED_BYTES];
};

static void bind_to(struct bound *bound, const struct mf_seal_key *key, __u64 counter, __u64 index)
{
	memset(bound, 0, sizeof(*bound));
	for (size_t i = 0; i < sizeof(key->key) / sizeof(*key->key); i++)
		le32_put(bound->key + 4 * i, key->key[i]);
	le32_put(bound->nonce, key->sender);
	le64_put(bound->nonce + 4, counter);
	le64_put(bound->associated, index);
	le32_put(bound->associated + 8, key->sender);
}

/* The counter's bytes on the wire become those of the number, and the other way round. */
static void mask(__u8 counter[static COUNTER_BYTES], const struct mf_seal_key *key, const __u8 tag[static TAG_BYTES])
{
	__u8 own[MASK_BYTES], noise[crypto_shorthash_siphash24_BYTES];

	le64_put(own, key->mask[0]);
	le64_put(own + 8, key->mask[1]);
	crypto_shorthash_siphash24(noise, tag, TAG_BYTES, own);
	for (int i = 0; i < COUNTER_BYTES; i++)
		counter[i] ^= noise[i];
}

void load_seal_write(struct load_seal *seal, __u64 index, const __u8 *plain, size_t bytes, __u8 *sealed)
{
	const struct mf_seal_key *key = &seal->keys.out;
	__u64 counter = seal->sent++, on_wire = htobe64(counter);
	struct bound bound;

	bind_to(&bound, key, counter, index);
	crypto_aead_chacha20poly1305_ietf_encrypt_detached(sealed + LOAD_SEAL_BYTES, sealed + AT_TAG, NULL, plain, bytes,
							   bound.associated, ASSOCIATED_BYTES, NULL, bound.nonce, bound.key);
	memcpy(sealed, &on_wire, COUNTER_BYTES);
	mask(sealed, key, sealed + AT_TAG);
	sodium_memzero(&bound, sizeof(bound));
}

static bool is_fresh(const struct load_seal *seal, __u64 counter)
{
	if (counter >= MF_COUNTER_END)
		return false;
	return counter >= seal->heard || (seal->heard - counter <= LOAD_SEAL_WINDOW &&
					  !(seal->heard_mask >> (seal->heard - 1 - counter) & 1));
}

static void note(struct load_seal *seal, __u64 counter)
{
	__u64 by;

	if (counter < seal->heard) {
		seal->heard_mask |= 1ULL << (seal->heard - 1 - counter);
		return;
	}
	by = counter + 1 - seal->heard;
	seal->heard_mask = (by < LOAD_SEAL_WINDOW ? seal->heard_mask << by : 0) | 1;
	seal->heard = counter + 1;
}

static int without_padding(const __u8 *plain, size_t bytes)
{
	size_t padding = (size_t)plain[bytes - 2] << 8 | plain[bytes - 1];

	if (!(plain[0] & KIND_PADDED))
		return (int)bytes;
	return padding < PADDING_LEAST || padding + SHIM_BYTES > bytes ? -EBADMSG : (int)(bytes - padding);
}

int load_seal_read(struct load_seal *seal, __u64 index, const __u8 *sealed, size_t bytes, __u8 *plain)
{
	const struct mf_seal_key *key = &seal->keys.in;
	__u8 on_wire[COUNTER_BYTES];
	struct bound bound;
	__u64 counter;
	int failed;

	if (bytes < LOAD_SEAL_BYTES + SHIM_BYTES)
		return -EBADMSG;
	memcpy(on_wire, sealed, COUNTER_BYTES);
	mask(on_wire, key, sealed + AT_TAG);
	memcpy(&counter, on_wire, COUNTER_BYTES);
	counter = be64toh(counter);
	if (!is_fresh(seal, counter))
		return -EBADMSG;
	bind_to(&bound, key, counter, index);
	failed = crypto_aead_chacha20poly1305_ietf_decrypt_detached(plain, NULL, sealed + LOAD_SEAL_BYTES, bytes - LOAD_SEAL_BYTES,
								    sealed + AT_TAG, bound.associated, ASSOCIATED_BYTES,
								    bound.nonce, bound.key);
	sodium_memzero(&bound, sizeof(bound));
	if (failed)
		return -EBADMSG;
	note(seal, counter);
	return without_padding(plain, bytes - LOAD_SEAL_BYTES);
}
