// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live table's writer. Entries are claimed and given up by comparing and swapping the whole of them; what moves
 * goes from left to right, the way readers look, and stands in both places for a moment.
 */
#include "loader/live.h"

#include <errno.h>
#include <string.h>

enum { PUT_TRIES = 4 }; /* each lost to another writer */

static __u64 entry_read(const union mf_live_entry *entry)
{
	return __atomic_load_n(&entry->word, __ATOMIC_ACQUIRE);
}

static int entry_swap(union mf_live_entry *entry, __u64 from, __u64 to)
{
	return __atomic_compare_exchange_n(&entry->word, &from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static struct mf_live_key key_of(const struct mf_live *live, const __u8 address[static 16], __u64 identifier)
{
	__u64 word[2];

	memcpy(word, address, sizeof(word));
	return mf_live_client_key(word[0], word[1], identifier, live->half);
}

/* Of a client's slot, whose remote /64 is open; 0: any other slot. */
static __u64 identifier_of(const struct mf_slot *slot)
{
	__u64 word[2];

	memcpy(word, slot->remote, sizeof(word));
	return word[0] ? 0 : word[1];
}

static struct mf_live_key slot_key(const struct mf_live *live, const struct mf_slot *slot)
{
	return key_of(live, slot->local, identifier_of(slot));
}

void mf_live_fetch(const struct mf_live *live, const struct mf_slot *slot)
{
	struct mf_live_key key = slot_key(live, slot);

	__builtin_prefetch(&live->bucket[key.left], 1);
	__builtin_prefetch(&live->bucket[key.right], 1);
}

/* What an entry leads to; NULL: nowhere. */
static const struct mf_slot *slot_of(const struct mf_live *live, union mf_live_entry entry)
{
	return entry.place - 1 < live->slots ? &live->slot[entry.place - 1] : NULL;
}

static int leads_to(const struct mf_live *live, union mf_live_entry entry, const __u8 address[static 16],
		    __u64 identifier)
{
	const struct mf_slot *slot = slot_of(live, entry);

	return slot && slot->index && !memcmp(slot->local, address, 16) && identifier_of(slot) == identifier;
}

/* What one pass over a bucket finds. */
struct look {
	unsigned int used;
	union mf_live_entry *free;  /* NULL: none */
	union mf_live_entry *taken; /* stands for the slot already, or for another that is found by the same; NULL: none */
	__u64 there;                /* what that says */
};

static struct look bucket_look(const struct mf_live *live, struct mf_bucket *bucket, union mf_live_entry mine,
			       const struct mf_slot *slot)
{
	struct look look = { 0 };

	for (int i = 0; i < MF_BUCKET_ENTRIES; i++) {
		union mf_live_entry there = { .word = entry_read(&bucket->entry[i]) };

		look.used += there.word != 0;
		if (!there.word && !look.free)
			look.free = &bucket->entry[i];
		if (there.tag != mine.tag || look.taken)
			continue;
		if (there.word == mine.word || leads_to(live, there, slot->local, identifier_of(slot))) {
			look.taken = &bucket->entry[i];
			look.there = there.word;
		}
	}
	return look;
}

/* 1: it stands there, or has taken over from another slot that is found by the same. */
static int take_over(const struct look *look, __u64 word)
{
	return look->taken && (look->there == word || entry_swap(look->taken, look->there, word));
}

static union mf_live_entry *bucket_put(struct mf_bucket *bucket, __u64 word)
{
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++)
		if (!entry_read(&bucket->entry[i]))
			return entry_swap(&bucket->entry[i], 0, word) ? &bucket->entry[i] : NULL;
	return NULL;
}

static void bucket_drop(struct mf_bucket *bucket, __u64 word)
{
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++)
		if (entry_read(&bucket->entry[i]) == word)
			entry_swap(&bucket->entry[i], word, 0);
}

