/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The map contract: every shape that the programs and the loader share.
 * Addresses and ports stand in network byte order, everything else in host order;
 * times are milliseconds since the Unix epoch unless the name says otherwise.
 * Later kinds and carriages take new numbers here; sizes and offsets stay.
 */
#ifndef MAYFLY_BPF_ABI_H
#define MAYFLY_BPF_ABI_H

#include <linux/types.h>

#include "bpf/live.h"
#include "bpf/seal_key.h"

#define MF_ABI_VERSION 3

/* How an association's packets travel. */
enum mf_carriage {
	MF_CARRIAGE_NONE = 0,
	MF_CARRIAGE_ENCAP = 1,
	MF_CARRIAGE_REWRITE = 2,
	MF_CARRIAGE_SEALED = 3, /* encap under authenticated encryption */
};

enum mf_assoc_flag {
	MF_ASSOC_HOST_PAIR = 1 << 0,     /* one /128 each side: encap leaves the inner addresses out */
	MF_ASSOC_ZERO_CHECKSUM = 1 << 1, /* encap: outer UDP checksum 0 (RFC 6935, 6936), large frames stay whole */
	MF_ASSOC_OPENS = 1 << 2,         /* a stateful firewall stands before us: open each slot from inside */
	MF_ASSOC_FOLLOWS = 1 << 3,       /* one stands before the peer: send in the newest slot heard */
	MF_ASSOC_OWN_PREFIXES = 1 << 4,  /* inner local prefixes stand in mf_pair; else those of the node hold */
	MF_ASSOC_LISTENS = 1 << 5,       /* an introduction: its addresses are heard for the associations that ROAM */
	MF_ASSOC_ROAMS = 1 << 6,         /* one of its clients: the peer's /64 is open and learned from what it sends */
	MF_ASSOC_CONTROL = 1 << 7,       /* lets nothing in but session messages between its two hosts */
};

/* Session messages (docs/PROTOCOL.md section 9). Each association has a budget of them, on the way in. */
enum mf_control_messages {
	MF_NEXT_CONTROL = 254,         /* IPv6 next header (RFC 3692) */
	MF_CONTROL_EVERY_NS = 25000000, /* so often for ever, */
	MF_CONTROL_BURST = 40,          /* so many at once */
};

/* A prefix of inner addresses. IPv4 prefixes are mapped: ::ffff:0:0/96 plus the IPv4 length. */
struct mf_prefix {
	__u8 address[16];
	__u8 length;
	__u8 pad[3];
};

/*
 * Where an end's hopping addresses come from: `base`, its low `hop_bits` bits replaced by
 * the leading bits of the slot's identifier. prefix_length + hop_bits <= 128, hop_bits 16 to 64.
 */
struct mf_template {
	__u8 base[16];
	__u8 prefix_length;
	__u8 hop_bits;
	__u8 pad[6];
};

/*
 * One slot of one association: both ends, ready to be written into a packet.
 * mf_slots[ring_base + index % ring_slots]. `index` is zeroed first and stored last; a reader that finds
 * another index than the one it wants, or another one after reading than before, has no slot. A clock is one
 * source of indices. Heard from the start of the slot before to the end of the one after: MF_WINDOW_*.
 */
struct mf_slot {
	__u64 index;
	__u64 start_ms;
	__u8 local[16];
	__u8 remote[16];
	__be16 local_port;
	__be16 remote_port;
	__be32 label_out;  /* first word of the outer IPv6 header: version 6, class 0, flow label */
	__u32 address_sum; /* ones' complement sum of both addresses' 16-bit words, not folded */
	__u32 association; /* whose it is */
};

/* mf_assoc: what the loader decides about an association; programs only read it. 0 generation: free. */
struct mf_association {
	__u32 generation; /* changes with every new key, prefix or rotation period; never 0 in use */
	__u8 carriage;
	__u8 flags;
	__u16 link_mtu;   /* largest outer packet, bytes from the IPv6 header on */
	__u32 rotation_ms;
	__u32 phase_ms;
	__u32 ring_base;
	__u32 ring_slots;
	__be16 local_port;  /* rewrite: the only inner UDP or TCP port of this end; 0: any */
	__be16 remote_port; /* the same of the other end */
	__u32 inner_sum;    /* HOST_PAIR: sum of both inner addresses' 16-bit words, not folded */
	__u8 inner_local[16];  /* HOST_PAIR */
	__u8 inner_remote[16]; /* HOST_PAIR */
	__u8 shares;           /* 1: others that share may have the same inner remote host; all are heard, one leads */
	__u8 padding;          /* enum mf_padding; SEALED */
	__u8 sealing;          /* SEALED: bytes that this adds to a packet, padding at the least included; else 0 */
	__u8 pad[61];
};

/* mf_state: what changes while an association runs. Written by the keeper and the programs. */
struct mf_assoc_state {
	__u64 kept_index;   /* newest slot that stands in mf_live */
	__u64 heard_index;  /* newest slot in which the peer was heard */
	__u64 heard_ns;     /* coarse monotonic time of that */
	__u64 sent_ns;      /* coarse monotonic time of the last packet out */
	__u64 path_mtu_ns;  /* until when path_mtu holds, coarse monotonic time */
	__u32 path_mtu;     /* largest outer packet by a believed packet-too-big; 0: none */
	__u32 pad;
	/*
	 * ROAMS: first half of the address last heard, holds MF_PEER_HOLD_S from heard_ns; 0: none. SEALED: that of the newest
	 * packet opened, if it is another than the slot's: session messages go there, nothing else; 0: the slot's.
	 */
	__be64 peer_prefix;
	__u64 control_ns;   /* when the budget of session messages is whole again, coarse monotonic time */
};

