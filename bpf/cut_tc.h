/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slow path of `encap`, tc ingress on the far end of the cutter behind the fast one (bpf/out.h): VLAN tags,
 * neighbours yet to be resolved, packets too big, NICs that take no frames from XDP.
 */
#ifndef MAYFLY_BPF_CUT_TC_H
#define MAYFLY_BPF_CUT_TC_H

#include "bpf/leave.h"

struct tags {
	__u32 count;
	struct vlan_tag tag[VLAN_DEPTH];
};

/* Takes the tags off, outermost first. 0 or -1: deeper than VLAN_DEPTH. */
static __always_inline int tags_take(struct __sk_buff *skb, struct tags *tags)
{
#pragma unroll
	for (int i = 0; i < VLAN_DEPTH; i++) {
		if (!skb->vlan_present)
			return 0;
		tags->tag[i] = (struct vlan_tag){ skb->vlan_proto, bpf_htons(skb->vlan_tci) };
		tags->count = i + 1;
		if (bpf_skb_vlan_pop(skb))
			return -1;
	}
	return skb->vlan_present ? -1 : 0;
}

static __always_inline int tags_store(struct __sk_buff *skb, const struct tags *tags, __u32 at)
{
	if (tags->count == 0)
		return 0;
	if (tags->count == 1)
		return bpf_skb_store_bytes(skb, at, tags->tag, sizeof(tags->tag[0]), 0);
	return bpf_skb_store_bytes(skb, at, tags->tag, sizeof(tags->tag), 0);
}

static __always_inline __u64 sum_tags(const struct tags *tags)
{
	__u64 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < VLAN_DEPTH; i++)
		if (i < tags->count)
			sum += (__u64)tags->tag[i].tpid + tags->tag[i].tci;
	return sum;
}

/* Completes inner->sum for a checksum that is to be sent. */
static __always_inline __u32 sum_for_tc(struct __sk_buff *skb, struct inner *inner)
{
	struct cursor cursor;
	struct ethhdr *eth;

	if (skb->gso_size)
		return MF_DROP_LARGE_FRAME;
	if (bpf_skb_pull_data(skb, skb->len))
		return MF_DROP_ROOM;
	cursor = cursor_of(skb->data, skb->data_end);
	eth = take(&cursor, sizeof(*eth));
	if (!eth || inner_sum(inner, eth, cursor.end))
		return MF_DROP_MALFORMED;
	return MF_OUT_SENT;
}

static __always_inline __u32 encapsulate_sealed(struct __sk_buff *skb, struct way *way, struct inner *inner,
						const struct tags *tags, __u32 hop)
{
	__u32 tag_bytes = tags->count * VLAN_BYTES, carried = inner_carried(inner) + tag_bytes;
	__u32 padding = padding_bytes(way, carried);
	struct outer_sealed outer = {};

	if (skb->gso_size)
		return MF_DROP_LARGE_FRAME;
	inner->shim.kind |= tags->count << 4;
	shim_clear_whole(inner);
	/* Padding first: the kernel makes nothing longer that is marked as carried. */
	if (padding_add_tc(skb, padding) || grow(skb, inner, MF_SEAL_BYTES + tag_bytes))
		return MF_DROP_ROOM;
	if (padding)
		inner->shim.kind |= MF_SHIM_PADDED;
	outer_sealed_write(&outer, way, inner, carried + padding);
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &outer, sizeof(outer), 0) ||
	    tags_store(skb, tags, sizeof(struct ethhdr) + sizeof(outer)))
		return MF_DROP_ROOM;
	return to_seal(way, carried + padding, hop, 0, MF_OUT_SENT_SLOW);
}

static __always_inline __u32 encapsulate(struct __sk_buff *skb, struct way *way, struct inner *inner,
					 const struct tags *tags)
{
	__u32 tag_bytes = tags->count * VLAN_BYTES;
	__u32 udp_bytes = sizeof(struct udphdr) + MF_SHIM_BYTES + tag_bytes + inner->length - inner_skipped(inner);
	struct outer outer = {};

	inner->shim.kind |= tags->count << 4;
	shim_clear_whole(inner);
	if (grow(skb, inner, tag_bytes))
		return MF_DROP_ROOM;
	outer_write(&outer, way, inner, udp_bytes, inner->sum + sum_tags(tags));
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &outer, sizeof(outer), 0) ||
	    tags_store(skb, tags, sizeof(struct ethhdr) + sizeof(outer)))
		return MF_DROP_ROOM;
	return way_ends(way);
}

/* The slow half of `encap` and `sealed`. */
static __always_inline __u32 cut_encap(struct __sk_buff *skb, struct mf_node *node, struct way *way,
				       struct inner *inner, const struct tags *tags, struct exit *exit)
{
	int zero = way->association->flags & MF_ASSOC_ZERO_CHECKSUM;
	__u32 overhead, verdict, hop, mtu = outer_mtu(way);
	__u32 segments = skb->gso_segs;

	if (!zero)
		inner_shorten(inner, way);
	if (inner->whole && !source_is_ours(way, inner->source))
		return MF_DROP_INNER_SOURCE;
	overhead = inner_overhead(inner, way->association) + tags->count * VLAN_BYTES;
	if (largest_packet(skb, inner) + overhead > mtu)
		return out_too_big(skb, node, inner, mtu - overhead, exit);
	hop = next_hop_get(skb, way, node);
	if (hop == MF_DROP_NO_ROUTE)
		return hop;
	if (is_sealed(way->association)) {
		verdict = encapsulate_sealed(skb, way, inner, tags, hop);
		if (verdict == TO_SEAL)
			count_out(way, 1, inner->length);
		return verdict;
	}
	if (!zero) {
		verdict = sum_for_tc(skb, inner);
		if (verdict != MF_OUT_SENT)
			return verdict;
	}
	verdict = encapsulate(skb, way, inner, tags);
	if (verdict != MF_OUT_SENT)
		return verdict;
	count_out(way, segments ? segments : 1, inner->length);
	return out_leave(skb, node, way, hop, exit);
}

static __always_inline __u32 cut_slow(struct __sk_buff *skb, struct mf_node *node, struct exit *exit)
{
	struct inner inner = {};
	struct tags tags = {};
	struct way way = {};
	struct cursor cursor;
	struct ethhdr *eth;
	__u32 verdict;

	if (tags_take(skb, &tags))
		return MF_DROP_UNCARRIED;
	if (pull(skb, HEADERS_PULLED))
		return MF_DROP_ROOM;
	cursor = cursor_of(skb->data, skb->data_end);
	eth = take(&cursor, sizeof(*eth));
	if (!eth)
		return MF_DROP_MALFORMED;
	verdict = inner_read(&inner, &cursor, eth->h_proto);
	if (verdict != MF_OUT_SENT)
		return verdict;
	if (skb->gso_size)
		inner.implied = 0;
	verdict = trim(skb, &inner);
	if (verdict != MF_OUT_SENT)
		return verdict;
	verdict = way_find(&way, &inner.destination);
	if (verdict == MF_DROP_NO_ASSOCIATION)
		report(MF_EVENT_NO_ASSOCIATION, ~0U, inner.source, inner.destination.address, 0);
	if (verdict != MF_OUT_SENT)
		return verdict;
	way_follow(&way, &inner);
	if (way.association->carriage == MF_CARRIAGE_REWRITE)
		return MF_DROP_UNCARRIED; /* tagged: what comes untagged is carried at the NIC */
	return cut_encap(skb, node, &way, &inner, &tags, exit);
}

#endif
