/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nothing hops around the defence: on every interface but the NIC (where XDP does it) and our own
 * device, inner prefixes are refused, unless they are those of hosts that stand behind this very
 * interface (a gateway's association covers them). Linux itself would answer for any address on any interface.
 */
#ifndef MAYFLY_BPF_GUARD_H
#define MAYFLY_BPF_GUARD_H

#include "bpf/in.h"
#include "bpf/hop.h"
#include "bpf/leave.h"

static __always_inline int is_local(const void *address)
{
	struct mf_lpm_key key = { .length = 128 };

	COPY(key.address, address, 16);
	return bpf_map_lookup_elem(&mf_local, &key) != NULL;
}

/* Does the route back to `address` (mapped if IPv4) leave by the interface that this packet came in on? */
static __always_inline int stands_behind(struct __sk_buff *skb, const __u8 *address, int is_ipv4)
{
	struct bpf_fib_lookup fib = { .family = AF_INET6, .ifindex = skb->ifindex };
	long rc;

	if (is_ipv4) {
		fib.family = 2; /* AF_INET */
		COPY(&fib.ipv4_dst, address + 12, 4);
	} else {
		COPY(fib.ipv6_dst, address, 16);
	}
	rc = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	return (rc == BPF_FIB_LKUP_RET_SUCCESS || rc == BPF_FIB_LKUP_RET_NO_NEIGH) && fib.ifindex == skb->ifindex;
}

static __always_inline int guard_pair(struct __sk_buff *skb, const __u8 *source, const __u8 *destination, int is_ipv4)
{
	if (!is_inner(source) && !is_inner(destination))
		return 0;
	return !is_local(source) || !stands_behind(skb, source, is_ipv4);
}

/* Bytes behind the link-layer header, which tunnels have none of. 0 or -1: not that many. */
static __always_inline int network_load(struct __sk_buff *skb, __u32 offset, void *to, __u32 bytes)
{
	if (!bpf_skb_load_bytes_relative(skb, offset, to, bytes, BPF_HDR_START_NET))
		return 0;
	if (pull(skb, HEADERS_PULLED))
		return -1;
	return (int)bpf_skb_load_bytes_relative(skb, offset, to, bytes, BPF_HDR_START_NET);
}

static __always_inline int guard_ipv4(struct __sk_buff *skb, __be32 from, __be32 to)
{
	__u8 source[16], destination[16];

	map_ipv4(source, from);
	map_ipv4(destination, to);
	return guard_pair(skb, source, destination, 1);
}

static __always_inline int guard_ipv6(struct __sk_buff *skb, const struct mf_node *node, __u32 offset)
{
	struct ipv6hdr ip6;

	if (network_load(skb, offset, &ip6, sizeof(ip6)) ||
	    (!maybe_inner(node, &ip6.saddr) && !maybe_inner(node, &ip6.daddr)))
		return 0;
	return guard_pair(skb, ip6.saddr.s6_addr, ip6.daddr.s6_addr, 0);
}

static __always_inline int guard_packet(struct __sk_buff *skb, const struct mf_node *node, __be16 protocol,
					__u32 offset)
{
	struct iphdr ip;
	struct arp arp;
	__be32 from, to;

	if (protocol == bpf_htons(ETH_P_IPV6))
		return guard_ipv6(skb, node, offset);
	if (!(node->flags & MF_NODE_INNER_V4))
		return 0;
	if (protocol == bpf_htons(ETH_P_IP))
		return !network_load(skb, offset, &ip, sizeof(ip)) && guard_ipv4(skb, ip.saddr, ip.daddr);
	if (protocol != bpf_htons(ETH_P_ARP) || network_load(skb, offset, &arp, sizeof(arp)))
		return 0;
	COPY(&from, arp.sender, sizeof(from));
	COPY(&to, arp.target, sizeof(to));
	return guard_ipv4(skb, from, to);
}

/*
 * A tagged packet is seen again, untagged, on the VLAN device. But priority tags (VLAN 0) are taken off
 * by the stack on this one: what stands behind them is checked here, and deeper than that nobody tags.
 */
static __always_inline int guard_refuses(struct __sk_buff *skb, const struct mf_node *node)
{
	__be16 protocol = skb->protocol, tag[2];
	__u32 offset = 0;

	if (skb->vlan_present && skb->vlan_tci & VLAN_ID)
		return 0;
#pragma unroll
	for (int i = 0; i < VLAN_DEPTH; i++) {
		if (!is_vlan(protocol))
			break;
		if (network_load(skb, offset, tag, sizeof(tag)) || tag[0] & bpf_htons(VLAN_ID))
			return 0;
		protocol = tag[1];
		offset += VLAN_BYTES;
	}
	return is_vlan(protocol) || guard_packet(skb, node, protocol, offset);
}

#endif
