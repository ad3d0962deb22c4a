/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way in, XDP on the NIC: whose packet it is, whether it may be heard now, and, for `encap`,
 * what it was before it was carried. `rewrite` is undone behind receive offload (bpf/in_tc.h).
 */
#ifndef MAYFLY_BPF_IN_H
#define MAYFLY_BPF_IN_H

#include "bpf/client.h"
#include "bpf/decap.h"
#include "bpf/live_find.h"
#include "bpf/nd.h"
#include "bpf/open.h"
#include "bpf/probe.h"
#include "bpf/transport.h"

/* Not a verdict: goes on to tc, which decides and counts. */
enum { TO_TC = MF_VERDICT_ROOM };

#define NOBODY (~0U) /* no association's address */

static __always_inline int maybe_inner(const struct mf_node *node, const void *address)
{
	__u8 first = *(const __u8 *)address;

	return node->inner_first[first >> 6 & 3] >> (first & 63) & 1;
}

static __always_inline int is_inner(const void *address)
{
	struct mf_lpm_key key = { .length = 128 };

	COPY(key.address, address, 16);
	return bpf_map_lookup_elem(&mf_local, &key) || bpf_map_lookup_elem(&mf_remote, &key);
}

/* Inner prefixes come out of associations only, never off the wire. */
static __always_inline __u32 inner_off_the_wire(const struct mf_node *node, const void *source, const void *destination)
{
	if ((maybe_inner(node, destination) && is_inner(destination)) ||
	    (maybe_inner(node, source) && is_inner(source)))
		return MF_DROP_INNER;
	return MF_PASS_OTHER;
}

static __always_inline __u32 in_ipv4(struct mf_node *node, struct cursor *cursor)
{
	struct iphdr *ip = take(cursor, sizeof(*ip));
	__u8 source[16], destination[16];

	if (!ip || !(node->flags & MF_NODE_INNER_V4))
		return MF_PASS_OTHER;
	map_ipv4(source, ip->saddr);
	map_ipv4(destination, ip->daddr);
	return is_inner(destination) || is_inner(source) ? MF_DROP_INNER : MF_PASS_OTHER;
}

/* Linux tells any of its IPv4 addresses on any interface (RFC 1122 leaves it open). */
static __always_inline __u32 in_arp(struct mf_node *node, struct cursor *cursor)
{
	struct arp *arp = take(cursor, sizeof(*arp));
	__u8 sender[16], target[16];
	__be32 word;

	if (!arp || !(node->flags & MF_NODE_INNER_V4))
		return MF_PASS_OTHER;
	COPY(&word, arp->sender, sizeof(word));
	map_ipv4(sender, word);
	COPY(&word, arp->target, sizeof(word));
	map_ipv4(target, word);
	return is_inner(target) || is_inner(sender) ? MF_DROP_INNER : MF_PASS_OTHER;
}

static __always_inline int is_hopping(const struct mf_node *node, const void *address)
{
#pragma unroll
	for (__u32 i = 0; i < MF_HOPPING_PREFIXES; i++) {
		if (i >= node->prefixes)
			return 0;
		if (in_prefix(address, &node->prefix[i]))
			return 1;
	}
	return 0;
}

/* What the stack needs of ICMPv6 for a lent address, whatever port it is lent for: neighbours, path MTU. */
static __always_inline int is_icmp_of_a_host(const struct ipv6hdr *ip6, const struct cursor *cursor)
{
	const __u8 *type = cursor->at;

	return ip6->nexthdr == IPPROTO_ICMPV6 && cursor->at + 1 <= cursor->end &&
	       (*type == ICMPV6_PKT_TOOBIG || *type == ND_SOLICIT || *type == ND_ADVERTISE);
}

/* An error names a packet that left from here: whoever sends it has been asked. */
static __always_inline int is_icmp_error(const struct ipv6hdr *ip6, const struct cursor *cursor)
{
	const __u8 *type = cursor->at;

	return ip6->nexthdr == IPPROTO_ICMPV6 && cursor->at + 1 <= cursor->end && !(*type & ICMPV6_INFOMSG_MASK);
}

static __always_inline int is_solicitation(const struct ipv6hdr *ip6, const struct cursor *cursor)
{
	const __u8 *type = cursor->at;

	return ip6->nexthdr == IPPROTO_ICMPV6 && cursor->at + 1 <= cursor->end && *type == ND_SOLICIT;
}

