// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way out with encap, and the round trip: every length, every kind of packet, both hooks.
 */
#include <stdio.h>
#include <string.h>

#include "tests/packet/sparing.h"
#include "tests/packet/table.h"

enum { INNER_MOST = 1432 /* bytes behind the inner IPv6 header */ };

/* The frame that the wire must see for `inner` of `deal` now. */
static void wanted(struct lab *lab, struct frame *frame, enum deal deal, const struct frame *inner, enum form form)
{
	carried_encap(frame, rig_slot(&lab->here, deal, 0), inner, form);
}

static __u32 header_bytes(const struct packet *packet)
{
	struct packet empty = *packet;
	struct frame frame;

	empty.payload = 0;
	frame_packet(&frame, &empty);
	return frame.length - ETH_BYTES - IP6_BYTES;
}

/* Fast path, slow path and the way in agree with the oracle on this packet. */
static void check_both_ways(struct lab *lab, enum deal deal, const struct frame *inner, enum form form,
			    const char *what)
{
	struct frame wire;

	wanted(lab, &wire, deal, inner, form);
	rig_run(&lab->here, MF_OUT, inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, what);
	expect_frame(&lab->result.out, &wire, what);
	assert_true(frame_checksums_hold(&lab->result.out, ETH_BYTES));
	rig_run(&lab->here, MF_CUT_TC, inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT_SLOW, REDIRECT_TC, what);
	expect_frame(&lab->result.out, &wire, what);
	expect_round_trip(lab, inner, what);
}

/* a: protocol, b: shape, c: deal. Every length that fits. */
static void every_length(struct lab *lab, const struct row *row)
{
	enum deal deal = row->c;
	struct packet packet = table_packet(deal, HERE, row->a, 0);
	enum form form = deal == NET ? WHOLE : WITHOUT_ADDRESSES;
	__u32 most = form == WHOLE ? INNER_MOST - 40 : INNER_MOST, headers;
	struct frame inner;
	char what[64];

	packet.shape = row->b;
	packet.flow_label = form == WHOLE ? 0x54321 : 0; /* not carried between hosts */
	headers = header_bytes(&packet);
	for (packet.payload = (most - headers) % sparing_step(); packet.payload + headers <= most; packet.payload += sparing_step()) {
		packet.fill = packet.payload;
		snprintf(what, sizeof(what), "payload of %u", packet.payload);
		frame_packet(&inner, &packet);
		check_both_ways(lab, deal, &inner, form, what);
	}
}

/* a: protocol, b: shape. IPv4 in the NET deal. */
static void every_length_ipv4(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(NET, HERE, row->a, 0);
	struct frame inner;
	char what[64];

	packet.source = rig_address("::ffff:10.1.2.3");
	packet.destination = rig_address("::ffff:10.2.3.4");
	packet.shape = row->b;
	for (packet.payload = 0; packet.payload <= 1400; packet.payload += sparing_step()) {
		packet.fill = packet.payload;
		snprintf(what, sizeof(what), "payload of %u", packet.payload);
		frame_packet(&inner, &packet);
		check_both_ways(lab, NET, &inner, WHOLE, what);
	}
}

/* A last word that makes the outer checksum come out as 0, which UDP may not send. */
static void never_zero(struct lab *lab, const struct row *row)
{
	enum form form = row->c == NET ? WHOLE : WITHOUT_ADDRESSES;
	struct packet packet = table_packet(row->c, HERE, row->a, 64);
	struct frame inner, wire;

	packet.no_checksum = 1;
	for (packet.fill = 0; packet.fill < 50; packet.fill++) {
		frame_packet(&inner, &packet);
		frame_set16(&inner, inner.length - 2, 0);
		wanted(lab, &wire, row->c, &inner, form);
		frame_set16(&inner, inner.length - 2, frame_get16(&wire, AT_CHECK));
		wanted(lab, &wire, row->c, &inner, form);
		assert_int_equal(frame_get16(&wire, AT_CHECK), 0xffff);
		check_both_ways(lab, row->c, &inner, form, "sum of nothing");
	}
}

/* b: 1 for IPv4. */
static void inner_without_checksum(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->b ? NET : HOST, HERE, UDP, 0);
	struct frame inner;

	packet.no_checksum = 1;
	if (row->b) {
		packet.source = rig_address("::ffff:10.1.2.3");
		packet.destination = rig_address("::ffff:10.2.3.4");
	}
	for (packet.payload = 0; packet.payload < 1380; packet.payload += sparing_step()) {
		frame_packet(&inner, &packet);
		check_both_ways(lab, row->b ? NET : HOST, &inner, row->b ? WHOLE : WITHOUT_ADDRESSES, "no checksum");
	}
}

