/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way out, tc egress on the NIC: what comes from the device is carried in place (`rewrite`, and `encap` that
 * leaves large frames whole) or goes to the cutter first (`encap` with a checksum, VLAN tags). Slots are opened here.
 */
#ifndef MAYFLY_BPF_OUT_TC_H
#define MAYFLY_BPF_OUT_TC_H

#include "bpf/in.h"
#include "bpf/leave.h"
#include "bpf/rewrite.h"

enum {
	FRAME_OPEN = sizeof(struct ethhdr) + sizeof(struct outer),
	TO_CUTTER = MF_VERDICT_ROOM, /* not a verdict: the programs behind the cutter count it */
};

enum origin { FROM_DEVICE, FROM_HOST, FROM_OTHER };

/* Two comparisons are all that the host's own traffic pays. */
static __always_inline enum origin origin_of(struct __sk_buff *skb, const struct mf_node *node)
{
	struct cursor cursor = cursor_of(skb->data, skb->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));

	if (!eth || same_mac(eth->h_source, node->nic_mac))
		return FROM_HOST;
	return same_mac(eth->h_source, node->device_mac) ? FROM_DEVICE : FROM_OTHER;
}

static __always_inline int is_cut(struct cursor cursor, __u32 header)
{
	return !take(&cursor, header);
}

/*
 * What stands on the device with a link-layer address of its own (a VLAN device, a bridge) is not carried, nor let out;
 * neither is a frame whose addresses cannot be read.
 */
static __always_inline int is_inner_frame(struct __sk_buff *skb, struct mf_node *node)
{
	struct vlans vlans = {};
	struct cursor cursor;
	struct ipv6hdr *ip6;
	struct ethhdr *eth;
	__be16 protocol;

	if (skb->data_end - skb->data < HEADERS_PULLED && pull(skb, HEADERS_PULLED))
		return 1;
	cursor = cursor_of(skb->data, skb->data_end);
	eth = take(&cursor, sizeof(*eth));
	if (!eth)
		return 0;
	protocol = skip_vlan(&cursor, eth->h_proto, &vlans);
	if (protocol == bpf_htons(ETH_P_IP))
		return is_cut(cursor, sizeof(struct iphdr)) || in_ipv4(node, &cursor) == MF_DROP_INNER;
	if (protocol == bpf_htons(ETH_P_ARP))
		return is_cut(cursor, sizeof(struct arp)) || in_arp(node, &cursor) == MF_DROP_INNER;
	if (protocol != bpf_htons(ETH_P_IPV6))
		return 0;
	ip6 = take(&cursor, sizeof(*ip6));
	return !ip6 || inner_off_the_wire(node, &ip6->saddr, &ip6->daddr) == MF_DROP_INNER;
}

/* Checksums are finished and large frames are cut on the way into this device. */
static __always_inline __u32 to_cutter(struct mf_node *node, struct exit *exit)
{
	exit->action = bpf_redirect(node->cutter, 0);
	return TO_CUTTER;
}

static __always_inline int needs_cutter(__u32 id)
{
	struct mf_association *association = bpf_map_lookup_elem(&mf_assoc, &id);

	return association && association->carriage != MF_CARRIAGE_REWRITE &&
	       !(association->flags & MF_ASSOC_ZERO_CHECKSUM);
}

/* Large frames stay whole, and so does the inner header: `encap` with ZERO_CHECKSUM. */
static __always_inline __u32 out_whole(struct __sk_buff *skb, struct mf_node *node, struct way *way,
				       struct inner *inner, struct exit *exit)
{
	__u32 largest = largest_packet(skb, inner), packets = packet_count(skb, inner, largest);
	__u32 verdict, hop, mtu = outer_mtu(way);
	struct cursor cursor;
	struct outer *outer;
	struct ethhdr *eth;

	if (!source_is_ours(way, inner->source))
		return MF_DROP_INNER_SOURCE;
	if (largest + MF_ENCAP_WHOLE_BYTES > mtu)
		return out_too_big(skb, node, inner, mtu - MF_ENCAP_WHOLE_BYTES, exit);
	hop = next_hop_get(skb, way, node);
	if (hop == MF_DROP_NO_ROUTE)
		return hop;
	shim_clear_whole(inner);
	if (grow(skb, inner, 0))
		return MF_DROP_ROOM;
	cursor = cursor_of(skb->data, skb->data_end);
	eth = take(&cursor, sizeof(*eth));
	outer = take(&cursor, sizeof(*outer));
	if (!eth || !outer)
		return MF_DROP_ROOM;
	outer_write(outer, way, inner, sizeof(struct udphdr) + MF_SHIM_BYTES + inner->length, 0);
	verdict = way_ends(way);
	if (verdict != MF_OUT_SENT)
		return verdict;
	verdict = out_leave(skb, node, way, hop, exit);
	if (verdict != MF_DROP_ROOM)
		count_out(way, packets, inner->length);
	return verdict;
}

static __always_inline __u32 out_rewrite(struct __sk_buff *skb, struct mf_node *node, struct way *way,
					 struct inner *inner, struct exit *exit)
{
	__u32 largest = largest_packet(skb, inner), packets = packet_count(skb, inner, largest);
	__u32 verdict, hop, mtu = outer_mtu(way);

	if (inner->shim.kind != MF_SHIM_IPV6 || !is_host_pair(way->association, inner))
		return MF_DROP_UNCARRIED;
	if (largest > mtu)
		return out_too_big(skb, node, inner, mtu, exit);
	hop = next_hop_get(skb, way, node);
	if (hop == MF_DROP_NO_ROUTE)
		return hop;
	verdict = rewrite_out(skb, way);
	if (verdict != MF_OUT_SENT)
		return verdict;
	count_out(way, packets, inner->length);
	return out_leave(skb, node, way, hop, exit);
}

