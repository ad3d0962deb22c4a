// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heap that knows where each id stands. Every entry has four below it, which stand together in memory: half as many
 * levels as with two, and one of them is what costs when tens of thousands are due at once.
 */
#include "loader/due.h"

#include <errno.h>
#include <stdlib.h>

enum { CHILDREN = 4 };

int mf_due_open(struct mf_due *due, __u32 capacity)
{
	*due = (struct mf_due){
		.capacity = capacity,
		.heap = calloc(capacity, sizeof(*due->heap)),
		.place = calloc(capacity, sizeof(*due->place)),
	};
	if (due->heap && due->place)
		return 0;
	mf_due_close(due);
	return -ENOMEM;
}

void mf_due_close(struct mf_due *due)
{
	free(due->heap);
	free(due->place);
	*due = (struct mf_due){ 0 };
}

static void put(struct mf_due *due, __u32 at, struct mf_due_entry entry)
{
	due->heap[at] = entry;
	due->place[entry.id] = at + 1;
}

/* Moves the entry at `at` towards the root as far as it must; gives where it ends. */
static __u32 rise(struct mf_due *due, __u32 at)
{
	struct mf_due_entry entry = due->heap[at];

	while (at > 0 && due->heap[(at - 1) / CHILDREN].when_ms > entry.when_ms) {
		put(due, at, due->heap[(at - 1) / CHILDREN]);
		at = (at - 1) / CHILDREN;
	}
	put(due, at, entry);
	return at;
}

/* The earliest of those below `at`; `count`: there is none. */
static __u32 earliest_child(const struct mf_due *due, __u32 at)
{
	__u32 first = CHILDREN * at + 1, best = first, end = first + CHILDREN;

	if (first >= due->count)
		return due->count;
	if (end > due->count)
		end = due->count;
	for (__u32 child = first + 1; child < end; child++)
		if (due->heap[child].when_ms < due->heap[best].when_ms)
			best = child;
	return best;
}

static void sink(struct mf_due *due, __u32 at)
{
	struct mf_due_entry entry = due->heap[at];

	for (;;) {
		__u32 child = earliest_child(due, at);

		if (child == due->count || due->heap[child].when_ms >= entry.when_ms)
			break;
		put(due, at, due->heap[child]);
		at = child;
	}
	put(due, at, entry);
}

void mf_due_set(struct mf_due *due, __u32 id, __u64 when_ms)
{
	__u32 at = due->place[id] ? due->place[id] - 1 : due->count++;

	put(due, at, (struct mf_due_entry){ when_ms, id });
	sink(due, rise(due, at));
}

void mf_due_drop(struct mf_due *due, __u32 id)
{
	__u32 at = due->place[id] - 1;

	if (!due->place[id])
		return;
	due->place[id] = 0;
	due->count -= 1;
	if (at == due->count)
		return;
	put(due, at, due->heap[due->count]);
	sink(due, rise(due, at));
}

const struct mf_due_entry *mf_due_first(const struct mf_due *due)
{
	return due->count ? due->heap : NULL;
}
