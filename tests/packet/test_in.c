// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way in: who is heard, where and when. Everybody else gets a name and no answer.
 */
#include <string.h>

#include "tests/packet/table.h"

static void heard(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, row->c, &inner, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
}

/* a: slot of the packet from now on, b: verdict. */
static void slot_off(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, row->c, &inner, &wire);
	table_arrival(lab, row->c, row->a, &inner, WITHOUT_ADDRESSES, &wire);
	if (row->b == MF_IN_DELIVERED)
		expect_delivered(lab, &wire, &inner, row->name);
	else
		expect_refused(lab, &wire, row->b, row->name);
}

/* A packet of slot `ahead`, `ms` from where that slot begins; again if the kernel's clock ticked meanwhile. */
static void arrive_at(struct lab *lab, enum deal deal, int ahead, long ms)
{
	const struct mf_slot *slot = rig_slot(&lab->there, deal, ahead);
	__u64 start_ms = slot->start_ms;
	struct frame inner, wire;

	table_small(lab, deal, &inner, &wire);
	table_arrival(lab, deal, ahead, &inner, WITHOUT_ADDRESSES, &wire);
	do {
		lab->here.now_ms = start_ms + ms;
		rig_run(&lab->here, MF_IN, &wire, &lab->result);
	} while (lab->here.ticked);
	lab->here.now_ms = START_MS;
}

/* a: milliseconds from the start of the slot, in rotations, b: and more milliseconds; c: verdict. */
static void window_edge(struct lab *lab, const struct row *row)
{
	static const enum deal both[] = { HOST, QUICK };
	int action = row->c == MF_IN_DELIVERED ? PASS_XDP : DROP_XDP;

	for (int i = 0; i < 2; i++)
		for (int ahead = -2; ahead <= 2; ahead++) {
			long rotation = lab->here.association[both[i]].rotation_ms;

			arrive_at(lab, both[i], ahead, row->a * rotation + row->b);
			expect_verdict(&lab->result, row->c, action, row->name);
		}
}

/* a: first byte of what is turned, bit by bit, b: bytes of it; c: verdict. */
static void every_bit(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	for (int bit = 0; bit < row->b * 8; bit++) {
		wire.byte[row->a + bit / 8] ^= 0x80 >> bit % 8;
		expect_refused(lab, &wire, row->c, row->name);
		wire.byte[row->a + bit / 8] ^= 0x80 >> bit % 8;
	}
}

static void other_prefix_passed(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	for (int bit = 0; bit < 64; bit++) {
		wire.byte[AT_DESTINATION + bit / 8] ^= 0x80 >> bit % 8;
		expect_passed(lab, &wire, row->name);
		wire.byte[AT_DESTINATION + bit / 8] ^= 0x80 >> bit % 8;
	}
}

/* /80 with 48 hop bits: the bits between 64 and 80 are the prefix's. */
static void long_prefix(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, QUICK, &inner, &wire);
	for (int bit = 0; bit < 128; bit++) {
		wire.byte[AT_DESTINATION + bit / 8] ^= 0x80 >> bit % 8;
		if (bit < 80)
			expect_passed(lab, &wire, row->name);
		else
			expect_refused(lab, &wire, MF_DROP_DEAD, row->name);
		wire.byte[AT_DESTINATION + bit / 8] ^= 0x80 >> bit % 8;
	}
}

static void every_protocol(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	for (int protocol = 0; protocol < 256; protocol++) {
		table_small(lab, HOST, &inner, &wire);
		wire.byte[AT_NEXT] = protocol;
		if (protocol != UDP)
			expect_refused(lab, &wire, MF_DROP_NOT_UDP, row->name);
	}
}

static void gone(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	lab->here.association[HOST].generation = 0;
	rig_association_write(&lab->here, HOST);
	expect_refused(lab, &wire, MF_DROP_NO_SLOT, row->name);
}

/* Our own packet comes back: as it was, or with both ends exchanged. */
static void reflected(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, UDP, 47);
	struct mf_slot slot = *rig_slot(&lab->here, HOST, 0);
	struct frame inner, wire;

	frame_packet(&inner, &packet);
	carried_encap(&wire, &slot, &inner, WITHOUT_ADDRESSES);
	expect_passed(lab, &wire, row->name);
	memcpy(slot.local, rig_slot(&lab->here, HOST, 0)->remote, 16);
	memcpy(slot.remote, rig_slot(&lab->here, HOST, 0)->local, 16);
	carried_encap(&wire, &slot, &inner, WITHOUT_ADDRESSES);
	expect_refused(lab, &wire, MF_DROP_PORT, row->name);
}