/* If somebody takes it away meanwhile, the copy goes too. 1: moved. */
static int entry_move(union mf_live_entry *from, __u64 word, struct mf_bucket *to)
{
	union mf_live_entry *copy = bucket_put(to, word);

	if (!copy)
		return 0;
	if (!entry_swap(from, word, 0))
		entry_swap(copy, word, 0);
	return 1;
}

/* Makes room in a full left bucket: moves one entry, or frees one whose slot is another by now. */
static int bucket_relieve(const struct mf_live *live, struct mf_bucket *left)
{
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++) {
		union mf_live_entry entry = { .word = entry_read(&left->entry[i]) };
		const struct mf_slot *slot = slot_of(live, entry);
		struct mf_live_key key;

		if (!slot)
			continue;
		key = slot_key(live, slot);
		if (key.tag != entry.tag)
			return entry_swap(&left->entry[i], entry.word, 0);
		if (entry_move(&left->entry[i], entry.word, &live->bucket[key.right]))
			return 1;
	}
	return 0;
}

int mf_live_put(const struct mf_live *live, __u32 position)
{
	const struct mf_slot *slot = &live->slot[position];
	struct mf_live_key key = slot_key(live, slot);
	struct mf_bucket *left = &live->bucket[key.left], *right = &live->bucket[key.right];
	union mf_live_entry mine = { .tag = key.tag, .place = position + 1 };

	for (int i = 0; i < PUT_TRIES; i++) {
		struct look at_left = bucket_look(live, left, mine, slot), at_right = bucket_look(live, right, mine, slot);
		union mf_live_entry *free = at_left.used <= at_right.used ? at_left.free : at_right.free;

		if (take_over(&at_left, mine.word) || take_over(&at_right, mine.word))
			return 0;
		if (free && entry_swap(free, 0, mine.word))
			return 0;
		bucket_relieve(live, left);
	}
	return -ENOSPC;
}

void mf_live_drop(const struct mf_live *live, __u32 position)
{
	struct mf_live_key key = slot_key(live, &live->slot[position]);
	union mf_live_entry mine = { .tag = key.tag, .place = position + 1 };

	bucket_drop(&live->bucket[key.left], mine.word);
	bucket_drop(&live->bucket[key.right], mine.word);
}

static __u32 bucket_find(const struct mf_live *live, const struct mf_bucket *bucket, __u32 tag,
			 const __u8 address[static 16], __u64 identifier)
{
	for (int i = 0; i < MF_BUCKET_ENTRIES; i++) {
		union mf_live_entry entry = { .word = entry_read(&bucket->entry[i]) };

		if (entry.tag == tag && leads_to(live, entry, address, identifier))
			return entry.place - 1;
	}
	return MF_LIVE_NOWHERE;
}

static __u32 find(const struct mf_live *live, const __u8 address[static 16], __u64 identifier)
{
	struct mf_live_key key = key_of(live, address, identifier);
	__u32 position = bucket_find(live, &live->bucket[key.left], key.tag, address, identifier);

	return position != MF_LIVE_NOWHERE ? position :
	       bucket_find(live, &live->bucket[key.right], key.tag, address, identifier);
}

__u32 mf_live_find(const struct mf_live *live, const __u8 address[static 16])
{
	return find(live, address, 0);
}

__u32 mf_live_find_same(const struct mf_live *live, const struct mf_slot *slot)
{
	return find(live, slot->local, identifier_of(slot));
}

__u64 mf_live_sweep(const struct mf_live *live, int (*keeps)(const void *context, const struct mf_slot *slot),
		    const void *context)
{
	union mf_live_entry *entry = live->bucket->entry, *end = entry + 2ULL * live->half * MF_BUCKET_ENTRIES;
	__u64 swept = 0;

	for (; entry < end; entry++) {
		union mf_live_entry there = { .word = entry_read(entry) };
		const struct mf_slot *slot = slot_of(live, there);

		if (!there.word)
			continue;
		if (slot && slot->index && slot_key(live, slot).tag == there.tag && keeps(context, slot))
			continue;
		swept += entry_swap(entry, there.word, 0);
	}
	return swept;
}
