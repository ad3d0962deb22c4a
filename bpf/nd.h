/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On-link mode: neighbour solicitations (RFC 4861 section 7.2) for live addresses, answered in place
 * and only to those who may ask.
 */
#ifndef MAYFLY_BPF_ND_H
#define MAYFLY_BPF_ND_H

#include "bpf/checksum.h"
#include "bpf/live_find.h"

enum { ND_SOLICIT = 135, ND_ADVERTISE = 136, ND_OPTION_TARGET = 2, ND_HOP_LIMIT = 255, ND_TARGET_BYTES = 16 };

/* Advertisement with one link-layer address option; a solicitation with its option has the same size. */
struct nd_message {
	__u8 type;
	__u8 code;
	__be16 check;
	__be32 flags;
	__u8 target[16];
	__u8 option;
	__u8 option_length;
	__u8 mac[ETH_ALEN];
} __attribute__((packed, aligned(2)));

struct nd_frame {
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct nd_message nd;
} __attribute__((packed, aligned(2)));

enum { ND_SOLICITED_OVERRIDE = 0x60000000 };

static __always_inline int nd_may_ask(const struct mf_node *node, const struct in6_addr *source)
{
	struct words words = words_of(source);

	if (words.high == 0 && words.low == 0)
		return 0; /* duplicate address detection: not from a router */
	if (node->flags & MF_NODE_ANY_SOLICITOR)
		return 1;
	return bpf_map_lookup_elem(&mf_router, source) != NULL;
}

/* Turns the solicitation into its answer. */
static __always_inline __u32 nd_answer(struct xdp_md *ctx, const struct mf_node *node)
{
	struct cursor cursor = cursor_of(ctx->data, ctx->data_end);
	int spare = (int)(ctx->data_end - ctx->data) - (int)sizeof(struct nd_frame);
	__be32 first = bpf_htonl(6U << 28);
	struct nd_frame *frame;
	__s64 sum;

	if (spare && bpf_xdp_adjust_tail(ctx, -spare))
		return MF_DROP_ROOM;
	cursor = cursor_of(ctx->data, ctx->data_end);
	frame = take(&cursor, sizeof(*frame));
	if (!frame)
		return MF_DROP_ROOM;
	COPY(frame->eth.h_dest, frame->eth.h_source, ETH_ALEN);
	COPY(frame->eth.h_source, node->nic_mac, ETH_ALEN);
	COPY(&frame->ip6, &first, sizeof(first));
	frame->ip6.payload_len = bpf_htons(sizeof(frame->nd));
	frame->ip6.hop_limit = ND_HOP_LIMIT;
	COPY(&frame->ip6.daddr, &frame->ip6.saddr, 16);
	COPY(&frame->ip6.saddr, frame->nd.target, 16);
	frame->nd.type = ND_ADVERTISE;
	frame->nd.code = 0;
	frame->nd.check = 0;
	frame->nd.flags = bpf_htonl(ND_SOLICITED_OVERRIDE);
	frame->nd.option = ND_OPTION_TARGET;
	frame->nd.option_length = 1;
	COPY(frame->nd.mac, node->nic_mac, ETH_ALEN);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&frame->nd, sizeof(frame->nd), 0);
	sum = (__u32)sum + sum_address(&frame->ip6.saddr) + sum_address(&frame->ip6.daddr) + frame->ip6.payload_len +
	      bpf_htons(IPPROTO_ICMPV6);
	frame->nd.check = ~sum_fold(sum);
	return MF_ND_ANSWERED;
}

/* May `address` be heard now, by an association or by a socket that it is lent to? */
static __always_inline int nd_is_live(const struct mf_node *node, const void *address)
{
	struct mf_association *association;
	struct mf_loan *loan;
	struct hit hit;
	__u64 ms;

	if (live_find(address, &hit)) {
		association = association_of(&hit);
		ms = now_ms(coarse_ns());
		return association && !is_late(&hit, association, ms) && !is_early(&hit, association, ms) &&
		       is_still(&hit);
	}
	loan = loan_of(node, address);
	if (!loan)
		return 0;
	ms = now_ms(coarse_ns());
	return ms >= loan->from_ms && ms < loan->until_ms;
}

/* A solicitation under the cursor: for a live address, from one who may ask? MF_PASS_OTHER leaves it to the stack. */
static __always_inline __u32 nd_solicited(struct xdp_md *ctx, const struct mf_node *node, struct ipv6hdr *ip6,
					  struct cursor *cursor)
{
	struct icmp6hdr *icmp6 = take(cursor, sizeof(*icmp6));
	void *target = take(cursor, ND_TARGET_BYTES);

	if (!icmp6 || !target || icmp6->icmp6_type != ND_SOLICIT || icmp6->icmp6_code ||
	    ip6->hop_limit != ND_HOP_LIMIT)
		return MF_PASS_OTHER;
	if (!nd_is_live(node, target))
		return MF_PASS_OTHER;
	if (!nd_may_ask(node, &ip6->saddr))
		return MF_DROP_ND;
	if (!icmp6_holds(ip6, icmp6, cursor->end))
		return MF_PASS_OTHER;
	return nd_answer(ctx, node);
}

#endif
