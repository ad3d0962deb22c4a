/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of the way out of sealed packets: behind bpf/out.h in XDP, behind bpf/cut_tc.h and bpf/out_tc.h in tc.
 */
#ifndef MAYFLY_BPF_SEAL_OUT_H
#define MAYFLY_BPF_SEAL_OUT_H

#include "bpf/leave.h"
#include "bpf/seal.h"

static __always_inline __u32 out_seal(struct xdp_md *ctx)
{
	struct mf_scratch *scratch = scratch_get();
	__u32 verdict;

	if (!scratch)
		return MF_DROP_KEY;
	verdict = frame_seal((void *)(long)ctx->data, (void *)(long)ctx->data_end, scratch);
	if (verdict)
		return verdict;
	asm volatile("" ::: "memory");
	return frame_finish((void *)(long)ctx->data, (void *)(long)ctx->data_end, scratch);
}

static __always_inline __u32 tc_seal(struct __sk_buff *skb, struct mf_node *node, struct exit *exit)
{
	struct mf_scratch *scratch = scratch_get();
	struct way way = {};
	__u32 verdict, left;

	if (!scratch)
		return MF_DROP_KEY;
	if (bpf_skb_pull_data(skb, skb->len))
		return MF_DROP_ROOM;
	verdict = frame_seal((void *)(long)skb->data, (void *)(long)skb->data_end, scratch);
	if (verdict)
		return verdict;
	asm volatile("" ::: "memory");
	verdict = frame_finish((void *)(long)skb->data, (void *)(long)skb->data_end, scratch);
	if (verdict != scratch->handed.verdict)
		return verdict;
	way.id = scratch->handed.association;
	way.traffic = bpf_map_lookup_elem(&mf_traffic, &way.id);
	if (!way.traffic)
		return MF_DROP_NO_SLOT;
	exit->at_nic = scratch->handed.at_nic;
	left = out_leave(skb, node, &way, scratch->handed.hop, exit);
	return left == MF_DROP_ROOM ? left : verdict;
}

#endif
