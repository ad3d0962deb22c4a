// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sessions ask of the way in: several generations of one heard at once, introductions that let in session
 * messages alone, a budget of these for everybody, and the peer's own late packets told from strangers.
 */
#include <string.h>

#include "tests/packet/table.h"

/* FOLLOWER becomes the next generation of what HOST is; mf_remote leads to HOST. */
static void next_generation(struct lab *lab, int shares)
{
	static const enum deal both[] = { HOST, FOLLOWER };

	for (int i = 0; i < 2; i++) {
		struct mf_association *association = &lab->here.association[both[i]];

		memcpy(association->inner_local, rig_inner(HOST, HERE).byte, 16);
		memcpy(association->inner_remote, rig_inner(HOST, THERE).byte, 16);
		association->shares = shares;
		rig_association_write(&lab->here, both[i]);
	}
}

/* a: form of the packet, b: 1: they share; c: verdict of what comes in the one that does not lead. */
static void generations(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, THERE, UDP, 47);
	struct frame inner, wire;

	next_generation(lab, row->b);
	frame_packet(&inner, &packet);
	table_arrival(lab, HOST, 0, &inner, row->a, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
	table_arrival(lab, FOLLOWER, 0, &inner, row->a, &wire);
	if (row->c == MF_IN_DELIVERED)
		expect_delivered(lab, &wire, &inner, row->name);
	else
		expect_refused(lab, &wire, row->c, row->name);
}

/* a: 1: another host's address as source, 0: as destination. */
static void not_its_host(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, THERE, UDP, 47);
	struct frame inner, wire;

	next_generation(lab, 1);
	if (row->a)
		packet.source = rig_inner(QUICK, THERE);
	else
		packet.destination = rig_address("fd6d:c::1");
	frame_packet(&inner, &packet);
	table_arrival(lab, FOLLOWER, 0, &inner, WHOLE, &wire);
	expect_refused(lab, &wire, row->a ? MF_DROP_INNER_SOURCE : MF_DROP_INNER_DESTINATION, row->name);
}

static void session_message(struct lab *lab, enum deal deal, enum form form, struct frame *inner, struct frame *wire)
{
	struct packet packet = table_packet(deal, THERE, MF_NEXT_CONTROL, 96);

	frame_packet(inner, &packet);
	table_arrival(lab, deal, 0, inner, form, wire);
}

static void control_only(struct lab *lab, enum deal deal)
{
	lab->here.association[deal].flags |= MF_ASSOC_CONTROL;
	rig_association_write(&lab->here, deal);
}

/* a: next header, b: form, c: deal. Of an association that lets in session messages alone, and of one that does not. */
static void control(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, THERE, row->a, 96);
	struct frame inner, wire;

	frame_packet(&inner, &packet);
	table_arrival(lab, row->c, 0, &inner, row->b, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
	memset(lab->here.state, 0, sizeof(*lab->here.state) * DEALS);
	control_only(lab, row->c);
	if (row->a == MF_NEXT_CONTROL && row->b == WITHOUT_ADDRESSES) {
		expect_delivered(lab, &wire, &inner, row->name);
		return;
	}
	expect_refused(lab, &wire, MF_DROP_CONTROL, row->name);
	assert_int_equal(lab->here.state[row->c].heard_ns, 0);
	assert_int_equal(lab->here.state[row->c].peer_prefix, 0);
}

/* Any shim but two; behind it stands what a session message would have. */
static void control_shims(struct lab *lab, const struct row *row)
{
	const __u8 bytes[64] = {};
	struct frame wire;

	control_only(lab, HOST);
	for (int kind = 0; kind < 16; kind++) {
		const __u8 shim[4] = { kind, MF_NEXT_CONTROL, 64, 0 };

		carried_raw(&wire, rig_slot(&lab->there, HOST, 0), shim, bytes, sizeof(bytes));
		rig_receive(&lab->here, &wire, &lab->result);
		expect_verdict(&lab->result, kind == 0 ? MF_IN_OPENED : kind == 1 ? MF_IN_DELIVERED : MF_DROP_CONTROL,
			       kind == 1 ? OK_TC : DROP_XDP, row->name);
	}
}

/* HERE takes `count` session messages at once; how many of them were delivered. */
static int flood(struct lab *lab, const struct frame *wire, int count)
{
	int delivered = 0;

	for (int i = 0; i < count; i++) {
		rig_run(&lab->here, MF_IN, wire, &lab->result);
		delivered += lab->result.verdict == MF_IN_DELIVERED;
		if (lab->result.verdict != MF_IN_DELIVERED)
			assert_int_equal(lab->result.verdict, MF_DROP_BUDGET);
	}
	return delivered;
}

/* By the kernel's own clock, which goes on meanwhile: so many at once, and a few more as time passes. */
static void expect_burst(struct lab *lab, const struct frame *wire, int burst)
{
	int delivered = flood(lab, wire, 4 * MF_CONTROL_BURST);

	if (delivered < burst || delivered > burst + MF_CONTROL_BURST / 2)
		fail_msg("%d session messages were delivered, not about %d", delivered, burst);
}

/* a: form; b: deal. */
static void budget(struct lab *lab, const struct row *row)
{
	struct frame inner, wire, other;

	session_message(lab, row->b, row->a, &inner, &wire);
	expect_burst(lab, &wire, MF_CONTROL_BURST);
	lab->here.state[row->b].control_ns -= 20ULL * MF_CONTROL_EVERY_NS; /* as if so much later */
	expect_burst(lab, &wire, 20);
	session_message(lab, FOLLOWER, WITHOUT_ADDRESSES, &inner, &other);
	expect_delivered(lab, &other, &inner, row->name); /* another's budget is another's */
	table_small(lab, row->b, &inner, &other);
	expect_delivered(lab, &other, &inner, row->name);
	lab->here.state[row->b].control_ns = 0; /* a long time later there is no more than a burst */
	expect_burst(lab, &wire, MF_CONTROL_BURST);
}