/* RFC 9868: what lies between the end of UDP and that of IP is not in UDP's checksum. b: 1 for IPv4. */
static void surplus_behind_udp(struct lab *lab, const struct row *row)
{
	enum deal deal = row->b ? NET : HOST;
	struct packet packet = table_packet(deal, HERE, UDP, 40);
	__u32 at = ETH_BYTES + (row->b ? 20 : IP6_BYTES);
	struct frame inner;

	if (row->b) {
		packet.source = rig_address("::ffff:10.1.2.3");
		packet.destination = rig_address("::ffff:10.2.3.4");
	}
	for (__u32 surplus = 1; surplus < 40; surplus++) {
		frame_packet(&inner, &packet);
		frame_set16(&inner, at + 4, 48 - surplus);
		frame_set16(&inner, at + 6, 0x1234);
		check_both_ways(lab, deal, &inner, row->b ? WHOLE : WITHOUT_ADDRESSES, "UDP shorter than IP");
	}
}

static void every_class(struct lab *lab, const struct row *row)
{
	enum deal deal = row->c;
	struct packet packet = table_packet(deal, HERE, UDP, 33);
	struct frame inner;

	for (int class = 0; class < 256; class++) {
		packet.traffic_class = class;
		frame_packet(&inner, &packet);
		check_both_ways(lab, deal, &inner, deal == NET ? WHOLE : WITHOUT_ADDRESSES, "class");
		rig_send(&lab->here, &inner, &lab->result);
		assert_int_equal(frame_get32(&lab->result.out, AT_CLASS) >> 20 & 0xff, class & 3);
	}
}

static void every_hop_limit(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, UDP, 33);
	struct frame inner;

	(void)row;
	for (int limit = 1; limit < 256; limit++) {
		packet.hop_limit = limit;
		frame_packet(&inner, &packet);
		check_both_ways(lab, HOST, &inner, WITHOUT_ADDRESSES, "hop limit");
		rig_send(&lab->here, &inner, &lab->result);
		assert_int_equal(lab->result.out.byte[AT_HOP_LIMIT], 64);
	}
}

/* a: program. Bytes behind the packet's end are none of the packet's. */
static void padded(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, row->b, 3);
	struct frame inner, wire;

	packet.no_checksum = row->c;
	for (__u32 padding = 1; padding < 40; padding++) {
		frame_packet(&inner, &packet);
		wanted(lab, &wire, HOST, &inner, WITHOUT_ADDRESSES);
		memset(frame_put(&inner, NULL, padding), 0x5a, padding);
		rig_run(&lab->here, row->a, &inner, &lab->result);
		assert_int_equal(lab->result.verdict, row->a == MF_OUT ? MF_OUT_SENT : MF_OUT_SENT_SLOW);
		expect_frame(&lab->result.out, &wire, "padding");
	}
}

static int was_sent(const struct result *result)
{
	return result->verdict == MF_OUT_SENT || result->verdict == MF_OUT_SENT_SLOW || result->action == REDIRECT_TC ||
	       result->action == REDIRECT_XDP;
}

/* a: protocol, b: shape, c: deal. A frame that ends before its packet does goes nowhere. */
static void cut_short(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, HERE, row->a, 60);
	enum program last = row->c == REWRITE || row->c == ZERO ? MF_OUT_TC : MF_CUT_TC;
	struct frame inner, cut;

	packet.shape = row->b;
	frame_packet(&inner, &packet);
	for (__u32 length = ETH_BYTES + 1; length < inner.length; length++)
		for (enum program program = MF_OUT; program <= last; program++) {
			cut = inner;
			frame_cut(&cut, length);
			rig_run(&lab->here, program, &cut, &lab->result);
			if (was_sent(&lab->result))
				fail_msg("%u of %u bytes were sent by program %d", length, inner.length, program);
		}
}

/* a: offset in the frame, b: value of that byte, c: 1 for IPv4. */
static void lying_header(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(NET, HERE, UDP, 60);
	struct frame inner;

	if (row->c) {
		packet.source = rig_address("::ffff:10.1.2.3");
		packet.destination = rig_address("::ffff:10.2.3.4");
	}
	for (enum program program = MF_OUT; program <= MF_CUT_TC; program++) {
		frame_packet(&inner, &packet);
		inner.byte[row->a] = row->b;
		rig_run(&lab->here, program, &inner, &lab->result);
		expect_verdict(&lab->result, MF_DROP_MALFORMED, program == MF_OUT ? DROP_XDP : SHOT_TC, row->name);
	}
}

