/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ChaCha20 (RFC 8439 section 2.3): a block of key stream, in plain C.
 */
#ifndef MAYFLY_BPF_CHACHA20_H
#define MAYFLY_BPF_CHACHA20_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/aead_job.h"

enum { CHACHA20_DOUBLE_ROUNDS = 10, CHACHA20_WORDS = 16, CHACHA20_COUNTER = 12 };

static __always_inline __u32 chacha20_rotate(__u32 word, int bits)
{
	return word << bits | word >> (32 - bits);
}

#define CHACHA20_STEP(a, b, d, bits)                       \
	do {                                               \
		x[a] += x[b];                              \
		x[d] = chacha20_rotate(x[d] ^ x[a], bits); \
	} while (0)

#define CHACHA20_QUARTER(a, b, c, d)        \
	do {                                \
		CHACHA20_STEP(a, b, d, 16); \
		CHACHA20_STEP(c, d, b, 12); \
		CHACHA20_STEP(a, b, d, 8);  \
		CHACHA20_STEP(c, d, b, 7);  \
	} while (0)

/* Word `i` of the state that a block starts from: "expand 32-byte k", key, counter, nonce. */
static __always_inline __u32 chacha20_start(const struct aead_job *job, int i, __u32 ahead)
{
	static const __u32 expand[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	if (i < 4)
		return expand[i];
	return job->state[i - 4] + (i == CHACHA20_COUNTER ? ahead : 0);
}

/* The block `ahead` of the counter. Unrolled, the rounds would not fit the cache of decoded instructions. */
static __noinline int chacha20_block(const struct aead_job *job, __u32 ahead, __u32 *stream)
{
	__u32 x[CHACHA20_WORDS];

#pragma unroll
	for (int i = 0; i < CHACHA20_WORDS; i++)
		x[i] = chacha20_start(job, i, ahead);
	asm volatile("" ::: "memory"); /* read again in the end: there are registers for ten words */
#pragma clang loop unroll(disable)
	for (__u64 i = 0; i < CHACHA20_DOUBLE_ROUNDS; i++) { /* 64 bits: the verifier forgets less, when spilled */
		CHACHA20_QUARTER(0, 4, 8, 12);
		CHACHA20_QUARTER(1, 5, 9, 13);
		CHACHA20_QUARTER(2, 6, 10, 14);
		CHACHA20_QUARTER(3, 7, 11, 15);
		CHACHA20_QUARTER(0, 5, 10, 15);
		CHACHA20_QUARTER(1, 6, 11, 12);
		CHACHA20_QUARTER(2, 7, 8, 13);
		CHACHA20_QUARTER(3, 4, 9, 14);
	}
#pragma unroll
	for (int i = 0; i < CHACHA20_WORDS; i++)
		stream[i] = x[i] + chacha20_start(job, i, ahead);
	return 0;
}

/* The next block into the job's `stream`. A global function: the verifier goes through it once. */
__noinline int chacha20_single(struct aead_job *job)
{
	if (!job)
		return -1;
	chacha20_block(job, 0, (__u32 *)job->stream);
	job->counter++;
	return 0;
}

#endif
