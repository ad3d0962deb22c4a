/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `rewrite`, both ways: addresses, ports and the first header word changed in place, the checksum after them.
 * TCP and UDP right behind the IPv6 header are changed in the packet's memory; anything else goes the long way
 * (bpf/transport.h).
 */
#ifndef MAYFLY_BPF_REWRITE_H
#define MAYFLY_BPF_REWRITE_H

#include "bpf/hop.h"
#include "bpf/transport.h"

/* What a packet is to become. */
struct swap {
	const void *source;      /* 16 bytes each */
	const void *destination;
	__u32 difference;        /* of the sums of all addresses, new less old (RFC 1624) */
	__u32 pseudo;            /* sum of the old addresses, folded */
	struct ports old;
	struct ports new;
	__be32 first_old;        /* first words of the IPv6 header */
	__be32 first;
	__u8 hop_limit;          /* 0: as it was */
};

struct ip6_ports {
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct ports ports;
} __attribute__((packed, aligned(2)));

enum {
	HEADERS_TOUCHED = sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + offsetof(struct tcphdr, check) + 2,
	CHECK_UDP = sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + offsetof(struct udphdr, check),
	CHECK_TCP = sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + offsetof(struct tcphdr, check),
};

/* A sum's 32 bits, as the kernel's checksum helpers take them. */
static __always_inline __u32 sum_shorten(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return sum + (sum >> 32);
}

static __always_inline __u32 sum_ports(const struct swap *swap)
{
	__u32 from, to;

	COPY(&from, &swap->old, sizeof(from));
	COPY(&to, &swap->new, sizeof(to));
	return sum_shorten((__u64)(__u32)~from + to);
}

/* 0 and 0xffff are one number. */
static __always_inline int same_sum(__u16 one, __u16 other)
{
	return (one == 0xffff ? 0 : one) == (other == 0xffff ? 0 : other);
}

/* `mangled`: of UDP, which knows no checksum of 0. */
static __always_inline __u16 sum_of(__u64 mangled, __u64 sum)
{
	return mangled ? sum_finish_udp(sum) : sum_finish(sum);
}

static __always_inline void swap_write(struct ip6_ports *packet, const struct swap *swap)
{
	COPY(&packet->ip6, &swap->first, sizeof(swap->first));
	if (swap->hop_limit)
		packet->ip6.hop_limit = swap->hop_limit;
	COPY(&packet->ip6.saddr, swap->source, 16);
	COPY(&packet->ip6.daddr, swap->destination, 16);
}

/*
 * A checksum that looks begun, holding the sum of the pseudo-header: the kernel alone knows whether it has yet to
 * be finished, and then ports are not in it. What it makes of the addresses' change tells, unless that is 0.
 * 0: it had to be finished; 1: it was; -1: cut short.
 */
static __always_inline int check_change(struct __sk_buff *skb, const struct swap *swap, __u32 at, __u16 before,
					__u64 mangled)
{
	__u32 from, to;
	__u16 *check;

	if (same_sum(sum_fold(swap->difference), 0)) {
		COPY(&from, &swap->old, sizeof(from));
		COPY(&to, &swap->new, sizeof(to));
		return bpf_l4_csum_replace(skb, at, from, to, mangled | 4) ? -1 : 0;
	}
	if (bpf_l4_csum_replace(skb, at, 0, swap->difference, BPF_F_PSEUDO_HDR | mangled))
		return -1;
	check = (void *)(long)skb->data + at;
	if ((void *)(check + 1) > (void *)(long)skb->data_end)
		return -1;
	if (same_sum(*check, sum_fold((__u64)before + swap->difference)))
		return 0;
	*check = sum_of(mangled, (__u64)(__u16)~*check + sum_ports(swap));
	return 1;
}

/*
 * Changes a packet whose checksum stands at `at`. `arrived`: it may bring the sum of all its bytes, which must
 * stay right. 0 or -1: cut short.
 */
static __always_inline int swap_at(struct __sk_buff *skb, const struct swap *swap, __u32 at, int arrived)
{
	struct ip6_ports *packet = (void *)(long)skb->data;
	__u64 mangled = at == CHECK_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 whole = sum_shorten((__u64)(__u32)~swap->first_old + swap->first), length;
	__u16 *check = (void *)packet + at, before;
	int finished;

	if ((void *)(check + 1) > (void *)(long)skb->data_end)
		return -1;
	before = *check;
	length = packet->ip6.payload_len ? bpf_ntohs(packet->ip6.payload_len) :
					   skb->len - sizeof(struct ethhdr) - sizeof(struct ipv6hdr);
	if (mangled && !before) {
		whole = sum_shorten((__u64)whole + swap->difference + sum_ports(swap));
	} else if (before != sum_fold((__u64)swap->pseudo + bpf_htonl(length) +
				      bpf_htons(mangled ? IPPROTO_UDP : IPPROTO_TCP))) {
		*check = sum_of(mangled, (__u64)(__u16)~before + swap->difference + sum_ports(swap));
	} else {
		finished = check_change(skb, swap, at, before, mangled);
		if (finished < 0)
			return -1;
		if (finished)
			whole = sum_shorten((__u64)whole + swap->difference);
	}
	if (arrived)
		bpf_csum_update(skb, whole);
	packet = (void *)(long)skb->data;
	if ((void *)(packet + 1) > (void *)(long)skb->data_end)
		return -1;
	swap_write(packet, swap);
	packet->ports = swap->new;
	return 0;
}

