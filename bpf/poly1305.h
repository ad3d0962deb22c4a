/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Poly1305 (RFC 8439 section 2.5) over blocks of 16 bytes.
 *
 * h = sum[0] + sum[1] 2^32 + sum[2] 2^64 + sum[3] 2^96, the last limb 34 bits long. Clamping leaves r's limbs below
 * 2^28, and the upper three multiples of four: what a product is worth 2^128 and more, r[j] 2^128, is r[j] / 4 * 2^130,
 * which is r[j] / 4 * 5 modulo p. So 16 multiplications a block do, and no product is split.
 *
 * No column overflows. In units of 2^32, the limbs behind the addition of a block are below 3.04, 2, 2 and 6 (block
 * and mark add 1, 1, 1 and 2). The largest column, the first, is then below (3.04 + 5 / 4 * 10) 2^60 < 15.6 * 2^60,
 * and the last below 13.1 * 2^60: five times what it has beyond 2^34 is below 1.03 * 2^32, and sum[0] below 2.03 again.
 */
#ifndef MAYFLY_BPF_POLY1305_H
#define MAYFLY_BPF_POLY1305_H

#include <bpf/bpf_helpers.h>

#include "bpf/aead_job.h"

enum { POLY1305_WHOLE = 1 /* 2^128: what a block of 16 bytes is followed by */, POLY1305_LAST_BITS = 34 };

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
	for (int i = 0; i < 4; i++)
		poly->sum[i] = 0;
	poly->pad[0] = key[2];
	poly->pad[1] = key[3];
}

/* Each column's carry into the next, the last one's into the first. */
static __always_inline void poly1305_carry(__u64 d[4])
{
	__u64 beyond;

#pragma unroll
	for (int i = 0; i < 3; i++) {
		d[i + 1] += d[i] >> 32;
		d[i] = (__u32)d[i];
	}
	beyond = d[3] >> POLY1305_LAST_BITS;
	d[3] &= (1ULL << POLY1305_LAST_BITS) - 1;
	d[0] += beyond * 5;
}

/* One block: its two words, little-endian, and what stands above them. */
static __always_inline void poly1305_block(const struct poly1305 *poly, __u64 h[4], __u64 low, __u64 high, __u64 above)
{
	const __u32 *r = poly->key, *s = poly->key_folded;
	__u64 d[4];

	h[0] += (__u32)low;
	h[1] += low >> 32;
	h[2] += (__u32)high;
	h[3] += (high >> 32) + (above << 32);
	d[0] = h[0] * r[0] + h[1] * s[3] + h[2] * s[2] + h[3] * s[1];
	d[1] = h[0] * r[1] + h[1] * r[0] + h[2] * s[3] + h[3] * s[2];
	d[2] = h[0] * r[2] + h[1] * r[1] + h[2] * r[0] + h[3] * s[3];
	d[3] = h[0] * r[3] + h[1] * r[2] + h[2] * r[1] + h[3] * r[0];
	poly1305_carry(d);
#pragma unroll
	for (int i = 0; i < 4; i++)
		h[i] = d[i];
}

static __always_inline void poly1305_load(const struct poly1305 *poly, __u64 h[4])
{
#pragma unroll
	for (int i = 0; i < 4; i++)
		h[i] = poly->sum[i];
}

static __always_inline void poly1305_store(struct poly1305 *poly, const __u64 h[4])
{
#pragma unroll
	for (int i = 0; i < 4; i++)
		poly->sum[i] = h[i];
}

/* A single block, for what does not come in a row. */
static __always_inline void poly1305_add(struct poly1305 *poly, __u64 low, __u64 high, __u32 above)
{
	__u64 h[4];

	poly1305_load(poly, h);
	poly1305_block(poly, h, low, high, above);
	poly1305_store(poly, h);
}

/* h modulo p, plus s. */
static __always_inline void poly1305_finish(const struct poly1305 *poly, __u64 tag[2])
{
	__u64 h[4], low, high, above_low, above_high, mask;

	poly1305_load(poly, h);
	poly1305_carry(h);
	poly1305_carry(h); /* only where the first one came around, and so left zeros on its way: not around again */
	low = h[0] | h[1] << 32;
	high = h[2] | h[3] << 32;
	above_low = low + 5; /* h - p = h + 5 - 2^130, if that is not below zero */
	above_high = high + (above_low < low);
	mask = -(((h[3] >> 32) + (above_high < high)) >> 2);
	low ^= (low ^ above_low) & mask;
	high ^= (high ^ above_high) & mask;
	tag[0] = low + poly->pad[0];
	tag[1] = high + poly->pad[1] + (tag[0] < low);
}

#endif
