// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way out: which association, which slot, which next hop; slots opened through a firewall.
 */
#include <arpa/inet.h>
#include <string.h>

#include "tests/packet/table.h"

static void small(enum deal deal, struct frame *inner)
{
	struct packet packet = table_packet(deal, HERE, UDP, 47);

	frame_packet(inner, &packet);
}

/* Both programs say so: the fast path leaves it to the slow one, which counts it and drops the packet. */
static void expect_dropped(struct lab *lab, const struct frame *inner, int verdict, const char *what)
{
	rig_run(&lab->here, MF_OUT, inner, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, PASS_XDP, what);
	rig_run(&lab->here, MF_CUT_TC, inner, &lab->result);
	expect_verdict(&lab->result, verdict, SHOT_TC, what);
}

static void expect_slot(struct lab *lab, enum deal deal, int ahead, const char *what)
{
	struct frame inner, wire;

	small(deal, &inner);
	carried_encap(&wire, rig_slot(&lab->here, deal, ahead), &inner, WITHOUT_ADDRESSES);
	for (enum program program = MF_OUT; program <= MF_CUT_TC; program++) {
		rig_run(&lab->here, program, &inner, &lab->result);
		expect_frame(&lab->result.out, &wire, what);
	}
}

static void no_association(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, UDP, 47);
	struct mf_event event;
	struct frame inner;

	packet.destination = rig_address(row->a ? "::ffff:192.0.2.1" : "fd6d:b::ffff");
	if (row->a)
		packet.source = rig_address("::ffff:10.1.2.3");
	frame_packet(&inner, &packet);
	expect_dropped(lab, &inner, MF_DROP_NO_ASSOCIATION, row->name);
	assert_int_equal(rig_event(&lab->here, &event), 1);
	assert_int_equal(event.kind, MF_EVENT_NO_ASSOCIATION);
	assert_int_equal(event.association, ~0U);
	assert_memory_equal(event.destination, packet.destination.byte, 16);
	assert_memory_equal(event.source, packet.source.byte, 16);
}

static void freed(struct lab *lab, const struct row *row)
{
	struct frame inner;

	small(row->c, &inner);
	lab->here.association[row->c].generation = 0;
	rig_association_write(&lab->here, row->c);
	expect_dropped(lab, &inner, MF_DROP_NO_ASSOCIATION, row->name);
}

/* a: what is wrong with the ring: 0 dry, 1 slot of another turn, 2 no slots at all. */
static void no_slot(struct lab *lab, const struct row *row)
{
	struct frame inner;

	small(row->c, &inner);
	if (row->a == 0)
		lab->here.now_ms += 3000 * RING_SLOTS;
	else if (row->a == 1)
		rig_slot(&lab->here, row->c, 0)->index -= RING_SLOTS;
	lab->here.association[row->c].ring_slots = row->a == 2 ? 0 : RING_SLOTS;
	rig_association_write(&lab->here, row->c);
	expect_dropped(lab, &inner, MF_DROP_NO_SLOT, row->name);
}

/* a: 1 for NET, whose prefixes are its own, to which this end's other addresses do not belong. */
static void foreign_source(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->a ? NET : HOST, HERE, UDP, 47);
	struct frame inner;

	packet.source = rig_address(row->a ? "fd6d:a::1" : "fd6d:cccc::1");
	frame_packet(&inner, &packet);
	rig_run(&lab->here, MF_OUT, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_INNER_SOURCE, DROP_XDP, row->name);
	rig_run(&lab->here, MF_CUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_INNER_SOURCE, SHOT_TC, row->name);
}

/* Another address of this end: the pair is not the hosts', so the packet goes whole. */
static void other_source(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, UDP, 47);
	struct frame inner, wire;

	packet.source = rig_inner(ZERO, HERE);
	frame_packet(&inner, &packet);
	carried_encap(&wire, rig_slot(&lab->here, HOST, 0), &inner, WHOLE);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, row->name);
	expect_frame(&lab->result.out, &wire, row->name);
}

static void longest_match(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(NET, HERE, UDP, 47);
	struct frame inner, wire;

	packet.source = rig_inner(HOST, HERE);
	packet.destination = rig_address("fd01:b:0:7::9");
	rig_remote_add(&lab->here, packet.destination, 64, HOST);
	frame_packet(&inner, &packet);
	carried_encap(&wire, rig_slot(&lab->here, HOST, 0), &inner, WHOLE);
	rig_send(&lab->here, &inner, &lab->result);
	expect_frame(&lab->result.out, &wire, row->name);
	rig_remote_drop(&lab->here, packet.destination, 64);
	packet.source = rig_inner(NET, HERE);
	frame_packet(&inner, &packet);
	carried_encap(&wire, rig_slot(&lab->here, NET, 0), &inner, WHOLE);
	rig_send(&lab->here, &inner, &lab->result);
	expect_frame(&lab->result.out, &wire, row->name);
}

