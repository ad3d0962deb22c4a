/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the cipher is asked to do, and its working memory. One stands in a per-CPU map of the program that
 * asks: programs run with bottom halves off, so nobody else writes it meanwhile. It is secret; who asks wipes it.
 */
#ifndef MAYFLY_BPF_AEAD_JOB_H
#define MAYFLY_BPF_AEAD_JOB_H

#include <linux/types.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the cipher takes little-endian words as they stand in memory"
#endif

enum {
	AEAD_MOST = 9216,        /* bytes that are sealed at once */
	AEAD_TAG = 16,           /* bytes */
	CHACHA20_BLOCK = 64,     /* bytes */
	CHACHA20_PAIR = 2 * CHACHA20_BLOCK,
};

/* Of RFC 8439 section 2.5; poly1305.h says how the limbs are used. */
struct poly1305 {
	__u64 sum[4];        /* h */
	__u32 key[4];        /* r, clamped */
	__u32 key_folded[4]; /* r * 5 / 4 */
	__u64 pad[2];        /* s */
};

struct aead_job {
	union {
		struct { /* asked for, but for the counter, which is the cipher's own */
			__u32 key[8];
			__u32 counter;
			__u32 nonce[3];  /* little-endian words of the 12 bytes */
		};
		__u32 state[12]; /* words 4 to 15 of ChaCha20's */
	};
	__u64 associated[2];     /* 16 bytes of associated data */
	__u8 tag[AEAD_TAG];      /* seal: out; open: in */

	/* The cipher's own. */
	__u64 sealing;           /* all ones, or 0: opening */
	__u64 stream[CHACHA20_PAIR / 8]; /* key stream of two blocks */
	struct poly1305 poly;
};

#endif
