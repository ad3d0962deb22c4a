// SPDX-License-Identifier: GPL-2.0-only
/*
 * rewrite: addresses and ports swapped in place, checksums right on the wire and back, nothing longer.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "tests/packet/sparing.h"
#include "tests/packet/table.h"

/* Out as the oracle says, checksum right on the wire (0 where that is it, but for UDP), and in again to the byte. */
static void check_both_ways(struct lab *lab, enum deal deal, const struct frame *inner, const char *what)
{
	struct frame wire, back = *inner;
	__u32 check = frame_checksum_offset(inner, ETH_BYTES);

	carried_rewrite(&wire, rig_slot(&lab->here, deal, 0), inner);
	rig_run(&lab->here, MF_OUT, inner, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, PASS_XDP, what);
	rig_run(&lab->here, MF_OUT_TC, inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, UNSPEC_TC, what);
	expect_frame(&lab->result.out, &wire, what);
	if (check && frame_get16(inner, check) && !frame_checksums_hold(&wire, ETH_BYTES))
		fail_msg("%s: checksum is wrong on the wire", what);
	wire = lab->result.out;
	rig_receive(&lab->there, &wire, &lab->result);
	expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, what);
	memcpy(back.byte, mac_device, 6);
	memcpy(back.byte + 6, mac_inside, 6);
	expect_frame(&lab->result.out, &back, what);
}

/* a: protocol, b: shape; c: 1 UDP without checksum. */
static void every_length(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE, HERE, row->a, 0);
	struct frame inner;
	char what[64];

	packet.shape = row->b;
	packet.no_checksum = row->c;
	for (packet.payload = 0; packet.payload < 1380; packet.payload += sparing_step()) {
		packet.fill = packet.payload;
		snprintf(what, sizeof(what), "payload of %u", packet.payload);
		frame_packet(&inner, &packet);
		check_both_ways(lab, REWRITE, &inner, what);
	}
}

/* Behind more extension headers than are walked nothing is mended: right again at the other end. */
static void five_extensions(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE, HERE, UDP, 50);
	struct frame inner, wire, back;

	packet.shape = FIVE_EXTENSIONS;
	frame_packet(&inner, &packet);
	rig_run(&lab->here, MF_OUT_TC, &inner, &lab->result);
	carried_rewrite(&wire, rig_slot(&lab->here, REWRITE, 0), &inner);
	expect_frame(&lab->result.out, &wire, row->name);
	rig_receive(&lab->there, &wire, &lab->result);
	back = inner;
	memcpy(back.byte, mac_device, 6);
	memcpy(back.byte + 6, mac_inside, 6);
	expect_frame(&lab->result.out, &back, row->name);
}

/* a: protocol; b: 0 source port, 1 destination port. One of 65535 ports is the slot's own, which must not become 0. */
static void every_port(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE, HERE, row->a, 3);
	__u32 at = AT_PORTS + 2 * row->b, masked = 0;
	static __u8 seen[65536];
	struct frame inner;

	memset(seen, 0, sizeof(seen));
	for (int port = 1; port < 65536; port++) {
		*(row->b ? &packet.destination_port : &packet.source_port) = port;
		frame_packet(&inner, &packet);
		rig_run(&lab->here, MF_OUT_TC, &inner, &lab->result);
		masked = frame_get16(&lab->result.out, at);
		if (!masked || seen[masked])
			fail_msg("port %d became %u, 0 or taken", port, masked);
		seen[masked] = 1;
		if (row->a == TCP && frame_get16(&lab->result.out, AT_PORTS + 16) == 0xffff)
			fail_msg("port %d: a checksum of 0xffff, which is 0", port);
		if (port % 16 && masked != (__u32)port)
			continue;
		check_both_ways(lab, REWRITE, &inner, "port");
	}
}

/* DSCP and hop limit stay at home, the mark travels. */
static void every_class(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE, HERE, UDP, 33);
	struct frame inner, wire;

	packet.flow_label = 0xabcde;
	packet.hop_limit = 3;
	for (int class = 0; class < 256; class++) {
		packet.traffic_class = class;
		frame_packet(&inner, &packet);
		carried_rewrite(&wire, rig_slot(&lab->here, REWRITE, 0), &inner);
		rig_run(&lab->here, MF_OUT_TC, &inner, &lab->result);
		expect_frame(&lab->result.out, &wire, row->name);
		assert_int_equal(frame_get32(&lab->result.out, AT_CLASS) >> 20, 0x600 | (class & 3));
		wire.byte[AT_HOP_LIMIT] = 61;
		rig_receive(&lab->there, &wire, &lab->result);
		assert_int_equal(frame_get32(&lab->result.out, AT_CLASS), (0x600U | (class & 3)) << 20);
		assert_int_equal(lab->result.out.byte[AT_HOP_LIMIT], 61);
	}
}

