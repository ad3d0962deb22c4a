// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every verdict is reached: the shortest way to each. A new verdict without a way fails here.
 * None is left that only whole machines could reach.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/verdict.h"
#include "tests/packet/table.h"

static void send_small(struct lab *lab, enum deal deal, const char *destination, __u16 type)
{
	struct packet packet = table_packet(deal, HERE, UDP, 47);
	struct frame inner;

	if (destination)
		packet.destination = rig_address(destination);
	frame_packet(&inner, &packet);
	if (type)
		frame_set16(&inner, 12, type);
	rig_send(&lab->here, &inner, &lab->result);
}

static void send_long(struct lab *lab, enum deal deal, __u32 segment)
{
	struct meeting meeting = { .gso_size = segment, .gso_segs = segment ? 3 : 0 };
	struct packet packet = table_packet(deal, HERE, TCP, 3000);
	struct frame inner;

	frame_packet(&inner, &packet);
	rig_run_as(&lab->here, deal == HOST ? MF_CUT_TC : MF_OUT_TC, &inner, &meeting, &lab->result);
}

/* `turned`: bits of the source's first byte. */
static void receive_slot(struct lab *lab, int ahead, __u8 turned)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	table_arrival(lab, HOST, ahead, &inner, WITHOUT_ADDRESSES, &wire);
	wire.byte[AT_SOURCE] ^= turned;
	rig_receive(&lab->here, &wire, &lab->result);
}

/* A packet of the peer with one byte of the outer frame changed. */
static void receive_changed(struct lab *lab, __u32 at, __u8 value)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	wire.byte[at] = value;
	rig_receive(&lab->here, &wire, &lab->result);
}

/* A packet of the peer, as it came off the wire, to another link-layer address. */
static void receive_at(struct lab *lab, const __u8 *mac)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	memcpy(wire.byte, mac, 6);
	rig_receive(&lab->here, &wire, &lab->result);
}

static void receive_net(struct lab *lab, const char *source, const char *destination)
{
	struct packet packet = table_packet(NET, THERE, UDP, 47);
	struct frame inner, wire;

	packet.source = rig_address(source);
	packet.destination = rig_address(destination);
	frame_packet(&inner, &packet);
	table_arrival(lab, NET, 0, &inner, WHOLE, &wire);
	rig_receive(&lab->here, &wire, &lab->result);
}

static void receive_plain(struct lab *lab, const char *source, const char *destination)
{
	struct packet packet = table_packet(HOST, THERE, UDP, 47);
	struct frame frame;

	packet.source = rig_address(source);
	packet.destination = rig_address(destination);
	frame_packet(&frame, &packet);
	rig_receive(&lab->here, &frame, &lab->result);
}

static void too_big(struct lab *lab, __u32 mtu)
{
	struct packet packet = table_packet(HOST, HERE, UDP, 600);
	struct frame inner, lost, message;

	frame_packet(&inner, &packet);
	carried_encap(&lost, rig_slot(&lab->here, HOST, 0), &inner, WITHOUT_ADDRESSES);
	frame_too_big(&message, rig_address("2001:db8:f::77"), frame_source(&lost), mtu, &lost, 1232);
	rig_receive(&lab->here, &message, &lab->result);
}

static void solicit(struct lab *lab, const char *router)
{
	struct address target = address_of(rig_slot(&lab->here, HOST, 0)->local);
	struct solicitation ask = { .source = rig_address("fe80::1"), .destination = target, .target = target,
				    .hop_limit = 255, .option = 1 };
	struct frame frame;

	lab->here.node.flags |= MF_NODE_ON_LINK;
	rig_node_write(&lab->here);
	rig_router_set(&lab->here, rig_address(router));
	frame_solicitation(&frame, &ask);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
}

static void open_slot(struct lab *lab)
{
	struct frame frame;
	__u32 id = FOLLOWER;

	frame_ethernet(&frame, mac_inside, mac_device, MF_ETHERTYPE_OPEN);
	frame_put(&frame, &id, sizeof(id));
	frame_put(&frame, NULL, 42);
	rig_run(&lab->there, MF_OUT_TC, &frame, &lab->result);
}

static void lend(struct lab *lab)
{
	struct address address = rig_address("2001:db8:a::1:1");
	struct mf_loan loan = { .until_ms = ~0ULL };

	rig_lend(&lab->here, address.byte, &loan);
	receive_plain(lab, "2001:db8:77::1", "2001:db8:a::1:1");
}

static void congested(struct lab *lab)
{
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	frame_set16(&wire, AT_CLASS, frame_get16(&wire, AT_CLASS) | 0x30);
	rig_receive(&lab->here, &wire, &lab->result);
}

/* What is no session message comes where nothing else is let in; or one more than the budget has. */
static void receive_control(struct lab *lab, __u8 protocol, __u64 control_ns)
{
	struct packet packet = table_packet(HOST, THERE, protocol, 47);
	struct frame inner, wire;

	lab->here.association[HOST].flags |= MF_ASSOC_CONTROL;
	rig_association_write(&lab->here, HOST);
	lab->here.state[HOST].control_ns = control_ns;
	frame_packet(&inner, &packet);
	table_arrival(lab, HOST, 0, &inner, WITHOUT_ADDRESSES, &wire);
	rig_receive(&lab->here, &wire, &lab->result);
}

