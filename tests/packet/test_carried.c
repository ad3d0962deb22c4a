// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an authentic peer may carry: shim, tags, lengths, inner addresses, congestion marks. And what not.
 */
#include <arpa/inet.h>
#include <string.h>

#include "tests/packet/table.h"

static const struct mf_slot *peer(struct lab *lab, enum deal deal)
{
	return rig_slot(&lab->there, deal, 0);
}

static struct packet packet_ipv4(enum side from, __u8 protocol, __u32 payload)
{
	struct packet packet = table_packet(NET, from, protocol, payload);

	packet.source = rig_address(from == HERE ? "::ffff:10.1.2.3" : "::ffff:10.2.3.4");
	packet.destination = rig_address(from == HERE ? "::ffff:10.2.3.4" : "::ffff:10.1.2.3");
	return packet;
}

/* A packet from THERE in one of the three ways of carrying: 1, 2 or 3. */
static void inner_of(int kind, __u8 class, struct frame *inner)
{
	struct packet packet = table_packet(kind == 1 ? HOST : NET, THERE, UDP, 47);

	if (kind == 3)
		packet = packet_ipv4(THERE, UDP, 47);
	packet.traffic_class = class;
	packet.flow_label = kind == 2 ? 0xfedcb : 0;
	frame_packet(inner, &packet);
}

static void arrival_of(struct lab *lab, int kind, __u8 class, struct frame *inner, struct frame *wire)
{
	inner_of(kind, class, inner);
	table_arrival(lab, kind == 1 ? HOST : NET, 0, inner, kind == 1 ? WITHOUT_ADDRESSES : WHOLE, wire);
}

static void class_set(struct frame *frame, __u8 class)
{
	if (frame->byte[ETH_BYTES] >> 4 == 4) {
		frame->byte[ETH_BYTES + 1] = class;
		frame_set16(frame, ETH_BYTES + 10, 0);
		frame_set16(frame, ETH_BYTES + 10, ~checksum_fold(checksum_add(0, frame->byte + ETH_BYTES, 20)));
		return;
	}
	frame->byte[ETH_BYTES] = 0x60 | class >> 4;
	frame->byte[ETH_BYTES + 1] = (frame->byte[ETH_BYTES + 1] & 15) | class << 4;
}

/* RFC 6040 figure 4: rows are the inner mark, columns the outer one; -1: drop. a: kind of carrying. */
static void congestion(struct lab *lab, const struct row *row)
{
	enum { NOT = 0, ECT1 = 1, ECT0 = 2, CE = 3, DROP = -1 };
	static const int out[4][4] = {
		[NOT] = { [NOT] = NOT, [ECT0] = NOT, [ECT1] = NOT, [CE] = DROP },
		[ECT0] = { [NOT] = ECT0, [ECT0] = ECT0, [ECT1] = ECT1, [CE] = CE },
		[ECT1] = { [NOT] = ECT1, [ECT0] = ECT1, [ECT1] = ECT1, [CE] = CE },
		[CE] = { [NOT] = CE, [ECT0] = CE, [ECT1] = CE, [CE] = CE },
	};
	struct frame inner, wire, wanted;

	for (int mark = 0; mark < 4; mark++)
		for (int outer = 0; outer < 4; outer++) {
			arrival_of(lab, row->a, 0xa8 | mark, &inner, &wire);
			class_set(&wire, 0x54 | outer);
			if (out[mark][outer] == DROP) {
				expect_refused(lab, &wire, MF_DROP_ECN, row->name);
				continue;
			}
			wanted = inner;
			class_set(&wanted, 0xa8 | out[mark][outer]);
			expect_delivered(lab, &wire, &wanted, row->name);
			assert_true(frame_checksums_hold(&lab->result.out, ETH_BYTES));
		}
}

/* Every IPv4 header checksum is mended right, also those that wrap. */
static void congestion_checksum(struct lab *lab, const struct row *row)
{
	struct packet packet = packet_ipv4(THERE, EXPERIMENT, 1);
	struct frame inner, wire, wanted;

	packet.traffic_class = 2;
	for (int id = 0; id < 65536; id += 13) {
		frame_packet(&inner, &packet);
		frame_set16(&inner, ETH_BYTES + 4, id);
		class_set(&inner, 2);
		table_arrival(lab, NET, 0, &inner, WHOLE, &wire);
		class_set(&wire, 3);
		wanted = inner;
		class_set(&wanted, 3);
		rig_run(&lab->here, MF_IN, &wire, &lab->result);
		if (!frame_checksums_hold(&lab->result.out, ETH_BYTES))
			fail_msg("%s: identification %d", row->name, id);
	}
}

