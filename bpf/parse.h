/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One bounds check a header. A cursor moves over a frame; take_*() give the header under it, or NULL.
 */
#ifndef MAYFLY_BPF_PARSE_H
#define MAYFLY_BPF_PARSE_H

#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/abi.h"

enum { VLAN_DEPTH = 2, VLAN_BYTES = 4, VLAN_ID = 0xfff, EXTENSION_DEPTH = 4 };

#define COPY(to, from, bytes) __builtin_memcpy(to, from, bytes)

struct cursor {
	void *at;
	void *end;
};

struct vlan_tag {
	__be16 tpid;
	__be16 tci;
};

/* RFC 826, Ethernet and IPv4. */
struct arp {
	__be16 hardware, protocol;
	__u8 hardware_bytes, protocol_bytes;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target[4];
};

/* 16 bytes as two words; every address comparison in the fast path is two of these. */
struct words {
	__u64 high, low;
};

/* Packets are only 2-byte aligned behind an Ethernet header; the field types must not promise more. */
struct loose_words {
	__u64 high, low;
} __attribute__((packed, aligned(4)));

static __always_inline struct cursor cursor_of(__u32 data, __u32 data_end)
{
	return (struct cursor){ (void *)(long)data, (void *)(long)data_end };
}

static __always_inline void *take(struct cursor *cursor, __u32 bytes)
{
	void *at = cursor->at;

	if (at + bytes > cursor->end)
		return NULL;
	cursor->at = at + bytes;
	return at;
}

static __always_inline struct words words_of(const void *address)
{
	const struct loose_words *words = address;

	return (struct words){ words->high, words->low };
}

static __always_inline int same_address(const void *a, const void *b)
{
	struct words one = words_of(a), other = words_of(b);

	return one.high == other.high && one.low == other.low;
}

static __always_inline int same_mac(const void *a, const void *b)
{
	const __u16 *one = a, *other = b;

	return one[0] == other[0] && one[1] == other[1] && one[2] == other[2];
}

static __always_inline int is_vlan(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

/* Tags that a frame carries in its data. */
struct vlans {
	__u32 count;
	__u32 id; /* 0: none of them names a VLAN; priority tags (VLAN 0) do not, and the stack takes them off */
};

/* Steps over at most VLAN_DEPTH tags; gives the protocol behind them, in network byte order. */
static __always_inline __be16 skip_vlan(struct cursor *cursor, __be16 protocol, struct vlans *vlans)
{
#pragma unroll
	for (int i = 0; i < VLAN_DEPTH; i++) {
		__be16 *tag;

		if (!is_vlan(protocol))
			break;
		tag = take(cursor, VLAN_BYTES);
		if (!tag)
			break;
		vlans->count += 1;
		vlans->id |= tag[0] & bpf_htons(VLAN_ID);
		protocol = tag[1];
	}
	return protocol;
}

/* ::ffff:a.b.c.d */
static __always_inline void map_ipv4(__u8 *mapped, __be32 address)
{
	__builtin_memset(mapped, 0, 10);
	mapped[10] = 0xff;
	mapped[11] = 0xff;
	COPY(mapped + 12, &address, 4);
}

static __always_inline __u8 ipv6_class(const struct ipv6hdr *ip6)
{
	return ip6->priority << 4 | ip6->flow_lbl[0] >> 4;
}

static __always_inline int in_prefix(const void *address, const struct mf_prefix *prefix)
{
	struct words a = words_of(address), p = words_of(prefix->address);
	__u32 length = prefix->length;
	__u64 high = bpf_be64_to_cpu(a.high ^ p.high), low = bpf_be64_to_cpu(a.low ^ p.low);

	if (length <= 64)
		return length == 0 || high >> (64 - length) == 0;
	return high == 0 && low >> ((128 - length) & 63) == 0;
}

#endif
