/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients of an introduction: all come to the listener's address, each from whatever prefix it is in, and are told apart
 * by their own hopping identifier (docs/PROTOCOL.md section 8). One more lookup in mf_live, whoever asks.
 */
#ifndef MAYFLY_BPF_CLIENT_H
#define MAYFLY_BPF_CLIENT_H

#include "bpf/live_find.h"

static __always_inline int is_introduction(const struct mf_association *association)
{
	return association->flags & (MF_ASSOC_LISTENS | MF_ASSOC_ROAMS);
}

/* May somebody be answered there? Never multicast, link-local or the first /64, where no host can be. */
static __always_inline int is_place(__u64 prefix)
{
	__u64 high = bpf_be64_to_cpu(prefix);

	return high && high >> 56 != 0xff && high >> 54 != 0xfe80 >> 6;
}

/*
 * The association of the client whose address `from` is, in the slot of `address` that *hit has; *hit is the client's
 * from then on. NULL: no client of this introduction, in this slot.
 */
static __always_inline struct mf_association *client_find(const void *address, const void *from, struct hit *hit)
{
	struct mf_association *association;
	struct words words = words_of(from);
	struct hit client;
	__u32 place;

	if (!words.low || !is_place(words.high))
		return NULL;
	place = live_find_client(address, words.low);
	if (!place || !slot_is_for(live_slot(place), address, words.low, &client) ||
	    client.slot->start_ms != hit->slot->start_ms)
		return NULL;
	association = association_of(&client);
	if (!association || !(association->flags & MF_ASSOC_ROAMS))
		return NULL;
	*hit = client;
	return association;
}

#endif