/* What it cannot bear: IPv4, or any pair but the two hosts. */
static void uncarried(struct lab *lab, const struct row *row)
{
	static const char *const source[] = { "fd6d:a::1", "::ffff:10.1.2.3" };
	struct packet packet = table_packet(REWRITE, HERE, UDP, 33);
	struct address prefix = rig_address("::ffff:10.77.0.0");
	struct frame inner;

	packet.source = rig_address(source[row->a]);
	if (row->a) {
		packet.destination = rig_address("::ffff:10.77.0.1");
		rig_remote_add(&lab->here, prefix, 112, REWRITE);
	}
	frame_packet(&inner, &packet);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_UNCARRIED, SHOT_TC, row->name);
	if (row->a)
		rig_remote_drop(&lab->here, prefix, 112);
}

/* THERE sends to HERE, whose port is 51820 and whose peer's is 4500. a, b: ports; c: verdict. */
static void configured_ports(struct lab *lab, const struct row *row)
{
	static const __u8 protocols[] = { UDP, TCP };
	struct frame inner, wire;

	for (int i = 0; i < 2; i++) {
		struct packet packet = table_packet(REWRITE_PORT, THERE, protocols[i], 33);

		packet.source_port = row->a;
		packet.destination_port = row->b;
		frame_packet(&inner, &packet);
		carried_rewrite(&wire, rig_slot(&lab->there, REWRITE_PORT, 0), &inner);
		rig_receive(&lab->here, &wire, &lab->result);
		expect_verdict(&lab->result, row->c, row->c == MF_IN_DELIVERED ? OK_TC : SHOT_TC, row->name);
	}
}

/* a: protocol, b: shape; c: verdict. */
static void configured_protocol(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE_PORT, THERE, row->a, 33);
	struct frame inner, wire;

	packet.shape = row->b;
	frame_packet(&inner, &packet);
	carried_rewrite(&wire, rig_slot(&lab->there, REWRITE_PORT, 0), &inner);
	rig_receive(&lab->here, &wire, &lab->result);
	expect_verdict(&lab->result, row->c, row->c == MF_IN_DELIVERED ? OK_TC : SHOT_TC, row->name);
}

static void arrival(struct lab *lab, enum deal deal, int ahead, struct frame *wire)
{
	struct packet packet = table_packet(deal, THERE, UDP, 33);
	struct frame inner;

	frame_packet(&inner, &packet);
	carried_rewrite(wire, rig_slot(&lab->there, deal, ahead), &inner);
}

/* a: slot from now on, b: verdict. */
static void slot_off(struct lab *lab, const struct row *row)
{
	struct frame wire;

	arrival(lab, REWRITE, row->a, &wire);
	rig_receive(&lab->here, &wire, &lab->result);
	expect_verdict(&lab->result, row->b, row->b == MF_IN_DELIVERED ? OK_TC : DROP_XDP, row->name);
}

/* Wrong source; a: 1 in tc, where XDP has not looked. */
static void wrong_source(struct lab *lab, const struct row *row)
{
	struct frame wire;

	for (int bit = 0; bit < 128; bit++) {
		arrival(lab, REWRITE, 0, &wire);
		wire.byte[AT_SOURCE + bit / 8] ^= 0x80 >> bit % 8;
		rig_run(&lab->here, row->a ? MF_IN_TC : MF_IN, &wire, &lab->result);
		expect_verdict(&lab->result, MF_DROP_SOURCE, row->a ? SHOT_TC : DROP_XDP, row->name);
	}
}

/* In XDP, and in tc if XDP has let it through a moment before. */
static void gone(struct lab *lab, const struct row *row)
{
	struct frame wire;

	arrival(lab, REWRITE, 0, &wire);
	lab->here.association[REWRITE].generation = 0;
	rig_association_write(&lab->here, REWRITE);
	expect_refused(lab, &wire, MF_DROP_NO_SLOT, row->name);
	rig_run(&lab->here, MF_IN_TC, &wire, &lab->result);
	expect_verdict(&lab->result, MF_DROP_NO_SLOT, SHOT_TC, row->name);
}

