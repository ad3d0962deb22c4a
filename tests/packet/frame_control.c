// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of the control protocols (neighbour discovery, ICMPv6 errors, ARP), and the verifier of checksums.
 */
#include "tests/packet/frame.h"

#include <string.h>

__u64 checksum_add(__u64 sum, const void *bytes, __u32 count)
{
	const __u8 *byte = bytes;

	for (__u32 i = 0; i < count; i++)
		sum += i % 2 ? byte[i] : byte[i] << 8;
	return sum;
}

__u16 checksum_fold(__u64 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_icmp6(struct frame *frame, struct address source, struct address destination, __u8 hop_limit, __u8 type)
{
	__u8 head[8] = { 0x60, 0, 0, 0, 0, 0, ICMP6, hop_limit };
	__u8 icmp6[4] = { type };

	frame_put(frame, head, sizeof(head));
	frame_put(frame, &source, 16);
	frame_put(frame, &destination, 16);
	frame_put(frame, icmp6, sizeof(icmp6));
}

void frame_icmp6_finish(struct frame *frame)
{
	__u32 icmp6 = ETH_BYTES + IP6_BYTES, length = frame->length - icmp6;
	__u64 sum = (__u64)ICMP6 + length;

	frame_set16(frame, ETH_BYTES + 4, length);
	frame_set16(frame, icmp6 + 2, 0);
	sum = checksum_add(sum, frame->byte + ETH_BYTES + 8, 32);
	frame_set16(frame, icmp6 + 2, ~checksum_fold(checksum_add(sum, frame->byte + icmp6, length)));
}

void frame_solicitation(struct frame *frame, const struct solicitation *ask)
{
	static const __u8 option[2] = { 1, 1 };

	frame_ethernet(frame, mac_nic, mac_gateway, TYPE_IPV6);
	put_icmp6(frame, ask->source, ask->destination, ask->hop_limit, NEIGHBOUR_SOLICIT);
	frame_put32(frame, 0);
	frame_put(frame, &ask->target, 16);
	if (ask->option) {
		frame_put(frame, option, 2);
		frame_put(frame, mac_gateway, 6);
	}
	frame_icmp6_finish(frame);
}

void frame_too_big(struct frame *frame, struct address source, struct address destination, __u32 mtu,
		   const struct frame *lost, __u32 quoted)
{
	__u32 present = lost->length - ETH_BYTES;

	frame_ethernet(frame, mac_nic, mac_gateway, TYPE_IPV6);
	put_icmp6(frame, source, destination, 64, PACKET_TOO_BIG);
	frame_put32(frame, mtu);
	frame_put(frame, lost->byte + ETH_BYTES, quoted < present ? quoted : present);
	frame_icmp6_finish(frame);
}

void frame_arp(struct frame *frame, struct address sender, struct address target)
{
	static const __u8 request[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	static const __u8 all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	frame_ethernet(frame, all, mac_stranger, TYPE_ARP);
	frame_put(frame, request, sizeof(request));
	frame_put(frame, mac_stranger, 6);
	frame_put(frame, sender.byte + 12, 4);
	frame_put(frame, NULL, 6);
	frame_put(frame, target.byte + 12, 4);
}

/* Where the transport of the packet at `at` begins, and which it is; protocol 0xff: a later fragment or none. */
static __u32 find_transport(const struct frame *frame, __u32 at, __u8 *protocol)
{
	__u32 from = at + IP6_BYTES;
	__u8 next = frame->byte[at + 6];

	if (frame->byte[at] >> 4 == 4) {
		*protocol = frame_get16(frame, at + 6) & 0x3fff ? 0xff : frame->byte[at + 9];
		return at + (frame->byte[at] & 15) * 4;
	}
	while (next == 0 || next == 43 || next == 60 || next == 44) {
		const __u8 *header = frame->byte + from;

		if (next == 44 && ((header[2] << 8 | header[3]) & 0xfff9)) {
			*protocol = 0xff;
			return from;
		}
		from += next == 44 ? 8 : (header[1] + 1) * 8;
		next = header[0];
	}
	*protocol = next;
	return from;
}

__u32 frame_checksum_offset(const struct frame *frame, __u32 at)
{
	__u8 protocol;
	__u32 from = find_transport(frame, at, &protocol);

	switch (protocol) {
	case TCP:
		return from + 16;
	case UDP:
		return from + 6;
	case ICMP:
	case ICMP6:
		return from + 2;
	default:
		return 0;
	}
}

static __u32 packet_end(const struct frame *frame, __u32 at)
{
	if (frame->byte[at] >> 4 == 6)
		return at + IP6_BYTES + frame_get16(frame, at + 4);
	return at + frame_get16(frame, at + 2);
}

static int transport_holds(const struct frame *frame, __u32 at, __u32 end)
{
	__u32 check = frame_checksum_offset(frame, at), from;
	__u8 protocol;
	__u64 sum = 0;

	if (!check)
		return 1;
	from = find_transport(frame, at, &protocol);
	if (protocol == UDP && frame_get16(frame, check) == 0)
		return frame->byte[at] >> 4 == 4;
	if (protocol != ICMP) {
		sum = (__u64)protocol + (end - from);
		if (frame->byte[at] >> 4 == 6)
			sum = checksum_add(sum, frame->byte + at + 8, 32);
		else
			sum = checksum_add(sum, frame->byte + at + 12, 8);
	}
	return checksum_fold(checksum_add(sum, frame->byte + from, end - from)) == 0xffff;
}

int frame_checksums_hold(const struct frame *frame, __u32 at)
{
	__u32 header = (frame->byte[at] & 15) * 4, end = packet_end(frame, at);

	if (end > frame->length)
		return 0;
	if (frame->byte[at] >> 4 == 4 && checksum_fold(checksum_add(0, frame->byte + at, header)) != 0xffff)
		return 0;
	return transport_holds(frame, at, end);
}
