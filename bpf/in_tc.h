/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way in behind receive offload, tc ingress on the NIC: `rewrite` is undone here (checksums that the kernel
 * has yet to finish are its business). The device's link-layer address says where a frame goes; XDP has dropped
 * what came off the wire with it.
 */
#ifndef MAYFLY_BPF_IN_TC_H
#define MAYFLY_BPF_IN_TC_H

#include "bpf/in.h"
#include "bpf/leave.h"
#include "bpf/rewrite.h"

/* The NIC's macvlan port hands it to the device; what other programs stand here is none of their business. */
static __always_inline int deliver(struct __sk_buff *skb, struct mf_node *node)
{
	struct cursor cursor = cursor_of(skb->data, skb->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));

	if (!eth)
		return TC_ACT_SHOT;
	COPY(eth->h_dest, node->device_mac, ETH_ALEN);
	COPY(eth->h_source, node->inside_mac, ETH_ALEN);
	return TC_ACT_OK;
}

/* What XDP has undone. A tagged one would go to the NIC's own VLAN devices first: to the device past them. */
static __always_inline int delivered(struct __sk_buff *skb, const struct mf_node *node)
{
	return skb->vlan_present ? bpf_redirect(node->device, BPF_F_INGRESS) : TC_ACT_OK;
}

/* Four zero bytes of UDP from a peer behind a firewall open a slot and mean nothing else. */
static __always_inline int opens_slot(struct __sk_buff *skb, const struct mf_association *association,
				      const struct transport *transport)
{
	struct {
		struct udphdr udp;
		__u32 zero;
	} opener;

	return association->flags & MF_ASSOC_FOLLOWS && transport->protocol == IPPROTO_UDP &&
	       !bpf_skb_load_bytes(skb, transport->offset, &opener, sizeof(opener)) &&
	       opener.udp.len == bpf_htons(sizeof(opener)) && opener.zero == 0;
}

static __always_inline int port_refused(const struct mf_association *association, const struct ports *inner)
{
	return (association->remote_port && inner->source != association->remote_port) ||
	       (association->local_port && inner->destination != association->local_port);
}

static __always_inline void swap_begin_in(struct swap *swap, const struct mf_association *association,
					  const struct ipv6hdr *ip6)
{
	COPY(&swap->first_old, ip6, sizeof(swap->first_old));
	swap->first = bpf_htonl(6U << 28) | (swap->first_old & bpf_htonl(3U << 20)); /* ECN */
	swap->pseudo = sum_shorten(sum_address(&ip6->saddr) + sum_address(&ip6->daddr));
	swap->difference = sum_shorten((__u64)association->inner_sum + (__u32)~swap->pseudo);
	swap->source = association->inner_remote;
	swap->destination = association->inner_local;
}

static __always_inline __u32 rewrite_in_elsewhere(struct __sk_buff *skb, const struct mf_association *association,
						  const struct mf_slot *slot)
{
	struct transport transport = {};
	struct swap swap = {};
	struct ipv6hdr ip6;

	if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &ip6, sizeof(ip6)) ||
	    sizeof(struct ethhdr) + sizeof(ip6) + bpf_ntohs(ip6.payload_len) > skb->len ||
	    transport_read(skb, ip6.nexthdr, &transport, &swap.old))
		return MF_DROP_MALFORMED;
	if (has_ports(transport.protocol)) {
		swap_ports(&swap, slot->remote_port, slot->local_port);
		if (port_refused(association, &swap.new))
			return MF_DROP_PORT;
		if (opens_slot(skb, association, &transport))
			return MF_IN_OPENED;
	} else if (association->local_port && transport.protocol) {
		return MF_DROP_NOT_UDP;
	}
	swap_begin_in(&swap, association, &ip6);
	return swap_elsewhere(skb, &swap, &transport, &ip6, 1) ? MF_DROP_MALFORMED : MF_IN_DELIVERED;
}