/* The next hop that the FIB gave, kept for one CPU and at most a second. */
struct mf_next_hop {
	__u64 until_ns;
	__u8 destination[6];
	__u8 source[6];
	__u32 ifindex;
};

/* mf_traffic: inner packets and bytes (from the IP header on), per CPU. */
struct mf_traffic {
	__u64 out_packets;
	__u64 out_bytes;
	__u64 in_packets;
	__u64 in_bytes;
	struct mf_next_hop next_hop;
	__u64 next_hop_slot; /* on-link, or to a peer that roams: holds for this slot (XOR the peer's prefix) only */
};

/*
 * mf_lent: an address of a hopping prefix lent to a local socket -> how long. Asked only where mf_live has nothing, and
 * only while MF_NODE_LENDS says that there is something.
 */
struct mf_loan {
	__u64 from_ms;
	__u64 until_ms;
	__be16 port;   /* UDP, the only one let in beside neighbour discovery and packet-too-big; 0: everything */
	__u8 pad[6];
};

/*
 * mf_clock: Unix time for the programs = coarse monotonic clock + offset_ns. One entry.
 * The programs read that clock as jiffies * tick_ns + tick_offset_ns, which costs no helper call;
 * the timer writes tick_offset_ns at every beat, and until it has, the helper is asked.
 */
struct mf_clock {
	__s64 offset_ns;
	__u64 lease_ns;       /* the loader keeps mf_live until then (coarse monotonic); afterwards the timer does */
	__u64 tick_offset_ns; /* written by the timer; 0: not yet */
	__u32 tick_ns;        /* written by the loader: resolution of CLOCK_MONOTONIC_COARSE */
	__u32 epoch;          /* changes with every change of mf_remote: programs forget the routes they keep */
	__u32 associations;   /* entries of mf_assoc that may be in use: all ids are below */
	__u32 version;        /* MF_ABI_VERSION */
};

enum mf_node_flag {
	MF_NODE_ON_LINK = 1 << 0,  /* hopping prefix is on the link: answer neighbour discovery */
	MF_NODE_DARK = 1 << 1,     /* drop dead addresses of the hopping prefixes */
	MF_NODE_INNER_V4 = 1 << 2, /* some inner prefix is IPv4 */
	MF_NODE_REFLECT = 1 << 3,  /* driver needs tc to send a reply that XDP has built */
	MF_NODE_ANY_SOLICITOR = 1 << 4, /* on-link: not only routers are answered */
	MF_NODE_OWN = 1 << 5,      /* the host has addresses of its own in a hopping prefix: mf_own is not empty */
	MF_NODE_LENDS = 1 << 6,    /* mf_lent is not empty */
};

/* mf_node: the instance. One entry. */
struct mf_node {
	__u32 nic;        /* ifindex of the NIC */
	__u32 device;     /* ifindex of the device that a person sees (mayfly0); 0: gone with the NIC */
	__u32 inside;     /* ifindex of the cutter's far end, where programs of the way out stand (mayfly0-in) */
	__u32 flags;
	__u8 device_mac[6];
	__u8 inside_mac[6];
	__u8 nic_mac[6];
	__u8 pad[2];
	__u32 prefixes;   /* in use below */
	struct mf_prefix prefix[MF_HOPPING_PREFIXES]; /* local hopping prefixes */
	__u64 inner_first[4]; /* bit b of 256 set: some inner prefix may begin with byte b */
	__u32 cutter;     /* ifindex of its near end, which cuts large frames and finishes checksums (mayfly0-out) */
	__u32 reserved;
};

/* Key of mf_local (inner prefixes of this end) and mf_remote (of the peers): longest match. */
struct mf_lpm_key {
	__u32 length;
	__u8 address[16];
};

/* mf_pair: inner local prefixes of one association, for those that are no host pair. length >= 32. */
struct mf_pair_key {
	__u32 length;
	__u32 association;
	__u8 address[16];
};

/* mf_probe: source /64 of strangers -> what they tried. Exact below the sampling limit, a sample above. */
struct mf_probe {
	__u64 random;  /* hopping address that never lived or is long dead */
	__u64 expired; /* address that was live a moment ago, or live with a wrong peer */
	__u64 event_ns;
};

/*
 * mf_seed: what slots are derived from; the loader's own, no program reads it. Secret.
 * What packets are sealed with stands in mf_seal.
 */
struct mf_seed {
	__u8 key[16];
	__u8 seed_local[8];
	__u8 seed_remote[8];
	struct mf_template local;
	struct mf_template remote;
	char name[32];
	__u64 added_ms;
	__u32 senders;  /* senders of this association that this end may hear; 1 but for groups */
	__u32 sender;   /* this end's number among them */
	__u8 local_count, remote_count, pad[6];
	struct mf_prefix local_prefix[8];
	struct mf_prefix remote_prefix[8];
};

#define MF_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
MF_SIZE(struct mf_prefix, 20);
MF_SIZE(struct mf_template, 24);
MF_SIZE(struct mf_slot, 64);
MF_SIZE(struct mf_association, 128);
MF_SIZE(struct mf_assoc_state, 64);
MF_SIZE(struct mf_next_hop, 24);
MF_SIZE(struct mf_traffic, 64);
MF_SIZE(struct mf_loan, 24);
MF_SIZE(struct mf_clock, 40);
MF_SIZE(struct mf_node, 160);
MF_SIZE(struct mf_seed, 456);

#endif
