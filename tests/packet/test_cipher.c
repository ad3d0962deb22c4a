// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cipher of sealed packets, in assembly and in plain C, against RFC 8439 and libsodium, in XDP and tc; SipHash
 * against libsodium. MF_PACKETS says how many random packets (default 2,000),
 * MF_NTH how many of them and of everything else that is much.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/packet/cipher_run.h"
#include "tests/packet/cipher_vectors.h"
#include "tests/packet/sparing.h"

enum {
	LENGTHS = 1501,
	MORE = 5,       /* bytes behind those that are sealed */
	PACKETS = 2000,
	LONGEST = FRAME_MOST - CIPHER_HEAD - MORE,
};

static struct cipher cipher;
static __u64 seed = 88172645463325252ULL;

static int open_shifts(void **state)
{
	(void)state;
	cipher_open(&cipher, SHIFTS);
	return sodium_init() < 0;
}

static int open_multiplies(void **state)
{
	(void)state;
	cipher_open(&cipher, MULTIPLIES);
	return sodium_init() < 0;
}

static int open_plain(void **state)
{
	(void)state;
	cipher_open(&cipher, PLAIN_C);
	return sodium_init() < 0;
}

static int close_programs(void **state)
{
	(void)state;
	cipher_close(&cipher);
	return 0;
}

/* --- the parts ----------------------------------------------------------------------- */

static void block_vectors(void **state)
{
	struct frame frame;

	(void)state;
	cipher_frame(&frame, 0, 0, &seed);
	for (const struct block_vector *v = block_vectors_known; v->source; v++) {
		memcpy(cipher.work->job.key, v->key, 32);
		memcpy(cipher.work->job.nonce, v->nonce, 12);
		cipher.work->job.counter = v->counter;
		assert_int_equal(cipher_run(&cipher, STREAM_XDP, &frame, &frame), 0);
		if (memcmp(cipher.work->job.stream, v->stream, v->bytes))
			fail_msg("%s", v->source);
	}
}

/* Counters wrap as 32-bit words do; both blocks of a pair are right. */
static void block_counters(void **state)
{
	static const __u32 counters[] = { 0, 1, 2, 144, 0xfffffffe, 0xffffffff };
	__u8 wanted[CHACHA20_PAIR];
	struct frame frame;

	(void)state;
	cipher_frame(&frame, 0, 0, &seed);
	for (int i = 0; i < 6; i++) {
		struct aead_job *job = &cipher.work->job;

		cipher_draw_bytes(&seed, job->key, sizeof(job->key));
		cipher_draw_bytes(&seed, job->nonce, sizeof(job->nonce));
		job->counter = counters[i];
		for (int half = 0; half < 2; half++) {
			memset(wanted + half * CHACHA20_BLOCK, 0, CHACHA20_BLOCK);
			crypto_stream_chacha20_ietf_xor_ic(wanted + half * CHACHA20_BLOCK, wanted + half * CHACHA20_BLOCK,
							   CHACHA20_BLOCK, (const __u8 *)job->nonce,
							   counters[i] + half, (const __u8 *)job->key);
		}
		assert_int_equal(cipher_run(&cipher, STREAM_XDP, &frame, &frame), 0);
		assert_memory_equal(job->stream, wanted, sizeof(wanted));
		assert_int_equal(job->counter, counters[i] + 2);
	}
}

/* The tag that the programs make of a message of any length; RFC 8439 section 2.5.1 says how its end is marked. */
static void authenticate(const void *key, const void *message, __u32 bytes, __u8 *tag)
{
	struct cipher_work *work = cipher.work;
	struct frame frame;

	memcpy(work->job.key, key, 32);
	memset(work->block, 0, sizeof(work->block));
	memcpy(work->block, message, bytes);
	work->blocks = (bytes + 15) / 16;
	work->above_last = bytes % 16 == 0;
	if (bytes % 16)
		((__u8 *)work->block)[bytes] = 1;
	cipher_frame(&frame, 0, 0, &seed);
	assert_int_equal(cipher_run(&cipher, AUTHENTICATE_XDP, &frame, &frame), 0);
	memcpy(tag, work->job.tag, AEAD_TAG);
}

static void authentication_vectors(void **state)
{
	__u8 tag[AEAD_TAG];

	(void)state;
	for (const struct tag_vector *v = tag_vectors_known; v->source; v++) {
		authenticate(v->key, v->message, v->bytes, tag);
		if (memcmp(tag, v->tag, sizeof(tag)))
			fail_msg("%s", v->source);
	}
}