/* THERE stands behind a firewall; HERE follows. a: deal; b: verdict at HERE. */
static void opener(struct lab *lab, const struct row *row)
{
	const struct mf_slot *slot = rig_slot(&lab->there, row->a, 0);
	struct packet packet = table_packet(row->a, THERE, UDP, 4);
	__u32 id = row->a;
	struct frame request, inner, wire;

	frame_ethernet(&request, mac_inside, mac_device, MF_ETHERTYPE_OPEN);
	frame_put(&request, &id, sizeof(id));
	frame_put(&request, NULL, 42);
	packet.source_port = ntohs(lab->there.association[row->a].local_port);
	packet.destination_port = ntohs(lab->there.association[row->a].remote_port);
	frame_packet(&inner, &packet);
	memset(inner.byte + inner.length - 4, 0, 4);
	carried_rewrite(&wire, slot, &inner);
	carried_finish(&wire);
	rig_run(&lab->there, MF_OUT_TC, &request, &lab->result);
	expect_verdict(&lab->result, MF_OUT_OPENED, UNSPEC_TC, row->name);
	expect_frame(&lab->result.out, &wire, row->name);
	rig_receive(&lab->here, &wire, &lab->result);
	expect_verdict(&lab->result, row->b, row->b == MF_IN_DELIVERED ? OK_TC : SHOT_TC, row->name);
	assert_true(lab->here.state[row->a].heard_index == slot->index);
}

/* Four bytes that are not all zero are the application's. */
static void no_opener(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE_FOLLOWER, THERE, UDP, row->a);
	struct frame inner, wire;

	packet.source_port = packet.destination_port = 51820;
	frame_packet(&inner, &packet);
	carried_rewrite(&wire, rig_slot(&lab->there, REWRITE_FOLLOWER, 0), &inner);
	rig_receive(&lab->here, &wire, &lab->result);
	expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, row->name);
}

static void large_frame(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE, HERE, row->a, 3000);
	struct meeting meeting = { .gso_size = 1000, .gso_segs = 3 };
	struct frame inner, wire;

	frame_packet(&inner, &packet);
	carried_rewrite(&wire, rig_slot(&lab->here, REWRITE, 0), &inner);
	rig_run_as(&lab->here, MF_OUT_TC, &inner, &meeting, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, UNSPEC_TC, row->name);
	expect_frame(&lab->result.out, &wire, row->name);
	assert_int_equal(rig_traffic(&lab->here, REWRITE).out_packets, 3);
}

/* A NIC that sums every packet hands its sum on; changes must leave it right, or the kernel complains of the NIC. */
static void summed_by_nic(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE, THERE, row->a, 0);
	struct meeting meeting = { .checksum_complete = 1 };
	struct frame inner, wire;

	if (!rig_sums_checked(&lab->here)) {
		print_message("BPF_F_TEST_SKB_CHECKSUM_COMPLETE: not before Linux 6.15\n");
		skip();
	}
	packet.shape = row->b;
	packet.no_checksum = row->c;
	for (packet.payload = 0; packet.payload < 200; packet.payload++) {
		frame_packet(&inner, &packet);
		carried_rewrite(&wire, rig_slot(&lab->there, REWRITE, 0), &inner);
		rig_run_as(&lab->here, MF_IN_TC, &wire, &meeting, &lab->result);
		expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, row->name);
	}
}

static void cut_short(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(REWRITE, THERE, row->a, 60);
	struct frame inner, wire, cut;

	packet.shape = row->b;
	frame_packet(&inner, &packet);
	carried_rewrite(&wire, rig_slot(&lab->there, REWRITE, 0), &inner);
	for (__u32 length = ETH_BYTES; length < wire.length; length++) {
		cut = wire;
		frame_cut(&cut, length);
		rig_receive(&lab->here, &cut, &lab->result);
		if (lab->result.verdict == MF_IN_DELIVERED || lab->result.action == OK_TC)
			fail_msg("%u of %u bytes were delivered", length, wire.length);
	}
}

