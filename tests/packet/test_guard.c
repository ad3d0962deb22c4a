// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing hops around the defence: inner addresses come out of associations only, on the NIC (mf_in)
 * and on every other interface (mf_guard), whatever they are wrapped in.
 */
#include <net/if.h>
#include <string.h>

#include "tests/packet/sparing.h"
#include "tests/packet/table.h"

/* Who: inner addresses of ours, of peers, hosts behind `wire`, and the rest of the world. */
enum who {
	OURS, PEERS, NETS, PEERS_NET, BEHIND, WORLD, OTHER_WORLD,
	OURS_V4, PEERS_V4, BEHIND_V4, WORLD_V4, OTHER_WORLD_V4,
};

static struct address address_who(enum who who)
{
	static const char *const text[] = {
		[OURS] = "fd6d:a::1", [PEERS] = "fd6d:b::1", [NETS] = "fd01:a::77", [PEERS_NET] = "fd01:b::77",
		[BEHIND] = "fd01:a:0:1::5", [WORLD] = "2001:db8:77::1", [OTHER_WORLD] = "2001:db8:78::1",
		[OURS_V4] = "::ffff:10.1.2.3", [PEERS_V4] = "::ffff:10.2.3.4", [BEHIND_V4] = "::ffff:10.1.9.9",
		[WORLD_V4] = "::ffff:192.0.2.1", [OTHER_WORLD_V4] = "::ffff:192.0.2.2",
	};

	return rig_address(text[who]);
}

static void packet_between(struct frame *frame, enum who source, enum who destination)
{
	struct packet packet = { .source = address_who(source), .destination = address_who(destination),
				 .protocol = UDP, .source_port = 1000, .destination_port = 53, .payload = 60 };

	frame_packet(frame, &packet);
}

static void guard(struct lab *lab, const char *device, const struct frame *frame, int verdict, const char *what)
{
	struct meeting meeting = { .ifindex = if_nametoindex(device) };

	rig_run_as(&lab->here, MF_GUARD, frame, &meeting, &lab->result);
	expect_verdict(&lab->result, verdict, verdict == NO_VERDICT ? UNSPEC_TC : SHOT_TC, what);
	expect_frame(&lab->result.out, frame, what);
}

/* a: source, b: destination; c: verdict of the guard on `wire`. */
static void guarded(struct lab *lab, const struct row *row)
{
	struct frame frame;

	packet_between(&frame, row->a, row->b);
	guard(lab, "wire", &frame, row->c, row->name);
}

/* Hosts behind `wire` are not behind `nic`. */
static void guarded_elsewhere(struct lab *lab, const struct row *row)
{
	struct frame frame;

	packet_between(&frame, row->a, row->b);
	guard(lab, "lo", &frame, row->c, row->name);
}

/* a: tags in the frame's data, all of them VLAN b; c: verdict of the guard. */
static void guarded_tags(struct lab *lab, const struct row *row)
{
	static const enum who pairs[][2] = { { WORLD, OURS }, { PEERS, OURS }, { WORLD_V4, OURS_V4 } };
	struct frame frame;

	for (int i = 0; i < 3; i++) {
		packet_between(&frame, pairs[i][0], pairs[i][1]);
		for (int tag = 0; tag < row->a; tag++)
			frame_tag(&frame, TYPE_VLAN, row->b);
		guard(lab, "wire", &frame, row->c, row->name);
	}
}

static void guarded_arp(struct lab *lab, const struct row *row)
{
	struct frame frame;

	frame_arp(&frame, address_who(row->a), address_who(row->b));
	frame_put(&frame, NULL, 18);
	guard(lab, "wire", &frame, row->c, row->name);
}

static void guarded_type(struct lab *lab, const struct row *row)
{
	struct frame frame;

	frame_ethernet(&frame, mac_nic, mac_stranger, row->a);
	frame_put(&frame, NULL, 60);
	guard(lab, "wire", &frame, NO_VERDICT, row->name);
}

/* Between strangers, not one packet is refused, whatever its length says (a reading at the wrong place would). */
static void guarded_world(struct lab *lab, const struct row *row)
{
	struct packet packet = { .source = address_who(row->a), .destination = address_who(row->b), .protocol = UDP };
	struct frame frame;

	for (packet.payload = 20; packet.payload < 3300; packet.payload += sparing_step()) {
		frame_packet(&frame, &packet);
		guard(lab, "wire", &frame, NO_VERDICT, row->name);
	}
}

