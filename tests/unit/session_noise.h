/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The session engine with a watch on its Noise: what costs key agreements is counted, and everything that is opened has
 * been sealed, once. With `noise_cheap` a stand-in takes the place of the cryptography: it tells what is authentic from
 * what is not and gives both ends the same keys, but hides nothing. Include it once, before anything of the engine's.
 */
#ifndef MAYFLY_TESTS_SESSION_NOISE_H
#define MAYFLY_TESTS_SESSION_NOISE_H

#include <errno.h>
#include <string.h>

#include "ctl/noise.h"

enum { SEALED_MOST = 256 };

struct sealed_record {
	__u64 key, counter, plain;
	bool opened;
};

static bool noise_cheap;
static unsigned int noise_costly[2]; /* requests and responses looked into */
static const char *noise_wrong;
static struct sealed_record sealed[SEALED_MOST];
static unsigned int sealed_at;

/* --- stand-in ------------------------------------------------------------------------ */

static void absorb(__u64 state[static 2], const void *bytes, size_t length)
{
	const __u8 *at = bytes;

	for (; length; at += 8, length -= length < 8 ? length : 8) {
		__u64 word = 0;

		memcpy(&word, at, length < 8 ? length : 8);
		state[0] = (state[0] ^ word) * 0x9e3779b97f4a7c15ULL;
		state[0] ^= state[0] >> 29;
		state[1] = (state[1] + state[0]) * 0xbf58476d1ce4e5b9ULL;
		state[1] ^= state[1] >> 32;
	}
}

static void digest(__u8 *out, size_t bytes, __u64 state[static 2], __u64 label)
{
	absorb(state, &label, sizeof(label));
	for (size_t i = 0; i < bytes; i += 8) {
		absorb(state, &i, sizeof(i));
		memcpy(out + i, &state[1], 8);
	}
}

static void cheap_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
			  size_t prologue_bytes, const __u8 *ephemeral, const __u8 *payload, size_t bytes)
{
	__u64 state[2] = { 1, 1 };

	absorb(state, end->shared, 32);
	absorb(state, prologue, prologue_bytes);
	absorb(state, ephemeral, 32);
	absorb(state, payload, bytes);
	digest(handshake->hash, sizeof(handshake->hash), state, 1);
}

static void cheap_response(__u8 hash[static 32], const struct noise_handshake *handshake, const __u8 *ephemeral,
			   const __u8 *payload, size_t bytes)
{
	__u64 state[2] = { 2, 2 };

	absorb(state, handshake->hash, sizeof(handshake->hash));
	absorb(state, ephemeral, 32);
	absorb(state, payload, bytes);
	digest(hash, 32, state, 2);
}

static void cheap_tag(__u8 tag[static NOISE_TAG_BYTES], const __u8 hash[static 32], __u64 label)
{
	__u64 state[2] = { 3, 3 };

	absorb(state, hash, 32);
	digest(tag, NOISE_TAG_BYTES, state, label);
}

static void cheap_split(struct noise_result *result, const __u8 hash[static 32])
{
	__u64 state[2] = { 4, 4 };

	absorb(state, hash, 32);
	digest(result->to_responder, 32, state, 4);
	digest(result->to_initiator, 32, state, 5);
	memcpy(result->hash, hash, 32);
}

static int cheap_write_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
			       size_t prologue_bytes, const __u8 *ephemeral, const __u8 *payload, size_t bytes,
			       __u8 *message)
{
	memset(handshake, 0, sizeof(*handshake));
	memcpy(handshake->ephemeral, ephemeral, 32);
	cheap_request(handshake, end, prologue, prologue_bytes, ephemeral, payload, bytes);
	memcpy(message, ephemeral, 32);
	memcpy(message + 32, payload, bytes);
	cheap_tag(message + 32 + bytes, handshake->hash, 1);
	return 0;
}

static int cheap_read_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
			      size_t prologue_bytes, const __u8 *message, size_t message_bytes, __u8 *payload)
{
	size_t bytes = message_bytes - NOISE_HANDSHAKE_OVERHEAD;
	__u8 tag[NOISE_TAG_BYTES];

	memset(handshake, 0, sizeof(*handshake));
	cheap_request(handshake, end, prologue, prologue_bytes, message, message + 32, bytes);
	cheap_tag(tag, handshake->hash, 1);
	if (memcmp(tag, message + 32 + bytes, sizeof(tag)))
		return -EBADMSG;
	memcpy(payload, message + 32, bytes);
	return 0;
}

static int cheap_write_response(struct noise_handshake *handshake, const __u8 *ephemeral, const __u8 *payload,
				size_t bytes, __u8 *message, struct noise_result *result)
{
	__u8 hash[32];

	cheap_response(hash, handshake, ephemeral, payload, bytes);
	memcpy(message, ephemeral, 32);
	memcpy(message + 32, payload, bytes);
	cheap_tag(message + 32 + bytes, hash, 2);
	cheap_split(result, hash);
	return 0;
}

