// SPDX-License-Identifier: GPL-2.0-only
/*
 * An introduction: HERE listens, two clients THERE come to it from whatever prefix they are in. Who gets in, who is
 * answered where, and what anybody else gets.
 */
#include <string.h>

#include "tests/packet/table.h"

/* Prefixes that a client may be in: all but SILENT lead to the gateway at once. */
#define HOME "2001:db8:b::"
#define AWAY "2001:db8:bb:7::"
#define SILENT "2001:db8:c:1::" /* by a neighbour that is yet to be resolved */
#define NOWHERE "2001:db8:dead:1::"

enum { AT_QUOTED_DESTINATION = ETH_BYTES + IP6_BYTES + 8 + 24 };

static void move(struct frame *wire, const char *prefix)
{
	memcpy(wire->byte + AT_SOURCE, rig_address(prefix).byte, 8);
	carried_finish(wire);
}

/* What a client sends from `prefix` in the slot `ahead` of now. */
static void sent_from(struct lab *lab, enum deal client, int ahead, const char *prefix, struct frame *inner,
		      struct frame *wire)
{
	struct packet packet = table_packet(client, THERE, UDP, 47);

	frame_packet(inner, &packet);
	table_arrival(lab, client, ahead, inner, WITHOUT_ADDRESSES, wire);
	move(wire, prefix);
}

static void heard_from(struct lab *lab, enum deal client, const char *prefix, const char *what)
{
	struct frame inner, wire;

	sent_from(lab, client, 0, prefix, &inner, &wire);
	expect_delivered(lab, &wire, &inner, what);
}

static void expect_learned(const struct lab *lab, enum deal client, const char *prefix)
{
	struct address none = {}, wanted = prefix ? rig_address(prefix) : none;

	assert_memory_equal(&lab->here.state[client].peer_prefix, wanted.byte, 8);
}

/* HERE sends to the client: it must be this frame, to the byte, to this prefix. */
static void expect_answer(struct lab *lab, enum deal client, const char *prefix, const char *what)
{
	struct packet packet = table_packet(client, HERE, UDP, 61);
	struct mf_slot slot = *rig_slot(&lab->here, client, 0);
	struct frame inner, wanted;

	memcpy(slot.remote, rig_address(prefix).byte, 8);
	frame_packet(&inner, &packet);
	carried_encap(&wanted, &slot, &inner, WITHOUT_ADDRESSES);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, what);
	expect_frame(&lab->result.out, &wanted, what);
}

static void expect_no_answer(struct lab *lab, enum deal client, int verdict, const char *what)
{
	struct packet packet = table_packet(client, HERE, UDP, 61);
	struct frame inner;

	frame_packet(&inner, &packet);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, verdict, SHOT_TC, what);
}

static void any_prefix(struct lab *lab, const struct row *row)
{
	static const char *const prefixes[] = { HOME, AWAY, SILENT, NOWHERE, "2001:db8:a::", "fdff:1:2:3::", "2000::" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		heard_from(lab, CLIENT, prefixes[i], row->name);
		expect_learned(lab, CLIENT, prefixes[i]);
	}
}

/* a: offset in the outer frame, b: bytes of which every bit is turned; c: verdict. */
static void every_bit(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	for (int bit = 0; bit < row->b * 8; bit++) {
		sent_from(lab, CLIENT, 0, AWAY, &inner, &wire);
		wire.byte[row->a + bit / 8] ^= 0x80 >> bit % 8;
		expect_refused(lab, &wire, row->c, row->name);
	}
	expect_learned(lab, CLIENT, NULL);
	expect_learned(lab, OTHER_CLIENT, NULL);
}

/* Identifier of one client, ports of the other. */
static void mixed(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	sent_from(lab, CLIENT, 0, AWAY, &inner, &wire);
	memcpy(wire.byte + AT_SOURCE, rig_slot(&lab->there, OTHER_CLIENT, 0)->local, 16);
	expect_refused(lab, &wire, MF_DROP_PORT, row->name);
	expect_learned(lab, CLIENT, NULL);
	expect_learned(lab, OTHER_CLIENT, NULL);
}

