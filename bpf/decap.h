/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Undoing `encap`: outer headers off, inner header back, congestion mark carried over (RFC 6040).
 */
#ifndef MAYFLY_BPF_DECAP_H
#define MAYFLY_BPF_DECAP_H

#include "bpf/carry.h"
#include "bpf/live_find.h"

enum { ECN_NONE = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3, ECN_REFUSED = 4 };

struct arrival {
	struct mf_node *node;
	struct mf_association *association;
	struct mf_assoc_state *state;
	struct mf_traffic *traffic;
	__u32 id;
	struct mf_shim shim;
	struct tags_in {
		__u32 count;
		__be16 word[4];
	} tags;
	__u8 ecn;
	__u32 sealed;      /* bytes before the shim */
	__u64 peer_prefix; /* first half of the source */
	__u64 now_ns;
	__u32 bytes;  /* behind shim and tags */
	__u32 excess; /* behind the outer packet: padding of the frame */
};

struct outer_frame {
	struct ethhdr eth;
	struct outer outer;
} __attribute__((packed, aligned(2)));

/* Opened: padded, by so many bytes as the last two say. */
static __always_inline int unpad(struct xdp_md *ctx, struct arrival *arrival)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, *at;
	__u32 offset = sizeof(struct outer_frame) + MF_SEAL_BYTES + arrival->tags.count * VLAN_BYTES + arrival->bytes;
	__be16 word;
	__u32 padding;

	arrival->shim.kind &= ~MF_SHIM_PADDED;
	if (arrival->bytes < sizeof(word) || arrival->bytes > SUM_MOST)
		return -1;
	offset -= sizeof(word);
	HIDE(offset);
	at = data + (offset & (2 * SUM_MOST + 1));
	if (at + sizeof(word) > end)
		return -1;
	COPY(&word, at, sizeof(word));
	padding = bpf_ntohs(word);
	if (padding < sizeof(word) || padding > arrival->bytes)
		return -1;
	arrival->bytes -= padding;
	arrival->excess += padding;
	return 0;
}

/* RFC 6040 figure 4. */
static __always_inline __u8 ecn_combine(__u8 inner, __u8 outer)
{
	if (outer == ECN_CE)
		return inner == ECN_NONE ? ECN_REFUSED : ECN_CE;
	if (outer == ECN_ECT1 && inner == ECN_ECT0)
		return ECN_ECT1;
	return inner;
}

/* Writes MAC addresses, tags and protocol at the start of the frame; gives what follows. */
static __always_inline void *link_write(struct cursor *cursor, const struct arrival *arrival, __be16 protocol)
{
	__u8 *mac = take(cursor, 2 * ETH_ALEN);
	__be16 *word;

	if (!mac)
		return NULL;
	COPY(mac, arrival->node->device_mac, ETH_ALEN);
	COPY(mac + ETH_ALEN, arrival->node->inside_mac, ETH_ALEN);
#pragma unroll
	for (__u32 i = 0; i < VLAN_DEPTH; i++) {
		if (i >= arrival->tags.count)
			break;
		word = take(cursor, VLAN_BYTES);
		if (!word)
			return NULL;
		word[0] = arrival->tags.word[2 * i];
		word[1] = arrival->tags.word[2 * i + 1];
	}
	word = take(cursor, 2);
	if (!word)
		return NULL;
	*word = protocol;
	return cursor->at;
}

/*
 * Takes a session message out of the association's budget (a GCRA: ITU-T I.371). 0: there is none left. Two CPUs at once
 * may let a few more through than there are, at worst as many as there are CPUs.
 */
static __always_inline int control_take(struct mf_assoc_state *state, __u64 now_ns)
{
	__u64 whole_ns = state->control_ns;

	if (whole_ns < now_ns)
		whole_ns = now_ns;
	if (whole_ns > now_ns + (MF_CONTROL_BURST - 1) * (__u64)MF_CONTROL_EVERY_NS)
		return 0;
	state->control_ns = whole_ns + MF_CONTROL_EVERY_NS;
	return 1;
}

/* An introduction with CONTROL brings session messages between its two hosts, and what opens a slot. */
static __always_inline int is_control(const struct mf_shim *shim)
{
	return shim->kind == MF_SHIM_OPEN ||
	       (shim->kind == MF_SHIM_WITHOUT_ADDRESSES && shim->next_header == MF_NEXT_CONTROL);
}

