// SPDX-License-Identifier: GPL-2.0-only
/* HKDF-SHA256 on libsodium's HMAC, which Debian's 1.0.18 has and HKDF it has not. Pure. */
#include "ctl/hkdf.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { BLOCK = crypto_auth_hmacsha256_BYTES };

/* RFC 5869 section 2.2: PRK = HMAC(salt, IKM); no salt is a salt of zeros, which HMAC pads it with anyway. */
static void extract(__u8 pseudorandom[static BLOCK], struct hkdf_text secret, struct hkdf_text salt)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, salt.length ? salt.bytes : (const void *)"", salt.length);
	crypto_auth_hmacsha256_update(&state, secret.length ? secret.bytes : (const void *)"", secret.length);
	crypto_auth_hmacsha256_final(&state, pseudorandom);
	sodium_memzero(&state, sizeof(state));
}

/* Section 2.3: T(n) = HMAC(PRK, T(n-1) || info || n). */
static void expand(__u8 block[static BLOCK], const __u8 pseudorandom[static BLOCK], struct hkdf_text info, __u8 number)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, pseudorandom, BLOCK);
	if (number > 1)
		crypto_auth_hmacsha256_update(&state, block, BLOCK);
	if (info.length)
		crypto_auth_hmacsha256_update(&state, info.bytes, info.length);
	crypto_auth_hmacsha256_update(&state, &number, 1);
	crypto_auth_hmacsha256_final(&state, block);
	sodium_memzero(&state, sizeof(state));
}

int hkdf_sha256(__u8 *key, size_t length, struct hkdf_text secret, struct hkdf_text salt, struct hkdf_text info)
{
	__u8 pseudorandom[BLOCK], block[BLOCK], number = 0;

	if (length > HKDF_BYTES_MOST)
		return -EINVAL;
	extract(pseudorandom, secret, salt);
	for (size_t done = 0; done < length; done += BLOCK) {
		expand(block, pseudorandom, info, ++number);
		memcpy(key + done, block, length - done < BLOCK ? length - done : BLOCK);
	}
	sodium_memzero(pseudorandom, sizeof(pseudorandom));
	sodium_memzero(block, sizeof(block));
	return 0;
}