/* a: source prefix is none that a host can have. */
static void no_place(struct lab *lab, const struct row *row)
{
	static const char *const prefixes[] = { "::", "fe80::", "febf:1::", "ff02::", "ff0e:1::" };
	struct frame inner, wire;

	sent_from(lab, CLIENT, 0, prefixes[row->a], &inner, &wire);
	expect_refused(lab, &wire, MF_DROP_SOURCE, row->name);
	expect_learned(lab, CLIENT, NULL);
}

/* a: 1: the unspecified address, 0: an identifier of zero in some prefix. Ports as those of the listener's slot. */
static void no_identifier(struct lab *lab, const struct row *row)
{
	const struct mf_slot *slot = rig_slot(&lab->here, LISTENER, 0);
	struct frame inner, wire;

	sent_from(lab, CLIENT, 0, row->a ? "::" : AWAY, &inner, &wire);
	memset(wire.byte + AT_SOURCE + 8, 0, 8);
	frame_set16(&wire, AT_PORTS, 0);
	memcpy(wire.byte + AT_PORTS + 2, &slot->local_port, 2);
	expect_refused(lab, &wire, MF_DROP_SOURCE, row->name);
}

/* a: slot of the address and of the client, from now on, b: verdict. */
static void slot_off(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	sent_from(lab, CLIENT, row->a, AWAY, &inner, &wire);
	if (row->b == MF_IN_DELIVERED)
		expect_delivered(lab, &wire, &inner, row->name);
	else
		expect_refused(lab, &wire, row->b, row->name);
	expect_learned(lab, CLIENT, row->b == MF_IN_DELIVERED ? AWAY : NULL);
}

/* The address of now, the client's identifier and ports of the slot before. */
static void other_slot(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	sent_from(lab, CLIENT, -1, AWAY, &inner, &wire);
	memcpy(wire.byte + AT_DESTINATION, rig_slot(&lab->here, LISTENER, 0)->local, 16);
	expect_refused(lab, &wire, MF_DROP_SOURCE, row->name);
	expect_learned(lab, CLIENT, NULL);
}

static void two_clients(struct lab *lab, const struct row *row)
{
	for (int i = 0; i < 3; i++) {
		heard_from(lab, CLIENT, HOME, row->name);
		heard_from(lab, OTHER_CLIENT, AWAY, row->name);
		expect_answer(lab, CLIENT, HOME, row->name);
		expect_answer(lab, OTHER_CLIENT, AWAY, row->name);
	}
	assert_int_equal(rig_traffic(&lab->here, CLIENT).in_packets, 3);
	assert_int_equal(rig_traffic(&lab->here, OTHER_CLIENT).in_packets, 3);
	assert_int_equal(rig_traffic(&lab->here, LISTENER).in_packets, 0);
}

/* Both behind one router: the same /64, told apart all the same. */
static void same_prefix(struct lab *lab, const struct row *row)
{
	heard_from(lab, CLIENT, AWAY, row->name);
	heard_from(lab, OTHER_CLIENT, AWAY, row->name);
	expect_answer(lab, CLIENT, AWAY, row->name);
	expect_answer(lab, OTHER_CLIENT, AWAY, row->name);
}

static void never_heard(struct lab *lab, const struct row *row)
{
	expect_no_answer(lab, CLIENT, MF_DROP_NO_PEER, row->name);
	heard_from(lab, OTHER_CLIENT, HOME, row->name);
	expect_no_answer(lab, CLIENT, MF_DROP_NO_PEER, row->name);
}

/* a: seconds since the client was last heard; b: 1: still answered. */
static void silence(struct lab *lab, const struct row *row)
{
	heard_from(lab, CLIENT, AWAY, row->name);
	lab->here.state[CLIENT].heard_ns -= row->a * 1000000000ULL;
	if (row->b)
		expect_answer(lab, CLIENT, AWAY, row->name);
	else
		expect_no_answer(lab, CLIENT, MF_DROP_NO_PEER, row->name);
}

static void newest_leads(struct lab *lab, const struct row *row)
{
	static const char *const prefixes[] = { HOME, AWAY, HOME, "2001:db8:bb:8::" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		heard_from(lab, CLIENT, prefixes[i], row->name);
		expect_answer(lab, CLIENT, prefixes[i], row->name);
	}
}

