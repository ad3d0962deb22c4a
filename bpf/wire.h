/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands on the wire between two ends, and the limits both keep. docs/PROTOCOL.md draws it.
 */
#ifndef MAYFLY_BPF_WIRE_H
#define MAYFLY_BPF_WIRE_H

#include <linux/types.h>

enum mf_limit {
	MF_WINDOW_BACK = 1,      /* slots behind the current one that are heard */
	MF_WINDOW_AHEAD = 1,     /* slots ahead of the current one that are heard */
	MF_KEEP_BACK = 2,        /* slots behind that stay in mf_live, so that a late hit has a name */
	MF_KEEP_AHEAD = 2,       /* slots ahead that are put there, so that a late keeper costs nothing */
	MF_LIVE_PER_ASSOC = MF_KEEP_BACK + 1 + MF_KEEP_AHEAD,
	MF_LENT_MAX = 64,        /* addresses lent at a time */
	MF_PEER_HOLD_S = 120,    /* a client that roams is answered where it was last heard, for so long */
	MF_HOPPING_PREFIXES = 4, /* local hopping prefixes of one node */
	MF_ADDRESS_BYTES = 16,
	MF_HOP_LIMIT = 64,       /* of every outer packet */
	MF_SHIM_BYTES = 4,       /* struct mf_shim */
	MF_ENCAP_HOST_BYTES = 12, /* encap over the original IPv6 packet, inner addresses left out */
	MF_ENCAP_WHOLE_BYTES = 52, /* encap over the original packet, carried whole */
	MF_SEAL_BYTES = 24,      /* struct mf_sealed, before the shim */
	MF_PADDING_LEAST = 2,    /* of a packet that is padded: its length */
	MF_INNER_MTU_MIN = 1280, /* RFC 8200 section 5 */
};

/* In the clear before a packet carried by encap. Tags follow (4 bytes each, as on Ethernet), then the packet. */
struct mf_shim {
	__u8 kind;          /* enum mf_shim_kind | number of VLAN tags << 4 */
	__u8 next_header;   /* WITHOUT_ADDRESSES: of the inner IPv6 header; else 0 */
	__u8 hop_limit;     /* likewise */
	__u8 traffic_class; /* likewise */
};

enum mf_shim_kind {
	MF_SHIM_OPEN = 0,              /* nothing follows: opens a slot through a stateful firewall */
	MF_SHIM_WITHOUT_ADDRESSES = 1, /* IPv6 payload, addresses implied by the association */
	MF_SHIM_IPV6 = 2,              /* whole IPv6 packet */
	MF_SHIM_IPV4 = 3,              /* whole IPv4 packet */
	MF_SHIM_PADDED = 8,            /* with one of these, sealed only: padding follows, its last two bytes say how long it is, they included */
};

/*
 * Before the shim of a sealed packet. Behind it all is ciphertext, the shim first. The counter is hidden by
 * SipHash-2-4 over the tag, which nobody can tell from noise; so no byte behind the UDP header has a meaning to strangers.
 */
struct mf_sealed {
	__be64 counter;
	__u8 tag[16];
} __attribute__((packed, aligned(2)));

/* On the device only: the loader asks the out path to open a slot. Ethertype MF_ETHERTYPE_OPEN. */
#define MF_ETHERTYPE_OPEN 0x88b5 /* IEEE 802 local experimental 1 */
struct mf_open_request {
	__u32 association;
};

_Static_assert(sizeof(struct mf_shim) == MF_SHIM_BYTES, "struct mf_shim");
_Static_assert(sizeof(struct mf_sealed) == MF_SEAL_BYTES, "struct mf_sealed");

#endif