/* Last millisecond of a slot, first of the next. */
static void slot_of_now(struct lab *lab, const struct row *row)
{
	enum deal deal = row->c;
	__u64 start_ms = rig_slot(&lab->here, deal, 1)->start_ms;
	struct frame inner, last, first;

	small(deal, &inner);
	carried_encap(&last, rig_slot(&lab->here, deal, 0), &inner, WITHOUT_ADDRESSES);
	carried_encap(&first, rig_slot(&lab->here, deal, 1), &inner, WITHOUT_ADDRESSES);
	do {
		lab->here.now_ms = start_ms - 1;
		rig_run(&lab->here, MF_OUT, &inner, &lab->result);
	} while (lab->here.ticked);
	expect_frame(&lab->result.out, &last, row->name);
	lab->here.now_ms = start_ms;
	rig_run(&lab->here, MF_OUT, &inner, &lab->result);
	expect_frame(&lab->result.out, &first, row->name);
}

/* a: newest slot heard, from now on; b: slot that must be sent in. */
static void follows(struct lab *lab, const struct row *row)
{
	lab->here.state[row->c].heard_index = rig_index(&lab->here, row->c) + row->a;
	expect_slot(lab, row->c, row->b, row->name);
}

/* a: 1 the peer's address is routed elsewhere; 2 blackholed; 3 no route. */
static void no_route(struct lab *lab, const struct row *row)
{
	static const char *const where[] = { [1] = "2001:db8:e::1", "2001:db8:dead::1", "2001:db8:77::1" };
	struct frame inner;

	small(row->c, &inner);
	rig_slot_move(&lab->here, row->c, 0, where[row->a]);
	if (row->c == HOST) {
		expect_dropped(lab, &inner, MF_DROP_NO_ROUTE, row->name);
		return;
	}
	rig_run(&lab->here, MF_OUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_NO_ROUTE, SHOT_TC, row->name);
}

static void unresolved(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	small(HOST, &inner);
	rig_slot_move(&lab->here, HOST, 0, "2001:db8:c::1");
	carried_encap(&wire, rig_slot(&lab->here, HOST, 0), &inner, WITHOUT_ADDRESSES);
	rig_run(&lab->here, MF_OUT, &inner, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, PASS_XDP, row->name);
	rig_run(&lab->here, MF_CUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT_SLOW, REDIRECT_TC, row->name);
	memcpy(wire.byte, lab->result.out.byte, 12); /* the kernel writes them */
	expect_frame(&lab->result.out, &wire, row->name);
}

static void unresolved_at_nic(struct lab *lab, const struct row *row)
{
	struct frame inner;

	small(row->c, &inner);
	rig_slot_move(&lab->here, row->c, 0, "2001:db8:c::1");
	rig_run(&lab->here, MF_OUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT_SLOW, REDIRECT_TC, row->name);
}

static void no_association_at_nic(struct lab *lab, const struct row *row)
{
	static const char *const where[] = { "fd6d:b::ffff", "ff02::16", "::ffff:192.0.2.1" };
	struct packet packet = table_packet(HOST, HERE, UDP, 47);
	struct frame inner;

	for (int i = 0; i < 3; i++) {
		packet.destination = rig_address(where[i]);
		if (i == 2)
			packet.source = rig_address("::ffff:10.1.2.3");
		frame_packet(&inner, &packet);
		rig_run(&lab->here, MF_OUT_TC, &inner, &lab->result);
		expect_verdict(&lab->result, MF_DROP_NO_ASSOCIATION, SHOT_TC, row->name);
	}
}

/*
 * One bit of the source's link-layer address makes it another's frame. a: 1 between strangers, which is left alone; 2 the
 * same from the NIC's own address to an association: the host's, routed so by whoever did; b: tags.
 */
static void others_at_nic(struct lab *lab, const struct row *row)
{
	static const enum deal deals[] = { HOST, REWRITE, ZERO, NET };
	struct frame inner, changed;

	for (int i = 0; i < 4; i++) {
		struct packet packet = table_packet(deals[i], HERE, UDP, 47);

		if (row->a == 1) {
			packet.source = rig_address("2001:db8:77::1");
			packet.destination = rig_address("2001:db8:78::1");
		}
		frame_packet(&inner, &packet);
		for (int tag = 0; tag < row->b; tag++)
			frame_tag(&inner, TYPE_VLAN, 7);
		for (int bit = 0; bit < 48; bit++) {
			changed = inner;
			changed.byte[6 + bit / 8] ^= 0x80 >> bit % 8;
			if (row->a == 2)
				memcpy(changed.byte + 6, mac_nic, 6);
			else if (!memcmp(changed.byte + 6, mac_nic, 6))
				continue;
			rig_run(&lab->here, MF_OUT_TC, &changed, &lab->result);
			expect_verdict(&lab->result, row->a ? NO_VERDICT : MF_DROP_INNER, row->a ? UNSPEC_TC : SHOT_TC,
				       row->name);
			expect_frame(&lab->result.out, &changed, row->name);
		}
	}
}