/* The slot of one association's address with the peer of another. */
static void other_association(struct lab *lab, const struct row *row)
{
	struct mf_slot slot = *rig_slot(&lab->there, HOST, 0);
	struct packet packet = table_packet(HOST, THERE, UDP, 47);
	struct frame inner, wire;

	memcpy(slot.local, rig_slot(&lab->there, NET, 0)->local, 16);
	frame_packet(&inner, &packet);
	carried_encap(&wire, &slot, &inner, WITHOUT_ADDRESSES);
	expect_refused(lab, &wire, MF_DROP_SOURCE, row->name);
}

/* a: node flags, b: 1 if the address stands in mf_own; c: verdict. */
static void dead(struct lab *lab, const struct row *row)
{
	struct address target = rig_address("2001:db8:a::dead:beef");
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	memcpy(wire.byte + AT_DESTINATION, target.byte, 16);
	lab->here.node.flags = row->a;
	rig_node_write(&lab->here);
	if (row->b)
		rig_own_set(&lab->here, target);
	if (row->c == MF_PASS_OTHER)
		expect_passed(lab, &wire, row->name);
	else
		expect_refused(lab, &wire, row->c, row->name);
}

/* a: first slot heard, b: second; c: what must stand as the newest. */
static void heard_index(struct lab *lab, const struct row *row)
{
	__u64 now = rig_index(&lab->here, HOST);
	long order[2] = { row->a, row->b };
	struct frame inner, wire;

	for (int i = 0; i < 2; i++) {
		table_small(lab, HOST, &inner, &wire);
		table_arrival(lab, HOST, order[i], &inner, WITHOUT_ADDRESSES, &wire);
		expect_delivered(lab, &wire, &inner, row->name);
	}
	assert_true(lab->here.state[HOST].heard_index == now + row->c);
	assert_true(lab->here.state[HOST].heard_ns > 0);
}

static void refused_is_not_heard(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	wire.byte[AT_PORTS] ^= 1;
	expect_refused(lab, &wire, MF_DROP_PORT, row->name);
	table_small(lab, HOST, &inner, &wire);
	wire.byte[AT_SHIM] = 9;
	expect_refused(lab, &wire, MF_DROP_SHIM, row->name);
	assert_int_equal(lab->here.state[HOST].heard_index, 0);
	assert_int_equal(rig_traffic(&lab->here, HOST).in_packets, 0);
}

static void traffic(struct lab *lab, const struct row *row)
{
	struct mf_traffic before = rig_traffic(&lab->here, row->c), after;
	struct frame inner, wire;

	table_small(lab, row->c, &inner, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
	after = rig_traffic(&lab->here, row->c);
	assert_int_equal(after.in_packets - before.in_packets, 1);
	assert_int_equal(after.in_bytes - before.in_bytes, inner.length - ETH_BYTES);
}

/* a: protocol, b: shape; c: side whose addresses are strangers'. */
static void others(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, THERE, row->a, 100);
	struct frame wire;

	packet.shape = row->b;
	packet.source = rig_address(row->c ? "::ffff:192.0.2.1" : "2001:db8:77::1");
	packet.destination = rig_address(row->c ? "::ffff:192.0.2.2" : "2001:db8:78::1");
	frame_packet(&wire, &packet);
	expect_passed(lab, &wire, row->name);
}

static void other_types(struct lab *lab, const struct row *row)
{
	struct frame wire;

	frame_ethernet(&wire, mac_nic, mac_gateway, row->a);
	frame_put(&wire, NULL, 60);
	expect_passed(lab, &wire, row->name);
}

/* a: tag of a frame for a live address; b: verdict. */
static void tagged(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	frame_tag(&wire, TYPE_VLAN, row->a);
	if (row->b == MF_IN_DELIVERED)
		expect_delivered(lab, &wire, &inner, row->name);
	else
		expect_passed(lab, &wire, row->name);
}

