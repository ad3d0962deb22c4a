// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KK handshake on libsodium, in the words of the Noise specification: MixHash, MixKey, EncryptAndHash, Split. Pure.
 * No key is used twice in a handshake, so its cipher state is the key alone; its nonce is always 0.
 */
#include "ctl/noise.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/hkdf.h"
#include "ctl/little_endian.h"

/* As long as a hash, and so taken as it is (section 5.2, InitializeSymmetric). */
static const char protocol_name[] = "Noise_KK_25519_ChaChaPoly_SHA256";

_Static_assert(sizeof(protocol_name) - 1 == NOISE_HASH_BYTES, "name");
_Static_assert(crypto_scalarmult_BYTES == NOISE_KEY_BYTES, "key");
_Static_assert(crypto_hash_sha256_BYTES == NOISE_HASH_BYTES, "hash");
_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == NOISE_TAG_BYTES, "tag");

/* What a message is sealed with: key and nonce of the cipher, and what it vouches for besides. */
struct cipher {
	__u8 key[32], nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	const __u8 *beside;
	size_t beside_bytes;
};

static void seal(const struct cipher *cipher, const __u8 *plain, size_t bytes, __u8 *sealed)
{
	crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, plain, bytes, cipher->beside, cipher->beside_bytes, NULL,
						  cipher->nonce, cipher->key);
}

/* 0 or not: opened, or verified alone if `plain` is NULL. */
static int decrypt(const struct cipher *cipher, const __u8 *sealed, size_t sealed_bytes, __u8 *plain)
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed, sealed_bytes, cipher->beside,
							 cipher->beside_bytes, cipher->nonce, cipher->key);
}

/* Verified first: libsodium zeroes what it cannot open into. */
static int open_sealed(const struct cipher *cipher, const __u8 *sealed, size_t sealed_bytes, __u8 *plain)
{
	return decrypt(cipher, sealed, sealed_bytes, NULL) || decrypt(cipher, sealed, sealed_bytes, plain) ? -EBADMSG : 0;
}

static void mix_hash(struct noise_handshake *handshake, const void *bytes, size_t length)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, handshake->hash, sizeof(handshake->hash));
	crypto_hash_sha256_update(&state, bytes, length);
	crypto_hash_sha256_final(&state, handshake->hash);
}

/* Noise's HKDF is RFC 5869's, with the chaining key as salt and no info. */
static void mix_key(struct noise_handshake *handshake, __u8 key[static 32], const __u8 secret[static 32])
{
	const struct hkdf_text salt = { handshake->chaining_key, 32 }, none = { 0 };
	__u8 pair[64];

	hkdf_sha256(pair, sizeof(pair), (struct hkdf_text){ secret, 32 }, salt, none);
	memcpy(handshake->chaining_key, pair, 32);
	memcpy(key, pair + 32, 32);
	sodium_memzero(pair, sizeof(pair));
}

/* MixKey(DH(own, peer)). -EBADMSG: a peer of low order, whose secret anybody knows. */
static int mix_agreed(struct noise_handshake *handshake, __u8 key[static 32], const __u8 own[static 32],
		      const __u8 peer[static 32])
{
	__u8 agreed[crypto_scalarmult_BYTES];
	int error = crypto_scalarmult(agreed, own, peer) ? -EBADMSG : 0;

	if (!error)
		mix_key(handshake, key, agreed);
	sodium_memzero(agreed, sizeof(agreed));
	return error;
}

/* ss, which the caller has computed once. */
static int mix_shared(struct noise_handshake *handshake, __u8 key[static 32], const struct noise_end *end)
{
	if (sodium_is_zero(end->shared, 32))
		return -EBADMSG;
	mix_key(handshake, key, end->shared);
	return 0;
}

static struct cipher cipher_of(const struct noise_handshake *handshake, const __u8 key[static 32])
{
	struct cipher cipher = { .beside = handshake->hash, .beside_bytes = sizeof(handshake->hash) };

	memcpy(cipher.key, key, sizeof(cipher.key));
	return cipher;
}

static void encrypt_and_hash(struct noise_handshake *handshake, const __u8 key[static 32], const __u8 *payload,
			     size_t bytes, __u8 *sealed)
{
	struct cipher cipher = cipher_of(handshake, key);

	seal(&cipher, payload, bytes, sealed);
	mix_hash(handshake, sealed, bytes + NOISE_TAG_BYTES);
	sodium_memzero(&cipher, sizeof(cipher));
}

static int decrypt_and_hash(struct noise_handshake *handshake, const __u8 key[static 32], const __u8 *sealed,
			    size_t sealed_bytes, __u8 *payload)
{
	struct cipher cipher = cipher_of(handshake, key);
	int error = open_sealed(&cipher, sealed, sealed_bytes, payload);

	if (!error)
		mix_hash(handshake, sealed, sealed_bytes);
	sodium_memzero(&cipher, sizeof(cipher));
	return error;
}

/* Split(): HKDF of nothing. Nobody needs the handshake afterwards. */
static void split(const struct noise_handshake *handshake, struct noise_result *result)
{
	const struct hkdf_text salt = { handshake->chaining_key, 32 }, none = { 0 };
	__u8 pair[64];

	hkdf_sha256(pair, sizeof(pair), none, salt, none);
	memcpy(result->to_responder, pair, 32);
	memcpy(result->to_initiator, pair + 32, 32);
	memcpy(result->hash, handshake->hash, sizeof(result->hash));
	sodium_memzero(pair, sizeof(pair));
}

