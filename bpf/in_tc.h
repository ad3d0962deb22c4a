/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way in behind receive offload, tc ingress on the NIC: `rewrite` is undone here (checksums that
 * the kernel has yet to finish are its business), and what is for an inner local prefix goes to the
 * device. XDP has dropped inner prefixes that came off the wire, so what is seen here was carried.
 */
#ifndef MAYFLY_BPF_IN_TC_H
#define MAYFLY_BPF_IN_TC_H

#include "bpf/in.h"
#include "bpf/out_tc.h"

static __always_inline int deliver(struct __sk_buff *skb, struct mf_node *node)
{
	struct cursor cursor = cursor_of(skb->data, skb->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));

	if (!eth)
		return TC_ACT_SHOT;
	COPY(eth->h_dest, node->device_mac, ETH_ALEN);
	COPY(eth->h_source, node->inside_mac, ETH_ALEN);
	return bpf_redirect(node->inside, 0);
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

/* Puts the stable addresses and the inner ports back. */
static __always_inline __u32 rewrite_in(struct __sk_buff *skb, const struct mf_association *association,
					const struct mf_slot *slot)
{
	struct transport transport = {};
	struct ports old = {}, new = {};
	struct ipv6hdr ip6;
	__u8 inner[32];
	__s64 difference;
	__be32 first;

	if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &ip6, sizeof(ip6)) ||
	    sizeof(struct ethhdr) + sizeof(ip6) + bpf_ntohs(ip6.payload_len) > skb->len ||
	    transport_find(skb, sizeof(struct ethhdr) + sizeof(ip6), ip6.nexthdr, &transport))
		return MF_DROP_MALFORMED;
	if (has_ports(transport.protocol)) {
		if (bpf_skb_load_bytes(skb, transport.offset, &old, sizeof(old)))
			return MF_DROP_MALFORMED;
		new.source = port_mask(old.source, slot->remote_port);
		new.destination = port_mask(old.destination, slot->local_port);
		if (port_refused(association, &new))
			return MF_DROP_PORT;
		if (opens_slot(skb, association, &transport))
			return MF_IN_OPENED;
	} else if (association->local_port && transport.protocol) {
		return MF_DROP_NOT_UDP;
	}
	COPY(inner, association->inner_remote, 16);
	COPY(inner + 16, association->inner_local, 16);
	difference = bpf_csum_diff((__be32 *)&ip6.saddr, 32, (__be32 *)inner, 32, 0);
	if (transport_mend(skb, &transport, &ip6, difference, &old, &new))
		return MF_DROP_MALFORMED;
	first = bpf_htonl(6U << 28 | (__u32)(ipv6_class(&ip6) & 3) << 20);
	COPY(&ip6, &first, 4);
	COPY(&ip6.saddr, inner, 32);
	if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &ip6, sizeof(ip6), BPF_F_RECOMPUTE_CSUM))
		return MF_DROP_ROOM;
	return MF_IN_DELIVERED;
}

/* XDP has checked the slot's window and source; a packet that it could not see is refused here. */
static __always_inline int in_rewritten(struct __sk_buff *skb, struct mf_node *node, const struct hit *hit,
					struct mf_association *association, int source_right)
{
	struct arrival arrival = { .node = node, .association = association, .id = hit->slot->association };
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

static __always_inline int second_ipv6(struct __sk_buff *skb, struct mf_node *node, struct cursor *cursor, int tagged)
{
	struct ipv6hdr *ip6 = take(cursor, sizeof(*ip6));
	struct mf_lpm_key key = { .length = 128 };
	struct mf_association *association;
	struct hit hit;

	if (!ip6)
		return TC_ACT_UNSPEC;
	if (maybe_inner(node, &ip6->daddr)) {
		COPY(key.address, &ip6->daddr, 16);
		if (bpf_map_lookup_elem(&mf_local, &key))
			return deliver(skb, node);
	}
	if (tagged || !is_hopping(node, &ip6->daddr))
		return TC_ACT_UNSPEC;
	if (!live_find(&ip6->daddr, &hit))
		return TC_ACT_UNSPEC;
	association = association_of(&hit);
	if (association && association->carriage != MF_CARRIAGE_REWRITE)
		return TC_ACT_UNSPEC;
	return in_rewritten(skb, node, &hit, association, same_address(&ip6->saddr, hit.slot->remote));
}

static __always_inline int second_ipv4(struct __sk_buff *skb, struct mf_node *node, struct cursor *cursor)
{
	struct iphdr *ip = take(cursor, sizeof(*ip));
	struct mf_lpm_key key = { .length = 128 };

	if (!ip || !(node->flags & MF_NODE_INNER_V4))
		return TC_ACT_UNSPEC;
	map_ipv4(key.address, ip->daddr);
	return bpf_map_lookup_elem(&mf_local, &key) ? deliver(skb, node) : TC_ACT_UNSPEC;
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
	struct vlans vlans = {};
	struct cursor cursor;
	struct ethhdr *eth;
	__be16 protocol;

	if (skb->data_end - skb->data < sizeof(struct ethhdr) + sizeof(struct ipv6hdr) && pull(skb, HEADERS_PULLED))
		return TC_ACT_UNSPEC;
	cursor = cursor_of(skb->data, skb->data_end);
	if (is_reflected(node, cursor))
		return bpf_redirect(node->nic, 0);
	eth = take(&cursor, sizeof(*eth));
	if (!eth)
		return TC_ACT_UNSPEC;
	protocol = skip_vlan(&cursor, eth->h_proto, &vlans);
	if (skb->vlan_present) {
		vlans.count += 1;
		vlans.id |= skb->vlan_tci & VLAN_ID;
	}
	if (vlans.count > VLAN_DEPTH)
		return TC_ACT_UNSPEC; /* deeper than XDP has looked */
	if (protocol == bpf_htons(ETH_P_IPV6))
		return second_ipv6(skb, node, &cursor, vlans.id != 0);
	if (protocol == bpf_htons(ETH_P_IP))
		return second_ipv4(skb, node, &cursor);
	return TC_ACT_UNSPEC;
}

#endif