/* A peer on the link: the neighbour of this slot's address is not that of the next slot's. */
static void on_link_peer(struct lab *lab, const struct row *row)
{
	static const __u8 mac_peer[6] = { 2, 0, 0, 0, 0, 0x50 };
	struct frame inner;

	small(HOST, &inner);
	rig_slot_move(&lab->here, HOST, 0, "2001:db8:f::50");
	rig_slot_move(&lab->here, HOST, 1, "2001:db8:f::51");
	rig_run(&lab->here, MF_OUT, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, row->name);
	assert_memory_equal(lab->result.out.byte, mac_peer, 6);
	lab->here.now_ms = rig_slot(&lab->here, HOST, 1)->start_ms;
	rig_run(&lab->here, MF_OUT, &inner, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, PASS_XDP, row->name);
	rig_run(&lab->here, MF_CUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT_SLOW, REDIRECT_TC, row->name);
}

static void traffic(struct lab *lab, const struct row *row)
{
	struct mf_traffic before = rig_traffic(&lab->here, row->c), after;
	struct frame inner;

	small(row->c, &inner);
	rig_send(&lab->here, &inner, &lab->result);
	after = rig_traffic(&lab->here, row->c);
	assert_int_equal(after.out_packets - before.out_packets, 1);
	assert_int_equal(after.out_bytes - before.out_bytes, inner.length - ETH_BYTES);
	assert_true(lab->here.state[row->c].sent_ns > 0);
}

/* What the loader puts on the device. */
static void request(struct frame *frame, __u32 association)
{
	frame_ethernet(frame, mac_inside, mac_device, MF_ETHERTYPE_OPEN);
	frame_put(frame, &association, sizeof(association));
	frame_put(frame, NULL, 42);
}

/* a: newest slot heard, from now on. An opener is of the slot of now all the same. */
static void opens(struct lab *lab, const struct row *row)
{
	const struct mf_slot *slot = rig_slot(&lab->there, row->c, 0);
	static const __u8 shim[4];
	struct frame frame, wire;

	lab->there.state[row->c].heard_index = rig_index(&lab->there, row->c) + row->a;
	request(&frame, row->c);
	rig_run(&lab->there, MF_OUT_TC, &frame, &lab->result);
	expect_verdict(&lab->result, MF_OUT_OPENED, UNSPEC_TC, row->name);
	carried_raw(&wire, slot, shim, NULL, 0);
	expect_frame(&lab->result.out, &wire, row->name);
	expect_refused(lab, &wire, MF_IN_OPENED, row->name);
	assert_true(lab->here.state[row->c].heard_index == slot->index);
}

static void opens_zero_checksum(struct lab *lab, const struct row *row)
{
	struct frame frame;

	request(&frame, ZERO);
	rig_run(&lab->there, MF_OUT_TC, &frame, &lab->result);
	expect_verdict(&lab->result, MF_OUT_OPENED, UNSPEC_TC, row->name);
	assert_int_equal(frame_get16(&lab->result.out, AT_CHECK), 0);
	expect_refused(lab, &lab->result.out, MF_IN_OPENED, row->name);
}

/* An opener is what would resolve the neighbour: it must not wait for another packet to do so. */
static void opens_unresolved(struct lab *lab, const struct row *row)
{
	struct frame frame;

	request(&frame, FOLLOWER);
	rig_slot_move(&lab->there, FOLLOWER, 0, "2001:db8:c::1");
	rig_run(&lab->there, MF_OUT_TC, &frame, &lab->result);
	expect_verdict(&lab->result, MF_OUT_OPENED, REDIRECT_TC, row->name);
}

/* a: association asked for, b: verdict; c: 1 wipes the ring, 2 leaves no route. */
static void opens_not(struct lab *lab, const struct row *row)
{
	struct frame frame;

	request(&frame, row->a);
	if (row->c == 1)
		rig_slot(&lab->there, row->a, 0)->index = 0;
	if (row->c == 2)
		rig_slot_move(&lab->there, row->a, 0, "2001:db8:dead::1");
	rig_run(&lab->there, MF_OUT_TC, &frame, &lab->result);
	expect_verdict(&lab->result, row->b, SHOT_TC, row->name);
}

static void opener_cut_short(struct lab *lab, const struct row *row)
{
	struct frame frame;

	for (__u32 length = ETH_BYTES + 1; length < ETH_BYTES + 4; length++) {
		request(&frame, FOLLOWER);
		frame_cut(&frame, length);
		rig_run(&lab->there, MF_OUT_TC, &frame, &lab->result);
		expect_verdict(&lab->result, MF_DROP_MALFORMED, SHOT_TC, row->name);
	}
}

