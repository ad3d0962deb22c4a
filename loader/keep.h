/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps rings filled and mf_live current, a bounded amount of work at a time.
 */
#ifndef MAYFLY_LOADER_KEEP_H
#define MAYFLY_LOADER_KEEP_H

#include "loader/slot.h"

struct mf_instance;

enum {
	MF_KEEP_TURN_SLOTS = 8192,  /* slots derived per turn: some milliseconds */
	MF_KEEP_TURN_VISITS = 4096, /* associations looked at per turn */
	MF_KEEP_VISIT_SLOTS = 64,   /* slots derived for one association per visit */
	MF_KEEP_RETRY_MS = 100,     /* when mf_live has had no room */
};

struct mf_keep {
	__u64 refused; /* slots that mf_live had no room for; each is tried again */
	int full;      /* so that it is said once */
};

/*
 * Works off what is due at `now_ms`. Gives when to come again, in ms by the same clock
 * (`now_ms`: at once, there is more), ~0: nothing to do.
 */
__u64 mf_keep_turn(struct mf_instance *instance, __u64 now_ms);

/* Brings one association's ring (as far as is urgent) and live entries up to now, at once. */
int mf_keep_start(struct mf_instance *instance, __u32 id, __u64 now_ms);

/* Takes every live entry of `id` out; its ring, which `association` names, must still hold the slots that they lead to. */
void mf_keep_purge(struct mf_instance *instance, __u32 id, const struct mf_association *association);

#endif