/* The stack does not know that it has a lent address: on the link, neighbours that ask it directly are answered here. */
static __always_inline __u32 in_lent(struct xdp_md *ctx, const struct mf_node *node, struct ipv6hdr *ip6,
				     struct cursor *cursor, const struct mf_loan *loan)
{
	__u64 ms = now_ms(coarse_ns());
	__u32 verdict = MF_DROP_NOT_UDP;
	struct udphdr *udp;

	if (ms < loan->from_ms)
		return MF_DROP_EARLY;
	if (ms < loan->until_ms) {
		if (node->flags & MF_NODE_ON_LINK && is_solicitation(ip6, cursor))
			return nd_solicited(ctx, node, ip6, cursor);
		if (!loan->port || is_icmp_of_a_host(ip6, cursor))
			return MF_IN_LENT;
		if (is_icmp_error(ip6, cursor))
			return MF_DROP_ICMP;
		udp = take(cursor, sizeof(*udp));
		if (ip6->nexthdr == IPPROTO_UDP && udp) {
			if (udp->dest == loan->port)
				return MF_IN_LENT;
			verdict = MF_DROP_PORT;
		}
	} else {
		verdict = MF_DROP_EXPIRED;
	}
	probe(MF_EVENT_PROBE_EXPIRED, NOBODY, ip6);
	return verdict;
}

/* A hopping prefix may hold addresses of the host's own too, also a routed one. */
static __always_inline __u32 in_dead(struct xdp_md *ctx, const struct mf_node *node, struct ipv6hdr *ip6,
				     struct cursor *cursor)
{
	struct mf_loan *loan = loan_of(node, &ip6->daddr);

	if (loan)
		return in_lent(ctx, node, ip6, cursor, loan);
	if (!(node->flags & MF_NODE_DARK))
		return MF_PASS_OTHER;
	if (node->flags & (MF_NODE_ON_LINK | MF_NODE_OWN) && bpf_map_lookup_elem(&mf_own, &ip6->daddr))
		return MF_PASS_OTHER;
	probe(MF_EVENT_PROBE_RANDOM, NOBODY, ip6);
	return MF_DROP_DEAD;
}

struct quoted {
	struct icmp6hdr icmp6;
	struct ipv6hdr ip6;
	struct ports ports;
} __attribute__((packed, aligned(2)));

/* Is this the peer's address in the slot? One that roams has it in the prefix that was learned, if any was. */
static __always_inline int is_peer(const void *address, const struct mf_slot *slot, const struct mf_assoc_state *state)
{
	struct words words = words_of(address), remote = words_of(slot->remote);

	return words.high && words.low == remote.low &&
	       words.high == (remote.high ? remote.high : state->peer_prefix);
}

/*
 * The same of what comes in. A peer whose packets are sealed may have gone to another /64 with its identifier, once it has
 * been heard where the two had agreed that it is: its first packet shows that it can be reached there. Only who has begun
 * the handshake moves so; a responder has another made.
 */
static __always_inline int is_from_peer(const void *source, const struct hit *hit,
					const struct mf_association *association)
{
	struct words from = words_of(source), remote = words_of(hit->slot->remote);
	__u32 id = slot_association(hit);
	struct mf_assoc_state *state;
	struct mf_seal *seal;

	if (from.low != remote.low)
		return 0;
	if (from.high == remote.high)
		return 1;
	state = bpf_map_lookup_elem(&mf_state, &id);
	seal = bpf_map_lookup_elem(&mf_seal, &id);
	return is_sealed(association) && is_place(from.high) && state && state->heard_index && seal && !seal->in.sender;
}

/* Believed only if it quotes what this end sent in this very slot. */
static __always_inline int quotes_us(const struct quoted *quoted, const struct ipv6hdr *ip6, const struct mf_slot *slot,
				     const struct mf_assoc_state *state, __u8 carriage)
{
	if (quoted->icmp6.icmp6_type != ICMPV6_PKT_TOOBIG ||
	    !same_address(&quoted->ip6.saddr, &ip6->daddr) || !is_peer(&quoted->ip6.daddr, slot, state))
		return 0;
	if (carriage == MF_CARRIAGE_REWRITE)
		return 1;
	return quoted->ip6.nexthdr == IPPROTO_UDP && quoted->ports.source == slot->local_port &&
	       quoted->ports.destination == slot->remote_port;
}