static const struct row rows[] = {
	{ "UDP, every length: oracle's frame, checksum right on the wire, back to the byte", every_length, UDP, PLAIN },
	{ "UDP without checksum, every length: stays without, back to the byte", every_length, UDP, PLAIN, 1 },
	{ "TCP, every length: oracle's frame, checksum right on the wire, back to the byte", every_length, TCP, PLAIN },
	{ "ICMPv6, every length: oracle's frame, checksum right on the wire, back to the byte",
	  every_length, ICMP6, PLAIN },
	{ "unknown protocol, every length: addresses swapped, back to the byte", every_length, EXPERIMENT, PLAIN },
	{ "hop-by-hop options, UDP, every length: mended behind them", every_length, UDP, HOP_BY_HOP },
	{ "routing header, TCP, every length: mended behind it", every_length, TCP, ROUTING },
	{ "destination options, ICMPv6, every length: mended behind them", every_length, ICMP6, DESTINATION },
	{ "four extension headers, TCP, every length: mended behind them", every_length, TCP, ALL_EXTENSIONS },
	{ "four extension headers, UDP, every length: mended behind them", every_length, UDP, ALL_EXTENSIONS },
	{ "first fragment, UDP, every length: ports masked, checksum follows", every_length, UDP, FIRST_FRAGMENT },
	{ "first fragment, TCP, every length: ports masked, checksum follows", every_length, TCP, FIRST_FRAGMENT },
	{ "later fragment, every length: addresses alone", every_length, UDP, LATER_FRAGMENT },
	{ "five extension headers: nothing mended, back to the byte", five_extensions },
	{ "every UDP source port: never 0 on the wire, no two alike, each comes back", every_port, UDP, 0 },
	{ "every UDP destination port: never 0 on the wire, no two alike, each comes back", every_port, UDP, 1 },
	{ "every TCP source port: never 0 on the wire, nor a checksum of 0xffff, no two alike, each comes back",
	  every_port, TCP, 0 },
	{ "every traffic class: the mark travels, DSCP, flow label and hop limit do not", every_class },
	{ "another address of this end: uncarried", uncarried, 0 },
	{ "IPv4: uncarried", uncarried, 1 },
	{ "configured ports, both right: delivered", configured_ports, 4500, 51820, MF_IN_DELIVERED },
	{ "configured ports, source wrong: refused", configured_ports, 4501, 51820, MF_DROP_PORT },
	{ "configured ports, destination wrong: refused", configured_ports, 4500, 22, MF_DROP_PORT },
	{ "configured ports, both exchanged: refused", configured_ports, 51820, 4500, MF_DROP_PORT },
	{ "configured ports, ICMPv6: refused", configured_protocol, ICMP6, PLAIN, MF_DROP_NOT_UDP },
	{ "configured ports, unknown protocol: refused", configured_protocol, EXPERIMENT, PLAIN, MF_DROP_NOT_UDP },
	{ "configured ports, first fragment: delivered", configured_protocol, UDP, FIRST_FRAGMENT, MF_IN_DELIVERED },
	{ "configured ports, later fragment: delivered", configured_protocol, UDP, LATER_FRAGMENT, MF_IN_DELIVERED },
	{ "previous slot is heard", slot_off, -1, MF_IN_DELIVERED },
	{ "next slot is heard", slot_off, 1, MF_IN_DELIVERED },
	{ "slot before the previous one: late", slot_off, -2, MF_DROP_LATE },
	{ "slot after the next one: early", slot_off, 2, MF_DROP_EARLY },
	{ "any bit of the source turned: refused in XDP", wrong_source, 0 },
	{ "any bit of the source turned: refused in tc too, if XDP has not", wrong_source, 1 },
	{ "association is gone: refused", gone },
	{ "opener: UDP of the configured ports, four zero bytes, noted by who follows",
	  opener, REWRITE_FOLLOWER, MF_IN_OPENED },
	{ "opener at an end that does not follow: an application's packet", opener, REWRITE_PORT, MF_IN_DELIVERED },
	{ "four bytes that are not zero: delivered", no_opener, 4 },
	{ "no bytes at all: delivered", no_opener, 0 },
	{ "five bytes: delivered", no_opener, 5 },
	{ "large TCP frame stays whole, its segments counted", large_frame, TCP },
	{ "large UDP frame stays whole, its segments counted", large_frame, UDP },
	{ "packet summed by the NIC, UDP: the sum stays right", summed_by_nic, UDP, PLAIN },
	{ "packet summed by the NIC, UDP without checksum: the sum stays right", summed_by_nic, UDP, PLAIN, 1 },
	{ "packet summed by the NIC, TCP: the sum stays right", summed_by_nic, TCP, PLAIN },
	{ "packet summed by the NIC, ICMPv6: the sum stays right", summed_by_nic, ICMP6, PLAIN },
	{ "packet summed by the NIC, unknown protocol: the sum stays right", summed_by_nic, EXPERIMENT, PLAIN },
	{ "packet summed by the NIC, later fragment: the sum stays right", summed_by_nic, UDP, LATER_FRAGMENT },
	{ "packet summed by the NIC, extension headers: the sum stays right", summed_by_nic, TCP, ALL_EXTENSIONS },
	{ "frame cut at every byte, UDP: never delivered", cut_short, UDP, PLAIN },
	{ "frame cut at every byte, TCP with extension headers: never delivered", cut_short, TCP, ALL_EXTENSIONS },
	{ "frame cut at every byte, later fragment: never delivered", cut_short, UDP, LATER_FRAGMENT },
};

int main(void)
{
	return TABLE_RUN(rows);
}
