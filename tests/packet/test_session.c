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

static const struct row rows[] = {
	{ "a generation that does not lead is heard", generations, WITHOUT_ADDRESSES, 1, MF_IN_DELIVERED },
	{ "the same when its packets come whole", generations, WHOLE, 1, MF_IN_DELIVERED },
	{ "whole packets of one that does not share, but has another's host: refused", generations, WHOLE, 0,
	  MF_DROP_INNER_SOURCE },
	{ "a generation brings nobody else's packets", not_its_host, 1 },
	{ "a generation brings no packets to anybody else", not_its_host, 0 },
};

int main(void)
{
	return TABLE_RUN(rows);
}
