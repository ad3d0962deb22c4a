// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open addressing with linear probing; dropping moves later entries back, so that no tombs are left.
 */
#include "loader/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_FIRST = 64 };

static __u32 home_of(const struct mf_table *table, const void *key)
{
	const __u8 *byte = key;
	__u32 hash = 2166136261u;

	for (__u32 i = 0; i < table->key_bytes; i++)
		hash = (hash ^ byte[i]) * 16777619u;
	return (hash ^ hash >> 15) & (table->places - 1);
}

static __u8 *key_at(const struct mf_table *table, __u32 place)
{
	return table->keys + (size_t)place * table->key_bytes;
}

static __u32 next_place(const struct mf_table *table, __u32 place)
{
	return (place + 1) & (table->places - 1);
}

/* The key's place, or the free one where it belongs. */
static __u32 place_of(const struct mf_table *table, const void *key)
{
	__u32 place = home_of(table, key);

	while (table->states[place] && memcmp(key_at(table, place), key, table->key_bytes))
		place = next_place(table, place);
	return place;
}

static int allocate(struct mf_table *table, __u32 places)
{
	table->places = places;
	table->used = 0;
	table->keys = calloc(places, table->key_bytes);
	table->values = calloc(places, sizeof(*table->values));
	table->states = calloc(places, 1);
	if (table->keys && table->values && table->states)
		return 0;
	mf_table_close(table);
	return -ENOMEM;
}

int mf_table_open(struct mf_table *table, __u32 key_bytes)
{
	*table = (struct mf_table){ .key_bytes = key_bytes };
	return allocate(table, PLACES_FIRST);
}

void mf_table_close(struct mf_table *table)
{
	free(table->keys);
	free(table->values);
	free(table->states);
	*table = (struct mf_table){ .key_bytes = table->key_bytes };
}

__u32 *mf_table_find(const struct mf_table *table, const void *key)
{
	__u32 place;

	if (!table->places)
		return NULL;
	place = place_of(table, key);
	return table->states[place] ? &table->values[place] : NULL;
}

static void put_at(struct mf_table *table, __u32 place, const void *key, __u32 value)
{
	if (!table->states[place]) {
		memcpy(key_at(table, place), key, table->key_bytes);
		table->states[place] = 1;
		table->used += 1;
	}
	table->values[place] = value;
}

static int grow(struct mf_table *table)
{
	struct mf_table larger = { .key_bytes = table->key_bytes }, before = *table;
	int error = allocate(&larger, table->places * 2);

	if (error)
		return error;
	for (__u32 place = 0; place < table->places; place++)
		if (table->states[place])
			put_at(&larger, place_of(&larger, key_at(table, place)), key_at(table, place),
			       table->values[place]);
	*table = larger;
	mf_table_close(&before);
	return 0;
}

int mf_table_put(struct mf_table *table, const void *key, __u32 value)
{
	int error;

	if (table->used >= table->places / 2) {
		error = grow(table);
		if (error)
			return error;
	}
	put_at(table, place_of(table, key), key, value);
	return 0;
}

/* Can the entry at `place` move to the free place `hole`, which lies before it? */
static int may_move(const struct mf_table *table, __u32 place, __u32 hole)
{
	__u32 mask = table->places - 1, home = home_of(table, key_at(table, place));

	return ((place - home) & mask) >= ((place - hole) & mask);
}

void mf_table_drop(struct mf_table *table, const void *key)
{
	__u32 hole, place;

	if (!table->places)
		return;
	hole = place_of(table, key);
	if (!table->states[hole])
		return;
	for (place = next_place(table, hole); table->states[place]; place = next_place(table, place)) {
		if (!may_move(table, place, hole))
			continue;
		memcpy(key_at(table, hole), key_at(table, place), table->key_bytes);
		table->values[hole] = table->values[place];
		hole = place;
	}
	table->states[hole] = 0;
	table->used -= 1;
}