/* The same, sealed. */
static __always_inline __u32 open_sealed_slot(struct __sk_buff *skb, struct way *way, __u32 hop)
{
	__u32 padding = padding_bytes(way, MF_SHIM_BYTES);
	struct inner nothing = { .whole = 1, .shim.kind = padding ? MF_SHIM_PADDED : MF_SHIM_OPEN };
	struct outer_sealed outer = {};

	if (bpf_skb_change_tail(skb, FRAME_OPEN + MF_SEAL_BYTES, 0))
		return MF_DROP_ROOM;
	outer_sealed_write(&outer, way, &nothing, MF_SHIM_BYTES + padding);
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &outer, sizeof(outer), 0) || padding_add_tc(skb, padding))
		return MF_DROP_ROOM;
	return to_seal(way, MF_SHIM_BYTES + padding, hop, 1, MF_OUT_OPENED);
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
	verdict = way_slot(&way, index_at(way.association, now_ms(bpf_ktime_get_coarse_ns())));
	if (verdict != MF_OUT_SENT)
		return verdict;
	hop = next_hop_get(skb, &way, node);
	if (hop == MF_DROP_NO_ROUTE)
		return hop;
	if (is_sealed(way.association))
		return open_sealed_slot(skb, &way, hop);
	if (bpf_skb_change_tail(skb, FRAME_OPEN, 0))
		return MF_DROP_ROOM;
	outer_write(&outer, &way, &nothing, sizeof(struct udphdr) + MF_SHIM_BYTES, 0);
	if (way.association->carriage == MF_CARRIAGE_REWRITE) {
		outer.udp.source = port_mask(way.association->local_port, way.slot->local_port);
		outer.udp.dest = port_mask(way.association->remote_port, way.slot->remote_port);
		outer.udp.check = sum_finish_udp(way.slot->address_sum + bpf_htons(IPPROTO_UDP) + outer.udp.source +
						 outer.udp.dest + 2 * (__u64)outer.udp.len);
	}
	verdict = way_ends(&way);
	if (verdict != MF_OUT_SENT)
		return verdict;
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &outer, sizeof(outer), 0))
		return MF_DROP_ROOM;
	return out_leave(skb, node, &way, hop, exit) == MF_DROP_ROOM ? MF_DROP_ROOM : MF_OUT_OPENED;
}

/* What is needed of the inner packet here: both ends, length, what the shim says; no sum. */
static __always_inline __u32 ends_read(struct inner *inner, struct cursor cursor, __be16 protocol)
{
	struct ipv6hdr *ip6;

	if (protocol != bpf_htons(ETH_P_IPV6))
		return inner_read(inner, &cursor, protocol);
	ip6 = take(&cursor, sizeof(*ip6));
	if (!ip6 || ip6->version != 6)
		return MF_DROP_MALFORMED;
	inner->destination.length = 128;
	COPY(inner->destination.address, &ip6->daddr, 16);
	COPY(inner->source, &ip6->saddr, 16);
	inner->shim = (struct mf_shim){ .kind = MF_SHIM_IPV6, .next_header = ip6->nexthdr };
	inner->ecn = ipv6_class(ip6) & 3;
	inner->length = sizeof(*ip6) + bpf_ntohs(ip6->payload_len);
	inner->whole = 1;
	return MF_OUT_SENT;
}

static __always_inline __u32 out_at_nic(struct __sk_buff *skb, struct mf_node *node, struct exit *exit)
{
	struct inner inner = {};
	struct way way = {};
	struct cursor cursor;
	struct ethhdr *eth;
	__u32 verdict, id;

	if (skb->protocol == bpf_htons(MF_ETHERTYPE_OPEN))
		return out_open(skb, node, exit);
	if (skb->data_end - skb->data < HEADERS_TOUCHED && pull(skb, HEADERS_PULLED))
		return MF_DROP_ROOM;
	cursor = cursor_of(skb->data, skb->data_end);
	eth = take(&cursor, sizeof(*eth));
	if (!eth)
		return MF_DROP_MALFORMED;
	/* Not skb->protocol: before 6.6 a macvlan does not read it from a raw socket's frame. */
	if (skb->vlan_present || is_vlan(eth->h_proto))
		return to_cutter(node, exit);
	verdict = ends_read(&inner, cursor, eth->h_proto);
	if (verdict != MF_OUT_SENT)
		return verdict;
	verdict = route_find(&inner.destination, &id) ? MF_DROP_NO_ASSOCIATION : MF_OUT_SENT;
	if (verdict == MF_OUT_SENT && needs_cutter(id))
		return to_cutter(node, exit);
	if (verdict == MF_OUT_SENT)
		verdict = way_of(&way, id);
	if (verdict == MF_OUT_SENT && is_sealed(way.association))
		return to_cutter(node, exit); /* by now */
	if (verdict == MF_DROP_NO_ASSOCIATION)
		report(MF_EVENT_NO_ASSOCIATION, ~0U, inner.source, inner.destination.address, 0);
	if (verdict == MF_OUT_SENT)
		verdict = trim(skb, &inner);
	if (verdict != MF_OUT_SENT)
		return verdict;
	if (way.association->carriage == MF_CARRIAGE_REWRITE)
		return out_rewrite(skb, node, &way, &inner, exit);
	return out_whole(skb, node, &way, &inner, exit);
}

#endif
