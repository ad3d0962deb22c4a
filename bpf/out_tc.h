/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slow path out, tc ingress on the inside end of the device: every carriage, large frames, VLAN tags,
 * neighbours yet to be resolved, packets too big, and slots to be opened.
 */
#ifndef MAYFLY_BPF_OUT_TC_H
#define MAYFLY_BPF_OUT_TC_H

#include "bpf/carry.h"
#include "bpf/out.h"
#include "bpf/probe.h"
#include "bpf/toobig.h"
#include "bpf/transport.h"

enum { HEADERS_PULLED = 128, FRAME_OPEN = sizeof(struct ethhdr) + sizeof(struct outer) };

/* What the kernel is told of the packet; set once the packet is ready to go. */
struct exit {
	int action;
};

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

static __always_inline int pull(struct __sk_buff *skb, __u32 bytes)
{
	return bpf_skb_pull_data(skb, skb->len < bytes ? skb->len : bytes);
}

/* Bytes behind the packet are none of it; a packet that says it is longer than its frame goes nowhere. */
static __always_inline __u32 trim(struct __sk_buff *skb, const struct inner *inner)
{
	__u32 wanted = sizeof(struct ethhdr) + inner->length;

	if (skb->gso_size || skb->len == wanted)
		return MF_OUT_SENT;
	if (skb->len < wanted)
		return MF_DROP_MALFORMED;
	return bpf_skb_change_tail(skb, wanted, 0) ? MF_DROP_ROOM : MF_OUT_SENT;
}

/* Bytes from the IP header on of the largest packet that this frame stands for. */
static __always_inline __u32 packet_bytes(struct __sk_buff *skb, const struct inner *inner, __u32 headers, __u8 protocol)
{
	struct tcphdr tcp;

	if (!skb->gso_size)
		return inner->length;
	if (protocol != IPPROTO_TCP)
		return headers + sizeof(struct udphdr) + skb->gso_size;
	if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr) + headers, &tcp, sizeof(tcp)))
		return headers + sizeof(tcp) + skb->gso_size;
	return headers + tcp.doff * 4 + skb->gso_size;
}

static __always_inline __u32 largest_packet(struct __sk_buff *skb, const struct inner *inner)
{
	__u8 protocol = 0;

	if (inner->shim.kind != MF_SHIM_IPV4)
		return packet_bytes(skb, inner, sizeof(struct ipv6hdr), inner->shim.next_header);
	bpf_skb_load_bytes(skb, sizeof(struct ethhdr) + offsetof(struct iphdr, protocol), &protocol, 1);
	return packet_bytes(skb, inner, sizeof(struct iphdr), protocol);
}

static __always_inline __u32 out_too_big(struct __sk_buff *skb, struct mf_node *node, const struct inner *inner,
					 __u32 mtu, struct exit *exit)
{
	int failed = inner->shim.kind == MF_SHIM_IPV4 ? too_big_ipv4(skb, node, mtu) : too_big_ipv6(skb, node, mtu);

	if (failed)
		return MF_DROP_TOO_BIG;
	exit->action = bpf_redirect(node->inside, 0);
	count(MF_DROP_TOO_BIG);
	return MF_TOO_BIG_SENT;
}

/* Sends a frame whose outer header stands; `hop` is what next_hop_get() said. */
static __always_inline __u32 out_leave(struct __sk_buff *skb, struct mf_node *node, struct way *way, __u32 hop,
				       struct exit *exit)
{
	struct cursor cursor = cursor_of(skb->data, skb->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));

	if (!eth)
		return MF_DROP_ROOM;
	eth->h_proto = bpf_htons(ETH_P_IPV6);
	if (hop == MF_OUT_SENT) {
		ethernet_write(eth, &way->traffic->next_hop);
		exit->action = bpf_redirect(node->nic, 0);
	} else {
		exit->action = bpf_redirect_neigh(node->nic, NULL, 0, 0);
	}
	return MF_OUT_SENT_SLOW;
}

/*
 * Room for the outer header. A tunnel's packet inside cannot be marked as carried once more; it needs no mark as
 * long as it is not to be cut, and an IPv4 one needs it for its protocol.
 */
static __always_inline int grow(struct __sk_buff *skb, const struct inner *inner, __u32 tags)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET;
	__u64 carried = flags | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP;

	if (!inner->whole)
		return bpf_skb_adjust_room(skb, MF_ENCAP_HOST_BYTES + tags, BPF_ADJ_ROOM_MAC, flags);
	if (!bpf_skb_adjust_room(skb, MF_ENCAP_WHOLE_BYTES + tags, BPF_ADJ_ROOM_MAC, carried))
		return 0;
	if (skb->gso_size || (inner->shim.kind & 0xf) == MF_SHIM_IPV4)
		return -1;
	return bpf_skb_adjust_room(skb, MF_ENCAP_WHOLE_BYTES + tags, BPF_ADJ_ROOM_MAC, flags);
}

static __always_inline int tags_store(struct __sk_buff *skb, const struct tags *tags)
{
	__u32 at = sizeof(struct ethhdr) + sizeof(struct outer);

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
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &outer, sizeof(outer), 0) || tags_store(skb, tags))
		return MF_DROP_ROOM;
	return MF_OUT_SENT;
}

/* The slow half of `encap`. */
static __always_inline __u32 out_encap(struct __sk_buff *skb, struct mf_node *node, struct way *way,
				       struct inner *inner, const struct tags *tags, struct exit *exit)
{
	int zero = way->association->flags & MF_ASSOC_ZERO_CHECKSUM;
	__u32 overhead, verdict, hop, mtu = outer_mtu(way);
	__u32 segments = skb->gso_segs;

