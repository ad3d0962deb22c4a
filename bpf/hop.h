/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From an inner destination to the way out: association, slot of now, next hop.
 */
#ifndef MAYFLY_BPF_HOP_H
#define MAYFLY_BPF_HOP_H

#include "bpf/checksum.h"
#include "bpf/maps.h"

#define AF_INET6 10

enum { NEXT_HOP_NS = 1000000000 };

struct way {
	__u32 id;
	__u64 now_ns;
	struct mf_association *association;
	__u32 generation; /* of it, when it was found */
	struct mf_assoc_state *state;
	struct mf_traffic *traffic;
	struct mf_slot *slot;
	__u64 index;       /* of the slot when it was found */
	__u64 peer_prefix; /* ROAMS: the /64 of the peer, where the slot has none; SEALED: see way_follow(); else 0 */
};

static __always_inline struct mf_slot *slot_at(const struct mf_association *association, __u64 index)
{
	__u32 position, size = association->ring_slots;
	struct mf_slot *slot;

	if (!size)
		return NULL;
	position = association->ring_base + index % size;
	slot = bpf_map_lookup_elem(&mf_slots, &position);
	return slot && *(const volatile __u64 *)&slot->index == index ? slot : NULL;
}

static __always_inline __u64 index_at(const struct mf_association *association, __u64 ms)
{
	__u32 rotation = association->rotation_ms;

	return rotation ? (ms + association->phase_ms) / rotation : 0;
}

/*
 * A firewall before the peer lets in only what answers a slot that the peer has opened:
 * stay in the newest slot heard, as long as the peer still listens there.
 */
static __always_inline __u64 index_to_send(const struct way *way, __u64 index)
{
	__u64 heard = way->state->heard_index;

	if (way->association->flags & MF_ASSOC_FOLLOWS &&
	    heard + MF_WINDOW_BACK >= index && heard <= index + MF_WINDOW_AHEAD)
		return heard;
	return index;
}

/* Where a client that roams was last heard. A listener has no peer. */
static __always_inline int peer_find(struct way *way)
{
	if (way->now_ns >= way->state->heard_ns + MF_PEER_HOLD_S * 1000000000ULL)
		return 0;
	way->peer_prefix = way->state->peer_prefix;
	return way->peer_prefix != 0;
}

/* MF_OUT_SENT and the slot, which stays what it is until way_ends() has said so. */
static __always_inline __u32 way_slot(struct way *way, __u64 index)
{
	way->index = index;
	way->slot = slot_at(way->association, index);
	return way->slot ? MF_OUT_SENT : MF_DROP_NO_SLOT;
}

/*
 * All of slot and association has been read: were they one and the same? The loader may have put others in their place meanwhile;
 * what was to be sealed would leave as it is when it no longer says so.
 */
static __always_inline __u32 way_ends(const struct way *way)
{
	asm volatile("" ::: "memory");
	return *(const volatile __u64 *)&way->slot->index == way->index &&
	       *(const volatile __u32 *)&way->association->generation == way->generation ? MF_OUT_SENT : MF_DROP_NO_SLOT;
}

/* MF_OUT_SENT and all of *way, or the verdict that ends the packet. */
static __always_inline __u32 way_of(struct way *way, __u32 id)
{
	__u64 ms;

	way->id = id;
	way->now_ns = coarse_ns();
	way->association = bpf_map_lookup_elem(&mf_assoc, &id);
	way->state = bpf_map_lookup_elem(&mf_state, &id);
	way->traffic = bpf_map_lookup_elem(&mf_traffic, &id);
	if (!way->association || !way->state || !way->traffic)
		return MF_DROP_NO_ASSOCIATION;
	way->generation = *(const volatile __u32 *)&way->association->generation;
	if (!way->generation)
		return MF_DROP_NO_ASSOCIATION;
	if (way->association->flags & (MF_ASSOC_LISTENS | MF_ASSOC_ROAMS) && !peer_find(way))
		return MF_DROP_NO_PEER;
	ms = now_ms(way->now_ns);
	return way_slot(way, index_to_send(way, index_at(way->association, ms)));
}

/* Where this CPU keeps the route to an inner destination: one place each, the last one wins. */
static __always_inline struct mf_route *route_kept(const __u8 *destination)
{
	struct words words = words_of(destination);
	__u64 mixed = (words.high ^ words.low) * 0x9e3779b97f4a7c15;
	__u32 place = mixed >> (64 - MF_ROUTE_BITS);

	return bpf_map_lookup_elem(&mf_route, &place);
}