/* The IPv6 header that the association implies. */
static __always_inline __u32 restore_host(struct xdp_md *ctx, struct arrival *arrival)
{
	const struct mf_association *association = arrival->association;
	__u8 ecn = ecn_combine(arrival->shim.traffic_class & 3, arrival->ecn);
	struct cursor cursor;
	struct ipv6hdr *ip6;
	__be32 first;

	if (!(association->flags & MF_ASSOC_HOST_PAIR))
		return MF_DROP_SHIM;
	if (ecn == ECN_REFUSED)
		return MF_DROP_ECN;
	if (arrival->shim.next_header == MF_NEXT_CONTROL && !control_take(arrival->state, arrival->now_ns))
		return MF_DROP_BUDGET;
	if (bpf_xdp_adjust_head(ctx, MF_ENCAP_HOST_BYTES + arrival->sealed))
		return MF_DROP_ROOM;
	cursor = cursor_of(ctx->data, ctx->data_end);
	if (!link_write(&cursor, arrival, bpf_htons(ETH_P_IPV6)))
		return MF_DROP_ROOM;
	ip6 = take(&cursor, sizeof(*ip6));
	if (!ip6)
		return MF_DROP_ROOM;
	first = bpf_htonl(6U << 28 | (__u32)((arrival->shim.traffic_class & 0xfc) | ecn) << 20);
	COPY(ip6, &first, 4);
	ip6->payload_len = bpf_htons(arrival->bytes);
	ip6->nexthdr = arrival->shim.next_header;
	ip6->hop_limit = arrival->shim.hop_limit;
	COPY(&ip6->saddr, association->inner_remote, 16);
	COPY(&ip6->daddr, association->inner_local, 16);
	return MF_IN_DELIVERED;
}

/* mf_remote leads to one of the associations that a client has in several introductions, or a session one after another. */
static __always_inline int is_twin(const struct arrival *arrival, const void *source)
{
	const struct mf_association *association = arrival->association;

	return (association->flags & MF_ASSOC_ROAMS || association->shares) &&
	       same_address(source, association->inner_remote);
}

/* May this pair of inner addresses come out of this association? */
static __always_inline __u32 inner_allowed(const struct arrival *arrival, const __u8 *source, const __u8 *destination)
{
	struct way way = { .id = arrival->id, .association = arrival->association };
	struct mf_lpm_key key = { .length = 128 };
	__u32 *id;

	COPY(key.address, source, 16);
	id = bpf_map_lookup_elem(&mf_remote, &key);
	if (!id || (*id != arrival->id && !is_twin(arrival, source)))
		return MF_DROP_INNER_SOURCE;
	return source_is_ours(&way, destination) ? MF_IN_DELIVERED : MF_DROP_INNER_DESTINATION;
}

static __always_inline __u32 restore_ipv6(struct xdp_md *ctx, struct arrival *arrival)
{
	struct cursor cursor;
	struct ipv6hdr *ip6;
	__u32 verdict;
	__u8 ecn;

	if (bpf_xdp_adjust_head(ctx, MF_ENCAP_WHOLE_BYTES + arrival->sealed))
		return MF_DROP_ROOM;
	cursor = cursor_of(ctx->data, ctx->data_end);
	if (!link_write(&cursor, arrival, bpf_htons(ETH_P_IPV6)))
		return MF_DROP_ROOM;
	ip6 = take(&cursor, sizeof(*ip6));
	if (!ip6 || ip6->version != 6 || bpf_ntohs(ip6->payload_len) + sizeof(*ip6) > arrival->bytes)
		return MF_DROP_MALFORMED;
	verdict = inner_allowed(arrival, ip6->saddr.s6_addr, ip6->daddr.s6_addr);
	if (verdict != MF_IN_DELIVERED)
		return verdict;
	ecn = ecn_combine(ipv6_class(ip6) & 3, arrival->ecn);
	if (ecn == ECN_REFUSED)
		return MF_DROP_ECN;
	if (ip6->nexthdr == MF_NEXT_CONTROL && !control_take(arrival->state, arrival->now_ns))
		return MF_DROP_BUDGET;
	ip6->flow_lbl[0] = (ip6->flow_lbl[0] & 0xcf) | ecn << 4;
	return MF_IN_DELIVERED;
}