/* a: kind of carrying, b: tags. */
static void tags(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	inner_of(row->a, 0, &inner);
	if (row->b > 1)
		frame_tag(&inner, TYPE_VLAN, 0x0fff);
	if (row->b > 0)
		frame_tag(&inner, row->b > 1 ? TYPE_QINQ : TYPE_VLAN, 0x7123);
	table_arrival(lab, row->a == 1 ? HOST : NET, 0, &inner, row->a == 1 ? WITHOUT_ADDRESSES : WHOLE, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
}

/* a: kind of carrying. 3 to 15 tags, room for them or not; tags that are none. */
static void hostile_tags(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;
	__u8 many[256];

	for (int i = 0; i < 256; i++)
		many[i] = i & 1 ? 0 : 0x81;
	for (int count = 3; count < 16; count++)
		for (int room = 0; room < 256; room += 17) {
			__u8 shim[4] = { count << 4 | row->a, UDP, 64, 0 };

			carried_raw(&wire, peer(lab, HOST), shim, many, room);
			expect_refused(lab, &wire, MF_DROP_SHIM, row->name);
		}
	for (int count = 1; count < 3; count++) {
		inner_of(row->a, 0, &inner);
		for (int i = 0; i < count; i++)
			frame_tag(&inner, TYPE_VLAN, 5);
		table_arrival(lab, HOST, 0, &inner, WITHOUT_ADDRESSES, &wire);
		frame_set16(&wire, AT_CARRIED + 4 * (count - 1), TYPE_IPV6);
		expect_refused(lab, &wire, MF_DROP_SHIM, row->name);
	}
}

/* Every byte that a shim can begin with, on every length of what follows: a verdict, and never a wrong packet. */
static void every_shim(struct lab *lab, const struct row *row)
{
	__u8 bytes[64] = {};
	struct frame wire;

	for (int first = 0; first < 256; first++)
		for (int count = 0; count < 64; count++) {
			__u8 shim[4] = { first, UDP, 64, 0 };
			int kind = first & 15, tag = first >> 4;

			carried_raw(&wire, peer(lab, row->c), shim, bytes, count);
			rig_receive(&lab->here, &wire, &lab->result);
			if (lab->result.verdict == MF_IN_DELIVERED && (kind != 1 || tag || row->c != HOST))
				fail_msg("shim %02x with %d bytes was delivered", first, count);
			if (lab->result.verdict == NO_VERDICT || lab->result.verdict == MF_PASS_OTHER)
				fail_msg("shim %02x with %d bytes went on", first, count);
		}
}

/* a: kind, b: verdict, c: deal. */
static void kind(struct lab *lab, const struct row *row)
{
	__u8 shim[4] = { row->a, UDP, 64, 0 };
	struct frame inner, wire;

	inner_of(row->a == 3 ? 3 : 2, 0, &inner);
	carried_raw(&wire, peer(lab, row->c), shim, inner.byte + ETH_BYTES, inner.length - ETH_BYTES);
	expect_refused(lab, &wire, row->b, row->name);
}

/* a: kind that the shim says, b: kind that follows. */
static void wrong_version(struct lab *lab, const struct row *row)
{
	__u8 shim[4] = { row->a };
	struct frame inner, wire;

	inner_of(row->b, 0, &inner);
	carried_raw(&wire, peer(lab, NET), shim, inner.byte + ETH_BYTES, inner.length - ETH_BYTES);
	expect_refused(lab, &wire, MF_DROP_MALFORMED, row->name);
}

/* a: kind of carrying. The outer lengths lie by every amount, either alone or both alike. */
static void lengths(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;
	__u16 right;

	arrival_of(lab, row->a, 0, &inner, &wire);
	right = frame_get16(&wire, AT_LENGTH);
	for (int length = 0; length < 65536; length += length < 300 ? 1 : 251) {
		if (length == right)
			continue;
		arrival_of(lab, row->a, 0, &inner, &wire);
		frame_set16(&wire, AT_LENGTH, length);
		expect_refused(lab, &wire, MF_DROP_MALFORMED, "IP length alone");
		frame_set16(&wire, AT_UDP_LENGTH, length);
		if (length > right)
			expect_refused(lab, &wire, MF_DROP_MALFORMED, "both lengths too long");
		frame_set16(&wire, AT_LENGTH, right);
		expect_refused(lab, &wire, MF_DROP_MALFORMED, "UDP length alone");
	}
}

/* Outer lengths that leave out the end of what is carried: nothing behind them may reach the device. */
static void shorter_outside(struct lab *lab, const struct row *row)
{
	struct frame inner, wire, wanted;
	__u16 right;

	(void)row;
	arrival_of(lab, 1, 0, &inner, &wire);
	right = frame_get16(&wire, AT_LENGTH);
	for (int length = 0; length < right; length++) {
		frame_set16(&wire, AT_LENGTH, length);
		frame_set16(&wire, AT_UDP_LENGTH, length);
		if (length < 12) {
			expect_refused(lab, &wire, MF_DROP_MALFORMED, "no room for the shim");
			continue;
		}
		wanted = inner;
		frame_set16(&wanted, ETH_BYTES + 4, length - 12);
		wanted.length = ETH_BYTES + IP6_BYTES + length - 12;
		expect_delivered(lab, &wire, &wanted, "bytes behind the packet");
	}
}

/* a: kind of carrying. The inner length says more than is there. */
static void inner_length(struct lab *lab, const struct row *row)
{
	__u32 at = AT_CARRIED + (row->a == 3 ? 2 : 4);
	struct frame inner, wire;
	__u16 right;

	arrival_of(lab, row->a, 0, &inner, &wire);
	right = frame_get16(&wire, at);
	for (int length = right + 1; length < 65536; length += 97) {
		frame_set16(&wire, at, length);
		expect_refused(lab, &wire, MF_DROP_MALFORMED, row->name);
	}
}

/* a: 0 source, 1 destination; b: verdict; the address is tried in all that follow. */
static void inner_address(struct lab *lab, const struct row *row)
{
	static const char *const foreign[] = {
		"fd01:c::1", "fd6d:b::1", "fd6d:a::1", "2001:db8::1", "::1", "fe80::1", "ff02::1", "::",
		"fd01:b::1", "fd01:a::1",
	};
	int most = sizeof(foreign) / sizeof(*foreign);
	struct packet packet = table_packet(NET, THERE, UDP, 20);
	struct frame inner, wire;

	for (int i = 0; i < most; i++) {
		/* The last two are the ends' own; each is foreign at the other place only. */
		if (i == most - 2 + row->a)
			continue;
		if (row->a)
			packet.destination = rig_address(foreign[i]);
		else
			packet.source = rig_address(foreign[i]);
		frame_packet(&inner, &packet);
		table_arrival(lab, NET, 0, &inner, WHOLE, &wire);
		expect_refused(lab, &wire, row->b, foreign[i]);
	}
}

static void inner_address_ipv4(struct lab *lab, const struct row *row)
{
	static const char *const foreign[] = {
		"::ffff:10.3.0.1", "::ffff:127.0.0.1", "::ffff:192.0.2.1", "::ffff:0.0.0.0", "::ffff:255.255.255.255",
	};
	struct frame inner, wire;

	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
		struct packet packet = packet_ipv4(THERE, UDP, 20);

		if (row->a)
			packet.destination = rig_address(foreign[i]);
		else
			packet.source = rig_address(foreign[i]);
		frame_packet(&inner, &packet);
		table_arrival(lab, NET, 0, &inner, WHOLE, &wire);
		expect_refused(lab, &wire, row->b, foreign[i]);
	}
}

