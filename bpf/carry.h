/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an inner packet becomes on the wire: the outer headers of `encap`, and their checksum.
 */
#ifndef MAYFLY_BPF_CARRY_H
#define MAYFLY_BPF_CARRY_H

#include "bpf/hop.h"

struct outer {
	struct ipv6hdr ip6;
	struct udphdr udp;
	struct mf_shim shim;
} __attribute__((packed, aligned(2)));

/* The same with room for what sealing puts before the shim. */
struct outer_sealed {
	struct ipv6hdr ip6;
	struct udphdr udp;
	struct mf_sealed sealed;
	struct mf_shim shim;
} __attribute__((packed, aligned(2)));

/* The inner packet, as far as carrying it matters. */
struct inner {
	struct mf_lpm_key destination; /* IPv4 mapped */
	__u8 source[16];
	struct mf_shim shim;
	__u8 ecn;
	__u8 whole;      /* 0: its IPv6 header is left out */
	__u8 implied;    /* its sum is known without reading it */
	__u32 length;    /* from the IP header on */
	__u64 sum;       /* of all that follows the shim and the tags; valid if implied */
};

static __always_inline int is_sealed(const struct mf_association *association)
{
	return association->carriage == MF_CARRIAGE_SEALED;
}

/* Bytes of the carried packet that the shim replaces, and that outer headers add before them. */
static __always_inline __u32 inner_skipped(const struct inner *inner)
{
	return inner->whole ? 0 : sizeof(struct ipv6hdr);
}

/* Bytes over the original packet. */
static __always_inline __u32 inner_overhead(const struct inner *inner, const struct mf_association *association)
{
	return (inner->whole ? MF_ENCAP_WHOLE_BYTES : MF_ENCAP_HOST_BYTES) + association->sealing;
}

static __always_inline int is_host_pair(const struct mf_association *association, const struct inner *inner)
{
	return association->flags & MF_ASSOC_HOST_PAIR &&
	       same_address(inner->destination.address, association->inner_remote) &&
	       same_address(inner->source, association->inner_local);
}

/*
 * A peer that was heard from another /64 is there, or somebody who sends its packets on is: it is asked (session messages go
 * there), and all else follows when it has answered, by another association (docs/PROTOCOL.md 9.3).
 */
static __always_inline void way_follow(struct way *way, const struct inner *inner)
{
	if (is_sealed(way->association) && inner->shim.next_header == MF_NEXT_CONTROL && is_host_pair(way->association, inner))
		way->peer_prefix = way->state->peer_prefix;
}

/* Reads an inner IPv6 header. MF_OUT_SENT or a verdict. */
static __always_inline __u32 inner_read_ipv6(struct inner *inner, struct cursor *cursor)
{
	struct ipv6hdr *ip6 = take(cursor, sizeof(*ip6));
	__u64 pseudo;

	if (!ip6 || ip6->version != 6)
		return MF_DROP_MALFORMED;
	inner->destination.length = 128;
	COPY(inner->destination.address, &ip6->daddr, 16);
	COPY(inner->source, &ip6->saddr, 16);
	inner->shim = (struct mf_shim){ MF_SHIM_IPV6, ip6->nexthdr, ip6->hop_limit, ipv6_class(ip6) };
	inner->ecn = inner->shim.traffic_class & 3;
	inner->length = sizeof(*ip6) + bpf_ntohs(ip6->payload_len);
	inner->whole = 1;
	/* Sums what was copied: else clang keeps all words of both addresses, on a stack that Linux 6.1 finds too large. */
	asm volatile("" ::: "memory");
	pseudo = sum_address(inner->source) + sum_address(inner->destination.address) + ip6->payload_len +
		 bpf_htons(ip6->nexthdr);
	inner->implied = sum_implied(ip6->nexthdr, cursor->at, cursor->end, ip6->payload_len, pseudo, &inner->sum);
	return MF_OUT_SENT;
}

/* The sum of an IPv6 header behind whose addresses nothing more has to be read. */
static __always_inline __u64 sum_ipv6_header(const struct ipv6hdr *ip6)
{
	const __be16 *word = (const __be16 *)ip6;

	return (__u64)word[0] + word[1] + word[2] + word[3] + sum_address(&ip6->saddr) + sum_address(&ip6->daddr);
}