static const struct row rows[] = {
	{ "no association for the destination: dropped and told, with both addresses", no_association },
	{ "no association for an IPv4 destination: dropped and told, mapped addresses", no_association, 1 },
	{ "association that is gone: dropped", freed, 0, 0, HOST },
	{ "rewrite association that is gone: dropped", freed, 0, 0, REWRITE },
	{ "look-ahead used up: no slot", no_slot, 0, 0, HOST },
	{ "ring holds a slot of another turn: no slot", no_slot, 1, 0, HOST },
	{ "ring without slots: no slot", no_slot, 2, 0, HOST },
	{ "look-ahead used up, rewrite: no slot", no_slot, 0, 0, REWRITE },
	{ "source that is none of ours: refused", foreign_source },
	{ "source of ours that is not this association's: refused", foreign_source, 1 },
	{ "other address of ours to a host: carried whole", other_source },
	{ "longest match decides, and what is gone is forgotten", longest_match },
	{ "slot of now: last millisecond, first millisecond of the next", slot_of_now, 0, 0, HOST },
	{ "slot of now at 200 ms: last millisecond, first of the next", slot_of_now, 0, 0, QUICK },
	{ "follows: nothing heard yet, slot of now", follows, -500000000, 0, FOLLOWER },
	{ "follows: two slots behind is too old, slot of now", follows, -2, 0, FOLLOWER },
	{ "follows: previous slot heard, previous slot sent", follows, -1, -1, FOLLOWER },
	{ "follows: this slot heard, this slot sent", follows, 0, 0, FOLLOWER },
	{ "follows: next slot heard, next slot sent", follows, 1, 1, FOLLOWER },
	{ "follows: two slots ahead is beyond the window, slot of now", follows, 2, 0, FOLLOWER },
	{ "does not follow: slot of now, whatever was heard", follows, -1, 0, HOST },
	{ "peer routed over another interface: no route", no_route, 1, 0, HOST },
	{ "peer's prefix blackholed: no route", no_route, 2, 0, HOST },
	{ "no route to the peer's prefix: no route", no_route, 3, 0, HOST },
	{ "no route, rewrite", no_route, 3, 0, REWRITE },
	{ "no route, zero checksum", no_route, 3, 0, ZERO },
	{ "unresolved neighbour, rewrite: to the kernel's own resolution", unresolved_at_nic, 0, 0, REWRITE },
	{ "unresolved neighbour, zero checksum: to the kernel's own resolution", unresolved_at_nic, 0, 0, ZERO },
	{ "from the device to no association: dropped at the NIC", no_association_at_nic },
	{ "other traffic of the NIC: left alone", others_at_nic, 1 },
	{ "other traffic of the NIC, tagged: left alone", others_at_nic, 1, 1 },
	{ "the host's own traffic: left alone", others_at_nic, 2 },
	{ "inner addresses by a third link-layer address: dropped, not let out", others_at_nic, 0 },
	{ "inner addresses by a third link-layer address, tagged: dropped, not let out", others_at_nic, 0, 2 },
	{ "neighbour not resolved: slow path sends the right packet by it", unresolved },
	{ "peer on the link: a next hop holds for its slot only", on_link_peer },
	{ "inner packets and bytes are counted, host pair", traffic, 0, 0, HOST },
	{ "inner packets and bytes are counted, networks", traffic, 0, 0, NET },
	{ "inner packets and bytes are counted, rewrite", traffic, 0, 0, REWRITE },
	{ "opener: oracle's frame in the slot of now, noted by the peer", opens, -500000000, 0, FOLLOWER },
	{ "opener behind two firewalls: slot of now, though an older one was heard", opens, -1, 0, BOTH },
	{ "opener behind two firewalls: slot of now, though a newer one was heard", opens, 1, 0, BOTH },
	{ "opener without checksum: 0 on the wire, noted by the peer", opens_zero_checksum },
	{ "opener whose neighbour is not resolved: sent by the kernel", opens_unresolved },
	{ "opener for an association beyond the table: dropped", opens_not, DEALS, MF_DROP_NO_ASSOCIATION },
	{ "opener for association ~0: dropped", opens_not, 0xffffffff, MF_DROP_NO_ASSOCIATION },
	{ "opener without a slot: dropped", opens_not, FOLLOWER, MF_DROP_NO_SLOT, 1 },
	{ "opener without a route: dropped", opens_not, FOLLOWER, MF_DROP_NO_ROUTE, 2 },
	{ "opener's request cut short: malformed", opener_cut_short },
};

int main(void)
{
	return TABLE_RUN(rows);
}
