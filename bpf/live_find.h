/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the live table: from an address to its slot. A miss is two cache lines and no call, whatever the address.
 */
#ifndef MAYFLY_BPF_LIVE_FIND_H
#define MAYFLY_BPF_LIVE_FIND_H

#include "bpf/maps.h"
#include "bpf/parse.h"

/* A slot as it was found; `index` tells later whether it still is what it was. */
struct hit {
	struct mf_slot *slot;
	__u64 index;
};

static __always_inline struct mf_live_key live_key(const void *address)
{
	struct words words = words_of(address);

	return mf_live_key(words.high, words.low, mf_half);
}

/* Of a client's slot: by whose identifier it is found. 0: by its local address alone. */
static __always_inline __u64 slot_identifier(const struct mf_slot *slot)
{
	struct words remote = words_of(slot->remote);

	return remote.high ? 0 : remote.low;
}

static __always_inline struct mf_live_key slot_key(const struct mf_slot *slot)
{
	struct words local = words_of(slot->local);

	return mf_live_client_key(local.high, local.low, slot_identifier(slot), mf_half);
}

static __always_inline struct mf_bucket *live_bucket(__u32 position)
{
	return bpf_map_lookup_elem(&mf_live, &position);
}

/* What an entry leads to, whatever stands there by now; NULL for a free entry. */
static __always_inline struct mf_slot *live_slot(__u32 place)
{
	__u32 position = place - 1;

	return bpf_map_lookup_elem(&mf_slots, &position);
}

static __always_inline __u64 slot_index(const struct mf_slot *slot)
{
	return *(const volatile __u64 *)&slot->index;
}

/* Place of the first entry with this tag; 0: none. Loads first: both buckets' lines are fetched at once. */
static __always_inline __u32 bucket_find(const struct mf_bucket *bucket, __u32 tag)
{
#pragma unroll
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++) {
		__u64 word = *(const volatile __u64 *)&bucket->entry[i].word;

		if ((__u32)word == tag)
			return word >> 32;
	}
	return 0;
}

static __always_inline int slot_is_at(struct mf_slot *slot, const void *address, struct hit *hit)
{
	if (!slot)
		return 0;
	hit->slot = slot;
	hit->index = slot_index(slot);
	return hit->index && same_address(slot->local, address);
}

/* The same for a client's; `identifier` 0: for all others. */
static __always_inline int slot_is_for(struct mf_slot *slot, const void *address, __u64 identifier, struct hit *hit)
{
	return slot_is_at(slot, address, hit) && slot_identifier(slot) == identifier;
}

/* The first entry with the tag led elsewhere (once in billions): all of them, in either bucket. The place; 0: none. */
static __noinline __u32 live_find_again(const __u8 *address, __u64 identifier)
{
	struct words words = words_of(address);
	struct mf_live_key key = mf_live_client_key(words.high, words.low, identifier, mf_half);
	struct hit hit;

	for (int i = 0; i < 2 * MF_BUCKET_ENTRIES; i++) {
		struct mf_bucket *bucket = live_bucket(i < MF_BUCKET_ENTRIES ? key.left : key.right);
		union mf_live_entry entry;

		if (!bucket)
			return 0;
		entry.word = bucket->entry[i % MF_BUCKET_ENTRIES].word;
		if (entry.tag == key.tag && slot_is_for(live_slot(entry.place), address, identifier, &hit))
			return entry.place;
	}
	return 0;
}

/* 1 and *hit: there is a slot of this address, its association may be changing. 0: the address is dead. */
static __always_inline int live_find(const void *address, struct hit *hit)
{
	struct mf_live_key key = live_key(address);
	struct mf_bucket *left = live_bucket(key.left), *right = live_bucket(key.right);
	__u32 place;

	if (!left || !right)
		return 0;
	place = bucket_find(left, key.tag);
	if (!place)
		place = bucket_find(right, key.tag);
	if (!place)
		return 0;
	if (slot_is_at(live_slot(place), address, hit))
		return 1;
	place = live_find_again(address, 0);
	return place && slot_is_at(live_slot(place), address, hit);
}

/* Place of the slot that is heard at `address` from the client with this identifier; 0: none. */
static __noinline __u32 live_find_client(const __u8 *address, __u64 identifier)
{
	struct words words = words_of(address);
	struct mf_live_key key = mf_live_client_key(words.high, words.low, identifier, mf_half);
	struct mf_bucket *left = live_bucket(key.left), *right = live_bucket(key.right);
	struct hit hit;
	__u32 place;

	if (!left || !right)
		return 0;
	place = bucket_find(left, key.tag);
	if (!place)
		place = bucket_find(right, key.tag);
	if (!place || slot_is_for(live_slot(place), address, identifier, &hit))
		return place;
	return live_find_again(address, identifier);
}

/* Is it still the slot that was found? The loader may have put another one in its place meanwhile. */
static __always_inline int is_still(const struct hit *hit)
{
	return slot_index(hit->slot) == hit->index;
}

/* Whose slot it is, if it is_still() afterwards. */
static __always_inline __u32 slot_association(const struct hit *hit)
{
	return *(const volatile __u32 *)&hit->slot->association;
}

/* Its association, NULL: not in use. */
static __always_inline struct mf_association *association_of(const struct hit *hit)
{
	__u32 id = slot_association(hit);
	struct mf_association *association = bpf_map_lookup_elem(&mf_assoc, &id);

	return association && association->generation ? association : NULL;
}

/* Is the slot's window over, or yet to begin? */
static __always_inline int is_late(const struct hit *hit, const struct mf_association *association, __u64 ms)
{
	return ms >= hit->slot->start_ms + (1 + MF_WINDOW_AHEAD) * (__u64)association->rotation_ms;
}

static __always_inline int is_early(const struct hit *hit, const struct mf_association *association, __u64 ms)
{
	return ms < hit->slot->start_ms - MF_WINDOW_BACK * (__u64)association->rotation_ms;
}

static __always_inline struct mf_loan *loan_of(const struct mf_node *node, const void *address)
{
	struct mf_address key;

	if (!(node->flags & MF_NODE_LENDS))
		return NULL;
	COPY(key.byte, address, 16);
	return bpf_map_lookup_elem(&mf_lent, &key);
}

#endif
