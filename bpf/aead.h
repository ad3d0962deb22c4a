/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ChaCha20-Poly1305 (RFC 8439 section 2.8) with 16 bytes of associated data, in place on a packet, XDP or tc.
 *
 * Key stream comes in pairs of blocks. Block 0, which gives Poly1305 its key, is paired with block 1: a packet of
 * up to 64 bytes costs one pair. Whole pairs behind that go through global functions, which the verifier reads once;
 * an edge, the first 64 bytes and what is left in the end, is walked by 16 bytes. Up to 64 bytes left need one block.
 *
 * Below the caller it takes 288 bytes of stack (as 6.1 rounds), of 512.
 */
#ifndef MAYFLY_BPF_AEAD_H
#define MAYFLY_BPF_AEAD_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/aead_edge.h"
#include "bpf/aead_job.h"
#include "bpf/chacha20.h"

/* Which key stream: said by who loads the programs (loader/cipher.h), so that the verifier takes the other one out. */
const volatile __u32 mf_multiplies = 0;

#if AEAD_PLAIN
#include "bpf/aead_pair.h"
#else
#include "bpf/aead_fast.h"
#endif

enum {
	AEAD_ASSOCIATED = 16, /* bytes */
	AEAD_PAIRS = AEAD_MOST / CHACHA20_PAIR,
	AEAD_OFFSETS = 0x3fff, /* a mask that holds AEAD_MOST */
};

/* All but the tag: afterwards it only has to be finished. */
static __noinline int aead_cross(void *at, void *end, __u32 bytes, struct aead_job *job)
{
	__u32 edge = bytes < CHACHA20_BLOCK ? bytes : CHACHA20_BLOCK, left = bytes - edge;

	if (bytes > AEAD_MOST)
		return -1;
	job->counter = 0;
	chacha20_pair(job);
	poly1305_start(&job->poly, job->stream);
	poly1305_add(&job->poly, job->associated[0], job->associated[1], POLY1305_WHOLE);
	if (aead_edge(at, end, edge, job, CHACHA20_BLOCK))
		return -1;
	for (__u64 i = 0; i < AEAD_PAIRS; i++) {
		void *piece = at + ((bytes - left) & AEAD_OFFSETS);

		if (left < CHACHA20_PAIR)
			break;
		if (piece + CHACHA20_PAIR > end)
			return -1;
		chacha20_pair(job);
		aead_pair(job, piece);
		left -= CHACHA20_PAIR;
	}
	if (left) {
		if (left > CHACHA20_BLOCK)
			chacha20_pair(job);
		else
			chacha20_single(job);
		if (aead_edge(at + ((bytes - left) & AEAD_OFFSETS), end, left, job, 0))
			return -1;
	}
	poly1305_add(&job->poly, AEAD_ASSOCIATED, bytes, POLY1305_WHOLE);
	return 0;
}

/* Seals `bytes` bytes (0 to AEAD_MOST) at `at`, in place; 0, or -1 if they do not lie before `end`. */
static __always_inline int aead_seal(void *at, void *end, __u32 bytes, struct aead_job *job)
{
	job->sealing = ~0ULL;
	if (aead_cross(at, end, bytes, job))
		return -1;
	poly1305_finish(&job->poly, (__u64 *)job->tag);
	return 0;
}

/* Opens in place; 0, or -1: the tag is wrong or the bytes do not lie before `end`. What then stands there is void. */
static __always_inline int aead_open(void *at, void *end, __u32 bytes, struct aead_job *job)
{
	const __u64 *tag = (const __u64 *)job->tag;
	__u64 made[2];

	job->sealing = 0;
	if (aead_cross(at, end, bytes, job))
		return -1;
	poly1305_finish(&job->poly, made);
	return (tag[0] ^ made[0]) | (tag[1] ^ made[1]) ? -1 : 0;
}

#endif