static void cut_short(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, THERE, row->a, 60);
	struct frame inner, wire, cut;

	packet.shape = row->b;
	frame_packet(&inner, &packet);
	table_arrival(lab, row->c, 0, &inner, row->c == NET ? WHOLE : WITHOUT_ADDRESSES, &wire);
	for (__u32 length = ETH_BYTES; length < wire.length; length++) {
		cut = wire;
		frame_cut(&cut, length);
		rig_receive(&lab->here, &cut, &lab->result);
		if (lab->result.verdict == MF_IN_DELIVERED || lab->result.action == OK_TC)
			fail_msg("%u of %u bytes were delivered", length, wire.length);
		if (length >= ETH_BYTES + IP6_BYTES && lab->result.verdict == MF_PASS_OTHER)
			fail_msg("%u of %u bytes went to the stack", length, wire.length);
	}
}

/* a: verdict of the packet that a stranger tries; what it is counted as, once a packet, told once a second. */
static void probe(struct lab *lab, const struct row *row)
{
	struct mf_probe probe = {};
	struct mf_event event;
	struct frame inner, wire;
	struct address source;

	table_small(lab, HOST, &inner, &wire);
	if (row->a == MF_DROP_DEAD)
		memset(wire.byte + AT_DESTINATION + 8, 0xee, 8);
	else if (row->a == MF_DROP_EXPIRED)
		table_arrival(lab, HOST, -2, &inner, WITHOUT_ADDRESSES, &wire);
	else if (row->a == MF_DROP_PORT)
		wire.byte[AT_PORTS] ^= 1;
	if (row->a != MF_DROP_PORT)
		memcpy(wire.byte + AT_SOURCE, rig_address("2001:db8:5:6::").byte, 8);
	for (int i = 0; i < 10; i++)
		expect_refused(lab, &wire, row->a, row->name);
	source = frame_source(&wire);
	assert_int_equal(rig_probe(&lab->here, source.byte, &probe), 0);
	assert_int_equal(row->a == MF_DROP_DEAD ? probe.random : probe.expired, 10);
	assert_int_equal(rig_event(&lab->here, &event), 1);
	assert_int_equal(event.kind, row->a == MF_DROP_DEAD ? MF_EVENT_PROBE_RANDOM : MF_EVENT_PROBE_EXPIRED);
	assert_memory_equal(event.source, source.byte, 16);
	assert_memory_equal(event.destination, wire.byte + AT_DESTINATION, 16);
	assert_true(event.time_ms >= START_MS && event.time_ms < START_MS + 100);
}

/* More strangers than the budget of a tenth of a second: all refused, not all told, the rest counted. */
static void probe_flood(struct lab *lab, const struct row *row)
{
	struct mf_event event;
	struct frame inner, wire;
	int told;

	table_small(lab, HOST, &inner, &wire);
	memset(wire.byte + AT_DESTINATION + 8, 0xee, 8);
	for (int i = 0; i < 3000; i++) {
		frame_set16(&wire, AT_SOURCE + 4, i);
		expect_refused(lab, &wire, MF_DROP_DEAD, row->name);
	}
	told = rig_event(&lab->here, &event);
	if (told < 32 || told > 1500)
		fail_msg("%d of 3000 probes were told", told);
}

/* Who is asked for by this host is told all the same: a session on demand begins by it. */
static void probe_flood_and_own(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, UDP, 47);
	struct frame inner, wire, own;
	struct mf_event event;

	table_small(lab, HOST, &inner, &wire);
	memset(wire.byte + AT_DESTINATION + 8, 0xee, 8);
	packet.destination = rig_address("fd6d:b::ffff");
	frame_packet(&own, &packet);
	for (int i = 0; i < 1000; i++) {
		frame_set16(&wire, AT_SOURCE + 4, i);
		expect_refused(lab, &wire, MF_DROP_DEAD, row->name);
		if (i % 250 != 249)
			continue;
		rig_send(&lab->here, &own, &lab->result);
		assert_true(rig_event(&lab->here, &event) > 0);
		assert_int_equal(event.kind, MF_EVENT_NO_ASSOCIATION);
		assert_int_equal(event.suppressed, 0);
	}
}