/* a: type of the frame. */
static void not_ip(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, UDP, 60);
	struct frame inner;

	frame_packet(&inner, &packet);
	frame_set16(&inner, 12, row->a);
	rig_run(&lab->here, MF_OUT, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_NOT_IP, DROP_XDP, "fast");
	rig_run(&lab->here, MF_CUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_NOT_IP, SHOT_TC, "cutter");
	rig_run(&lab->here, MF_OUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_NOT_IP, SHOT_TC, "slow");
}

/* ZeroChecksum: a: program. */
static void zero_checksum(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(ZERO, HERE, TCP, 700);
	struct frame inner, wire;

	frame_packet(&inner, &packet);
	carried_encap(&wire, rig_slot(&lab->here, ZERO, 0), &inner, row->a == MF_OUT ? WITHOUT_ADDRESSES : WHOLE);
	frame_set16(&wire, AT_CHECK, 0);
	rig_run(&lab->here, row->a, &inner, &lab->result);
	assert_int_equal(lab->result.verdict, row->a == MF_CUT_TC ? MF_OUT_SENT_SLOW : MF_OUT_SENT);
	expect_frame(&lab->result.out, &wire, "zero checksum");
	expect_round_trip(lab, &inner, "zero checksum");
}

/* BPF_PROG_TEST_RUN gives a large frame no type, and the kernel grows none of those. */
static void no_room(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(ZERO, HERE, TCP, 3000);
	struct meeting meeting = { .gso_size = 1000, .gso_segs = 3 };
	struct frame inner;

	(void)row;
	frame_packet(&inner, &packet);
	rig_run_as(&lab->here, MF_OUT_TC, &inner, &meeting, &lab->result);
	expect_verdict(&lab->result, MF_DROP_ROOM, SHOT_TC, "no room");
}

/* A large frame cannot have a checksum that is right for all its segments. */
static void large_frame(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, HERE, TCP, 3000);
	struct meeting meeting = { .gso_size = 1000, .gso_segs = 3 };
	struct frame inner;

	frame_packet(&inner, &packet);
	rig_run_as(&lab->here, MF_CUT_TC, &inner, &meeting, &lab->result);
	expect_verdict(&lab->result, MF_DROP_LARGE_FRAME, SHOT_TC, "large frame");
}

