// SPDX-License-Identifier: GPL-2.0-only
/* SHA-1, one call. libsodium has none. */
#include "ctl/dht/sha1.h"

#include <endian.h>
#include <string.h>

enum { BLOCK = 64, ROUNDS = 80 };

static __u32 rotate(__u32 word, unsigned int bits)
{
	return word << bits | word >> (32 - bits);
}

/* FIPS 180-4, 4.1.1 and 4.2.1. */
static __u32 mix(unsigned int round, __u32 b, __u32 c, __u32 d)
{
	if (round < 20)
		return ((b & c) ^ (~b & d)) + 0x5a827999;
	if (round < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (round < 60)
		return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void take_block(__u32 state[5], const __u8 *block)
{
	__u32 word[ROUNDS], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], next;

	memcpy(word, block, BLOCK);
	for (unsigned int i = 0; i < 16; i++)
		word[i] = be32toh(word[i]);
	for (unsigned int i = 16; i < ROUNDS; i++)
		word[i] = rotate(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		next = rotate(a, 5) + mix(i, b, c, d) + e + word[i];
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

void sha1(__u8 digest[static 20], const void *bytes, size_t length)
{
	__u32 state[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	size_t whole = length / BLOCK * BLOCK, rest = length - whole;
	size_t padded = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;
	__u8 tail[2 * BLOCK] = { 0 };
	__be64 bits = htobe64((__u64)length * 8);

	for (size_t at = 0; at < whole; at += BLOCK)
		take_block(state, (const __u8 *)bytes + at);
	if (rest)
		memcpy(tail, (const __u8 *)bytes + whole, rest);
	tail[rest] = 0x80;
	memcpy(tail + padded - 8, &bits, 8);
	for (size_t at = 0; at < padded; at += BLOCK)
		take_block(state, tail + at);
	for (unsigned int i = 0; i < 5; i++)
		state[i] = htobe32(state[i]);
	memcpy(digest, state, 20);
}