static const struct row rows[] = {
	{ "live address, right peer, right ports: inner packet restored to the byte", heard, 0, 0, HOST },
	{ "networks: inner packet restored to the byte", heard, 0, 0, NET },
	{ "prefix of /80: inner packet restored to the byte", heard, 0, 0, QUICK },
	{ "any zero outer checksum is taken, the inner one tells", heard, 0, 0, ZERO },
	{ "previous slot is heard", slot_off, -1, MF_IN_DELIVERED, HOST },
	{ "next slot is heard", slot_off, 1, MF_IN_DELIVERED, HOST },
	{ "slot before the previous one: late", slot_off, -2, MF_DROP_LATE, HOST },
	{ "slot after the next one: early", slot_off, 2, MF_DROP_EARLY, HOST },
	{ "slot long gone: dead", slot_off, -3, MF_DROP_DEAD, HOST },
	{ "slot far ahead: dead", slot_off, 3, MF_DROP_DEAD, HOST },
	{ "last millisecond before the slot before: early", window_edge, -1, -1, MF_DROP_EARLY },
	{ "first millisecond of the slot before: heard", window_edge, -1, 0, MF_IN_DELIVERED },
	{ "last millisecond of the slot after: heard", window_edge, 2, -1, MF_IN_DELIVERED },
	{ "first millisecond past the slot after: late", window_edge, 2, 0, MF_DROP_LATE },
	{ "any bit of the source turned: not the peer", every_bit, AT_SOURCE, 16, MF_DROP_SOURCE },
	{ "any bit of the identifier turned: dead", every_bit, AT_DESTINATION + 8, 8, MF_DROP_DEAD },
	{ "any bit of the ports turned: wrong ports", every_bit, AT_PORTS, 4, MF_DROP_PORT },
	{ "any bit of the prefix turned: not ours, left to the stack untouched", other_prefix_passed },
	{ "/80 prefix: its bits decide whether it is ours, the other 48 whether it lives", long_prefix },
	{ "any protocol but UDP: refused", every_protocol },
	{ "association is gone: refused", gone },
	{ "our own packet reflected, ends exchanged or not: refused", reflected },
	{ "peer of another association: refused", other_association },
	{ "dead address, routed prefix: dropped", dead, MF_NODE_DARK, 0, MF_DROP_DEAD },
	{ "dead address, not dark: left to the stack", dead, 0, 0, MF_PASS_OTHER },
	{ "dead address on the link, dark: dropped", dead, MF_NODE_DARK | MF_NODE_ON_LINK, 0, MF_DROP_DEAD },
	{ "dead address on the link, not dark: left to the stack", dead, MF_NODE_ON_LINK, 0, MF_PASS_OTHER },
	{ "host's own address in a routed hopping prefix: left to the stack", dead, MF_NODE_DARK | MF_NODE_OWN, 1,
	  MF_PASS_OTHER },
	{ "host's own address in a dark prefix on the link: left to the stack", dead, MF_NODE_DARK | MF_NODE_ON_LINK, 1,
	  MF_PASS_OTHER },
	{ "newest slot heard is noted", heard_index, -1, 1, 1 },
	{ "an older slot does not take the newest one back", heard_index, 1, -1, 1 },
	{ "what is refused was not heard, nor counted as traffic", refused_is_not_heard },
	{ "inner packets and bytes are counted, host pair", traffic, 0, 0, HOST },
	{ "inner packets and bytes are counted, networks", traffic, 0, 0, NET },
	{ "other IPv6 traffic: untouched", others, TCP, PLAIN },
	{ "other IPv6 traffic with extension headers: untouched", others, UDP, ALL_EXTENSIONS },
	{ "other IPv4 traffic: untouched", others, UDP, PLAIN, 1 },
	{ "other IPv4 fragments: untouched", others, UDP, LATER_FRAGMENT, 1 },
	{ "ARP between others: untouched", other_types, TYPE_ARP },
	{ "unknown frame type: untouched", other_types, 0x9000 },
	{ "live address on a VLAN: that VLAN's business, untouched", tagged, 7, MF_PASS_OTHER },
	{ "live address with a priority tag: heard as without", tagged, 0xa000, MF_IN_DELIVERED },
	{ "frame cut at every byte, UDP between hosts: never delivered, never to the stack",
	  cut_short, UDP, PLAIN, HOST },
	{ "frame cut at every byte, fragment between hosts: never delivered", cut_short, TCP, FIRST_FRAGMENT, HOST },
	{ "frame cut at every byte, networks: never delivered", cut_short, UDP, PLAIN, NET },
	{ "random probe: counted by its /64, told once a second", probe, MF_DROP_DEAD },
	{ "probe of an expired address: counted as such, told once a second", probe, MF_DROP_EXPIRED },
	{ "probe of a live address by a stranger: counted as such", probe, MF_DROP_SOURCE },
	{ "probe of a live address with wrong ports: counted as such", probe, MF_DROP_PORT },
	{ "a flood of strangers: all refused, events bounded", probe_flood },
	{ "a flood of strangers: what this host sends to nobody is told all the same", probe_flood_and_own },
};

int main(void)
{
	return TABLE_RUN(rows);
}
