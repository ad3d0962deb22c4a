/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which association wants attention next: a heap of (time, id), each id at most once.
 */
#ifndef MAYFLY_LOADER_DUE_H
#define MAYFLY_LOADER_DUE_H

#include <linux/types.h>

struct mf_due_entry {
	__u64 when_ms;
	__u32 id;
};

struct mf_due {
	__u32 count;
	__u32 capacity;
	struct mf_due_entry *heap;
	__u32 *place; /* of each id in the heap, from 1; 0: not there */
};

int mf_due_open(struct mf_due *due, __u32 capacity);
void mf_due_close(struct mf_due *due);

/* Puts `id` in, or moves it. */
void mf_due_set(struct mf_due *due, __u32 id, __u64 when_ms);
void mf_due_drop(struct mf_due *due, __u32 id);

/* The earliest entry, or NULL. */
const struct mf_due_entry *mf_due_first(const struct mf_due *due);

#endif