/* The association of an inner destination: 0 and *id, or -1. */
static __always_inline int route_find(const struct mf_lpm_key *destination, __u32 *id)
{
	struct mf_route *kept = route_kept(destination->address);
	__u32 zero = 0, *found;
	struct mf_clock *clock = bpf_map_lookup_elem(&mf_clock, &zero);
	__u32 epoch;

	if (!kept || !clock)
		return -1;
	/* Read once, before mf_remote: what is found holds for the time before any change that comes meanwhile. */
	epoch = *(volatile __u32 *)&clock->epoch + 1;
	if (kept->epoch == epoch && same_address(kept->destination.byte, destination->address)) {
		*id = kept->association;
		return 0;
	}
	kept->epoch = 0;
	found = bpf_map_lookup_elem(&mf_remote, destination);
	if (!found)
		return -1;
	COPY(kept->destination.byte, destination->address, 16);
	kept->association = *found;
	kept->epoch = epoch;
	*id = *found;
	return 0;
}

static __always_inline __u32 way_find(struct way *way, const struct mf_lpm_key *destination)
{
	__u32 id;

	return route_find(destination, &id) ? MF_DROP_NO_ASSOCIATION : way_of(way, id);
}

/* Is the inner source one of this association's local prefixes? */
static __always_inline int source_is_ours(const struct way *way, const void *source)
{
	struct mf_pair_key pair = { .length = 160, .association = way->id };
	struct mf_lpm_key key = { .length = 128 };

	COPY(pair.address, source, 16);
	if (bpf_map_lookup_elem(&mf_pair, &pair))
		return 1;
	if (way->association->flags & MF_ASSOC_OWN_PREFIXES)
		return 0;
	COPY(key.address, source, 16);
	return bpf_map_lookup_elem(&mf_local, &key) != NULL;
}

static __always_inline __u32 outer_mtu(const struct way *way)
{
	__u32 mtu = way->association->link_mtu, path = way->state->path_mtu;

	if (path && path < mtu && way->now_ns < way->state->path_mtu_ns)
		return path;
	return mtu;
}

/* What a next hop of one slot is marked with: no other slot has it, nor this one once the peer is elsewhere. */
static __always_inline __u64 next_hop_mark(const struct way *way)
{
	return way->slot->index ^ way->peer_prefix;
}

static __always_inline int next_hop_is_known(const struct way *way)
{
	const struct mf_traffic *traffic = way->traffic;

	if (way->now_ns >= traffic->next_hop.until_ns)
		return 0;
	return traffic->next_hop_slot ? traffic->next_hop_slot == next_hop_mark(way) : !way->peer_prefix;
}

/* The peer's address in the way's slot. */
static __always_inline void peer_address(const struct way *way, void *address)
{
	COPY(address, way->slot->remote, 16);
	if (way->peer_prefix)
		COPY(address, &way->peer_prefix, 8);
}

/*
 * Asks the FIB and keeps the answer. MF_OUT_SENT: known; MF_OUT_SENT_SLOW: the neighbour is yet to be
 * resolved. A next hop that is the destination itself (peer on the link) holds for one slot, and so does that to a
 * peer that roams.
 */
static __always_inline __u32 next_hop_find(void *ctx, struct way *way, const struct mf_node *node)
{
	struct bpf_fib_lookup fib = { .family = AF_INET6, .ifindex = node->inside };
	struct mf_next_hop *hop = &way->traffic->next_hop;
	long rc;

	COPY(fib.ipv6_src, way->slot->local, 16);
	peer_address(way, fib.ipv6_dst);
	rc = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	if ((rc != BPF_FIB_LKUP_RET_SUCCESS && rc != BPF_FIB_LKUP_RET_NO_NEIGH) || fib.ifindex != node->nic)
		return MF_DROP_NO_ROUTE;
	if (rc == BPF_FIB_LKUP_RET_NO_NEIGH)
		return MF_OUT_SENT_SLOW;
	COPY(hop->destination, fib.dmac, ETH_ALEN);
	COPY(hop->source, fib.smac, ETH_ALEN);
	hop->ifindex = fib.ifindex;
	hop->until_ns = way->now_ns + NEXT_HOP_NS;
	way->traffic->next_hop_slot =
		way->peer_prefix || same_address(fib.ipv6_dst, way->slot->remote) ? next_hop_mark(way) : 0;
	return MF_OUT_SENT;
}

static __always_inline __u32 next_hop_get(void *ctx, struct way *way, const struct mf_node *node)
{
	return next_hop_is_known(way) ? MF_OUT_SENT : next_hop_find(ctx, way, node);
}

static __always_inline void ethernet_write(struct ethhdr *eth, const struct mf_next_hop *hop)
{
	COPY(eth->h_dest, hop->destination, ETH_ALEN);
	COPY(eth->h_source, hop->source, ETH_ALEN);
	eth->h_proto = bpf_htons(ETH_P_IPV6);
}

static __always_inline void count_out(struct way *way, __u32 packets, __u32 bytes)
{
	way->traffic->out_packets += packets;
	way->traffic->out_bytes += bytes;
	if (way->state->sent_ns != way->now_ns)
		way->state->sent_ns = way->now_ns;
}

#endif
