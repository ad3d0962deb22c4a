/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet-too-big for the application: the packet that would not fit is turned into the ICMP error
 * about itself and goes back into the device (RFC 4443 section 3.2, RFC 792 with RFC 1191).
 */
#ifndef MAYFLY_BPF_TOOBIG_H
#define MAYFLY_BPF_TOOBIG_H

#include "bpf/hop.h"

enum {
	QUOTE_IPV6 = 1232, /* with both headers 1280, the most an ICMPv6 error may be */
	QUOTE_IPV4 = 548,  /* likewise 576 */
};

struct too_big_ipv6 {
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct icmp6hdr icmp6;
} __attribute__((packed, aligned(2)));

/* RFC 1191 section 4; linux/icmp.h cannot be had without a C library. */
struct icmp_too_big {
	__u8 type; /* 3 */
	__u8 code; /* 4 */
	__be16 checksum;
	__be16 unused;
	__be16 mtu;
};

struct too_big_ipv4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct icmp_too_big icmp;
} __attribute__((packed, aligned(2)));

static __always_inline void ethernet_to_device(struct ethhdr *eth, const struct mf_node *node, __be16 protocol)
{
	COPY(eth->h_dest, node->device_mac, ETH_ALEN);
	COPY(eth->h_source, node->inside_mac, ETH_ALEN);
	eth->h_proto = protocol;
}

static __always_inline int quote(struct __sk_buff *skb, __u32 bytes, __u32 headers)
{
	if (skb->len > sizeof(struct ethhdr) + bytes && bpf_skb_change_tail(skb, sizeof(struct ethhdr) + bytes, 0))
		return -1;
	if (skb->len != sizeof(struct ethhdr) + bytes)
		return -1;
	if (bpf_skb_adjust_room(skb, headers, BPF_ADJ_ROOM_MAC, 0))
		return -1;
	return bpf_skb_pull_data(skb, sizeof(struct ethhdr) + headers + bytes);
}

static __always_inline int too_big_ipv6(struct __sk_buff *skb, const struct mf_node *node, __u32 mtu)
{
	enum { HEADERS = sizeof(struct ipv6hdr) + sizeof(struct icmp6hdr) };
	struct too_big_ipv6 *out;
	struct ipv6hdr *quoted;
	struct cursor cursor;
	__s64 sum;

	if (quote(skb, QUOTE_IPV6, HEADERS))
		return -1;
	cursor = cursor_of(skb->data, skb->data_end);
	out = take(&cursor, sizeof(*out));
	if (!out || cursor.at + sizeof(*quoted) > cursor.end)
		return -1;
	quoted = cursor.at;
	ethernet_to_device(&out->eth, node, bpf_htons(ETH_P_IPV6));
	__builtin_memset(&out->ip6, 0, sizeof(out->ip6) + sizeof(out->icmp6));
	out->ip6.version = 6;
	out->ip6.payload_len = bpf_htons(sizeof(out->icmp6) + QUOTE_IPV6);
	out->ip6.nexthdr = IPPROTO_ICMPV6;
	out->ip6.hop_limit = MF_HOP_LIMIT;
	COPY(&out->ip6.saddr, &quoted->daddr, 16);
	COPY(&out->ip6.daddr, &quoted->saddr, 16);
	out->icmp6.icmp6_type = ICMPV6_PKT_TOOBIG;
	out->icmp6.icmp6_mtu = bpf_htonl(mtu);
	sum = sum_bytes(&out->icmp6, cursor.end, sizeof(out->icmp6) + QUOTE_IPV6);
	if (sum < 0)
		return -1;
	sum += sum_address(&out->ip6.saddr) + sum_address(&out->ip6.daddr) + out->ip6.payload_len +
	       bpf_htons(IPPROTO_ICMPV6);
	out->icmp6.icmp6_cksum = ~sum_fold(sum);
	return 0;
}

static __always_inline int too_big_ipv4(struct __sk_buff *skb, const struct mf_node *node, __u32 mtu)
{
	enum { HEADERS = sizeof(struct iphdr) + sizeof(struct icmp_too_big) };
	struct too_big_ipv4 *out;
	struct iphdr *quoted;
	struct cursor cursor;
	__s64 sum;

	if (quote(skb, QUOTE_IPV4, HEADERS))
		return -1;
	cursor = cursor_of(skb->data, skb->data_end);
	out = take(&cursor, sizeof(*out));
	if (!out || cursor.at + sizeof(*quoted) > cursor.end)
		return -1;
	quoted = cursor.at;
	ethernet_to_device(&out->eth, node, bpf_htons(ETH_P_IP));
	__builtin_memset(&out->ip, 0, sizeof(out->ip) + sizeof(out->icmp));
	out->ip.version = 4;
	out->ip.ihl = 5;
	out->ip.tot_len = bpf_htons(HEADERS + QUOTE_IPV4);
	out->ip.ttl = MF_HOP_LIMIT;
	out->ip.protocol = IPPROTO_ICMP;
	out->ip.saddr = quoted->daddr;
	out->ip.daddr = quoted->saddr;
	sum = sum_bytes(&out->ip, cursor.end, sizeof(out->ip));
	out->ip.check = ~sum_fold(sum);
	out->icmp.type = 3;
	out->icmp.code = 4;
	out->icmp.mtu = bpf_htons(mtu);
	sum = sum_bytes(&out->icmp, cursor.end, sizeof(out->icmp) + QUOTE_IPV4);
	if (sum < 0)
		return -1;
	out->icmp.checksum = ~sum_fold(sum);
	return 0;
}

#endif
