/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slots of one association mf_live needs next, by the rule in docs/DESIGN.md. Pure: ring, kept index and current
 * slot in, steps out. loader/keep.c takes them.
 */
#ifndef MAYFLY_LOADER_KEEPER_H
#define MAYFLY_LOADER_KEEPER_H

#include "bpf/abi.h"

#define MF_KEEPER_NONE (~0U)

/* One slot in, and before that the one out that it pushes out. Positions in the association's ring. */
struct mf_keeper_step {
	__u64 index; /* kept once this is done */
	__u32 put;
	__u32 drop;  /* MF_KEEPER_NONE: the ring no longer has it */
};

struct mf_keeper_plan {
	unsigned int steps;
	struct mf_keeper_step step[MF_LIVE_PER_ASSOC];
};

/* How far mf_live is from where it should be. */
enum mf_keeper_need {
	MF_KEEPER_NOTHING,
	MF_KEEPER_PLAN,   /* mf_keeper_plan() does it */
	MF_KEEPER_RESEAT, /* time has jumped: the old entries must be found and taken out first */
};

enum mf_keeper_need mf_keeper_need(__u64 kept_index, __u64 current);

/* Was the peer heard in a slot that is yet to be opened? Then the clock has been set back since. */
int mf_keeper_heard_is_ahead(__u64 heard_index, __u64 current);

/* `ring`: the association's own part of mf_slots. `kept_index` 0: nothing is kept yet. */
void mf_keeper_plan(struct mf_keeper_plan *plan, const struct mf_association *association, const struct mf_slot *ring,
		    __u64 kept_index, __u64 current);

/* The slot `index` of a ring, or NULL. */
const struct mf_slot *mf_keeper_slot(const struct mf_association *association, const struct mf_slot *ring,
				     __u64 index);

#endif
