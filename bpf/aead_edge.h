/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Less than a pair of blocks: by 16 bytes, then what is left by 8, 4, 2 and 1.
 */
#ifndef MAYFLY_BPF_AEAD_EDGE_H
#define MAYFLY_BPF_AEAD_EDGE_H

#include <bpf/bpf_helpers.h>

#include "bpf/aead_step.h"

enum {
	AEAD_STEP = 16, /* bytes of a block of Poly1305 */
	AEAD_EDGE_STEPS = CHACHA20_PAIR / AEAD_STEP,
};

/* The piece of `size` bytes, if `bytes` has one, behind the larger ones. */
#define AEAD_PIECE(type, size)                                                         \
	if (bytes & (size)) {                                                          \
		__u32 before = bytes & (15 & -2 * (size));                             \
		__u32 shift = 8 * (before & 7);                                        \
		type *piece = at + before, key = stream >> shift;                      \
                                                                                       \
		if ((void *)(piece + 1) > end)                                         \
			return -1;                                                     \
		rest |= (__u64)(type)(*piece ^ (key & (type)job->sealing)) << shift;   \
		*piece ^= key;                                                         \
	}

/* The last 1 to 15 bytes, authenticated as if zeros followed. */
static __always_inline int aead_rest(void *at, void *end, __u32 bytes, struct aead_job *job, const __u64 *streams)
{
	__u64 stream = streams[0], low = 0, rest = 0;

	AEAD_PIECE(__u64, 8)
	if (bytes & 8) {
		low = rest;
		rest = 0;
		stream = streams[1];
	}
	AEAD_PIECE(__u32, 4)
	AEAD_PIECE(__u16, 2)
	AEAD_PIECE(__u8, 1)
	if (bytes & 8)
		poly1305_add(&job->poly, low, rest, POLY1305_WHOLE);
	else
		poly1305_add(&job->poly, rest, 0, POLY1305_WHOLE);
	return 0;
}

/* Less than a pair, from byte `from` of the key stream on. -1: the bytes do not lie before `end`. */
static __noinline int aead_edge(void *at, void *end, __u32 bytes, struct aead_job *job, __u32 from)
{
	const __u64 *stream = job->stream + from / 8;
	__u64 h[4];

	poly1305_load(&job->poly, h);
	for (__u64 i = 0; i < AEAD_EDGE_STEPS; i++) {
		if (bytes < AEAD_STEP)
			break;
		if (at + AEAD_STEP > end)
			return -1;
		aead_step(job, h, at, stream);
		at += AEAD_STEP;
		bytes -= AEAD_STEP;
		stream += 2;
	}
	poly1305_store(&job->poly, h);
	return bytes ? aead_rest(at, end, bytes & (AEAD_STEP - 1), job, stream) : 0;
}

#endif