/* A host pair may bring its own two addresses whole, too. */
static void host_whole(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, THERE, TCP, 200);
	struct frame inner, wire;

	packet.flow_label = 0x12345;
	frame_packet(&inner, &packet);
	table_arrival(lab, HOST, 0, &inner, WHOLE, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
}

/* a: bytes behind the shim, b: tags. */
static void opener(struct lab *lab, const struct row *row)
{
	__u8 shim[4] = { row->b << 4 }, bytes[64] = { 0x81, 0, 0, 1, 0x81, 0, 0, 1 };
	struct frame wire;

	for (int ahead = -1; ahead <= 1; ahead++) {
		carried_raw(&wire, rig_slot(&lab->there, HOST, ahead), shim, bytes, row->a);
		expect_refused(lab, &wire, MF_IN_OPENED, row->name);
		assert_true(lab->here.state[HOST].heard_index == rig_index(&lab->here, HOST) + ahead);
		assert_int_equal(rig_traffic(&lab->here, HOST).in_packets, 0);
	}
}

/* Bytes behind the outer packet (a padded frame) do not reach the device. a: kind of carrying. */
static void padded(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	for (int padding = 1; padding < 64; padding += 7) {
		arrival_of(lab, row->a, 0, &inner, &wire);
		memset(frame_put(&wire, NULL, padding), 0x5a, padding);
		expect_delivered(lab, &wire, &inner, row->name);
	}
}

