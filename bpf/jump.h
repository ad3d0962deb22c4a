/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program leaves to the one that takes its place (a tail call): sealing and opening have a stack of their own,
 * and the verifier looks at them apart. What is handed over stands in memory of the CPU: nothing comes between the two.
 */
#ifndef MAYFLY_BPF_JUMP_H
#define MAYFLY_BPF_JUMP_H

#include "bpf/aead.h"
#include "bpf/maps.h"

enum { JUMP_TO_OPEN = 0, JUMP_TO_SEAL = 1, JUMPS = 2 };

/* Not verdicts: what has been handed over goes on in the other program. */
enum { TO_OPEN = MF_VERDICT_ROOM + 1, TO_SEAL = MF_VERDICT_ROOM + 2 };

struct mf_handed {
	__u64 index;       /* of the slot */
	__u64 now_ns;
	__be64 peer_prefix; /* OPEN: of the source, if it is another than the slot's; else 0 */
	__u32 association;
	__u32 generation;  /* as it was when the headers were looked at, or written */
	__u32 bytes;       /* SEAL: from the shim on */
	__u32 hop;         /* SEAL in tc: what next_hop_get() said */
	__u32 verdict;     /* SEAL: how the packet ends if it leaves */
	__u32 at_nic;      /* SEAL in tc: see struct exit */
};

struct mf_scratch {
	struct mf_handed handed;
	__be64 counter;      /* SEAL: as it goes out, masked */
	struct aead_job job; /* secret; its key is wiped when a packet is done */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mf_scratch);
} mf_scratch SEC(".maps");

int mf_open(struct xdp_md *ctx);
int mf_seal_out(struct xdp_md *ctx);
int mf_seal_tc(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, JUMPS);
	__uint(key_size, sizeof(__u32)); /* of which the kernel wants no type */
	__array(values, int());
} mf_jump SEC(".maps") = { .values = { [JUMP_TO_OPEN] = (void *)&mf_open, [JUMP_TO_SEAL] = (void *)&mf_seal_out } };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, JUMPS);
	__uint(key_size, sizeof(__u32)); /* of which the kernel wants no type */
	__array(values, int());
} mf_jump_tc SEC(".maps") = { .values = { [JUMP_TO_SEAL] = (void *)&mf_seal_tc } };

static __always_inline struct mf_scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&mf_scratch, &zero);
}

/* Its association, if it still is what it was; else NULL. */
static __always_inline struct mf_association *handed_association(const struct mf_handed *handed)
{
	__u32 id = handed->association;
	struct mf_association *association = bpf_map_lookup_elem(&mf_assoc, &id);

	if (!association || !handed->generation)
		return NULL;
	return *(const volatile __u32 *)&association->generation == handed->generation ? association : NULL;
}

#endif
