/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hopping addresses lent to a local socket: passed to the stack, and local to it by a route, until they expire.
 */
#ifndef MAYFLY_LOADER_LEND_H
#define MAYFLY_LOADER_LEND_H

#include "loader/association.h"
#include "loader/object.h"

enum { MF_LENT_PAST = 4096 /* that were given back, and are remembered */ };

struct mf_lent {
	__u32 count;
	struct {
		__u8 address[16];
		__u64 until_ms;
	} entry[MF_LENT_MAX];
	__u32 past_count, past_at; /* a ring */
	__u8 past[MF_LENT_PAST][16];
};

/* It has been given back. */
void mf_lent_note(struct mf_lent *lent, const __u8 address[static 16]);
/* It was lent once: whoever was asked from there may ask back for long, and is no stranger who tries addresses. */
int mf_lent_was(const struct mf_lent *lent, const __u8 address[static 16]);

/* Lends, prolongs, or (lifetime 0) takes back. -1 and *trouble. */
int mf_lend_address(struct mf_instance *instance, const struct mf_lend *lend, struct mf_trouble *trouble);

/* Takes all back: the node goes down. */
void mf_lend_clear(struct mf_instance *instance);

/* Takes away the routes of what a loader that is dead has lent, by its pinned mf_lent: before the pins go. */
void mf_lend_sweep(struct mf_instance *instance);

/* Takes back what has expired. When the next one does, ~0: none. */
__u64 mf_lend_expire(struct mf_instance *instance, __u64 now_ms);

/* Remembers an entry that an earlier loader has lent. */
void mf_lend_recall(struct mf_instance *instance, const __u8 address[static 16], __u64 until_ms);

#endif
