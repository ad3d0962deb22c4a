// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binary heap that knows where each id stands.
 */
#include "loader/due.h"

#include <errno.h>
#include <stdlib.h>

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

	while (at > 0 && due->heap[(at - 1) / 2].when_ms > entry.when_ms) {
		put(due, at, due->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(due, at, entry);
	return at;
}

static void sink(struct mf_due *due, __u32 at)
{
	struct mf_due_entry entry = due->heap[at];

	for (;;) {
		__u32 child = 2 * at + 1;

		if (child + 1 < due->count && due->heap[child + 1].when_ms < due->heap[child].when_ms)
			child += 1;
		if (child >= due->count || due->heap[child].when_ms >= entry.when_ms)
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
