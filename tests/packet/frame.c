// SPDX-License-Identifier: GPL-2.0-only
/*
 * Builders and readers of frames, from RFC 791, 792, 768, 826, 4443, 4861, 8200, 9293 and IEEE 802.1Q.
 */
#include "tests/packet/frame.h"

#include <assert.h>
#include <string.h>

const __u8 mac_nic[6] = { 2, 0, 0, 0, 0, 1 };
const __u8 mac_gateway[6] = { 2, 0, 0, 0, 0, 2 };
const __u8 mac_device[6] = { 2, 0, 0, 0, 0, 3 };
const __u8 mac_inside[6] = { 2, 0, 0, 0, 0, 4 };
const __u8 mac_stranger[6] = { 2, 0, 0, 0, 0, 5 };

void *frame_put(struct frame *frame, const void *bytes, __u32 count)
{
	__u8 *at = frame->byte + frame->length;

	assert(frame->length + count <= FRAME_MOST);
	if (bytes)
		memcpy(at, bytes, count);
	else
		memset(at, 0, count);
	frame->length += count;
	return at;
}

void frame_put16(struct frame *frame, __u16 value)
{
	__u8 bytes[2] = { value >> 8, value };

	frame_put(frame, bytes, 2);
}

void frame_put32(struct frame *frame, __u32 value)
{
	frame_put16(frame, value >> 16);
	frame_put16(frame, value);
}

static void put8(struct frame *frame, __u8 value)
{
	frame_put(frame, &value, 1);
}

void frame_cut(struct frame *frame, __u32 length)
{
	if (length < frame->length)
		frame->length = length;
}

void frame_ethernet(struct frame *frame, const __u8 *destination, const __u8 *source, __u16 type)
{
	frame->length = 0;
	frame_put(frame, destination, 6);
	frame_put(frame, source, 6);
	frame_put16(frame, type);
}

__u16 frame_get16(const struct frame *frame, __u32 at)
{
	return frame->byte[at] << 8 | frame->byte[at + 1];
}

__u32 frame_get32(const struct frame *frame, __u32 at)
{
	return (__u32)frame_get16(frame, at) << 16 | frame_get16(frame, at + 2);
}

void frame_set16(struct frame *frame, __u32 at, __u16 value)
{
	frame->byte[at] = value >> 8;
	frame->byte[at + 1] = value;
}

struct address address_of(const __u8 *bytes)
{
	struct address address;

	memcpy(address.byte, bytes, sizeof(address.byte));
	return address;
}

struct address frame_source(const struct frame *frame)
{
	return address_of(frame->byte + ETH_BYTES + 8);
}

struct address frame_destination(const struct frame *frame)
{
	return address_of(frame->byte + ETH_BYTES + 24);
}

static int is_mapped(const struct address *address)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address->byte, mapped, 12) == 0;
}

static void put_header_ipv6(struct frame *frame, const struct packet *packet, __u8 next)
{
	frame_put32(frame, 6U << 28 | packet->traffic_class << 20 | packet->flow_label);
	frame_put16(frame, 0); /* length comes last */
	put8(frame, next);
	put8(frame, packet->hop_limit ? packet->hop_limit : 64);
	frame_put(frame, &packet->source, 16);
	frame_put(frame, &packet->destination, 16);
}

/* Eight bytes of hop-by-hop or destination options: PadN. */
static void put_options(struct frame *frame, __u8 next)
{
	static const __u8 padding[6] = { 1, 4 };

	put8(frame, next);
	put8(frame, 0);
	frame_put(frame, padding, 6);
}

/* Type 4 (segment routing), nothing left, one segment: 24 bytes, so that lengths other than 8 are walked. */
static void put_routing(struct frame *frame, __u8 next)
{
	__u8 header[24] = { next, 2, 4, 0, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8 };

	frame_put(frame, header, sizeof(header));
}

static void put_fragment(struct frame *frame, __u8 next, __u16 offset, int more)
{
	put8(frame, next);
	put8(frame, 0);
	frame_put16(frame, offset << 3 | more);
	frame_put32(frame, 0x12345678);
}

static __u8 first_header(const struct packet *packet)
{
	switch (packet->shape) {
	case HOP_BY_HOP:
	case ALL_EXTENSIONS:
	case FIVE_EXTENSIONS:
		return 0;
	case ROUTING:
		return 43;
	case DESTINATION:
		return 60;
	case FIRST_FRAGMENT:
	case LATER_FRAGMENT:
		return 44;
	default:
		return packet->protocol;
	}
}

static void put_extensions(struct frame *frame, const struct packet *packet)
{
	switch (packet->shape) {
	case HOP_BY_HOP:
	case DESTINATION:
		put_options(frame, packet->protocol);
		break;
	case ROUTING:
		put_routing(frame, packet->protocol);
		break;
	case FIRST_FRAGMENT:
		put_fragment(frame, packet->protocol, 0, 1);
		break;
	case LATER_FRAGMENT:
		put_fragment(frame, packet->protocol, 100, 0);
		break;
	case ALL_EXTENSIONS:
	case FIVE_EXTENSIONS:
		put_options(frame, 60);
		put_options(frame, 43);
		put_routing(frame, packet->shape == ALL_EXTENSIONS ? 44 : 60);
		if (packet->shape == FIVE_EXTENSIONS)
			put_options(frame, 44);
		put_fragment(frame, packet->protocol, 0, 0);
		break;
	default:
		break;
	}
}