	if (!zero)
		inner_shorten(inner, way);
	if (inner->whole && !source_is_ours(way, inner->source))
		return MF_DROP_INNER_SOURCE;
	overhead = (inner->whole ? MF_ENCAP_WHOLE_BYTES : MF_ENCAP_HOST_BYTES) + tags->count * VLAN_BYTES;
	if (largest_packet(skb, inner) + overhead > mtu)
		return out_too_big(skb, node, inner, mtu - overhead, exit);
	hop = next_hop_get(skb, way, node);
	if (hop == MF_DROP_NO_ROUTE)
		return hop;
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

/* Addresses, flow label, hop limit and class of the slot; ports masked; checksum mended. */
static __always_inline __u32 rewrite_out(struct __sk_buff *skb, struct way *way)
{
	struct mf_slot *slot = way->slot;
	struct transport transport = {};
	struct ports old = {}, new = {};
	struct ipv6hdr ip6;
	__be32 first;
	__s64 difference;

	if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &ip6, sizeof(ip6)))
		return MF_DROP_MALFORMED;
	if (transport_find(skb, sizeof(struct ethhdr) + sizeof(ip6), ip6.nexthdr, &transport))
		return MF_DROP_MALFORMED;
	if (has_ports(transport.protocol)) {
		if (bpf_skb_load_bytes(skb, transport.offset, &old, sizeof(old)))
			return MF_DROP_MALFORMED;
		new.source = port_mask(old.source, slot->local_port);
		new.destination = port_mask(old.destination, slot->remote_port);
	}
	difference = bpf_csum_diff((__be32 *)&ip6.saddr, 32, (__be32 *)slot->local, 32, 0);
	first = slot->label_out | bpf_htonl((__u32)(ipv6_class(&ip6) & 3) << 20);
	if (transport_mend(skb, &transport, &ip6, difference, &old, &new))
		return MF_DROP_MALFORMED;
	COPY(&ip6, &first, 4);
	ip6.hop_limit = MF_HOP_LIMIT;
	COPY(&ip6.saddr, slot->local, 32);
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &ip6, sizeof(ip6), 0))
		return MF_DROP_ROOM;
	return MF_OUT_SENT;
}

static __always_inline __u32 out_rewrite(struct __sk_buff *skb, struct mf_node *node, struct way *way,
					 struct inner *inner, const struct tags *tags, struct exit *exit)
{
	__u32 verdict, hop, mtu = outer_mtu(way), segments = skb->gso_segs;

	if (inner->shim.kind != MF_SHIM_IPV6 || tags->count || !is_host_pair(way->association, inner))
		return MF_DROP_UNCARRIED;
	if (largest_packet(skb, inner) > mtu)
		return out_too_big(skb, node, inner, mtu, exit);
	hop = next_hop_get(skb, way, node);
	if (hop == MF_DROP_NO_ROUTE)
		return hop;
	verdict = rewrite_out(skb, way);
	if (verdict != MF_OUT_SENT)
		return verdict;
	count_out(way, segments ? segments : 1, inner->length);
	return out_leave(skb, node, way, hop, exit);
}

/*
 * An empty packet of the slot of now, so that a firewall before us lets the peer's in; not of the slot that
 * the peer was heard in: with firewalls at both ends, each would follow the other and none open a new one.
 */
static __always_inline __u32 out_open(struct __sk_buff *skb, struct mf_node *node, struct exit *exit)
{
	struct mf_open_request request;
	struct inner nothing = { .whole = 1 };
	struct outer outer = {};
	struct way way = {};
	__u32 verdict, hop;

	if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &request, sizeof(request)))
		return MF_DROP_MALFORMED;
	verdict = way_of(&way, request.association);
	if (verdict == MF_DROP_NO_ASSOCIATION || verdict == MF_DROP_NO_PEER)
		return verdict;
	/* By the very clock that the loader asks by: jiffies may be a tick behind it, still in the slot before. */
	way.slot = slot_at(way.association, index_at(way.association, now_ms(bpf_ktime_get_coarse_ns())));
	if (!way.slot)
		return MF_DROP_NO_SLOT;
	hop = next_hop_get(skb, &way, node);
	if (hop == MF_DROP_NO_ROUTE)
		return hop;
	if (bpf_skb_change_tail(skb, FRAME_OPEN, 0))
		return MF_DROP_ROOM;
	outer_write(&outer, &way, &nothing, sizeof(struct udphdr) + MF_SHIM_BYTES, 0);
	if (way.association->carriage == MF_CARRIAGE_REWRITE) {
		outer.udp.source = port_mask(way.association->local_port, way.slot->local_port);
		outer.udp.dest = port_mask(way.association->remote_port, way.slot->remote_port);
		outer.udp.check = sum_finish_udp(way.slot->address_sum + bpf_htons(IPPROTO_UDP) + outer.udp.source +
						 outer.udp.dest + 2 * (__u64)outer.udp.len);
	}
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &outer, sizeof(outer), 0))
		return MF_DROP_ROOM;
	out_leave(skb, node, &way, hop, exit);
	return MF_OUT_OPENED;
}

static __always_inline __u32 out_slow(struct __sk_buff *skb, struct mf_node *node, struct exit *exit)
{
	struct inner inner = {};
	struct tags tags = {};
	struct way way = {};
	struct cursor cursor;
	struct ethhdr *eth;
	__u32 verdict;

	if (skb->protocol == bpf_htons(MF_ETHERTYPE_OPEN))
		return out_open(skb, node, exit);
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
	if (way.association->carriage == MF_CARRIAGE_REWRITE)
		return out_rewrite(skb, node, &way, &inner, &tags, exit);
	return out_encap(skb, node, &way, &inner, &tags, exit);
}

#endif