/* Puts the stable addresses and the inner ports back. */
static __always_inline __u32 rewrite_in(struct __sk_buff *skb, const struct mf_association *association,
					const struct mf_slot *slot)
{
	struct transport transport = { .offset = sizeof(struct ethhdr) + sizeof(struct ipv6hdr) };
	struct ip6_ports *packet = (void *)(long)skb->data;
	struct swap swap = {};
	__u32 place;

	if ((void *)(packet + 1) > (void *)(long)skb->data_end)
		return rewrite_in_elsewhere(skb, association, slot);
	place = check_place(skb, packet->ip6.nexthdr);
	if (!place)
		return rewrite_in_elsewhere(skb, association, slot);
	if (transport.offset + bpf_ntohs(packet->ip6.payload_len) > skb->len)
		return MF_DROP_MALFORMED;
	swap.old = packet->ports;
	swap_ports(&swap, slot->remote_port, slot->local_port);
	if (port_refused(association, &swap.new))
		return MF_DROP_PORT;
	transport.protocol = packet->ip6.nexthdr;
	swap_begin_in(&swap, association, (struct ipv6hdr *)&packet->ip6);
	if (opens_slot(skb, association, &transport))
		return MF_IN_OPENED;
	return swap_here(skb, &swap, place, 1) ? MF_DROP_MALFORMED : MF_IN_DELIVERED;
}

/* XDP has checked the slot's window and source; a packet that it could not see is refused here. */
static __always_inline int in_rewritten(struct __sk_buff *skb, struct mf_node *node, const struct hit *hit,
					struct mf_association *association, int source_right)
{
	struct arrival arrival = { .node = node, .association = association, .id = slot_association(hit) };
	__u32 verdict, bytes = skb->len - sizeof(struct ethhdr);
	__u64 now_ns = coarse_ns();

	if (!association || !is_still(hit) || arrival_fetch(&arrival))
		verdict = MF_DROP_NO_SLOT;
	else if (!source_right)
		verdict = MF_DROP_SOURCE;
	else
		verdict = rewrite_in(skb, association, hit->slot);
	count(verdict);
	if (verdict == MF_IN_DELIVERED || verdict == MF_IN_OPENED)
		heard(&arrival, hit->index, now_ns);
	if (verdict != MF_IN_DELIVERED)
		return TC_ACT_SHOT;
	count_in(&arrival, bytes);
	return deliver(skb, node);
}

static __always_inline int second_ipv6(struct __sk_buff *skb, struct mf_node *node)
{
	struct cursor cursor = cursor_of(skb->data, skb->data_end);
	struct mf_association *association;
	struct ipv6hdr *ip6;
	struct hit hit;

	take(&cursor, sizeof(struct ethhdr));
	ip6 = take(&cursor, sizeof(*ip6));
	if (!ip6 || !is_hopping(node, &ip6->daddr))
		return TC_ACT_UNSPEC;
	if (!live_find(&ip6->daddr, &hit))
		return TC_ACT_UNSPEC;
	association = association_of(&hit);
	if (association && association->carriage != MF_CARRIAGE_REWRITE)
		return TC_ACT_UNSPEC;
	return in_rewritten(skb, node, &hit, association, same_address(&ip6->saddr, hit.slot->remote));
}

/* An advertisement from our own address off the wire is an answer that XDP has built. */
static __always_inline int is_reflected(const struct mf_node *node, struct cursor cursor)
{
	struct nd_frame *frame = take(&cursor, sizeof(*frame));
	const __u16 *source, *own = (const __u16 *)node->nic_mac;

	if (!(node->flags & MF_NODE_REFLECT) || !frame)
		return 0;
	source = (const __u16 *)frame->eth.h_source;
	return source[0] == own[0] && source[1] == own[1] && source[2] == own[2] &&
	       frame->eth.h_proto == bpf_htons(ETH_P_IPV6) && frame->ip6.nexthdr == IPPROTO_ICMPV6 &&
	       frame->nd.type == ND_ADVERTISE && frame->nd.flags == bpf_htonl(ND_SOLICITED_OVERRIDE);
}

static __always_inline int in_second(struct __sk_buff *skb, struct mf_node *node)
{
	struct cursor cursor = cursor_of(skb->data, skb->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));

	if (!eth)
		return TC_ACT_UNSPEC;
	if (same_mac(eth->h_dest, node->device_mac))
		return delivered(skb, node);
	if (skb->protocol != bpf_htons(ETH_P_IPV6) || (skb->vlan_present && skb->vlan_tci & VLAN_ID))
		return TC_ACT_UNSPEC;
	if (skb->data_end - skb->data < HEADERS_TOUCHED && pull(skb, HEADERS_PULLED))
		return TC_ACT_UNSPEC;
	if (is_reflected(node, cursor_of(skb->data, skb->data_end)))
		return bpf_redirect(node->nic, 0);
	return second_ipv6(skb, node);
}

#endif
