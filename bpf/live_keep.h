/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing the live table, as loader/live.c does: both may do so at once, so every entry is claimed and given up
 * by comparing and swapping the whole of it. Functions that are not static are verified by themselves: as parts
 * of the keeper's loop their branches would multiply (more than a million instructions on any kernel).
 */
#ifndef MAYFLY_BPF_LIVE_KEEP_H
#define MAYFLY_BPF_LIVE_KEEP_H

#include "bpf/live_find.h"

enum { PUT_TRIES = 4 }; /* each lost to another writer */

static __always_inline int entry_swap(union mf_live_entry *entry, __u64 from, __u64 to)
{
	return __sync_val_compare_and_swap(&entry->word, from, to) == from;
}

__noinline int mf_bucket_used(__u32 position)
{
	struct mf_bucket *bucket = live_bucket(position);
	int used = 0;

	if (!bucket)
		return MF_BUCKET_ENTRIES;
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++)
		used += bucket->entry[i].place != 0;
	return used;
}

/* Puts `word` into a free entry: that one. NULL: there is none, or somebody else had it first. */
static __always_inline union mf_live_entry *bucket_put(struct mf_bucket *bucket, __u64 word)
{
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++)
		if (!bucket->entry[i].place)
			return entry_swap(&bucket->entry[i], 0, word) ? &bucket->entry[i] : NULL;
	return NULL;
}

static __always_inline void bucket_drop(struct mf_bucket *bucket, __u64 word)
{
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++)
		if (bucket->entry[i].word == word)
			entry_swap(&bucket->entry[i], word, 0);
}

/* 1: it stands there, or has taken over from another slot of the same address. */
__noinline int mf_bucket_renew(__u32 position, __u32 tag, __u32 place)
{
	struct mf_bucket *bucket = live_bucket(position);
	struct mf_slot *slot = live_slot(place);
	union mf_live_entry mine = { .tag = tag, .place = place };
	struct hit hit;

	if (!bucket || !slot)
		return 0;
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++) {
		union mf_live_entry there = { .word = bucket->entry[i].word };

		if (there.word == mine.word)
			return 1;
		if (there.tag == tag &&
		    slot_is_for(live_slot(there.place), slot->local, slot_identifier(slot), &hit))
			return entry_swap(&bucket->entry[i], there.word, mine.word);
	}
	return 0;
}

/* One entry of a full left bucket to its right one. If somebody takes it away meanwhile, the copy goes too. 1: moved. */
static __always_inline int entry_move(union mf_live_entry *from, __u64 word, __u32 position)
{
	struct mf_bucket *right = live_bucket(position);
	union mf_live_entry *copy = right ? bucket_put(right, word) : NULL;

	if (!copy)
		return 0;
	if (!entry_swap(from, word, 0))
		entry_swap(copy, word, 0);
	return 1;
}

/* Makes room in a full left bucket: moves one entry, or frees one whose slot is another by now. */
__noinline int mf_bucket_relieve(__u32 position)
{
	struct mf_bucket *left = live_bucket(position);

	if (!left)
		return 0;
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++) {
		union mf_live_entry entry = { .word = left->entry[i].word };
		struct mf_slot *slot = live_slot(entry.place);
		struct mf_live_key key;

		if (!slot)
			continue;
		key = slot_key(slot);
		if (key.tag != entry.tag)
			return entry_swap(&left->entry[i], entry.word, 0);
		if (entry_move(&left->entry[i], entry.word, key.right))
			return 1;
	}
	return 0;
}

/* The slot at `place` of mf_slots (plus 1) may be found from here on. 0, or -1: no room. */
__noinline int mf_live_put(__u32 place)
{
	struct mf_slot *slot = live_slot(place);
	union mf_live_entry entry;
	struct mf_live_key key;

	if (!slot)
		return -1;
	key = slot_key(slot);
	entry.tag = key.tag;
	entry.place = place;
	for (int i = 0; i < PUT_TRIES; i++) {
		struct mf_bucket *left = live_bucket(key.left), *right = live_bucket(key.right);

		if (!left || !right)
			return -1;
		if (mf_bucket_renew(key.left, key.tag, place) || mf_bucket_renew(key.right, key.tag, place))
			return 0;
		if (bucket_put(mf_bucket_used(key.left) <= mf_bucket_used(key.right) ? left : right, entry.word))
			return 0;
		mf_bucket_relieve(key.left);
	}
	return -1;
}

/* Takes the entry of this very place out, wherever it stands. */
__noinline int mf_live_drop(__u32 place)
{
	struct mf_slot *slot = live_slot(place);
	union mf_live_entry entry;
	struct mf_bucket *left, *right;
	struct mf_live_key key;

	if (!slot)
		return -1;
	key = slot_key(slot);
	entry.tag = key.tag;
	entry.place = place;
	left = live_bucket(key.left);
	right = live_bucket(key.right);
	if (left)
		bucket_drop(left, entry.word);
	if (right)
		bucket_drop(right, entry.word);
	return 0;
}

#endif
