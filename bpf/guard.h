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
	rc = bpf_fib_lookup(skb, &fib, sizeof(fib), BPF_FIB_LOOKUP_DIRECT);
	return (rc == BPF_FIB_LKUP_RET_SUCCESS || rc == BPF_FIB_LKUP_RET_NO_NEIGH) && fib.ifindex == skb->ifindex;
}

static __always_inline int guard_pair(struct __sk_buff *skb, const __u8 *source, const __u8 *destination, int is_ipv4)
{
	if (!is_inner(source) && !is_inner(destination))
		return 0;
	return !is_local(source) || !stands_behind(skb, source, is_ipv4);
}

static __always_inline int guard_ipv4(struct __sk_buff *skb, const struct mf_node *node, struct cursor *cursor)
{
	struct iphdr *ip = take(cursor, sizeof(*ip));
	__u8 source[16], destination[16];

	if (!ip || !(node->flags & MF_NODE_INNER_V4))
		return 0;
	map_ipv4(source, ip->saddr);
	map_ipv4(destination, ip->daddr);
	return guard_pair(skb, source, destination, 1);
}

static __always_inline int guard_ipv6(struct __sk_buff *skb, const struct mf_node *node, struct cursor *cursor)
{
	struct ipv6hdr *ip6 = take(cursor, sizeof(*ip6));
	__u8 source[16], destination[16];

	if (!ip6 || (!maybe_inner(node, &ip6->saddr) && !maybe_inner(node, &ip6->daddr)))
		return 0;
	COPY(source, &ip6->saddr, 16);
	COPY(destination, &ip6->daddr, 16);
	return guard_pair(skb, source, destination, 0);
}

/* Tagged packets are seen again, untagged, on the VLAN device. */
static __always_inline int guard_refuses(struct __sk_buff *skb, const struct mf_node *node)
{
	__u32 link = skb->protocol == 0 ? 0 : sizeof(struct ethhdr);
	struct cursor cursor;

	if (skb->vlan_present)
		return 0;
	if (skb->data_end - skb->data < link + sizeof(struct ipv6hdr) && pull(skb, HEADERS_PULLED))
		return 0;
	cursor = cursor_of(skb->data, skb->data_end);
	if (!take(&cursor, link))
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return guard_ipv6(skb, node, &cursor);
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return guard_ipv4(skb, node, &cursor);
	return 0;
}

#endif
