// SPDX-License-Identifier: GPL-2.0-only
/* Self-certifying inner addresses and default seed of a public key. Pure. */
#include "ctl/identity.h"

#include <sodium.h>
#include <string.h>

static void digest_labelled(__u8 digest[static crypto_hash_sha256_BYTES], const char *label,
			    const __u8 public_key[static 32])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)label, strlen(label));
	crypto_hash_sha256_update(&state, public_key, 32);
	crypto_hash_sha256_final(&state, digest);
}

static void address_labelled(__u8 address[static 16], const char *label, const __u8 public_key[static 32])
{
	__u8 digest[crypto_hash_sha256_BYTES];

	digest_labelled(digest, label, public_key);
	address[0] = 0xfd;
	address[1] = 0x6d;
	memcpy(address + 2, digest, 14);
}

void identity_address(__u8 address[static 16], const __u8 public_key[static 32])
{
	address_labelled(address, "mayfly inner v1", public_key);
}

void identity_introduction(__u8 address[static 16], const __u8 public_key[static 32])
{
	address_labelled(address, "mayfly introduction v1", public_key);
}

void identity_visitor(__u8 address[static 16], const __u8 public_key[static 32])
{
	address_labelled(address, "mayfly visitor v1", public_key);
}

void identity_seed(__u8 seed[static 8], const __u8 public_key[static 32])
{
	__u8 digest[crypto_hash_sha256_BYTES];

	digest_labelled(digest, "mayfly seed", public_key);
	memcpy(seed, digest, 8);
}
