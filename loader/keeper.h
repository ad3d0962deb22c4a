/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which entries of mf_live one association needs next, by the rule in docs/DESIGN.md. Pure: ring, kept index
 * and current slot in, entries out. loader/keep.c applies them.
 */
#ifndef MAYFLY_LOADER_KEEPER_H
#define MAYFLY_LOADER_KEEPER_H

#include "bpf/abi.h"

struct mf_keeper_plan {
	unsigned int puts;
	unsigned int drops;
	__u64 kept_index; /* once they are applied */
	__u8 put_address[MF_LIVE_PER_ASSOC][16];
	struct mf_live put[MF_LIVE_PER_ASSOC];
	__u8 drop_address[MF_LIVE_PER_ASSOC][16];
	__u64 drop_index[MF_LIVE_PER_ASSOC];
};

/* How far mf_live is from where it should be. */
enum mf_keeper_need {
	MF_KEEPER_NOTHING,
	MF_KEEPER_PLAN,   /* mf_keeper_plan() does it */
	MF_KEEPER_RESEAT, /* time has jumped: the old entries must be found and taken out first */
};

enum mf_keeper_need mf_keeper_need(__u64 kept_index, __u64 current);

/* The entry of one slot. */
void mf_keeper_entry(struct mf_live *live, __u32 id, const struct mf_association *association,
		     const struct mf_slot *slot);

/* `ring`: the association's own part of mf_slots. `kept_index` 0: nothing is kept yet. */
void mf_keeper_plan(struct mf_keeper_plan *plan, __u32 id, const struct mf_association *association,
		    const struct mf_slot *ring, __u64 kept_index, __u64 current);

/* The slot `index` of a ring, or NULL. */
const struct mf_slot *mf_keeper_slot(const struct mf_association *association, const struct mf_slot *ring,
				     __u64 index);

#endif