static void guarded_cut(struct lab *lab, const struct row *row)
{
	struct meeting meeting = { .ifindex = if_nametoindex("wire") };
	struct frame frame, cut;

	packet_between(&frame, row->a, row->b);
	for (__u32 length = ETH_BYTES + 1; length < frame.length; length++) {
		cut = frame;
		frame_cut(&cut, length);
		rig_run_as(&lab->here, MF_GUARD, &cut, &meeting, &lab->result);
		if (length >= ETH_BYTES + IP6_BYTES)
			expect_verdict(&lab->result, MF_DROP_INNER, SHOT_TC, row->name);
	}
}

/* a: source, b: destination; c: verdict on the NIC. */
static void wire(struct lab *lab, const struct row *row)
{
	struct frame frame;

	packet_between(&frame, row->a, row->b);
	if (row->c == MF_PASS_OTHER)
		expect_passed(lab, &frame, row->name);
	else
		expect_refused(lab, &frame, row->c, row->name);
}

static void without_ipv4(struct lab *lab, const struct row *row)
{
	struct frame frame;

	lab->here.node.flags &= ~MF_NODE_INNER_V4;
	rig_node_write(&lab->here);
	packet_between(&frame, row->a, row->b);
	expect_passed(lab, &frame, row->name);
	frame_arp(&frame, address_who(row->a), address_who(row->b));
	expect_passed(lab, &frame, row->name);
}

static void wire_arp(struct lab *lab, const struct row *row)
{
	struct frame frame;

	frame_arp(&frame, address_who(row->a), address_who(row->b));
	if (row->c == MF_PASS_OTHER)
		expect_passed(lab, &frame, row->name);
	else
		expect_refused(lab, &frame, row->c, row->name);
}

static void tag_times(struct frame *frame, int tags, int vlan)
{
	for (int tag = 0; tag < tags; tag++)
		frame_tag(frame, tag & 1 ? TYPE_QINQ : TYPE_VLAN, vlan);
}

/* a: tags, all of them VLAN b; c: verdict of inner packets, IPv6 and IPv4. */
static void wire_tags(struct lab *lab, const struct row *row)
{
	static const enum who pairs[][2] = { { WORLD, OURS }, { PEERS, OURS }, { PEERS_V4, OURS_V4 } };
	struct frame frame;

	for (int i = 0; i < 3; i++) {
		packet_between(&frame, pairs[i][0], pairs[i][1]);
		tag_times(&frame, row->a, row->b);
		rig_run(&lab->here, MF_IN, &frame, &lab->result);
		expect_verdict(&lab->result, row->c, row->c == MF_PASS_OTHER ? PASS_XDP : DROP_XDP, row->name);
	}
}

/* What priority tags hide from XDP must not reach a hopping address's prefix either: the stack would answer. */
static void hopping_behind_tags(struct lab *lab, const struct row *row)
{
	struct packet packet = { .source = address_who(WORLD), .protocol = UDP, .payload = 60,
				 .destination = rig_address("2001:db8:a::dead:beef") };
	struct frame frame;

	frame_packet(&frame, &packet);
	tag_times(&frame, row->a, row->b);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	expect_verdict(&lab->result, row->c, row->c == MF_PASS_OTHER ? PASS_XDP : DROP_XDP, row->name);
}

/* Deeper tags than XDP looks behind: tc must not take for carried what XDP never checked. a: tags. */
static void never_checked(struct lab *lab, const struct row *row)
{
	struct frame frame;

	packet_between(&frame, row->b, row->c);
	tag_times(&frame, row->a, 5);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	if (lab->result.action != PASS_XDP)
		return;
	rig_run(&lab->here, MF_IN_TC, &frame, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, UNSPEC_TC, row->name);
}

/* Priority-tagged packets of others arrive as ever. */
static void others_tagged(struct lab *lab, const struct row *row)
{
	struct frame frame, wanted;

	packet_between(&frame, row->a, row->b);
	wanted = frame;
	frame_tag(&frame, TYPE_VLAN, row->c);
	if (row->c || row->a == WORLD_V4)
		wanted = frame;
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	expect_verdict(&lab->result, MF_PASS_OTHER, PASS_XDP, row->name);
	expect_frame(&lab->result.out, &wanted, row->name);
}

