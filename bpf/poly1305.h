/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Poly1305 (RFC 8439 section 2.5) over whole blocks of 16 bytes.
 *
 * Limbs are of 32 bits, h = sum[0] + sum[1] 2^32 + ... + sum[4] 2^128. Clamping leaves r's limbs below 2^28, and
 * the upper three multiples of four: what a product is worth 2^128 and more, r[j] 2^128, is r[j] / 4 * 2^130,
 * which is r[j] / 4 * 5 modulo p. So 20 multiplications a block do, and no product is split.
 *
 * Carries go one limb up a block, no further, and that is enough. In units of 2^32, let the limbs behind the
 * addition of a block be at most 3.3 (sum[0]), 2.93 (the next three) and 4 / 2^32 (sum[4]). Then a column is at most
 * (3.3 + 3 * 1.25 * 2.93) 2^60 < 14.3 * 2^60, which fits 64 bits, and leaves at most 1 + 14.3 / 16 = 1.9 of a limb;
 * of sum[0], which takes the top, 1 + 5 / 4 * (12.1 + 4) / 16 = 2.26. The next block adds less than 1 to each.
 */
#ifndef MAYFLY_BPF_POLY1305_H
#define MAYFLY_BPF_POLY1305_H

#include <bpf/bpf_helpers.h>

#include "bpf/aead_job.h"

enum { POLY1305_WHOLE = 1 /* 2^128: what a block of 16 bytes is followed by */ };

/* Clamps; `key` is r and s, 32 bytes. */
static __always_inline void poly1305_start(struct poly1305 *poly, const __u64 *key)
{
	__u64 low = key[0] & 0x0ffffffc0fffffff, high = key[1] & 0x0ffffffc0ffffffc;

	poly->key[0] = low;
	poly->key[1] = low >> 32;
	poly->key[2] = high;
	poly->key[3] = high >> 32;
#pragma unroll
	for (int i = 1; i < 4; i++)
		poly->key_folded[i] = poly->key[i] + (poly->key[i] >> 2);
#pragma unroll
	for (int i = 0; i < 5; i++)
		poly->sum[i] = 0;
	poly->pad[0] = key[2];
	poly->pad[1] = key[3];
}

/* One block: its two words, little-endian, and what stands above them. */
static __always_inline void poly1305_block(const struct poly1305 *poly, __u64 h[5], __u64 low, __u64 high, __u32 above)
{
	const __u32 *r = poly->key, *s = poly->key_folded;
	__u64 d0, d1, d2, d3, top;

	h[0] += (__u32)low;
	h[1] += low >> 32;
	h[2] += (__u32)high;
	h[3] += high >> 32;
	h[4] += above;
	d0 = h[0] * r[0] + h[1] * s[3] + h[2] * s[2] + h[3] * s[1];
	d1 = h[0] * r[1] + h[1] * r[0] + h[2] * s[3] + h[3] * s[2] + h[4] * s[1];
	d2 = h[0] * r[2] + h[1] * r[1] + h[2] * r[0] + h[3] * s[3] + h[4] * s[2];
	d3 = h[0] * r[3] + h[1] * r[2] + h[2] * r[1] + h[3] * r[0] + h[4] * s[3];
	top = h[4] * r[0] + (d3 >> 32);
	h[0] = (__u32)d0 + (top >> 2) * 5;
	h[1] = (__u32)d1 + (d0 >> 32);
	h[2] = (__u32)d2 + (d1 >> 32);
	h[3] = (__u32)d3 + (d2 >> 32);
	h[4] = top & 3;
}

static __always_inline void poly1305_load(const struct poly1305 *poly, __u64 h[5])
{
#pragma unroll
	for (int i = 0; i < 5; i++)
		h[i] = poly->sum[i];
}

static __always_inline void poly1305_store(struct poly1305 *poly, const __u64 h[5])
{
#pragma unroll
	for (int i = 0; i < 5; i++)
		poly->sum[i] = h[i];
}

/* A single block, for what does not come in a row. */
static __always_inline void poly1305_add(struct poly1305 *poly, __u64 low, __u64 high, __u32 above)
{
	__u64 h[5];

	poly1305_load(poly, h);
	poly1305_block(poly, h, low, high, above);
	poly1305_store(poly, h);
}

/* Carries through; afterwards only sum[4] may be more than it should be, 4. */
static __always_inline void poly1305_carry(__u64 h[5])
{
#pragma unroll
	for (int i = 0; i < 4; i++) {
		h[i + 1] += h[i] >> 32;
		h[i] = (__u32)h[i];
	}
}

/* h modulo p, plus s. */
static __always_inline void poly1305_finish(const struct poly1305 *poly, __u64 tag[2])
{
	__u64 h[5], low, high, above_low, above_high, mask;

	poly1305_load(poly, h);
	poly1305_carry(h);
	h[0] += (h[4] >> 2) * 5;
	h[4] &= 3;
	poly1305_carry(h);
	low = h[0] | h[1] << 32;
	high = h[2] | h[3] << 32;
	above_low = low + 5; /* h - p = h + 5 - 2^130, if that is not below zero */
	above_high = high + (above_low < low);
	mask = -((h[4] + (above_high < high)) >> 2);
	low ^= (low ^ above_low) & mask;
	high ^= (high ^ above_high) & mask;
	tag[0] = low + poly->pad[0];
	tag[1] = high + poly->pad[1] + (tag[0] < low);
}

#endif