static __always_inline __u32 restore_ipv4(struct xdp_md *ctx, struct arrival *arrival)
{
	__u8 source[16], destination[16], ecn;
	struct cursor cursor;
	struct iphdr *ip;
	__u32 verdict;
	__be16 before, after;

	if (bpf_xdp_adjust_head(ctx, MF_ENCAP_WHOLE_BYTES + arrival->sealed))
		return MF_DROP_ROOM;
	cursor = cursor_of(ctx->data, ctx->data_end);
	if (!link_write(&cursor, arrival, bpf_htons(ETH_P_IP)))
		return MF_DROP_ROOM;
	ip = take(&cursor, sizeof(*ip));
	if (!ip || ip->version != 4 || bpf_ntohs(ip->tot_len) > arrival->bytes)
		return MF_DROP_MALFORMED;
	map_ipv4(source, ip->saddr);
	map_ipv4(destination, ip->daddr);
	verdict = inner_allowed(arrival, source, destination);
	if (verdict != MF_IN_DELIVERED)
		return verdict;
	ecn = ecn_combine(ip->tos & 3, arrival->ecn);
	if (ecn == ECN_REFUSED)
		return MF_DROP_ECN;
	COPY(&before, ip, 2);
	ip->tos = (ip->tos & 0xfc) | ecn;
	COPY(&after, ip, 2);
	ip->check = ~sum_fold((__u64)(__u16)~ip->check + (__u16)~before + after);
	return MF_IN_DELIVERED;
}

/*
 * Several introductions may know one client: it is answered by the one that it was last heard in. The loader may be
 * deleting that one: it says so in mf_assoc first and looks here afterwards; whoever comes later puts back what was.
 */
static __noinline int client_lead(struct mf_association *association, __u32 client)
{
	const volatile __u32 *generation = &association->generation;
	struct mf_lpm_key key = { .length = 128 };
	__u32 zero = 0, *leads, before, mine = *generation;
	struct mf_association *leader;
	struct mf_clock *clock;

	COPY(key.address, association->inner_remote, 16);
	leads = bpf_map_lookup_elem(&mf_remote, &key);
	if (!leads || !mine)
		return 0;
	before = *(volatile __u32 *)leads;
	if (before == client)
		return 0;
	leader = bpf_map_lookup_elem(&mf_assoc, &before);
	clock = bpf_map_lookup_elem(&mf_clock, &zero);
	if (!leader || !(leader->flags & MF_ASSOC_ROAMS) || !clock)
		return 0;
	*(volatile __u32 *)leads = client;
	__sync_fetch_and_add(&clock->epoch, 1);
	if (*generation == mine)
		return 0;
	*(volatile __u32 *)leads = before;
	__sync_fetch_and_add(&clock->epoch, 1);
	return 0;
}

/* Answers go where the peer was last heard; what was known of the way to where it was before holds no longer. */
static __always_inline void client_learn(struct arrival *arrival, struct mf_assoc_state *state, __u64 index)
{
	if (state->heard_index < index || state->peer_prefix != arrival->peer_prefix)
		client_lead(arrival->association, arrival->id);
	if (state->peer_prefix == arrival->peer_prefix)
		return;
	state->peer_prefix = arrival->peer_prefix;
	state->path_mtu_ns = 0;
}

/* Has its two lines fetched while the headers are looked at: among many associations both have to come from afar. */
static __always_inline int arrival_fetch(struct arrival *arrival)
{
	arrival->state = bpf_map_lookup_elem(&mf_state, &arrival->id);
	arrival->traffic = bpf_map_lookup_elem(&mf_traffic, &arrival->id);
	if (!arrival->state || !arrival->traffic)
		return -1;
	(void)*(volatile __u64 *)&arrival->state->heard_index;
	(void)*(volatile __u64 *)&arrival->traffic->in_packets;
	return 0;
}

static __always_inline void heard(struct arrival *arrival, __u64 index, __u64 now_ns)
{
	struct mf_assoc_state *state = arrival->state;

	if (arrival->association->flags & MF_ASSOC_ROAMS)
		client_learn(arrival, state, index);
	if (state->heard_index < index)
		state->heard_index = index;
	if (state->heard_ns != now_ns)
		state->heard_ns = now_ns;
}

static __always_inline void count_in(const struct arrival *arrival, __u32 bytes)
{
	arrival->traffic->in_packets += 1;
	arrival->traffic->in_bytes += bytes;
}