static const struct row rows[] = {
	{ "host pair, UDP, every length: oracle's frame, inner packet back to the byte",
	  every_length, UDP, PLAIN, HOST },
	{ "host pair, TCP, every length: oracle's frame, inner packet back to the byte",
	  every_length, TCP, PLAIN, HOST },
	{ "host pair, ICMPv6, every length: oracle's frame, back to the byte", every_length, ICMP6, PLAIN, HOST },
	{ "host pair, unknown protocol, every length from 0: oracle's frame, back to the byte",
	  every_length, EXPERIMENT, PLAIN, HOST },
	{ "host pair, no next header, every length from 0: oracle's frame, back to the byte",
	  every_length, NO_NEXT_HEADER, PLAIN, HOST },
	{ "host pair, first fragment, every length: oracle's frame, back to the byte",
	  every_length, UDP, FIRST_FRAGMENT, HOST },
	{ "host pair, later fragment, every length: oracle's frame, back to the byte",
	  every_length, TCP, LATER_FRAGMENT, HOST },
	{ "host pair, four extension headers, every length: oracle's frame, back to the byte",
	  every_length, TCP, ALL_EXTENSIONS, HOST },
	{ "host pair, hop-by-hop options, every length: oracle's frame, back to the byte",
	  every_length, ICMP6, HOP_BY_HOP, HOST },
	{ "networks, UDP, every length: carried whole, back to the byte", every_length, UDP, PLAIN, NET },
	{ "networks, TCP, every length: carried whole, back to the byte", every_length, TCP, PLAIN, NET },
	{ "networks, unknown protocol, every length: carried whole, back to the byte",
	  every_length, EXPERIMENT, PLAIN, NET },
	{ "networks, routing header, every length: carried whole, back to the byte", every_length, UDP, ROUTING, NET },
	{ "IPv4 UDP, every length: carried whole, back to the byte", every_length_ipv4, UDP, PLAIN },
	{ "IPv4 TCP, every length: carried whole, back to the byte", every_length_ipv4, TCP, PLAIN },
	{ "IPv4 ICMP, every length: carried whole, back to the byte", every_length_ipv4, ICMP, PLAIN },
	{ "IPv4 with options, every length: carried whole, back to the byte", every_length_ipv4, TCP, HOP_BY_HOP },
	{ "IPv4 first fragment, every length: carried whole, back to the byte",
	  every_length_ipv4, UDP, FIRST_FRAGMENT },
	{ "IPv4 later fragment, every length: carried whole, back to the byte",
	  every_length_ipv4, UDP, LATER_FRAGMENT },
	{ "outer checksum that would be 0 goes as 0xffff, host pair", never_zero, EXPERIMENT, 0, HOST },
	{ "outer checksum that would be 0 goes as 0xffff, UDP without checksum", never_zero, UDP, 0, HOST },
	{ "outer checksum that would be 0 goes as 0xffff, networks", never_zero, EXPERIMENT, 0, NET },
	{ "inner UDP without checksum, every length: outer checksum right, inner stays 0", inner_without_checksum },
	{ "inner IPv4 UDP without checksum, every length: outer checksum right, inner stays 0",
	  inner_without_checksum, 0, 1 },
	{ "UDP shorter than its IPv6 packet: outer checksum right all the same", surplus_behind_udp },
	{ "UDP shorter than its IPv4 packet: outer checksum right all the same", surplus_behind_udp, 0, 1 },
	{ "every traffic class, host pair: ECN goes outside, DSCP only inside (RFC 6040 4.1)",
	  every_class, 0, 0, HOST },
	{ "every traffic class, networks: ECN goes outside, DSCP only inside (RFC 6040 4.1)", every_class, 0, 0, NET },
	{ "every inner hop limit comes back, the outer one is 64", every_hop_limit },
	{ "padding behind the packet is not sent, fast path", padded, MF_OUT, TCP },
	{ "padding behind the packet is not sent, slow path", padded, MF_CUT_TC, TCP },
	{ "padding behind the packet is not sent, slow path, summed", padded, MF_CUT_TC, UDP, 1 },
	{ "frame cut at every byte, UDP: never sent", cut_short, UDP, PLAIN, HOST },
	{ "frame cut at every byte, TCP with extension headers: never sent", cut_short, TCP, ALL_EXTENSIONS, HOST },
	{ "frame cut at every byte, networks: never sent", cut_short, UDP, PLAIN, NET },
	{ "frame cut at every byte, zero checksum: never sent", cut_short, TCP, PLAIN, ZERO },
	{ "frame cut at every byte, rewrite: never sent", cut_short, TCP, PLAIN, REWRITE },
	{ "frame cut at every byte, rewrite with extension headers: never sent",
	  cut_short, UDP, ALL_EXTENSIONS, REWRITE },
	{ "IPv6 length beyond the frame: malformed", lying_header, ETH_BYTES + 4, 1 },
	{ "IPv6 frame that says version 4: malformed", lying_header, ETH_BYTES, 0x45 },
	{ "IPv4 length beyond the frame: malformed", lying_header, ETH_BYTES + 2, 1, 1 },
	{ "IPv4 length shorter than its header: malformed", lying_header, ETH_BYTES + 3, 19, 1 },
	{ "IPv4 header of 16 bytes: malformed", lying_header, ETH_BYTES, 0x44, 1 },
	{ "IPv4 frame that says version 6: malformed", lying_header, ETH_BYTES, 0x65, 1 },
	{ "ARP on the device: dropped as not IP", not_ip, TYPE_ARP },
	{ "unknown type on the device: dropped as not IP", not_ip, 0x9000 },
	{ "zero checksum, fast path: 0 on the wire, back to the byte", zero_checksum, MF_OUT },
	{ "zero checksum, slow path: 0 on the wire, carried whole, back to the byte", zero_checksum, MF_CUT_TC },
	{ "zero checksum, at the NIC: 0 on the wire, carried whole, back to the byte", zero_checksum, MF_OUT_TC },
	{ "large frame that the kernel cannot grow: dropped by its name", no_room },
	{ "large frame for a carriage with checksum: dropped by its name", large_frame, 0, 0, HOST },
	{ "large frame between networks: dropped by its name", large_frame, 0, 0, NET },
};

int main(void)
{
	return TABLE_RUN(rows);
}