/* Whoever sends one over and over from elsewhere does not take the client's place. */
static void budget_teaches_nothing(struct lab *lab, const struct row *row)
{
	struct mf_assoc_state before;
	struct frame inner, wire;

	session_message(lab, CLIENT, WITHOUT_ADDRESSES, &inner, &wire);
	lab->here.state[CLIENT].control_ns = ~0ULL >> 1;
	before = lab->here.state[CLIENT];
	expect_refused(lab, &wire, MF_DROP_BUDGET, row->name);
	assert_memory_equal(&before, &lab->here.state[CLIENT], sizeof(before));
	assert_int_equal(rig_traffic(&lab->here, CLIENT).in_packets, 0);
}

/* a: deal, b: 1: from the peer's own address of that slot; and whose address it was. */
static void late(struct lab *lab, const struct row *row)
{
	enum deal owner = row->a == CLIENT ? LISTENER : row->a;
	struct mf_probe probe = {};
	struct mf_event event;
	struct frame inner, wire;

	table_small(lab, row->a, &inner, &wire);
	table_arrival(lab, row->a, -2, &inner, WITHOUT_ADDRESSES, &wire);
	if (!row->b)
		wire.byte[AT_SOURCE + 15] ^= 1;
	expect_refused(lab, &wire, row->b ? MF_DROP_LATE : MF_DROP_EXPIRED, row->name);
	assert_int_equal(!!rig_probe(&lab->here, wire.byte + AT_SOURCE, &probe), row->b);
	assert_int_equal(probe.expired, !row->b);
	assert_int_equal(rig_event(&lab->here, &event), !row->b);
	if (!row->b)
		assert_int_equal(event.association, owner);
	assert_int_equal(lab->here.state[row->a].heard_ns, 0);
}

/* Events say whose address was tried. a: deal, b: what is turned of a packet of now; c: verdict. */
static void told_of(struct lab *lab, const struct row *row)
{
	struct mf_event event;
	struct frame inner, wire;

	table_small(lab, row->a, &inner, &wire);
	wire.byte[row->b] ^= 1;
	expect_refused(lab, &wire, row->c, row->name);
	assert_int_equal(rig_event(&lab->here, &event), 1);
	assert_int_equal(event.kind, row->c == MF_DROP_DEAD ? MF_EVENT_PROBE_RANDOM : MF_EVENT_PROBE_EXPIRED);
	assert_int_equal(event.association, row->c == MF_DROP_DEAD ? ~0U : row->a);
}

static const struct row rows[] = {
	{ "a generation that does not lead is heard", generations, WITHOUT_ADDRESSES, 1, MF_IN_DELIVERED },
	{ "the same when its packets come whole", generations, WHOLE, 1, MF_IN_DELIVERED },
	{ "whole packets of one that does not share, but has another's host: refused", generations, WHOLE, 0,
	  MF_DROP_INNER_SOURCE },
	{ "a generation brings nobody else's packets", not_its_host, 1 },
	{ "a generation brings no packets to anybody else", not_its_host, 0 },
	{ "session messages come by an association that lets in nothing else", control, MF_NEXT_CONTROL, WITHOUT_ADDRESSES, HOST },
	{ "and by one that roams", control, MF_NEXT_CONTROL, WITHOUT_ADDRESSES, CLIENT },
	{ "UDP does not", control, UDP, WITHOUT_ADDRESSES, HOST },
	{ "nor TCP, nor is anything learned of it", control, TCP, WITHOUT_ADDRESSES, CLIENT },
	{ "nor ICMPv6", control, ICMP6, WITHOUT_ADDRESSES, CLIENT },
	{ "nor the other experiment", control, EXPERIMENT, WITHOUT_ADDRESSES, HOST },
	{ "nor session messages that come whole", control, MF_NEXT_CONTROL, WHOLE, HOST },
	{ "nor other packets that come whole", control, UDP, WHOLE, CLIENT },
	{ "nor behind any other shim; openers open", control_shims },
	{ "more session messages than the budget: dropped, nobody else's, and back with time", budget, WITHOUT_ADDRESSES, HOST },
	{ "the same when they come whole", budget, WHOLE, HOST },
	{ "the same of a client that roams", budget, WITHOUT_ADDRESSES, CLIENT },
	{ "over the budget nothing is learned, heard or counted", budget_teaches_nothing },
	{ "the peer's own packet past its slot: late, no probe", late, HOST, 1 },
	{ "the same of rewrite", late, REWRITE, 1 },
	{ "the same of a client, by its identifier", late, CLIENT, 1 },
	{ "anybody else past the slot: expired, a probe of that association", late, HOST, 0 },
	{ "the same of rewrite", late, REWRITE, 0 },
	{ "the same of an introduction", late, CLIENT, 0 },
	{ "a stranger at a live address: the probe says whose", told_of, NET, AT_SOURCE + 15, MF_DROP_SOURCE },
	{ "wrong ports: the probe says whose", told_of, QUICK, AT_PORTS, MF_DROP_PORT },
	{ "wrong ports of a client: the probe says whose", told_of, CLIENT, AT_PORTS, MF_DROP_PORT },
	{ "another protocol: the probe says whose", told_of, FOLLOWER, AT_NEXT, MF_DROP_NOT_UDP },
	{ "a dead address: the probe says nobody's", told_of, HOST, AT_DESTINATION + 15, MF_DROP_DEAD },
};

int main(void)
{
	return TABLE_RUN(rows);
}