/* What the peer has sealed, changed by `turned` bits of its last byte; with this counter; or the same once more. */
static void receive_sealed(struct lab *lab, __u64 counter, __u8 turned, int times)
{
	struct frame inner, wire;

	table_small(lab, SEALED, &inner, &wire);
	carried_seal(&wire, &lab->there.seal[SEALED].out, counter, rig_index(&lab->there, SEALED));
	wire.byte[wire.length - 1] ^= turned;
	while (times--)
		rig_receive(&lab->here, &wire, &lab->result);
}

static void reach(struct lab *lab, enum mf_verdict verdict)
{
	switch (verdict) {
	case MF_PASS_OTHER:
		return receive_plain(lab, "2001:db8:77::1", "2001:db8:78::1");
	case MF_OUT_SENT:
		return send_small(lab, HOST, NULL, 0);
	case MF_OUT_SENT_SLOW:
		rig_slot_move(&lab->here, REWRITE, 0, "2001:db8:c::1");
		return send_small(lab, REWRITE, NULL, 0);
	case MF_OUT_OPENED:
		return open_slot(lab);
	case MF_IN_DELIVERED:
		return receive_slot(lab, 0, 0);
	case MF_IN_OPENED:
		return receive_changed(lab, AT_SHIM, 0);
	case MF_IN_LENT:
		return lend(lab);
	case MF_ND_ANSWERED:
		return solicit(lab, "fe80::1");
	case MF_PATH_MTU_LOWERED:
		return too_big(lab, 1400);
	case MF_TOO_BIG_SENT:
	case MF_DROP_TOO_BIG:
		return send_long(lab, HOST, 0);
	case MF_DROP_DEAD:
		return receive_plain(lab, "2001:db8:77::1", "2001:db8:a::dead");
	case MF_DROP_EXPIRED:
		return receive_slot(lab, -2, 1);
	case MF_DROP_EARLY:
		return receive_slot(lab, 2, 0);
	case MF_DROP_SOURCE:
		return receive_changed(lab, AT_SOURCE, 0xfe);
	case MF_DROP_PORT:
		return receive_changed(lab, AT_PORTS, 0);
	case MF_DROP_NOT_UDP:
		return receive_changed(lab, AT_NEXT, TCP);
	case MF_DROP_ICMP:
		return too_big(lab, 9000);
	case MF_DROP_ND:
		return solicit(lab, "fe80::2");
	case MF_DROP_INNER:
		return receive_plain(lab, "2001:db8:77::1", "fd6d:a::1");
	case MF_DROP_MALFORMED:
		return receive_changed(lab, AT_UDP_LENGTH, 0xff);
	case MF_DROP_SHIM:
		return receive_changed(lab, AT_SHIM, 7);
	case MF_DROP_INNER_SOURCE:
		return receive_net(lab, "fd01:c::1", "fd01:a::1");
	case MF_DROP_INNER_DESTINATION:
		return receive_net(lab, "fd01:b::1", "fd01:c::1");
	case MF_DROP_ECN:
		return congested(lab);
	case MF_DROP_NO_ASSOCIATION:
		return send_small(lab, HOST, "fd6d:c::1", 0);
	case MF_DROP_NO_SLOT:
		lab->here.now_ms += 3000 * RING_SLOTS;
		return send_small(lab, HOST, NULL, 0);
	case MF_DROP_NO_ROUTE:
		rig_slot_move(&lab->here, HOST, 0, "2001:db8:dead::1");
		return send_small(lab, HOST, NULL, 0);
	case MF_DROP_LARGE_FRAME:
		return send_long(lab, HOST, 1000);
	case MF_DROP_UNCARRIED:
		lab->here.association[REWRITE].flags &= ~MF_ASSOC_HOST_PAIR;
		rig_association_write(&lab->here, REWRITE);
		return send_small(lab, REWRITE, NULL, 0);
	case MF_DROP_NOT_IP:
		return send_small(lab, HOST, NULL, TYPE_ARP);
	case MF_DROP_ROOM:
		return send_long(lab, ZERO, 1000);
	case MF_DROP_DEVICE:
		return receive_at(lab, mac_device);
	case MF_DROP_NO_PEER:
		return send_small(lab, CLIENT, NULL, 0);
	case MF_DROP_CONTROL:
		return receive_control(lab, UDP, 0);
	case MF_DROP_BUDGET:
		return receive_control(lab, MF_NEXT_CONTROL, ~0ULL >> 1);
	case MF_DROP_LATE:
		return receive_slot(lab, -2, 0);
	case MF_DROP_TAG:
		return receive_sealed(lab, 0, 1, 1);
	case MF_DROP_REPLAY:
		return receive_sealed(lab, 0, 0, 2);
	case MF_DROP_COUNTER:
		return receive_sealed(lab, MF_COUNTER_AHEAD + 1, 0, 1);
	case MF_DROP_KEY:
		lab->here.seal[SEALED].sent = MF_COUNTER_END;
		return send_small(lab, SEALED, NULL, 0);
	case MF_VERDICTS:
	case MF_VERDICT_ROOM:
		break;
	}
	fail_msg("no way to verdict %d", verdict);
}

static void reached(struct lab *lab, const struct row *row)
{
	reach(lab, row->a);
	assert_int_equal(lab->result.counted[row->a], 1);
}

int main(void)
{
	char name[MF_VERDICTS][128];
	struct row rows[MF_VERDICTS];

	for (int verdict = 0; verdict < MF_VERDICTS; verdict++) {
		snprintf(name[verdict], sizeof(name[verdict]), "%s is reached: %s", verdict_name(verdict),
			 verdict_meaning(verdict));
		rows[verdict] = (struct row){ name[verdict], reached, verdict, 0, 0 };
	}
	return TABLE_RUN(rows);
}
