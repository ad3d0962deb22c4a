/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Noise_KK_25519_ChaChaPoly_SHA256 (Noise revision 34, sections 5 and 7.5): both ends know each other's static key.
 *
 *	-> s
 *	<- s
 *	...
 *	-> e, es, ss
 *	<- e, ee, se
 *
 * Pure: ephemeral keys are the caller's. `ss` too, because it stays the same for two ends that know each other.
 */
#ifndef MAYFLY_CTL_NOISE_H
#define MAYFLY_CTL_NOISE_H

#include <linux/types.h>
#include <stddef.h>

enum {
	NOISE_KEY_BYTES = 32,
	NOISE_HASH_BYTES = 32,
	NOISE_TAG_BYTES = 16,
	NOISE_HANDSHAKE_OVERHEAD = NOISE_KEY_BYTES + NOISE_TAG_BYTES, /* of either message, over its payload */
};

/* One end's static keys. `own_private` and `shared` are secret. */
struct noise_end {
	const __u8 *own_private, *own_public, *peer_public; /* 32 bytes each */
	const __u8 *shared; /* X25519(own_private, peer_public): ss */
};

/* A handshake between its two messages. Secret; wipe it. All zero after noise_write_response(), or what failed. */
struct noise_handshake {
	__u8 chaining_key[32];
	__u8 hash[32];
	__u8 ephemeral[32]; /* own private; initiator: until the answer has come */
	__u8 peer_ephemeral[32];
};

/* What both ends have when it is over. Secret but for `hash`. */
struct noise_result {
	__u8 to_responder[32], to_initiator[32]; /* ChaCha20-Poly1305 keys, each way one (Split) */
	__u8 hash[32]; /* of the whole handshake: the same at both ends, no other handshake has it */
};

/*
 * All return 0, or -EBADMSG: not from the other end, under another prologue, or a public key of low order.
 * Then no out-parameter but `handshake` has been touched. Buffers hold payload + NOISE_HANDSHAKE_OVERHEAD bytes.
 */
int noise_write_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
			size_t prologue_bytes, const __u8 ephemeral[static 32], const __u8 *payload,
			size_t payload_bytes, __u8 *message);
int noise_read_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
		       size_t prologue_bytes, const __u8 *message, size_t message_bytes, __u8 *payload);
int noise_write_response(struct noise_handshake *handshake, const struct noise_end *end,
			 const __u8 ephemeral[static 32], const __u8 *payload, size_t payload_bytes, __u8 *message,
			 struct noise_result *result);
/* `handshake` is left as it was: an answer that is not authentic must not spoil the one that is to come. */
int noise_read_response(const struct noise_handshake *handshake, const struct noise_end *end, const __u8 *message,
			size_t message_bytes, __u8 *payload, struct noise_result *result);

/* Transport messages (section 5.1 with an explicit counter): ChaCha20-Poly1305, nonce = 0(32) || le64(counter), no AD. */
void noise_seal(const __u8 key[static 32], __u64 counter, const __u8 *plain, size_t bytes, __u8 *sealed);
int noise_open(const __u8 key[static 32], __u64 counter, const __u8 *sealed, size_t sealed_bytes, __u8 *plain);

#endif