/* Bytes mostly 0 and 255, or but for a few 255: where carries are longest. */
static void draw_extremes(__u8 *bytes, __u32 count)
{
	__u64 mostly_ones = cipher_draw(&seed) % 2;

	for (__u32 i = 0; i < count; i++) {
		__u64 drawn = cipher_draw(&seed);

		if (mostly_ones)
			bytes[i] = drawn % 64 ? 0xff : drawn >> 56;
		else
			bytes[i] = drawn % 4 == 0 ? 0xff : drawn % 4 < 3 ? 0 : drawn >> 56;
	}
}

static void authentication_extremes(void **state)
{
	__u8 key[32], message[CIPHER_BLOCKS * 16], tag[AEAD_TAG], wanted[AEAD_TAG];

	(void)state;
	for (__u32 i = sparing_count(10 * PACKETS); i > 0; i--) {
		__u32 bytes = cipher_draw(&seed) % (sizeof(message) + 1);

		draw_extremes(key, sizeof(key));
		draw_extremes(message, bytes);
		authenticate(key, message, bytes, tag);
		crypto_onetimeauth(wanted, message, bytes, key);
		assert_memory_equal(tag, wanted, sizeof(tag));
	}
}

static void hashes(void **state)
{
	__u8 wanted[crypto_shorthash_BYTES];
	struct frame frame;

	(void)state;
	for (__u32 i = sparing_count(PACKETS); i > 0; i--) {
		cipher_frame(&frame, 16, i % 2, &seed);
		cipher_draw_bytes(&seed, cipher.work->job.key, 16);
		assert_int_equal(cipher_run(&cipher, HASH_XDP, &frame, &frame), 0);
		crypto_shorthash(wanted, frame.byte + CIPHER_HEAD, 16, (const __u8 *)cipher.work->job.key);
		assert_memory_equal(&cipher.work->hash, wanted, sizeof(wanted));
	}
}

/* --- whole packets ------------------------------------------------------------------- */

static void draw_job(void)
{
	struct aead_job *job = &cipher.work->job;

	cipher_draw_bytes(&seed, job->key, sizeof(job->key));
	cipher_draw_bytes(&seed, job->nonce, sizeof(job->nonce));
	cipher_draw_bytes(&seed, job->associated, sizeof(job->associated));
	cipher_draw_bytes(&seed, job->stream, sizeof(job->stream) + sizeof(job->poly));
}

/* What libsodium makes of the frame. */
static void seal_wanted(struct frame *frame, __u32 bytes, __u8 *tag)
{
	const struct aead_job *job = &cipher.work->job;
	unsigned long long tag_bytes;

	crypto_aead_chacha20poly1305_ietf_encrypt_detached(frame->byte + CIPHER_HEAD, tag, &tag_bytes,
							   frame->byte + CIPHER_HEAD, bytes,
							   (const __u8 *)job->associated, sizeof(job->associated), NULL,
							   (const __u8 *)job->nonce, (const __u8 *)job->key);
}

/* Sealed as libsodium does, nothing beside changed; and opened to what it was. */
static void round_trip(enum cipher_program seal, enum cipher_program open, __u32 bytes)
{
	struct frame plain, wanted, got;
	__u8 tag[AEAD_TAG];

	draw_job();
	cipher_frame(&plain, bytes, MORE, &seed);
	wanted = plain;
	seal_wanted(&wanted, bytes, tag);
	cipher.work->bytes = bytes;
	if (cipher_run(&cipher, seal, &plain, &got) || frame_differs(&got, &wanted) ||
	    memcmp(tag, cipher.work->job.tag, sizeof(tag)))
		fail_msg("%u bytes are sealed otherwise than by libsodium, from byte %d on", bytes,
			 (int)frame_differs(&got, &wanted) - 1);
	if (cipher_run(&cipher, open, &wanted, &got) || frame_differs(&got, &plain))
		fail_msg("%u bytes are not opened to what they were", bytes);
}

static void every_length(void **state)
{
	(void)state;
	for (__u32 bytes = 0; bytes < LENGTHS; bytes += sparing_step()) {
		round_trip(SEAL_XDP, OPEN_XDP, bytes);
		round_trip(SEAL_TC, OPEN_TC, bytes);
	}
	round_trip(SEAL_XDP, OPEN_XDP, LONGEST);
	round_trip(SEAL_TC, OPEN_TC, LONGEST);
}

static void random_packets(void **state)
{
	const char *said = getenv("MF_PACKETS");
	long packets = said ? atol(said) : (long)sparing_count(PACKETS);

	(void)state;
	assert_true(packets > 0);
	for (long i = 0; i < packets; i++) {
		__u32 most = cipher_draw(&seed) % 8 ? 300 : LONGEST;
		__u32 bytes = cipher_draw(&seed) % (most + 1);

		if (i % 2)
			round_trip(SEAL_XDP, OPEN_XDP, bytes);
		else
			round_trip(SEAL_TC, OPEN_TC, bytes);
	}
}