/* Reads outer lengths, shim and tags of a frame whose outer header has been checked. */
static __always_inline __u32 arrival_read(struct xdp_md *ctx, struct arrival *arrival)
{
	struct cursor cursor = cursor_of(ctx->data, ctx->data_end);
	struct outer_frame *frame = take(&cursor, sizeof(*frame));
	__u32 udp_bytes, present, tag_bytes;
	struct mf_shim *shim;
	__be16 *word;

	if (!frame)
		return MF_DROP_MALFORMED;
	cursor.at = &frame->outer.shim;
	if (arrival->sealed)
		cursor.at += MF_SEAL_BYTES;
	shim = take(&cursor, sizeof(*shim));
	if (!shim)
		return MF_DROP_MALFORMED;
	udp_bytes = bpf_ntohs(frame->outer.udp.len);
	if (udp_bytes < arrival->sealed)
		return MF_DROP_MALFORMED;
	udp_bytes -= arrival->sealed;
	present = cursor.end - cursor.at;
	COPY(&arrival->shim, shim, sizeof(*shim));
	arrival->ecn = ipv6_class(&frame->outer.ip6) & 3;
	arrival->peer_prefix = words_of(&frame->outer.ip6.saddr).high;
	arrival->tags.count = arrival->shim.kind >> 4;
	tag_bytes = arrival->tags.count * VLAN_BYTES;
	if (arrival->tags.count > VLAN_DEPTH)
		return MF_DROP_SHIM;
	if (frame->outer.udp.len != frame->outer.ip6.payload_len ||
	    udp_bytes < sizeof(struct udphdr) + MF_SHIM_BYTES + tag_bytes ||
	    udp_bytes - sizeof(struct udphdr) - MF_SHIM_BYTES > present)
		return MF_DROP_MALFORMED;
	arrival->bytes = udp_bytes - sizeof(struct udphdr) - MF_SHIM_BYTES - tag_bytes;
	arrival->excess = present - (udp_bytes - sizeof(struct udphdr) - MF_SHIM_BYTES);
#pragma unroll
	for (__u32 i = 0; i < VLAN_DEPTH; i++) {
		if (i < arrival->tags.count) {
			word = take(&cursor, VLAN_BYTES);
			if (!word)
				return MF_DROP_MALFORMED;
			arrival->tags.word[2 * i] = word[0];
			arrival->tags.word[2 * i + 1] = word[1];
			if (!is_vlan(word[0]))
				return MF_DROP_SHIM;
		}
	}
	if (arrival->sealed && arrival->shim.kind & MF_SHIM_PADDED && unpad(ctx, arrival))
		return MF_DROP_SHIM;
	return MF_IN_DELIVERED;
}

static __always_inline __u32 restore(struct xdp_md *ctx, struct arrival *arrival)
{
	if (arrival->association->flags & MF_ASSOC_CONTROL && !is_control(&arrival->shim))
		return MF_DROP_CONTROL;
	switch (arrival->shim.kind & 0xf) {
	case MF_SHIM_WITHOUT_ADDRESSES:
		return restore_host(ctx, arrival);
	case MF_SHIM_IPV6:
		return restore_ipv6(ctx, arrival);
	case MF_SHIM_IPV4:
		return restore_ipv4(ctx, arrival);
	case MF_SHIM_OPEN:
		return MF_IN_OPENED;
	default:
		return MF_DROP_SHIM;
	}
}

/*
 * `index`, `id`: of the slot, and whose it is, read before the last look at whether it still is that slot. `sealed`: bytes
 * that stand before the shim, which has been opened.
 */
static __always_inline __u32 decapsulate(struct xdp_md *ctx, struct mf_node *node, __u64 index, __u32 id,
					 struct mf_association *association, __u64 now_ns, __u32 sealed)
{
	struct arrival arrival = { .node = node, .association = association, .id = id,
				   .now_ns = now_ns, .sealed = sealed };
	__u32 verdict;

	if (arrival_fetch(&arrival))
		return MF_DROP_NO_SLOT;
	verdict = arrival_read(ctx, &arrival);
	if (verdict != MF_IN_DELIVERED)
		return verdict;
	if (arrival.excess && bpf_xdp_adjust_tail(ctx, -(int)arrival.excess))
		return MF_DROP_ROOM;
	verdict = restore(ctx, &arrival);
	if (verdict == MF_IN_DELIVERED) {
		__u32 left_out = (arrival.shim.kind & 0xf) == MF_SHIM_WITHOUT_ADDRESSES ? sizeof(struct ipv6hdr) : 0;

		count_in(&arrival, arrival.bytes + left_out);
	}
	if (verdict == MF_IN_DELIVERED || verdict == MF_IN_OPENED)
		heard(&arrival, index, now_ns);
	return verdict;
}

#endif