/* The hop limit that a packet arrives with, its flow label and its DSCP are the way's, not ours to judge. */
static void any_outer(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	for (int limit = 0; limit < 256; limit++) {
		arrival_of(lab, 1, 0, &inner, &wire);
		wire.byte[AT_HOP_LIMIT] = limit;
		frame_set16(&wire, AT_CLASS + 2, limit * 257);
		class_set(&wire, limit & 0xfc);
		expect_delivered(lab, &wire, &inner, row->name);
	}
}

static const struct row rows[] = {
	{ "RFC 6040 4.2 in full, addresses left out", congestion, 1 },
	{ "RFC 6040 4.2 in full, whole IPv6", congestion, 2 },
	{ "RFC 6040 4.2 in full, whole IPv4, header checksum right", congestion, 3 },
	{ "IPv4 header checksum right after a mark, whatever it was", congestion_checksum },
	{ "one tag, addresses left out: tag and packet come back", tags, 1, 1 },
	{ "two tags, addresses left out: tags and packet come back", tags, 1, 2 },
	{ "one tag, whole IPv6: tag and packet come back", tags, 2, 1 },
	{ "two tags, whole IPv6: tags and packet come back", tags, 2, 2 },
	{ "one tag, whole IPv4: tag and packet come back", tags, 3, 1 },
	{ "two tags, whole IPv4: tags and packet come back", tags, 3, 2 },
	{ "3 to 15 tags, or tags that are none, addresses left out: refused", hostile_tags, 1 },
	{ "3 to 15 tags, or tags that are none, whole IPv6: refused", hostile_tags, 2 },
	{ "3 to 15 tags, or tags that are none, whole IPv4: refused", hostile_tags, 3 },
	{ "every shim on every length, host pair: a verdict, nothing wrong delivered", every_shim, 0, 0, HOST },
	{ "every shim on every length, networks: a verdict, nothing delivered", every_shim, 0, 0, NET },
	{ "unknown kind 4: refused", kind, 4, MF_DROP_SHIM, HOST },
	{ "unknown kind 15: refused", kind, 15, MF_DROP_SHIM, HOST },
	{ "addresses left out between networks: refused", kind, 1, MF_DROP_SHIM, NET },
	{ "whole IPv6 that is IPv4: malformed", wrong_version, 2, 3 },
	{ "whole IPv4 that is IPv6: malformed", wrong_version, 3, 2 },
	{ "outer lengths that lie, addresses left out: malformed", lengths, 1 },
	{ "outer lengths that lie, whole IPv6: malformed", lengths, 2 },
	{ "outer lengths that lie, whole IPv4: malformed", lengths, 3 },
	{ "outer lengths shorter than the frame: only what they cover is delivered", shorter_outside },
	{ "inner IPv6 length beyond what is carried: malformed", inner_length, 2 },
	{ "inner IPv4 length beyond what is carried: malformed", inner_length, 3 },
	{ "inner source not of the peer's prefixes: refused", inner_address, 0, MF_DROP_INNER_SOURCE },
	{ "inner destination not of ours: refused", inner_address, 1, MF_DROP_INNER_DESTINATION },
	{ "inner IPv4 source not of the peer's prefixes: refused", inner_address_ipv4, 0, MF_DROP_INNER_SOURCE },
	{ "inner IPv4 destination not of ours: refused", inner_address_ipv4, 1, MF_DROP_INNER_DESTINATION },
	{ "host pair's packet carried whole: flow label comes back too", host_whole },
	{ "opener: noted, dropped, no traffic", opener, 0, 0 },
	{ "opener with bytes behind it: noted, dropped", opener, 40, 0 },
	{ "opener with tags: noted, dropped", opener, 8, 2 },
	{ "padded frame, addresses left out: padding does not reach the device", padded, 1 },
	{ "padded frame, whole IPv6: padding does not reach the device", padded, 2 },
	{ "padded frame, whole IPv4: padding does not reach the device", padded, 3 },
	{ "any outer hop limit, flow label and DSCP: delivered", any_outer },
};

int main(void)
{
	return TABLE_RUN(rows);
}