/* Packet-too-big lowers the association's path MTU for ten minutes, and never raises it (RFC 8201 section 4). */
static __always_inline __u32 in_too_big(struct ipv6hdr *ip6, struct cursor *cursor, struct hit *hit,
					struct mf_association *association)
{
	struct quoted *quoted = take(cursor, sizeof(*quoted));
	struct mf_assoc_state *state;
	__u32 mtu, least, id;
	__u64 now_ns;

	if (quoted && is_introduction(association))
		association = client_find(&ip6->daddr, &quoted->ip6.daddr, hit);
	id = slot_association(hit);
	state = bpf_map_lookup_elem(&mf_state, &id);
	if (!quoted || !association || !state ||
	    !quotes_us(quoted, ip6, hit->slot, state, association->carriage) || !is_still(hit) ||
	    !icmp6_holds(ip6, quoted, cursor->end))
		return MF_DROP_ICMP;
	least = MF_INNER_MTU_MIN;
	if (association->carriage != MF_CARRIAGE_REWRITE)
		least += association->flags & MF_ASSOC_HOST_PAIR ? MF_ENCAP_HOST_BYTES : MF_ENCAP_WHOLE_BYTES;
	least += association->sealing;
	mtu = bpf_ntohl(quoted->icmp6.icmp6_mtu);
	if (mtu < least)
		mtu = least;
	now_ns = coarse_ns();
	if (mtu >= association->link_mtu || (state->path_mtu && now_ns < state->path_mtu_ns && mtu > state->path_mtu))
		return MF_DROP_ICMP;
	state->path_mtu = mtu;
	state->path_mtu_ns = now_ns + 600ULL * 1000000000;
	report(MF_EVENT_PATH_MTU, id, (__u8 *)&ip6->saddr, (__u8 *)&ip6->daddr, mtu);
	return MF_PATH_MTU_LOWERED;
}

/* ICMPv6 to a live address from somebody else than the peer. */
static __always_inline __u32 in_icmp(struct xdp_md *ctx, struct mf_node *node, struct ipv6hdr *ip6,
				     struct cursor *cursor, struct hit *hit, struct mf_association *association)
{
	__u8 *type = cursor->at;
	__u32 verdict;

	if (cursor->at + 1 > cursor->end)
		return MF_DROP_MALFORMED;
	if (*type == ND_SOLICIT && node->flags & MF_NODE_ON_LINK) {
		verdict = nd_solicited(ctx, node, ip6, cursor);
		return verdict == MF_PASS_OTHER ? MF_DROP_ICMP : verdict;
	}
	return in_too_big(ip6, cursor, hit, association);
}

/* Somebody at an association's address who has no business there. */
static __always_inline void probe_of(const struct hit *hit, struct ipv6hdr *ip6)
{
	__u32 id = slot_association(hit);

	probe(MF_EVENT_PROBE_EXPIRED, is_still(hit) ? id : NOBODY, ip6);
}

/*
 * After the slot's window. What the peer itself sent, or somebody who replays it, is late and says nothing of strangers:
 * replaying moves no alarm.
 */
static __always_inline __u32 in_late(struct ipv6hdr *ip6, struct hit *hit, struct mf_association *association)
{
	if (is_introduction(association) ? client_find(&ip6->daddr, &ip6->saddr, hit) != NULL :
					   same_address(&ip6->saddr, hit->slot->remote))
		return MF_DROP_LATE;
	probe_of(hit, ip6);
	return MF_DROP_EXPIRED;
}

static __always_inline __u32 in_live(struct xdp_md *ctx, struct mf_node *node, struct ipv6hdr *ip6,
				     struct cursor *cursor, struct hit *hit)
{
	struct mf_association *association = association_of(hit), *from;
	__u64 now_ns = coarse_ns(), ms = now_ms(now_ns);
	struct udphdr *udp;
	__u32 id;

	if (!association)
		return MF_DROP_NO_SLOT;
	if (is_late(hit, association, ms))
		return in_late(ip6, hit, association);
	if (is_early(hit, association, ms))
		return MF_DROP_EARLY;
	if (is_introduction(association))
		from = ip6->nexthdr == IPPROTO_ICMPV6 ? NULL : client_find(&ip6->daddr, &ip6->saddr, hit);
	else
		from = is_from_peer(&ip6->saddr, hit, association) ? association : NULL;
	if (!from) {
		if (ip6->nexthdr == IPPROTO_ICMPV6)
			return in_icmp(ctx, node, ip6, cursor, hit, association);
		probe_of(hit, ip6);
		return MF_DROP_SOURCE;
	}
	association = from;
	if (association->carriage == MF_CARRIAGE_REWRITE)
		return TO_TC;
	udp = take(cursor, sizeof(*udp));
	if (ip6->nexthdr != IPPROTO_UDP || !udp) {
		probe_of(hit, ip6);
		return MF_DROP_NOT_UDP;
	}
	if (udp->source != hit->slot->remote_port || udp->dest != hit->slot->local_port) {
		probe_of(hit, ip6);
		return MF_DROP_PORT;
	}
	id = slot_association(hit);
	if (!is_still(hit))
		return MF_DROP_NO_SLOT;
	if (is_sealed(association))
		return to_open(hit, id, association, &ip6->saddr, now_ns);
	return decapsulate(ctx, node, hit->index, id, association, now_ns, 0);
}