/* --- refusals ------------------------------------------------------------------------ */

/* A frame that opens, and its job. */
static void sealed(struct frame *frame, __u32 bytes)
{
	draw_job();
	cipher_frame(frame, bytes, MORE, &seed);
	seal_wanted(frame, bytes, cipher.work->job.tag);
	cipher.work->bytes = bytes;
}

static void expect_refused(const struct frame *frame, const char *what, __u32 bit)
{
	struct frame out;

	if (!cipher_run(&cipher, OPEN_XDP, frame, &out) || !cipher_run(&cipher, OPEN_TC, frame, &out))
		fail_msg("opened with bit %u of the %s turned", bit, what);
}

static void turned_in_job(const struct frame *frame, void *bytes, __u32 count, const char *what)
{
	for (__u32 bit = 0; bit < 8 * count; bit += sparing_step()) {
		((__u8 *)bytes)[bit / 8] ^= 1 << bit % 8;
		expect_refused(frame, what, bit);
		((__u8 *)bytes)[bit / 8] ^= 1 << bit % 8;
	}
}

static void any_bit_turned(void **state)
{
	static const __u32 lengths[] = { 1, 15, 16, 64, 100, 211 };
	struct aead_job *job = &cipher.work->job;
	struct frame frame, out;

	(void)state;
	for (int i = 0; i < 6; i++) {
		sealed(&frame, lengths[i]);
		for (__u32 bit = 0; bit < 8 * lengths[i]; bit += sparing_step()) {
			frame.byte[CIPHER_HEAD + bit / 8] ^= 1 << bit % 8;
			expect_refused(&frame, "ciphertext", bit);
			frame.byte[CIPHER_HEAD + bit / 8] ^= 1 << bit % 8;
		}
		turned_in_job(&frame, job->tag, sizeof(job->tag), "tag");
		turned_in_job(&frame, job->associated, sizeof(job->associated), "associated data");
		turned_in_job(&frame, job->nonce, sizeof(job->nonce), "nonce");
		turned_in_job(&frame, job->key, sizeof(job->key), "key");
		assert_int_equal(cipher_run(&cipher, OPEN_XDP, &frame, &out), 0);
		assert_int_equal(cipher_run(&cipher, OPEN_TC, &frame, &out), 0);
	}
}

static void other_length(void **state)
{
	struct frame frame, zeros;

	(void)state;
	for (__u32 bytes = 1; bytes < 200; bytes += sparing_step()) {
		sealed(&frame, bytes);
		cipher.work->bytes = bytes - 1;
		expect_refused(&frame, "length", 0);
		/* zeros that Poly1305 would put there itself */
		zeros = frame;
		memset(zeros.byte + CIPHER_HEAD + bytes, 0, MORE);
		cipher.work->bytes = bytes + 1;
		expect_refused(&zeros, "length", 1);
	}
}

/* More than the frame has, by one byte and by many; more than is ever sealed. */
static void beyond_the_end(void **state)
{
	static const enum cipher_program programs[] = { SEAL_XDP, OPEN_XDP, SEAL_TC, OPEN_TC };
	struct frame frame, out;

	(void)state;
	for (__u32 bytes = 0; bytes < 400; bytes += sparing_step())
		for (int i = 0; i < 4; i++) {
			cipher_frame(&frame, bytes, 0, &seed);
			cipher.work->bytes = bytes + 1;
			assert_int_equal(cipher_run(&cipher, programs[i], &frame, &out), -1);
			cipher.work->bytes = bytes + 128;
			assert_int_equal(cipher_run(&cipher, programs[i], &frame, &out), -1);
			cipher.work->bytes = AEAD_MOST + 1 + bytes;
			assert_int_equal(cipher_run(&cipher, programs[i], &frame, &out), -1);
			cipher.work->bytes = -bytes - 1;
			assert_int_equal(cipher_run(&cipher, programs[i], &frame, &out), -1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_vectors),           cmocka_unit_test(block_counters),
		cmocka_unit_test(authentication_vectors),  cmocka_unit_test(authentication_extremes),
		cmocka_unit_test(hashes),                  cmocka_unit_test(every_length),
		cmocka_unit_test(random_packets),          cmocka_unit_test(any_bit_turned),
		cmocka_unit_test(other_length),            cmocka_unit_test(beyond_the_end),
	};

	return cmocka_run_group_tests_name("assembly that shifts", tests, open_shifts, close_programs) |
	       cmocka_run_group_tests_name("assembly that multiplies", tests, open_multiplies, close_programs) |
	       cmocka_run_group_tests_name("plain C", tests, open_plain, close_programs);
}
