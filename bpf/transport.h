/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `rewrite`: where a packet's transport header is, and how ports and checksum follow the addresses.
 */
#ifndef MAYFLY_BPF_TRANSPORT_H
#define MAYFLY_BPF_TRANSPORT_H

#include "bpf/checksum.h"

struct transport {
	__u32 offset;
	__u8 protocol; /* 0: none that has to be mended (later fragment, unknown protocol) */
};

struct ports {
	__be16 source;
	__be16 destination;
};

struct extension {
	__u8 next;
	__u8 length; /* in 8 bytes, not counting the first 8; fragment header: reserved */
	__be16 fragment;
};

static __always_inline int is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_DSTOPTS ||
	       protocol == IPPROTO_FRAGMENT;
}

/* Walks at most EXTENSION_DEPTH extension headers (RFC 8200 section 4) from `offset`. 0 or -1: cut short. */
static __always_inline int transport_find(struct __sk_buff *skb, __u32 offset, __u8 protocol, struct transport *found)
{
	struct extension extension;

#pragma unroll
	for (int i = 0; i < EXTENSION_DEPTH; i++) {
		if (!is_extension(protocol))
			break;
		if (bpf_skb_load_bytes(skb, offset, &extension, sizeof(extension)))
			return -1;
		if (protocol == IPPROTO_FRAGMENT && extension.fragment & bpf_htons(0xfff8)) {
			found->protocol = 0;
			return 0;
		}
		offset += protocol == IPPROTO_FRAGMENT ? 8 : (extension.length + 1) * 8;
		protocol = extension.next;
	}
	found->offset = offset;
	found->protocol = protocol;
	return 0;
}

static __always_inline int has_ports(__u8 protocol)
{
	return protocol == IPPROTO_UDP || protocol == IPPROTO_TCP;
}

static __always_inline int transport_check_offset(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
		return offsetof(struct udphdr, check);
	case IPPROTO_ICMPV6:
		return offsetof(struct icmp6hdr, icmp6_cksum);
	default:
		return -1;
	}
}

/*
 * A port on the wire is the inner port XOR the slot's; 0 stands for no port, so the one that would
 * become 0 stays itself. Its own inverse.
 */
static __always_inline __be16 port_mask(__be16 port, __be16 mask)
{
	return port == mask ? mask : port ^ mask;
}

/*
 * New ports. The sum of the whole packet, which some NICs give, stays as it was if a checksum in it
 * has followed them, and changes with them if the packet has none.
 */
static __always_inline int ports_store(struct __sk_buff *skb, const struct transport *transport,
				       const struct ports *ports, int has_checksum)
{
	return bpf_skb_store_bytes(skb, transport->offset, ports, sizeof(*ports),
				   has_checksum ? 0 : BPF_F_RECOMPUTE_CSUM) ? -1 : 0;
}

/*
 * A checksum that the kernel has yet to finish holds the sum of the pseudo-header. Of a tunnel's packet it may
 * have yet to finish the one inside; its helper then takes the outer one, which is finished, for begun too.
 */
static __always_inline int checksum_is_begun(struct __sk_buff *skb, const struct transport *transport,
					     const struct ipv6hdr *ip6, __u16 check)
{
	__u32 length = sizeof(struct ethhdr) + sizeof(*ip6) + bpf_ntohs(ip6->payload_len) - transport->offset;

	if (!ip6->payload_len)
		length = skb->len - transport->offset; /* more than 64 KiB */
	return check == sum_fold(sum_address(&ip6->saddr) + sum_address(&ip6->daddr) + bpf_htonl(length) +
				 bpf_htons(transport->protocol));
}

/* Does the packet bring the sum of all its bytes, which the helpers keep right? */
static __always_inline int is_summed(struct __sk_buff *skb)
{
	return (__s64)bpf_csum_update(skb, 0) >= 0;
}

static __always_inline int checksum_store(struct __sk_buff *skb, __u32 at, __u64 sum, int is_udp)
{
	__u16 check = is_udp ? sum_finish_udp(sum) : sum_finish(sum);

	return bpf_skb_store_bytes(skb, at, &check, sizeof(check), 0) ? -1 : 0;
}

/* Mends the checksum for addresses that changed by `difference` and for ports. 0 or -1. */
static __always_inline int transport_mend(struct __sk_buff *skb, const struct transport *transport,
					  const struct ipv6hdr *ip6, __s64 difference, const struct ports *old,
					  const struct ports *new)
{
	int at = transport_check_offset(transport->protocol);
	__u64 mangled = transport->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__u16 check = 0;
	__u32 from, to;

	if (at < 0)
		return 0;
	at += transport->offset;
	if (bpf_skb_load_bytes(skb, at, &check, sizeof(check)))
		return -1;
	COPY(&from, old, 4);
	COPY(&to, new, 4);
	if (mangled && !check)
		return ports_store(skb, transport, new, 0);
	if (!checksum_is_begun(skb, transport, ip6, check) && !is_summed(skb)) {
		if (checksum_store(skb, at, (__u64)(__u16)~check + (__u32)difference + (__u32)~from + to, mangled != 0))
			return -1;
	} else if (bpf_l4_csum_replace(skb, at, 0, difference, BPF_F_PSEUDO_HDR | mangled) ||
		   bpf_l4_csum_replace(skb, at, from, to, mangled | 4)) {
		return -1;
	}
	return has_ports(transport->protocol) ? ports_store(skb, transport, new, 1) : 0;
}

#endif