static __always_inline __u32 in_ipv6(struct xdp_md *ctx, struct mf_node *node, struct cursor *cursor, int tagged)
{
	struct ipv6hdr *ip6 = take(cursor, sizeof(*ip6));
	struct hit hit;

	if (!ip6)
		return MF_PASS_OTHER;
	if (!tagged && is_hopping(node, &ip6->daddr)) {
		if (live_find(&ip6->daddr, &hit))
			return in_live(ctx, node, ip6, cursor, &hit);
		return in_dead(ctx, node, ip6, cursor);
	}
	if (!tagged && ip6->daddr.s6_addr[0] == 0xff && node->flags & MF_NODE_ON_LINK &&
	    ip6->nexthdr == IPPROTO_ICMPV6)
		return nd_solicited(ctx, node, ip6, cursor);
	return inner_off_the_wire(node, &ip6->saddr, &ip6->daddr);
}

/* Takes a priority tag (VLAN 0) off an IPv6 frame: it names no VLAN, and what follows must be checked in its place. */
static __always_inline int priority_strip(struct xdp_md *ctx)
{
	struct cursor cursor = cursor_of(ctx->data, ctx->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));
	__be16 *tag = take(&cursor, VLAN_BYTES);
	__u8 mac[2 * ETH_ALEN];

	if (!eth || !tag || tag[0] & bpf_htons(VLAN_ID) || tag[1] != bpf_htons(ETH_P_IPV6))
		return 0;
	COPY(mac, eth, sizeof(mac));
	if (bpf_xdp_adjust_head(ctx, VLAN_BYTES))
		return -1;
	cursor = cursor_of(ctx->data, ctx->data_end);
	eth = take(&cursor, sizeof(*eth));
	if (!eth)
		return -1;
	COPY(eth, mac, sizeof(mac));
	return 0;
}

static __always_inline __u32 in_first(struct xdp_md *ctx, struct mf_node *node)
{
	struct cursor cursor = cursor_of(ctx->data, ctx->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));
	struct vlans vlans = {};
	__be16 protocol;

	if (eth && same_mac(eth->h_dest, node->device_mac))
		return MF_DROP_DEVICE; /* only what has been carried may come to the device */
	if (eth && is_vlan(eth->h_proto)) {
		if (priority_strip(ctx))
			return MF_DROP_ROOM;
		cursor = cursor_of(ctx->data, ctx->data_end);
		eth = take(&cursor, sizeof(*eth));
	}
	if (!eth)
		return MF_PASS_OTHER;
	protocol = skip_vlan(&cursor, eth->h_proto, &vlans);
	if (vlans.count && !vlans.id && (is_vlan(protocol) || protocol == bpf_htons(ETH_P_IPV6)))
		return MF_DROP_MALFORMED; /* the stack would take them all off and see what stands here unchecked */
	if (protocol == bpf_htons(ETH_P_IPV6))
		return in_ipv6(ctx, node, &cursor, vlans.count);
	if (protocol == bpf_htons(ETH_P_IP))
		return in_ipv4(node, &cursor);
	if (protocol == bpf_htons(ETH_P_ARP))
		return in_arp(node, &cursor);
	return MF_PASS_OTHER;
}

/* What XDP tells the kernel. A driver that cannot send from XDP has tc reflect the answer. */
static __always_inline int in_action(const struct mf_node *node, __u32 verdict)
{
	if (verdict == TO_TC)
		return XDP_PASS;
	count(verdict);
	switch (verdict) {
	case MF_PASS_OTHER:
	case MF_IN_DELIVERED:
	case MF_IN_LENT:
		return XDP_PASS;
	case MF_ND_ANSWERED:
		return node->flags & MF_NODE_REFLECT ? XDP_PASS : XDP_TX;
	default:
		return XDP_DROP;
	}
}

#endif