/* Whoever watches can send a client's packet again from elsewhere; the client's next one ends that. */
static void replayed(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	sent_from(lab, CLIENT, 0, HOME, &inner, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
	move(&wire, AWAY);
	expect_delivered(lab, &wire, &inner, row->name);
	expect_answer(lab, CLIENT, AWAY, row->name);
	heard_from(lab, CLIENT, HOME, row->name);
	expect_answer(lab, CLIENT, HOME, row->name);
	lab->here.now_ms += 2 * 3000;
	rig_keep(&lab->here, LISTENER);
	rig_keep(&lab->here, CLIENT);
	move(&wire, AWAY);
	expect_refused(lab, &wire, MF_DROP_LATE, row->name);
	expect_learned(lab, CLIENT, HOME);
}

/* The next hop is that of where the client is, from the first packet on. */
static void next_hop(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(CLIENT, HERE, UDP, 61);
	struct frame inner;

	frame_packet(&inner, &packet);
	heard_from(lab, CLIENT, AWAY, row->name);
	expect_answer(lab, CLIENT, AWAY, row->name);
	heard_from(lab, CLIENT, SILENT, row->name);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT_SLOW, REDIRECT_TC, row->name);
	heard_from(lab, CLIENT, NOWHERE, row->name);
	expect_no_answer(lab, CLIENT, MF_DROP_NO_ROUTE, row->name);
	heard_from(lab, CLIENT, AWAY, row->name);
	expect_answer(lab, CLIENT, AWAY, row->name);
}

static void opener_teaches(struct lab *lab, const struct row *row)
{
	const __u8 opener[4] = {};
	struct frame wire;

	carried_raw(&wire, rig_slot(&lab->there, CLIENT, 0), opener, NULL, 0);
	move(&wire, AWAY);
	expect_refused(lab, &wire, MF_IN_OPENED, row->name);
	expect_learned(lab, CLIENT, AWAY);
	expect_answer(lab, CLIENT, AWAY, row->name);
}

/* a: offset of a byte, b: what it becomes; c: verdict. */
static void refused_teaches_nothing(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	heard_from(lab, CLIENT, HOME, row->name);
	sent_from(lab, CLIENT, 0, AWAY, &inner, &wire);
	wire.byte[row->a] = row->b;
	expect_refused(lab, &wire, row->c, row->name);
	expect_learned(lab, CLIENT, HOME);
}

/* A congestion mark on a packet that cannot bear it. */
static void congested(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	sent_from(lab, CLIENT, 0, AWAY, &inner, &wire);
	wire.byte[AT_CLASS + 1] |= 0x30;
	expect_refused(lab, &wire, MF_DROP_ECN, row->name);
	expect_learned(lab, CLIENT, NULL);
}

/* a: 1: of the listener, 0: of the client; b: verdict. */
static void deleted(struct lab *lab, const struct row *row)
{
	enum deal deal = row->a ? LISTENER : CLIENT;
	struct frame inner, wire;

	sent_from(lab, CLIENT, 0, AWAY, &inner, &wire);
	lab->here.association[deal].generation = 0;
	rig_association_write(&lab->here, deal);
	expect_refused(lab, &wire, row->b, row->name);
	expect_learned(lab, CLIENT, NULL);
}

/* CLIENT once more, as OTHER_CLIENT: what another introduction would know it by. */
static void twin(struct lab *lab)
{
	memcpy(lab->here.association[OTHER_CLIENT].inner_remote, lab->here.association[CLIENT].inner_remote, 16);
	memcpy(lab->here.association[OTHER_CLIENT].inner_local, lab->here.association[CLIENT].inner_local, 16);
	rig_association_write(&lab->here, OTHER_CLIENT);
}

static void expect_sent_as(struct lab *lab, enum deal client, const char *what)
{
	struct packet packet = table_packet(CLIENT, HERE, UDP, 61);
	struct address source, here = address_of(rig_slot(&lab->here, client, 0)->local);
	struct frame inner;

	frame_packet(&inner, &packet);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, what);
	source = frame_source(&lab->result.out);
	assert_memory_equal(source.byte, here.byte, 16);
	assert_memory_equal(lab->result.out.byte + AT_PORTS + 2, &rig_slot(&lab->here, client, 0)->remote_port, 2);
}

