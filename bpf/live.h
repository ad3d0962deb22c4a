/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live table, mf_live: which slots may be heard now, found by the address that they are heard at. Programs read it
 * and the loader writes it without a call. Every address has one bucket in each half of the table and may stand in
 * either; an entry only says where in mf_slots to look, and what stands there is the truth.
 *
 *	bucket (one cache line):   | tag  place | tag  place | ... 8 entries
 */
#ifndef MAYFLY_BPF_LIVE_H
#define MAYFLY_BPF_LIVE_H

#include "bpf/wire.h"

/*
 * A half has 5 buckets for 8 associations, so that the table is half full at capacity. Simulated (500,000 addresses,
 * the oldest out for every new one, the emptier bucket taken): one put in 700,000 fills a bucket, which makes two full
 * ones for the same address a matter of 1 in 10^12. Then one entry moves from its left bucket to its right one
 * (Vöcking, "How asymmetry helps load balancing", 1999; Pagh and Rodler, "Cuckoo hashing", 2001).
 */
enum mf_live_size {
	MF_BUCKET_ENTRIES = 8,
	MF_LIVE_HALF_LEAST = 4, /* buckets */
};

/* Stored and taken out whole. A reader looks at the left bucket first: entries move to the right only. */
union mf_live_entry {
	struct {
		__u32 tag;   /* of the address, mf_live_key() */
		__u32 place; /* in mf_slots, plus 1; 0: free */
	};
	__u64 word;
};

struct mf_bucket {
	union mf_live_entry entry[MF_BUCKET_ENTRIES];
};

_Static_assert(sizeof(struct mf_bucket) == 64, "struct mf_bucket");

/* Where an address may stand, and what marks it there. */
struct mf_live_key {
	__u32 left, right; /* buckets */
	__u32 tag; /* never 0, which free entries have */
};

/* Buckets of one half, for so many associations. */
static inline __u32 mf_live_half(__u32 capacity)
{
	__u64 half = ((__u64)capacity * MF_LIVE_PER_ASSOC + MF_BUCKET_ENTRIES - 1) / MF_BUCKET_ENTRIES;

	return half < MF_LIVE_HALF_LEAST ? MF_LIVE_HALF_LEAST : (__u32)half;
}

/*
 * `high`, `low`: the address as two words, loaded as they stand in memory. Without a key: what stands in the table are
 * digests that nobody can choose, and a stranger's address costs the same wherever it leads (the mixing is that of
 * MurmurHash3's finalizer, each half of the table by its own 32 bits).
 */
static inline struct mf_live_key mf_live_key(__u64 high, __u64 low, __u32 half)
{
	__u64 mixed = low ^ high * 0x9e3779b97f4a7c15;
	struct mf_live_key key;

	mixed = (mixed ^ mixed >> 32) * 0xff51afd7ed558ccd;
	mixed = (mixed ^ mixed >> 32) * 0xc4ceb9fe1a85ec53;
	mixed ^= mixed >> 32;
	key.left = (__u32)((mixed >> 32) * half >> 32);
	key.right = half + (__u32)((__u64)(__u32)mixed * half >> 32);
	key.tag = (__u32)(mixed ^ mixed >> 32) | 1;
	return key;
}

/*
 * An introduction's clients all come to its address: a slot whose remote /64 is open (zero) stands where its local
 * address and the client's identifier lead to together. `identifier`: as it stands in memory; 0: any other slot.
 */
static inline struct mf_live_key mf_live_client_key(__u64 high, __u64 low, __u64 identifier, __u32 half)
{
	return mf_live_key(high ^ identifier, low, half);
}

#endif
