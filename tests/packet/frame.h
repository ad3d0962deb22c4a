/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames for the packet tests: built from a description, read and verified byte by byte.
 * Written against the RFCs, not against bpf/: nothing here shares code with what is tested.
 */
#ifndef MAYFLY_TESTS_PACKET_FRAME_H
#define MAYFLY_TESTS_PACKET_FRAME_H

#include <linux/types.h>
#include <stddef.h>

enum {
	FRAME_MOST = 3456, /* what BPF_PROG_TEST_RUN takes in one page, less its head and tail room */
	ETH_BYTES = 14,
	IP6_BYTES = 40,
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	TYPE_IPV6 = 0x86dd,
	TYPE_ARP = 0x0806,
	TCP = 6,
	UDP = 17,
	ICMP = 1,
	ICMP6 = 58,
	NO_NEXT_HEADER = 59,
	EXPERIMENT = 253,
	NEIGHBOUR_SOLICIT = 135,
	NEIGHBOUR_ADVERT = 136,
	PACKET_TOO_BIG = 2,
};

struct frame {
	__u32 length;
	__u8 byte[FRAME_MOST];
};

enum shape {
	PLAIN,
	HOP_BY_HOP,     /* IPv4: options */
	ROUTING,
	DESTINATION,
	ALL_EXTENSIONS, /* hop-by-hop, destination, routing, first fragment */
	FIVE_EXTENSIONS, /* one more than the programs walk */
	FIRST_FRAGMENT,
	LATER_FRAGMENT,
	SHAPES,
};

struct address {
	__u8 byte[16];
};

/* What an inner packet is to be. Mapped addresses make an IPv4 packet. */
struct packet {
	struct address source;
	struct address destination;
	__u8 protocol;
	__u8 traffic_class;
	__u8 hop_limit;   /* 0: 64 */
	__u32 flow_label;
	__u16 source_port;
	__u16 destination_port;
	__u32 payload;    /* bytes behind the transport header */
	enum shape shape;
	int no_checksum;  /* UDP with checksum 0 */
	__u32 fill;       /* seed of the payload */
	int icmp_type;
};

extern const __u8 mac_nic[6], mac_gateway[6], mac_device[6], mac_inside[6], mac_stranger[6];

void frame_ethernet(struct frame *frame, const __u8 *destination, const __u8 *source, __u16 type);
void *frame_put(struct frame *frame, const void *bytes, __u32 count);
void frame_put16(struct frame *frame, __u16 value);
void frame_put32(struct frame *frame, __u32 value);
void frame_cut(struct frame *frame, __u32 length);

/* A packet on the device, as the stack gives it to the programs: MAC addresses, `packet`. */
void frame_packet(struct frame *frame, const struct packet *packet);

/* Inserts a tag in front of the frame's type. */
void frame_tag(struct frame *frame, __u16 type, __u16 tci);

/* A neighbour solicitation; `option` 0 leaves the link-layer option out. */
struct solicitation {
	struct address source, destination, target;
	__u8 hop_limit;
	int option;
};
void frame_solicitation(struct frame *frame, const struct solicitation *ask);

/* ICMPv6 packet-too-big from `source` that quotes `quoted` bytes of the packet in `lost`. */
void frame_too_big(struct frame *frame, struct address source, struct address destination, __u32 mtu,
		   const struct frame *lost, __u32 quoted);

/* Length and checksum of an ICMPv6 message right behind its IPv6 header. */
void frame_icmp6_finish(struct frame *frame);

/* A request from a stranger; mapped addresses. */
void frame_arp(struct frame *frame, struct address sender, struct address target);

__u16 frame_get16(const struct frame *frame, __u32 at);
__u32 frame_get32(const struct frame *frame, __u32 at);
void frame_set16(struct frame *frame, __u32 at, __u16 value);
struct address frame_source(const struct frame *frame);
struct address frame_destination(const struct frame *frame);
struct address address_of(const __u8 *bytes);

/* RFC 1071 over bytes as they stand, added to `sum`; not folded. An odd last byte counts high. */
__u64 checksum_add(__u64 sum, const void *bytes, __u32 count);
__u16 checksum_fold(__u64 sum);

/* 1: IPv4 header (if any) and TCP, UDP or ICMP checksum of the untagged packet at `at` verify. */
int frame_checksums_hold(const struct frame *frame, __u32 at);

/* Offset of the transport's checksum in an untagged packet, or 0: none that this packet shows. */
__u32 frame_checksum_offset(const struct frame *frame, __u32 at);

/* 0, or where they differ first, plus 1. */
__u32 frame_differs(const struct frame *one, const struct frame *other);

#endif
