/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fast path out: `encap` of single untagged packets in XDP on the far end of the cutter.
 * Whatever is unusual is left to the slow path (bpf/cut_tc.h), which stands behind it.
 */
#ifndef MAYFLY_BPF_OUT_H
#define MAYFLY_BPF_OUT_H

#include "bpf/carry.h"
#include "bpf/jump.h"
#include "bpf/padding.h"

/* Verdicts that mean: not for the fast path. */
enum { TO_SLOW_PATH = MF_OUT_SENT_SLOW };

static __always_inline __u32 inner_read(struct inner *inner, struct cursor *cursor, __be16 protocol)
{
	if (protocol == bpf_htons(ETH_P_IPV6))
		return inner_read_ipv6(inner, cursor);
	if (protocol == bpf_htons(ETH_P_IP))
		return inner_read_ipv4(inner, cursor);
	return MF_DROP_NOT_IP;
}

/* Completes inner->sum for all bytes behind the shim of the frame that begins with `eth`. */
static __always_inline int inner_sum(struct inner *inner, struct ethhdr *eth, void *end)
{
	void *packet = eth + 1;
	__u32 skip = inner_skipped(inner);
	__s64 sum;

	if (inner->implied && !inner->whole)
		return 0;
	if (inner->implied && inner->shim.kind == MF_SHIM_IPV4)
		return 0;
	if (inner->implied) {
		if (packet + sizeof(struct ipv6hdr) > end)
			return -1;
		inner->sum += sum_ipv6_header(packet);
		return 0;
	}
	if (skip)
		packet += sizeof(struct ipv6hdr);
	sum = sum_bytes(packet, end, inner->length - skip);
	if (sum < 0)
		return -1;
	inner->sum = sum;
	return 0;
}

/* Bytes behind the outer UDP header, but for what sealing puts before them. */
static __always_inline __u32 inner_carried(const struct inner *inner)
{
	return MF_SHIM_BYTES + inner->length - inner_skipped(inner);
}

/* Leaves the rest to the program that seals; it takes `verdict` for an end where all goes well. */
static __always_inline __u32 to_seal(const struct way *way, __u32 bytes, __u32 hop, __u32 at_nic, __u32 verdict)
{
	struct mf_scratch *scratch = scratch_get();

	if (!scratch)
		return MF_DROP_KEY;
	scratch->handed = (struct mf_handed){
		.index = way->index, .now_ns = way->now_ns, .association = way->id,
		.generation = way->generation, .bytes = bytes, .hop = hop, .verdict = verdict,
		.at_nic = at_nic,
	};
	return way_ends(way) == MF_OUT_SENT ? TO_SEAL : MF_DROP_NO_SLOT;
}

static __always_inline __u32 out_encapsulate_sealed(struct xdp_md *ctx, struct way *way, struct inner *inner)
{
	__u32 carried = inner_carried(inner), padding = padding_bytes(way, carried);
	struct outer_sealed *outer;
	struct cursor cursor;
	struct ethhdr *eth;

	if (padding && padding_add(ctx, padding))
		return TO_SLOW_PATH;
	if (bpf_xdp_adjust_head(ctx, inner->whole ? -(MF_ENCAP_WHOLE_BYTES + MF_SEAL_BYTES) :
						    -(MF_ENCAP_HOST_BYTES + MF_SEAL_BYTES)))
		return MF_DROP_ROOM;
	cursor = cursor_of(ctx->data, ctx->data_end);
	eth = take(&cursor, sizeof(*eth));
	outer = take(&cursor, sizeof(*outer));
	if (!eth || !outer)
		return MF_DROP_ROOM;
	ethernet_write(eth, &way->traffic->next_hop);
	shim_clear_whole(inner);
	if (padding)
		inner->shim.kind |= MF_SHIM_PADDED;
	outer_sealed_write(outer, way, inner, carried + padding);
	return to_seal(way, carried + padding, MF_OUT_SENT, 0, MF_OUT_SENT);
}

static __always_inline __u32 out_encapsulate(struct xdp_md *ctx, struct way *way, struct inner *inner)
{
	__u32 udp_bytes = sizeof(struct udphdr) + inner_carried(inner);
	struct outer *outer;
	struct cursor cursor;
	struct ethhdr *eth;

	if (bpf_xdp_adjust_head(ctx, inner->whole ? -MF_ENCAP_WHOLE_BYTES : -MF_ENCAP_HOST_BYTES))
		return MF_DROP_ROOM;
	cursor = cursor_of(ctx->data, ctx->data_end);
	eth = take(&cursor, sizeof(*eth));
	outer = take(&cursor, sizeof(*outer));
	if (!eth || !outer)
		return MF_DROP_ROOM;
	ethernet_write(eth, &way->traffic->next_hop);
	shim_clear_whole(inner);
	outer_write(outer, way, inner, udp_bytes, inner->sum);
	return way_ends(way);
}

/* Frames on a veth may be padded or cut; what is sent is what the IP header says. */
static __always_inline int frame_fits(struct xdp_md *ctx, const struct inner *inner)
{
	__u32 frame = ctx->data_end - ctx->data;
	__u32 wanted = sizeof(struct ethhdr) + inner->length;

	if (frame == wanted)
		return 1;
	return frame > wanted && bpf_xdp_adjust_tail(ctx, (int)(wanted - frame)) == 0;
}

static __always_inline __u32 out_fast(struct xdp_md *ctx, struct mf_node *node)
{
	struct cursor cursor = cursor_of(ctx->data, ctx->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));
	struct inner inner = {};
	struct way way = {};
	__u32 verdict;

	if (!eth || is_vlan(eth->h_proto))
		return TO_SLOW_PATH;
	verdict = inner_read(&inner, &cursor, eth->h_proto);
	if (verdict != MF_OUT_SENT)
		return verdict;
	verdict = way_find(&way, &inner.destination);
	if (verdict != MF_OUT_SENT)
		return TO_SLOW_PATH; /* reports it */
	if (way.association->carriage == MF_CARRIAGE_REWRITE)
		return TO_SLOW_PATH;
	way_follow(&way, &inner);
	inner_shorten(&inner, &way);
	if (inner.whole && !source_is_ours(&way, inner.source))
		return MF_DROP_INNER_SOURCE;
	if (inner.length + inner_overhead(&inner, way.association) > outer_mtu(&way))
		return TO_SLOW_PATH;
	if (next_hop_get(ctx, &way, node) != MF_OUT_SENT)
		return TO_SLOW_PATH;
	if (!frame_fits(ctx, &inner))
		return MF_DROP_MALFORMED;
	if (is_sealed(way.association)) {
		verdict = out_encapsulate_sealed(ctx, &way, &inner);
	} else {
		cursor = cursor_of(ctx->data, ctx->data_end);
		eth = take(&cursor, sizeof(*eth));
		if (!eth || inner_sum(&inner, eth, cursor.end))
			return MF_DROP_MALFORMED;
		verdict = out_encapsulate(ctx, &way, &inner);
	}
	if (verdict == MF_OUT_SENT || verdict == TO_SEAL)
		count_out(&way, 1, inner.length);
	return verdict;
}

#endif