/* Out of the NIC from a link-layer address that is nobody's here: cut before its addresses end, it stays. a: type. */
static void bridged_cut(struct lab *lab, const struct row *row)
{
	static const __u8 bridge[6] = { 2, 0, 0, 0, 0xb, 0xb };
	struct frame frame;

	frame_ethernet(&frame, mac_gateway, bridge, row->a);
	frame_put(&frame, NULL, row->b);
	frame_tag(&frame, TYPE_VLAN, 5); /* untagged ones of this length are nothing that BPF_PROG_TEST_RUN takes */
	rig_run(&lab->here, MF_OUT_TC, &frame, &lab->result);
	expect_verdict(&lab->result, row->c, row->c == NO_VERDICT ? UNSPEC_TC : SHOT_TC, row->name);
}

static const struct row rows[] = {
	{ "out: bridged IPv6 without its header: refused", bridged_cut, TYPE_IPV6, 39, MF_DROP_INNER },
	{ "out: bridged IPv6, strangers: let through", bridged_cut, TYPE_IPV6, 40, NO_VERDICT },
	{ "out: bridged IPv4 without its header: refused", bridged_cut, 0x0800, 19, MF_DROP_INNER },
	{ "out: bridged IPv4, strangers: let through", bridged_cut, 0x0800, 20, NO_VERDICT },
	{ "out: bridged ARP without its addresses: refused", bridged_cut, 0x0806, 27, MF_DROP_INNER },
	{ "out: bridged ARP, strangers: let through", bridged_cut, 0x0806, 28, NO_VERDICT },
	{ "out: other bridged frames: let through", bridged_cut, 0x9000, 20, NO_VERDICT },
	{ "guard: stranger to an inner address of ours: refused", guarded, WORLD, OURS, MF_DROP_INNER },
	{ "guard: stranger to an inner network of ours: refused", guarded, WORLD, NETS, MF_DROP_INNER },
	{ "guard: stranger to a peer's inner address: refused", guarded, WORLD, PEERS, MF_DROP_INNER },
	{ "guard: peer's inner address as source: refused", guarded, PEERS, WORLD, MF_DROP_INNER },
	{ "guard: peer to us, as if carried: refused", guarded, PEERS, OURS, MF_DROP_INNER },
	{ "guard: our own inner address as source: refused", guarded, OURS, WORLD, MF_DROP_INNER },
	{ "guard: inner network's address that does not stand behind here: refused",
	  guarded, NETS, PEERS_NET, MF_DROP_INNER },
	{ "guard: host behind this interface to a peer's network: let through",
	  guarded, BEHIND, PEERS_NET, NO_VERDICT },
	{ "guard: host behind this interface to an inner address of ours: let through",
	  guarded, BEHIND, OURS, NO_VERDICT },
	{ "guard: host behind this interface to the world: let through", guarded, BEHIND, WORLD, NO_VERDICT },
	{ "guard: host behind another interface: refused", guarded_elsewhere, BEHIND, PEERS_NET, MF_DROP_INNER },
	{ "guard: strangers among themselves: let through", guarded, WORLD, OTHER_WORLD, NO_VERDICT },
	{ "guard: IPv4 stranger to an inner address: refused", guarded, WORLD_V4, OURS_V4, MF_DROP_INNER },
	{ "guard: IPv4 stranger to a peer's inner address: refused", guarded, WORLD_V4, PEERS_V4, MF_DROP_INNER },
	{ "guard: IPv4 peer's inner address as source: refused", guarded, PEERS_V4, WORLD_V4, MF_DROP_INNER },
	{ "guard: IPv4 host behind this interface: let through", guarded, BEHIND_V4, PEERS_V4, NO_VERDICT },
	{ "guard: IPv4 host behind another interface: refused", guarded_elsewhere, BEHIND_V4, PEERS_V4, MF_DROP_INNER },
	{ "guard: IPv4 strangers among themselves: let through", guarded, WORLD_V4, OTHER_WORLD_V4, NO_VERDICT },
	{ "guard: IPv4 strangers, packets of every length: let through", guarded_world, WORLD_V4, OTHER_WORLD_V4 },
	{ "guard: IPv6 strangers, packets of every length: let through", guarded_world, WORLD, OTHER_WORLD },
	{ "guard: a VLAN's packet: the VLAN device's business", guarded_tags, 1, 5, NO_VERDICT },
	{ "guard: a priority tag hides nothing", guarded_tags, 1, 0, MF_DROP_INNER },
	{ "guard: two priority tags hide nothing", guarded_tags, 2, 0, MF_DROP_INNER },
	{ "guard: priority tags beyond sense: refused", guarded_tags, 5, 0, MF_DROP_INNER },
	{ "guard: ARP for an inner address: refused", guarded_arp, WORLD_V4, OURS_V4, MF_DROP_INNER },
	{ "guard: ARP as a peer's inner address: refused", guarded_arp, PEERS_V4, WORLD_V4, MF_DROP_INNER },
	{ "guard: ARP of a host behind this interface: let through", guarded_arp, BEHIND_V4, OURS_V4, NO_VERDICT },
	{ "guard: ARP among strangers: let through", guarded_arp, WORLD_V4, OTHER_WORLD_V4, NO_VERDICT },
	{ "guard: other frame types: let through", guarded_type, 0x9000 },
	{ "guard: packet cut behind its header: refused all the same", guarded_cut, WORLD, OURS },
	{ "NIC: stranger to an inner address of ours: refused", wire, WORLD, OURS, MF_DROP_INNER },
	{ "NIC: stranger to an inner network of ours: refused", wire, WORLD, NETS, MF_DROP_INNER },
	{ "NIC: stranger to a peer's inner address: refused", wire, WORLD, PEERS, MF_DROP_INNER },
	{ "NIC: peer's inner address as source: refused", wire, PEERS, WORLD, MF_DROP_INNER },
	{ "NIC: peer to us, as if carried: refused", wire, PEERS, OURS, MF_DROP_INNER },
	{ "NIC: our own inner address as source: refused", wire, OURS, WORLD, MF_DROP_INNER },
	{ "NIC: IPv4 stranger to an inner address: refused", wire, WORLD_V4, OURS_V4, MF_DROP_INNER },
	{ "NIC: IPv4 peer's inner address as source: refused", wire, PEERS_V4, WORLD_V4, MF_DROP_INNER },
	{ "NIC: ARP for an inner address: refused", wire_arp, WORLD_V4, OURS_V4, MF_DROP_INNER },
	{ "NIC: ARP as an inner address: refused", wire_arp, PEERS_V4, WORLD_V4, MF_DROP_INNER },
	{ "NIC: ARP among strangers: untouched", wire_arp, WORLD_V4, OTHER_WORLD_V4, MF_PASS_OTHER },
	{ "NIC: IPv4 and ARP where no inner prefix is IPv4: untouched", without_ipv4, WORLD_V4, OURS_V4 },
	{ "NIC: inner packets on a VLAN: refused", wire_tags, 1, 5, MF_DROP_INNER },
	{ "NIC: inner packets two VLANs deep: refused", wire_tags, 2, 5, MF_DROP_INNER },
	{ "NIC: inner packets three VLANs deep: VLAN devices' business", wire_tags, 3, 5, MF_PASS_OTHER },
	{ "NIC: three priority tags, which the stack would take off: refused", wire_tags, 3, 0, MF_DROP_MALFORMED },
	{ "NIC: seven priority tags: refused", wire_tags, 7, 0, MF_DROP_MALFORMED },
	{ "NIC: dead address behind a priority tag: dead", hopping_behind_tags, 1, 0, MF_DROP_DEAD },
	{ "NIC: dead address behind two priority tags: refused", hopping_behind_tags, 2, 0, MF_DROP_MALFORMED },
	{ "NIC: dead address on a VLAN: that VLAN's business", hopping_behind_tags, 1, 5, MF_PASS_OTHER },
	{ "tc: inner IPv6 three tags deep is not taken for carried", never_checked, 3, PEERS, OURS },
	{ "tc: inner IPv4 three tags deep is not taken for carried", never_checked, 3, PEERS_V4, OURS_V4 },
	{ "NIC: other IPv6 on a VLAN: untouched", others_tagged, WORLD, OTHER_WORLD, 5 },
	{ "NIC: other IPv4 on a VLAN: untouched", others_tagged, WORLD_V4, OTHER_WORLD_V4, 5 },
	{ "NIC: other IPv6 with a priority tag: to the stack, without it", others_tagged, WORLD, OTHER_WORLD, 0 },
	{ "NIC: other IPv4 with a priority tag: untouched", others_tagged, WORLD_V4, OTHER_WORLD_V4, 0 },
};

int main(void)
{
	return TABLE_RUN(rows);
}