/* Two introductions know the client: answers go by the one that it was last heard in. a: form of what it sends. */
static void last_heard_leads(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(CLIENT, THERE, UDP, 47);
	struct frame inner, wire;

	twin(lab);
	heard_from(lab, CLIENT, HOME, row->name);
	expect_sent_as(lab, CLIENT, row->name);
	frame_packet(&inner, &packet);
	table_arrival(lab, OTHER_CLIENT, 0, &inner, row->a, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
	expect_sent_as(lab, OTHER_CLIENT, row->name);
	heard_from(lab, CLIENT, AWAY, row->name);
	expect_sent_as(lab, CLIENT, row->name);
}

static void round_trip(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(CLIENT, HERE, row->a, 100);
	struct frame inner;

	heard_from(lab, CLIENT, HOME, row->name);
	frame_packet(&inner, &packet);
	expect_round_trip(lab, &inner, row->name);
}

/* A stranger at the live address: refused by name, counted by its /64 and told once, nothing else moves. */
static void stranger(struct lab *lab, const struct row *row)
{
	struct address prefix = rig_address("2001:db8:5:6::");
	struct mf_assoc_state before[DEALS];
	struct mf_probe probe = {};
	struct mf_event event;
	struct frame inner, wire;

	heard_from(lab, CLIENT, HOME, row->name);
	memcpy(before, lab->here.state, sizeof(before));
	sent_from(lab, CLIENT, 0, "2001:db8:5:6::", &inner, &wire);
	for (int i = 0; i < 10; i++) {
		frame_set16(&wire, AT_SOURCE + 8, 0x1111 * (i + 1));
		expect_refused(lab, &wire, MF_DROP_SOURCE, row->name);
	}
	assert_memory_equal(before, lab->here.state, sizeof(before));
	assert_int_equal(rig_probe(&lab->here, prefix.byte, &probe), 0);
	assert_int_equal(probe.expired, 10);
	assert_int_equal(rig_event(&lab->here, &event), 1);
}

/* A router on the way to `prefix` says that 1400 bytes fit, quoting what HERE sent to the client. */
static void too_big(struct lab *lab, enum deal client, const char *prefix, struct frame *message)
{
	struct packet packet = table_packet(client, HERE, UDP, 600);
	struct mf_slot slot = *rig_slot(&lab->here, client, 0);
	struct frame inner, lost;

	memcpy(slot.remote, rig_address(prefix).byte, 8);
	frame_packet(&inner, &packet);
	carried_encap(&lost, &slot, &inner, WITHOUT_ADDRESSES);
	frame_too_big(message, rig_address("2001:db8:f::77"), frame_source(&lost), 1400, &lost, 1232);
}

static void path_mtu(struct lab *lab, const struct row *row)
{
	struct frame message;

	heard_from(lab, OTHER_CLIENT, AWAY, row->name);
	heard_from(lab, CLIENT, AWAY, row->name);
	too_big(lab, CLIENT, AWAY, &message);
	expect_refused(lab, &message, MF_PATH_MTU_LOWERED, row->name);
	assert_int_equal(lab->here.state[CLIENT].path_mtu, 1400);
	assert_int_equal(lab->here.state[OTHER_CLIENT].path_mtu, 0);
	assert_int_equal(lab->here.state[LISTENER].path_mtu, 0);
	heard_from(lab, CLIENT, HOME, row->name);
	assert_int_equal(lab->here.state[CLIENT].path_mtu_ns, 0);
}

/* a: learned is 0: nothing, 1: another prefix; the quote is of AWAY, or (2) of the first /64 while nothing is learned. */
static void not_believed(struct lab *lab, const struct row *row)
{
	struct frame message;

	if (row->a == 1)
		heard_from(lab, CLIENT, HOME, row->name);
	too_big(lab, CLIENT, row->a == 2 ? "::" : AWAY, &message);
	expect_refused(lab, &message, MF_DROP_ICMP, row->name);
	assert_int_equal(lab->here.state[CLIENT].path_mtu, 0);
}

static void quote_every_bit(struct lab *lab, const struct row *row)
{
	struct frame message;

	heard_from(lab, CLIENT, AWAY, row->name);
	for (int bit = 0; bit < 128; bit++) {
		too_big(lab, CLIENT, AWAY, &message);
		message.byte[AT_QUOTED_DESTINATION + bit / 8] ^= 0x80 >> bit % 8;
		frame_icmp6_finish(&message);
		expect_refused(lab, &message, MF_DROP_ICMP, row->name);
	}
	assert_int_equal(lab->here.state[CLIENT].path_mtu, 0);
}

static const struct row rows[] = {
	{ "client from any prefix: inner packet restored to the byte, prefix learned", any_prefix },
	{ "client and listener talk both ways: UDP", round_trip, UDP },
	{ "client and listener talk both ways: TCP", round_trip, TCP },
	{ "any bit of the client's identifier turned: not the peer", every_bit, AT_SOURCE + 8, 8, MF_DROP_SOURCE },
	{ "any bit of the ports turned: wrong ports", every_bit, AT_PORTS, 4, MF_DROP_PORT },
	{ "any bit of the listener's identifier turned: dead", every_bit, AT_DESTINATION + 8, 8, MF_DROP_DEAD },
	{ "another client's identifier with this one's ports: wrong ports", mixed },
	{ "from the first /64: refused", no_place, 0 },
	{ "from link-local: refused", no_place, 1 },
	{ "from the end of link-local: refused", no_place, 2 },
	{ "from multicast of the link: refused", no_place, 3 },
	{ "from multicast: refused", no_place, 4 },
	{ "identifier of zero: not the listener's own slot", no_identifier, 0 },
	{ "from the unspecified address: not the listener's own slot", no_identifier, 1 },
	{ "previous slot is heard", slot_off, -1, MF_IN_DELIVERED },
	{ "next slot is heard", slot_off, 1, MF_IN_DELIVERED },
	{ "slot before the previous one: late", slot_off, -2, MF_DROP_LATE },
	{ "slot after the next one: early", slot_off, 2, MF_DROP_EARLY },
	{ "slot long gone: dead", slot_off, -3, MF_DROP_DEAD },
	{ "address of now, identifier of the slot before: not the peer", other_slot },
	{ "two clients at once: each its own association, each answered where it is", two_clients },
	{ "two clients in one /64: told apart by their identifiers", same_prefix },
	{ "a client never heard is not sent to", never_heard },
	{ "answered for two minutes after it was last heard", silence, MF_PEER_HOLD_S - 5, 1 },
	{ "not sent to when it has been silent for longer", silence, MF_PEER_HOLD_S + 1, 0 },
	{ "answers move with the newest packet", newest_leads },
	{ "a replay moves answers until the client's next packet, and works within its slot's window only", replayed },
	{ "a client of two introductions is answered by the one it was last heard in", last_heard_leads, WITHOUT_ADDRESSES },
	{ "the same when its packets come whole", last_heard_leads, WHOLE },
	{ "next hop is asked anew when the client has moved", next_hop },
	{ "an opener teaches the prefix", opener_teaches },
	{ "wrong port teaches nothing", refused_teaches_nothing, AT_PORTS, 0, MF_DROP_PORT },
	{ "unknown shim teaches nothing", refused_teaches_nothing, AT_SHIM, 9, MF_DROP_SHIM },
	{ "lengths that disagree teach nothing", refused_teaches_nothing, AT_UDP_LENGTH + 1, 0xff, MF_DROP_MALFORMED },
	{ "another protocol teaches nothing", refused_teaches_nothing, AT_NEXT, TCP, MF_DROP_NOT_UDP },
	{ "a congestion mark that cannot be borne teaches nothing", congested },
	{ "client's association is gone: not the peer", deleted, 0, MF_DROP_SOURCE },
	{ "listener is gone: refused", deleted, 1, MF_DROP_NO_SLOT },
	{ "stranger at the live address: refused, counted by its /64, told once, nothing learned", stranger },
	{ "packet-too-big that quotes the learned destination: believed, until the client moves", path_mtu },
	{ "packet-too-big before anything was learned: not believed", not_believed, 0 },
	{ "packet-too-big that quotes another prefix: not believed", not_believed, 1 },
	{ "packet-too-big that quotes the first /64 before anything was learned: not believed", not_believed, 2 },
	{ "any bit of the quoted destination turned: not believed", quote_every_bit },
};

int main(void)
{
	return TABLE_RUN(rows);
}
