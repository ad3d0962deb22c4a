// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs of one instance; docs/DESIGN.md says where each is attached. This file only
 * maps verdicts to what the kernel is told; the work is in the headers, one job each.
 */
#include "bpf/out.h"
#include "bpf/out_tc.h"
#include "bpf/seal_out.h"
#include "bpf/cut_tc.h"
#include "bpf/in.h"
#include "bpf/in_tc.h"
#include "bpf/guard.h"
#include "bpf/keeper.h"

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int mf_out(struct xdp_md *ctx)
{
	struct mf_node *node = node_get();
	__u32 verdict;

	if (!node)
		return XDP_ABORTED;
	verdict = out_fast(ctx, node);
	if (verdict == TO_SLOW_PATH)
		return XDP_PASS;
	if (verdict == TO_SEAL) {
		bpf_tail_call(ctx, &mf_jump, JUMP_TO_SEAL);
		verdict = MF_DROP_KEY;
	}
	count(verdict);
	return verdict == MF_OUT_SENT ? bpf_redirect(node->nic, 0) : XDP_DROP;
}

SEC("tc")
int mf_cut_tc(struct __sk_buff *skb)
{
	struct mf_node *node = node_get();
	struct exit exit = { .action = TC_ACT_SHOT };
	__u32 verdict;

	if (!node)
		return TC_ACT_SHOT;
	verdict = cut_slow(skb, node, &exit);
	if (verdict == TO_SEAL) {
		bpf_tail_call(skb, &mf_jump_tc, JUMP_TO_SEAL);
		verdict = MF_DROP_KEY;
	}
	count(verdict);
	return exit.action;
}

SEC("tc")
int mf_out_tc(struct __sk_buff *skb)
{
	struct mf_node *node = node_get();
	struct exit exit = { .action = TC_ACT_SHOT, .at_nic = 1 };
	__u32 verdict = MF_DROP_INNER, origin;

	origin = node ? origin_of(skb, node) : FROM_HOST;
	if (origin == FROM_HOST || (origin == FROM_OTHER && !is_inner_frame(skb, node)))
		return TC_ACT_UNSPEC;
	if (origin == FROM_DEVICE)
		verdict = out_at_nic(skb, node, &exit);
	if (verdict == TO_SEAL) {
		bpf_tail_call(skb, &mf_jump_tc, JUMP_TO_SEAL);
		verdict = MF_DROP_KEY;
	}
	if (verdict != TO_CUTTER)
		count(verdict);
	return exit.action;
}

SEC("xdp")
int mf_in(struct xdp_md *ctx)
{
	struct mf_node *node = node_get();

	__u32 verdict;

	if (!node)
		return XDP_PASS;
	verdict = in_first(ctx, node);
	if (verdict == TO_OPEN) {
		bpf_tail_call(ctx, &mf_jump, JUMP_TO_OPEN);
		verdict = MF_DROP_NO_SLOT;
	}
	return in_action(node, verdict);
}

SEC("xdp")
int mf_open(struct xdp_md *ctx)
{
	struct mf_node *node = node_get();

	return node ? in_action(node, open_sealed(ctx)) : XDP_DROP;
}

SEC("xdp")
int mf_seal_out(struct xdp_md *ctx)
{
	struct mf_node *node = node_get();
	__u32 verdict;

	if (!node)
		return XDP_ABORTED;
	verdict = out_seal(ctx);
	count(verdict);
	return verdict == MF_OUT_SENT ? bpf_redirect(node->nic, 0) : XDP_DROP;
}

SEC("tc")
int mf_seal_tc(struct __sk_buff *skb)
{
	struct mf_node *node = node_get();
	struct exit exit = { .action = TC_ACT_SHOT };

	if (!node)
		return TC_ACT_SHOT;
	count(tc_seal(skb, node, &exit));
	return exit.action;
}

SEC("tc")
int mf_in_tc(struct __sk_buff *skb)
{
	struct mf_node *node = node_get();

	return node ? in_second(skb, node) : TC_ACT_UNSPEC;
}

SEC("tc")
int mf_guard(struct __sk_buff *skb)
{
	struct mf_node *node = node_get();

	if (!node || !guard_refuses(skb, node))
		return TC_ACT_UNSPEC;
	count(MF_DROP_INNER);
	return TC_ACT_SHOT;
}

SEC("tc")
int mf_arm(struct __sk_buff *skb)
{
	return keeper_arm();
}