static int cheap_read_response(const struct noise_handshake *handshake, const __u8 *message, size_t message_bytes,
			       __u8 *payload, struct noise_result *result)
{
	size_t bytes = message_bytes - NOISE_HANDSHAKE_OVERHEAD;
	__u8 hash[32], tag[NOISE_TAG_BYTES];

	cheap_response(hash, handshake, message, message + 32, bytes);
	cheap_tag(tag, hash, 2);
	if (memcmp(tag, message + 32 + bytes, sizeof(tag)))
		return -EBADMSG;
	memcpy(payload, message + 32, bytes);
	cheap_split(result, hash);
	return 0;
}

static void cheap_mac(__u8 tag[static NOISE_TAG_BYTES], const __u8 key[static 32], __u64 counter, const __u8 *plain,
		      size_t bytes)
{
	__u64 state[2] = { 6, counter };

	absorb(state, key, 32);
	absorb(state, plain, bytes);
	digest(tag, NOISE_TAG_BYTES, state, 6);
}

/* --- watched ------------------------------------------------------------------------- */

static struct sealed_record record_of(const __u8 key[static 32], __u64 counter, const __u8 *plain, size_t bytes)
{
	struct sealed_record record = { .counter = counter };
	__u64 state[2] = { 7, 7 };

	memcpy(&record.key, key, sizeof(record.key));
	absorb(state, plain, bytes);
	record.plain = state[1];
	return record;
}

static void watch_opened(const struct sealed_record *got)
{
	for (unsigned int i = 0; i < SEALED_MOST; i++) {
		struct sealed_record *one = &sealed[(sealed_at + SEALED_MOST - 1 - i) % SEALED_MOST];

		if (one->key != got->key || one->counter != got->counter || one->plain != got->plain)
			continue;
		if (one->opened)
			noise_wrong = "a message was taken twice";
		one->opened = true;
		return;
	}
	noise_wrong = "something was taken that nobody has sent";
}

static int watched_write_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
				 size_t prologue_bytes, const __u8 *ephemeral, const __u8 *payload, size_t bytes,
				 __u8 *message)
{
	int (*write)(struct noise_handshake *, const struct noise_end *, const __u8 *, size_t, const __u8 *, const __u8 *,
		     size_t, __u8 *) = noise_cheap ? cheap_write_request : noise_write_request;

	return write(handshake, end, prologue, prologue_bytes, ephemeral, payload, bytes, message);
}

static int watched_read_request(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *prologue,
				size_t prologue_bytes, const __u8 *message, size_t bytes, __u8 *payload)
{
	noise_costly[0]++;
	return noise_cheap ? cheap_read_request(handshake, end, prologue, prologue_bytes, message, bytes, payload) :
			     noise_read_request(handshake, end, prologue, prologue_bytes, message, bytes, payload);
}

static int watched_write_response(struct noise_handshake *handshake, const struct noise_end *end, const __u8 *ephemeral,
				  const __u8 *payload, size_t bytes, __u8 *message, struct noise_result *result)
{
	return noise_cheap ? cheap_write_response(handshake, ephemeral, payload, bytes, message, result) :
			     noise_write_response(handshake, end, ephemeral, payload, bytes, message, result);
}

static int watched_read_response(const struct noise_handshake *handshake, const struct noise_end *end,
				 const __u8 *message, size_t bytes, __u8 *payload, struct noise_result *result)
{
	noise_costly[1]++;
	return noise_cheap ? cheap_read_response(handshake, message, bytes, payload, result) :
			     noise_read_response(handshake, end, message, bytes, payload, result);
}

static void watched_seal(const __u8 key[static 32], __u64 counter, const __u8 *plain, size_t bytes, __u8 *out)
{
	struct sealed_record record = record_of(key, counter, plain, bytes);

	for (unsigned int i = 0; i < SEALED_MOST; i++)
		if (sealed[i].key == record.key && sealed[i].counter == counter)
			noise_wrong = "a counter was used twice";
	sealed[sealed_at++ % SEALED_MOST] = record;
	if (noise_cheap) {
		memcpy(out, plain, bytes);
		cheap_mac(out + bytes, key, counter, plain, bytes);
	} else {
		noise_seal(key, counter, plain, bytes, out);
	}
}

static int watched_open(const __u8 key[static 32], __u64 counter, const __u8 *in, size_t sealed_bytes, __u8 *plain)
{
	size_t bytes = sealed_bytes - NOISE_TAG_BYTES;
	__u8 tag[NOISE_TAG_BYTES];
	struct sealed_record got;

	if (noise_cheap) {
		cheap_mac(tag, key, counter, in, bytes);
		if (memcmp(tag, in + bytes, sizeof(tag)))
			return -EBADMSG;
		memcpy(plain, in, bytes);
	} else if (noise_open(key, counter, in, sealed_bytes, plain)) {
		return -EBADMSG;
	}
	got = record_of(key, counter, plain, bytes);
	watch_opened(&got);
	return 0;
}

/* --- the engine, over it ------------------------------------------------------------- */

#define noise_write_request watched_write_request
#define noise_read_request watched_read_request
#define noise_write_response watched_write_response
#define noise_read_response watched_read_response
#define noise_seal watched_seal
#define noise_open watched_open
#include "ctl/session.c"
#include "ctl/session_due.c"
#include "ctl/session_handshake.c"
#include "ctl/session_notice.c"
#undef noise_write_request
#undef noise_read_request
#undef noise_write_response
#undef noise_read_response
#undef noise_seal
#undef noise_open

#endif