/* Any other packet. */
static __always_inline int swap_elsewhere(struct __sk_buff *skb, const struct swap *swap,
					  const struct transport *transport, struct ipv6hdr *ip6, int arrived)
{
	if (transport_mend(skb, transport, ip6, swap->difference, &swap->old, &swap->new))
		return -1;
	COPY(ip6, &swap->first, sizeof(swap->first));
	if (swap->hop_limit)
		ip6->hop_limit = swap->hop_limit;
	COPY(&ip6->saddr, swap->source, 16);
	COPY(&ip6->daddr, swap->destination, 16);
	return bpf_skb_store_bytes(skb, sizeof(struct ethhdr), ip6, sizeof(*ip6),
				   arrived ? BPF_F_RECOMPUTE_CSUM : 0) ? -1 : 0;
}

/* The checksum's place where the packet is one that swap_at() can change: a whole TCP or UDP header's start is there. */
static __always_inline __u32 check_place(struct __sk_buff *skb, __u8 protocol)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (protocol == IPPROTO_UDP && data + CHECK_UDP + 2 <= end)
		return CHECK_UDP;
	return protocol == IPPROTO_TCP && data + CHECK_TCP + 2 <= end ? CHECK_TCP : 0;
}

static __always_inline int swap_here(struct __sk_buff *skb, const struct swap *swap, __u32 place, int arrived)
{
	return place == CHECK_UDP ? swap_at(skb, swap, CHECK_UDP, arrived) : swap_at(skb, swap, CHECK_TCP, arrived);
}

/* Transport and ports of any packet. 0 or -1: cut short. */
static __always_inline int transport_read(struct __sk_buff *skb, __u8 protocol, struct transport *transport,
					  struct ports *ports)
{
	if (transport_find(skb, sizeof(struct ethhdr) + sizeof(struct ipv6hdr), protocol, transport))
		return -1;
	return has_ports(transport->protocol) &&
	       bpf_skb_load_bytes(skb, transport->offset, ports, sizeof(*ports)) ? -1 : 0;
}

static __always_inline void swap_ports(struct swap *swap, __be16 source_mask, __be16 destination_mask)
{
	swap->new.source = port_mask(swap->old.source, source_mask);
	swap->new.destination = port_mask(swap->old.destination, destination_mask);
}

/* Addresses, flow label, hop limit and class of the slot; ports masked; checksum mended. */
static __always_inline void swap_begin_out(struct swap *swap, const struct way *way, const struct ipv6hdr *ip6)
{
	const struct mf_slot *slot = way->slot;

	COPY(&swap->first_old, ip6, sizeof(swap->first_old));
	swap->first = slot->label_out | (swap->first_old & bpf_htonl(3U << 20)); /* ECN */
	swap->pseudo = way->association->inner_sum;
	swap->difference = sum_shorten((__u64)slot->address_sum + (__u32)~swap->pseudo);
	swap->source = slot->local;
	swap->destination = slot->remote;
	swap->hop_limit = MF_HOP_LIMIT;
}

static __always_inline __u32 rewrite_out_elsewhere(struct __sk_buff *skb, const struct way *way)
{
	struct transport transport = {};
	struct swap swap = {};
	struct ipv6hdr ip6;

	if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &ip6, sizeof(ip6)) ||
	    transport_read(skb, ip6.nexthdr, &transport, &swap.old))
		return MF_DROP_MALFORMED;
	swap_begin_out(&swap, way, &ip6);
	if (has_ports(transport.protocol))
		swap_ports(&swap, way->slot->local_port, way->slot->remote_port);
	return swap_elsewhere(skb, &swap, &transport, &ip6, 0) ? MF_DROP_MALFORMED : way_ends(way);
}

static __always_inline __u32 rewrite_out(struct __sk_buff *skb, const struct way *way)
{
	struct ip6_ports *packet = (void *)(long)skb->data;
	struct swap swap = {};
	__u32 place;

	if ((void *)(packet + 1) > (void *)(long)skb->data_end)
		return rewrite_out_elsewhere(skb, way);
	place = check_place(skb, packet->ip6.nexthdr);
	if (!place)
		return rewrite_out_elsewhere(skb, way);
	swap_begin_out(&swap, way, (struct ipv6hdr *)&packet->ip6);
	swap.old = packet->ports;
	swap_ports(&swap, way->slot->local_port, way->slot->remote_port);
	return swap_here(skb, &swap, place, 0) ? MF_DROP_MALFORMED : way_ends(way);
}

#endif