static void put_header_ipv4(struct frame *frame, const struct packet *packet)
{
	static const __u8 options[4] = { 1, 1, 1, 0 };
	int more = packet->shape == FIRST_FRAGMENT, later = packet->shape == LATER_FRAGMENT;

	put8(frame, packet->shape == HOP_BY_HOP ? 0x46 : 0x45);
	put8(frame, packet->traffic_class);
	frame_put16(frame, 0);
	frame_put16(frame, 0x4321);
	frame_put16(frame, more ? 0x2000 : later ? 100 : 0x4000);
	put8(frame, packet->hop_limit ? packet->hop_limit : 64);
	put8(frame, packet->protocol);
	frame_put16(frame, 0);
	frame_put(frame, packet->source.byte + 12, 4);
	frame_put(frame, packet->destination.byte + 12, 4);
	if (packet->shape == HOP_BY_HOP)
		frame_put(frame, options, 4);
}

static void put_transport(struct frame *frame, const struct packet *packet)
{
	if (packet->shape == LATER_FRAGMENT)
		return;
	if (packet->protocol == TCP || packet->protocol == UDP) {
		frame_put16(frame, packet->source_port);
		frame_put16(frame, packet->destination_port);
	}
	if (packet->protocol == UDP) {
		frame_put16(frame, 8 + packet->payload);
		frame_put16(frame, 0);
	} else if (packet->protocol == TCP) {
		frame_put32(frame, 0x01020304);
		frame_put32(frame, 0x05060708);
		frame_put16(frame, 0x5018);
		frame_put16(frame, 0xffff);
		frame_put32(frame, 0);
	} else if (packet->protocol == ICMP6 || packet->protocol == ICMP) {
		put8(frame, packet->icmp_type ? packet->icmp_type : packet->protocol == ICMP ? 8 : 128);
		put8(frame, 0);
		frame_put16(frame, 0);
		frame_put32(frame, 0xabcd0001);
	}
}

static void put_payload(struct frame *frame, const struct packet *packet)
{
	__u32 state = packet->fill * 2654435761U + 12345;

	for (__u32 i = 0; i < packet->payload; i++) {
		state = state * 1103515245 + 12345;
		put8(frame, state >> 16);
	}
}

static __u64 pseudo_sum(const struct frame *frame, __u32 at, __u32 from, __u8 protocol)
{
	__u32 length = frame->length - from;
	__u64 sum = (__u64)protocol + length;

	if (frame->byte[at] >> 4 == 6)
		return checksum_add(sum, frame->byte + at + 8, 32);
	return checksum_add(sum, frame->byte + at + 12, 8);
}

static void finish_transport(struct frame *frame, const struct packet *packet, __u32 at, __u32 transport)
{
	__u32 check = transport;
	__u64 sum = 0;
	__u16 value;

	switch (packet->protocol) {
	case TCP:
		check += 16;
		break;
	case UDP:
		check += 6;
		break;
	case ICMP:
	case ICMP6:
		check += 2;
		break;
	default:
		return;
	}
	if (packet->shape == LATER_FRAGMENT || (packet->protocol == UDP && packet->no_checksum))
		return;
	if (packet->protocol != ICMP)
		sum = pseudo_sum(frame, at, transport, packet->protocol);
	value = ~checksum_fold(checksum_add(sum, frame->byte + transport, frame->length - transport));
	frame_set16(frame, check, packet->protocol == UDP && !value ? 0xffff : value);
}

static void finish_header(struct frame *frame, __u32 at)
{
	__u32 header = (frame->byte[at] & 15) * 4;

	if (frame->byte[at] >> 4 == 6) {
		frame_set16(frame, at + 4, frame->length - at - IP6_BYTES);
		return;
	}
	frame_set16(frame, at + 2, frame->length - at);
	frame_set16(frame, at + 10, ~checksum_fold(checksum_add(0, frame->byte + at, header)));
}

void frame_packet(struct frame *frame, const struct packet *packet)
{
	int is_ipv4 = is_mapped(&packet->source);
	__u32 transport;

	frame_ethernet(frame, mac_inside, mac_device, is_ipv4 ? TYPE_IPV4 : TYPE_IPV6);
	if (is_ipv4) {
		put_header_ipv4(frame, packet);
	} else {
		put_header_ipv6(frame, packet, first_header(packet));
		put_extensions(frame, packet);
	}
	transport = frame->length;
	put_transport(frame, packet);
	put_payload(frame, packet);
	finish_header(frame, ETH_BYTES);
	finish_transport(frame, packet, ETH_BYTES, transport);
}

void frame_tag(struct frame *frame, __u16 type, __u16 tci)
{
	frame_put(frame, NULL, 4);
	memmove(frame->byte + 16, frame->byte + 12, frame->length - 16);
	frame_set16(frame, 12, type);
	frame_set16(frame, 14, tci);
}

__u32 frame_differs(const struct frame *one, const struct frame *other)
{
	__u32 most = one->length < other->length ? one->length : other->length;

	for (__u32 i = 0; i < most; i++)
		if (one->byte[i] != other->byte[i])
			return i + 1;
	return one->length == other->length ? 0 : most + 1;
}