/* Reads an inner IPv4 header (RFC 791); its own checksum makes the header sum to nothing. */
static __always_inline __u32 inner_read_ipv4(struct inner *inner, struct cursor *cursor)
{
	struct iphdr *ip = take(cursor, sizeof(*ip));
	__u32 header;
	__u64 pseudo;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return MF_DROP_MALFORMED;
	header = ip->ihl * 4;
	inner->length = bpf_ntohs(ip->tot_len);
	if (inner->length < header)
		return MF_DROP_MALFORMED;
	inner->destination.length = 128;
	map_ipv4(inner->destination.address, ip->daddr);
	map_ipv4(inner->source, ip->saddr);
	inner->shim = (struct mf_shim){ .kind = MF_SHIM_IPV4 };
	inner->ecn = ip->tos & 3;
	inner->whole = 1;
	pseudo = (__u64)ip->saddr + ip->daddr + bpf_htons(inner->length - header) + bpf_htons(ip->protocol);
	inner->implied = header == sizeof(*ip) && !(ip->frag_off & bpf_htons(0x3fff)) &&
			 ip->protocol != IPPROTO_ICMPV6 &&
			 sum_implied(ip->protocol, cursor->at, cursor->end, bpf_htons(inner->length - header), pseudo,
				     &inner->sum);
	return MF_OUT_SENT;
}

/* Leaves the addresses out where the association implies them. */
static __always_inline void inner_shorten(struct inner *inner, const struct way *way)
{
	if (inner->shim.kind != MF_SHIM_IPV6 || !is_host_pair(way->association, inner))
		return;
	inner->whole = 0;
	inner->shim.kind = MF_SHIM_WITHOUT_ADDRESSES;
}

/* A packet that goes whole says all this itself. */
static __always_inline void shim_clear_whole(struct inner *inner)
{
	if (!inner->whole)
		return;
	inner->shim.next_header = 0;
	inner->shim.hop_limit = 0;
	inner->shim.traffic_class = 0;
}

/* Sum of the shim as it goes out. */
static __always_inline __u64 sum_shim(const struct mf_shim *shim)
{
	__be16 word[2];

	COPY(word, shim, sizeof(word));
	return (__u64)word[0] + word[1];
}

/* The outer headers of the way's slot for `length` bytes of UDP (header included), all but the checksum. */
static __always_inline void outer_head_write(struct ipv6hdr *ip6, struct udphdr *udp, const struct way *way, __u8 ecn,
					     __u32 length)
{
	const struct mf_slot *slot = way->slot;
	__be32 first = slot->label_out | bpf_htonl((__u32)ecn << 20);
	__be16 length_be = bpf_htons(length);

	COPY(ip6, &first, 4);
	ip6->payload_len = length_be;
	ip6->nexthdr = IPPROTO_UDP;
	ip6->hop_limit = MF_HOP_LIMIT;
	COPY(&ip6->saddr, slot->local, 16);
	peer_address(way, &ip6->daddr);
	udp->source = slot->local_port;
	udp->dest = slot->remote_port;
	udp->len = length_be;
	udp->check = 0;
}

/* Those of `encap`. `sum` is that of all that follows the shim; ZERO_CHECKSUM ignores it. */
static __always_inline void outer_write(struct outer *outer, const struct way *way, const struct inner *inner,
					__u32 length, __u64 sum)
{
	const struct mf_slot *slot = way->slot;

	outer_head_write(&outer->ip6, &outer->udp, way, inner->ecn, length);
	outer->shim = inner->shim;
	if (way->association->flags & MF_ASSOC_ZERO_CHECKSUM)
		return;
	sum += slot->address_sum + bpf_htons(IPPROTO_UDP) + slot->local_port + slot->remote_port;
	sum += sum_shim(&inner->shim) + 2 * (__u64)bpf_htons(length);
	sum += (way->peer_prefix >> 32) + (__u32)way->peer_prefix;
	outer->udp.check = sum_finish_udp(sum);
}

/* Those of `sealed`, for `carried` bytes from the shim on. */
static __always_inline void outer_sealed_write(struct outer_sealed *outer, const struct way *way,
					       const struct inner *inner, __u32 carried)
{
	outer_head_write(&outer->ip6, &outer->udp, way, inner->ecn, sizeof(struct udphdr) + MF_SEAL_BYTES + carried);
	outer->shim = inner->shim;
}

#endif
