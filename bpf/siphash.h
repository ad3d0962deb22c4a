/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012) of exactly 16 bytes.
 */
#ifndef MAYFLY_BPF_SIPHASH_H
#define MAYFLY_BPF_SIPHASH_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

enum { SIPHASH_BYTES = 16 };

static __always_inline __u64 siphash_rotate(__u64 word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static __always_inline void siphash_round(__u64 v[4])
{
	v[0] += v[1];
	v[1] = siphash_rotate(v[1], 13) ^ v[0];
	v[0] = siphash_rotate(v[0], 32);
	v[2] += v[3];
	v[3] = siphash_rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = siphash_rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = siphash_rotate(v[1], 17) ^ v[2];
	v[2] = siphash_rotate(v[2], 32);
}

static __always_inline void siphash_compress(__u64 v[4], __u64 word)
{
	v[3] ^= word;
	siphash_round(v);
	siphash_round(v);
	v[0] ^= word;
}

/* Little-endian machines only. The bytes need no alignment. */
static __always_inline __u64 siphash_2_4(const __u64 key[2], const void *sixteen_bytes)
{
	const __u64 *word = sixteen_bytes;
	__u64 v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
		       key[1] ^ 0x7465646279746573 };

	siphash_compress(v, word[0]);
	siphash_compress(v, word[1]);
	siphash_compress(v, (__u64)SIPHASH_BYTES << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