/* What both ends know before the first message. */
static void begin(struct noise_handshake *handshake, const __u8 *prologue, size_t prologue_bytes,
		  const __u8 initiator[static 32], const __u8 responder[static 32])
{
	memset(handshake, 0, sizeof(*handshake));
	memcpy(handshake->hash, protocol_name, sizeof(handshake->hash));
	memcpy(handshake->chaining_key, protocol_name, sizeof(handshake->chaining_key));
	mix_hash(handshake, prologue, prologue_bytes);
	mix_hash(handshake, initiator, 32);
	mix_hash(handshake, responder, 32);
}

/* -> e, es, ss */
int noise_write_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
			size_t prologue_bytes, const __u8 ephemeral[static 32], const __u8 *payload,
			size_t payload_bytes, __u8 *message)
{
	__u8 key[32], public_key[32];
	int error;

	begin(handshake, prologue, prologue_bytes, end->own_public, end->peer_public);
	crypto_scalarmult_base(public_key, ephemeral);
	memcpy(handshake->ephemeral, ephemeral, sizeof(handshake->ephemeral));
	mix_hash(handshake, public_key, sizeof(public_key));
	error = mix_agreed(handshake, key, ephemeral, end->peer_public);
	if (!error)
		error = mix_shared(handshake, key, end);
	if (!error) {
		memcpy(message, public_key, sizeof(public_key));
		encrypt_and_hash(handshake, key, payload, payload_bytes, message + NOISE_KEY_BYTES);
	} else {
		sodium_memzero(handshake, sizeof(*handshake));
	}
	sodium_memzero(key, sizeof(key));
	return error;
}

int noise_read_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
		       size_t prologue_bytes, const __u8 *message, size_t message_bytes, __u8 *payload)
{
	__u8 key[32];
	int error;

	if (message_bytes < NOISE_HANDSHAKE_OVERHEAD)
		return -EBADMSG;
	begin(handshake, prologue, prologue_bytes, end->peer_public, end->own_public);
	memcpy(handshake->peer_ephemeral, message, sizeof(handshake->peer_ephemeral));
	mix_hash(handshake, message, NOISE_KEY_BYTES);
	error = mix_agreed(handshake, key, end->own_private, handshake->peer_ephemeral);
	if (!error)
		error = mix_shared(handshake, key, end);
	if (!error)
		error = decrypt_and_hash(handshake, key, message + NOISE_KEY_BYTES, message_bytes - NOISE_KEY_BYTES,
					 payload);
	if (error)
		sodium_memzero(handshake, sizeof(*handshake));
	sodium_memzero(key, sizeof(key));
	return error;
}

/* <- e, ee, se */
int noise_write_response(struct noise_handshake *handshake, const struct noise_end *end,
			 const __u8 ephemeral[static 32], const __u8 *payload, size_t payload_bytes, __u8 *message,
			 struct noise_result *result)
{
	__u8 key[32], public_key[32];
	int error;

	crypto_scalarmult_base(public_key, ephemeral);
	mix_hash(handshake, public_key, sizeof(public_key));
	error = mix_agreed(handshake, key, ephemeral, handshake->peer_ephemeral);
	if (!error)
		error = mix_agreed(handshake, key, ephemeral, end->peer_public);
	if (!error) {
		memcpy(message, public_key, sizeof(public_key));
		encrypt_and_hash(handshake, key, payload, payload_bytes, message + NOISE_KEY_BYTES);
		split(handshake, result);
	}
	sodium_memzero(handshake, sizeof(*handshake));
	sodium_memzero(key, sizeof(key));
	return error;
}

int noise_read_response(const struct noise_handshake *handshake, const struct noise_end *end, const __u8 *message,
			size_t message_bytes, __u8 *payload, struct noise_result *result)
{
	struct noise_handshake after = *handshake;
	__u8 key[32];
	int error = message_bytes < NOISE_HANDSHAKE_OVERHEAD ? -EBADMSG : 0;

	if (!error) {
		mix_hash(&after, message, NOISE_KEY_BYTES);
		error = mix_agreed(&after, key, after.ephemeral, message);
	}
	if (!error)
		error = mix_agreed(&after, key, end->own_private, message);
	if (!error)
		error = decrypt_and_hash(&after, key, message + NOISE_KEY_BYTES, message_bytes - NOISE_KEY_BYTES, payload);
	if (!error)
		split(&after, result);
	sodium_memzero(&after, sizeof(after));
	sodium_memzero(key, sizeof(key));
	return error;
}

static struct cipher cipher_at(const __u8 key[static 32], __u64 counter)
{
	struct cipher cipher = { .beside = NULL };

	memcpy(cipher.key, key, sizeof(cipher.key));
	le64_put(cipher.nonce + 4, counter);
	return cipher;
}

void noise_seal(const __u8 key[static 32], __u64 counter, const __u8 *plain, size_t bytes, __u8 *sealed)
{
	struct cipher cipher = cipher_at(key, counter);

	seal(&cipher, plain, bytes, sealed);
	sodium_memzero(&cipher, sizeof(cipher));
}

int noise_open(const __u8 key[static 32], __u64 counter, const __u8 *sealed, size_t sealed_bytes, __u8 *plain)
{
	struct cipher cipher = cipher_at(key, counter);
	int error = open_sealed(&cipher, sealed, sealed_bytes, plain);

	sodium_memzero(&cipher, sizeof(cipher));
	return error;
}
