// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neighbour discovery on an on-link prefix: live addresses are told to those who may ask, nobody else learns a thing.
 */
#include <string.h>

#include "tests/packet/table.h"

static const char router[] = "fe80::1";

enum {
	ON_LINK = MF_NODE_DARK | MF_NODE_ON_LINK,
	AT_ND = ETH_BYTES + IP6_BYTES,
	ND_FRAME = ETH_BYTES + IP6_BYTES + 32,
};

enum target { LIVE, DEAD, OWN, FOREIGN, LENT };
enum way { MULTICAST, UNICAST };

static struct address target_of(struct lab *lab, enum target target, int ahead)
{
	static const char *const fixed[] = {
		[DEAD] = "2001:db8:a::dead:beef", [OWN] = "2001:db8:a::1", [FOREIGN] = "2001:db8:f::1",
		[LENT] = "2001:db8:a::1:1",
	};

	return target == LIVE ? address_of(rig_slot(&lab->here, HOST, ahead)->local) : rig_address(fixed[target]);
}

static struct address solicited_node(struct address target)
{
	struct address group = rig_address("ff02::1:ff00:0");

	memcpy(group.byte + 13, target.byte + 13, 3);
	return group;
}

static struct solicitation question(struct lab *lab, enum target target, int ahead, enum way way)
{
	struct solicitation ask = { .source = rig_address(router), .target = target_of(lab, target, ahead),
				    .hop_limit = 255, .option = 1 };

	ask.destination = way == UNICAST ? ask.target : solicited_node(ask.target);
	return ask;
}

static void on_link(struct lab *lab, __u32 flags)
{
	struct mf_loan lent = { .until_ms = START_MS + 5000 };

	lab->here.node.flags = ON_LINK | flags;
	rig_node_write(&lab->here);
	rig_router_set(&lab->here, rig_address(router));
	rig_own_set(&lab->here, target_of(lab, OWN, 0));
	rig_lend(&lab->here, target_of(lab, LENT, 0).byte, &lent);
}

/* RFC 4861 section 4.4, solicited. */
static void expect_answer(const struct result *result, const struct solicitation *ask, const char *what)
{
	static const __u8 head[8] = { 0x60, 0, 0, 0, 0, 32, ICMP6, 255 };
	static const __u8 option[2] = { 2, 1 };
	struct frame wanted = {};
	__u64 sum;

	frame_ethernet(&wanted, mac_gateway, mac_nic, TYPE_IPV6);
	frame_put(&wanted, head, sizeof(head));
	frame_put(&wanted, &ask->target, 16);
	frame_put(&wanted, &ask->source, 16);
	frame_put32(&wanted, (__u32)NEIGHBOUR_ADVERT << 24);
	frame_put32(&wanted, 0x60000000);
	frame_put(&wanted, &ask->target, 16);
	frame_put(&wanted, option, 2);
	frame_put(&wanted, mac_nic, 6);
	sum = checksum_add(ICMP6 + 32, wanted.byte + ETH_BYTES + 8, 32);
	frame_set16(&wanted, AT_ND + 2, ~checksum_fold(checksum_add(sum, wanted.byte + AT_ND, 32)));
	expect_frame(&result->out, &wanted, what);
}

/* a: slot from now on, b: way; c: 1 no option in the question. */
static void answered(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, row->a, row->b);
	struct frame frame;

	ask.option = !row->c;
	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	expect_verdict(&lab->result, MF_ND_ANSWERED, TX_XDP, row->name);
	expect_answer(&lab->result, &ask, row->name);
}

/* Options that come after the link-layer address (RFC 3971 nonce) are not ours to answer. */
static void more_options(struct lab *lab, const struct row *row)
{
	static const __u8 nonce[8] = { 14, 1, 1, 2, 3, 4, 5, 6 };
	struct solicitation ask = question(lab, LIVE, 0, MULTICAST);
	struct frame frame;

	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	frame_put(&frame, nonce, sizeof(nonce));
	frame_icmp6_finish(&frame);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	expect_verdict(&lab->result, MF_ND_ANSWERED, TX_XDP, row->name);
	expect_answer(&lab->result, &ask, row->name);
}

/* Class and flow label that somebody asks with do not come back. */
static void quiet_header(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, 0, MULTICAST);
	struct frame frame;

	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	frame_set16(&frame, ETH_BYTES, 0x6fed);
	frame_set16(&frame, ETH_BYTES + 2, 0xcba9);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	expect_verdict(&lab->result, MF_ND_ANSWERED, TX_XDP, row->name);
	expect_answer(&lab->result, &ask, row->name);
}

static void lent(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LENT, 0, row->b);
	struct frame frame;

	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	expect_verdict(&lab->result, MF_ND_ANSWERED, TX_XDP, row->name);
	expect_answer(&lab->result, &ask, row->name);
}

/* A driver that cannot send from XDP: tc reflects the answer. */
static void reflected(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, 0, MULTICAST);
	struct frame frame, answer;

	on_link(lab, MF_NODE_REFLECT);
	frame_solicitation(&frame, &ask);
	rig_run(&lab->here, MF_IN, &frame, &lab->result);
	expect_verdict(&lab->result, MF_ND_ANSWERED, PASS_XDP, row->name);
	answer = lab->result.out;
	rig_run(&lab->here, MF_IN_TC, &answer, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, REDIRECT_TC, row->name);
	expect_answer(&lab->result, &ask, row->name);
}

/* A frame that claims to come from us is no answer that we have built: it must not be thrown back at the link. */
static void not_reflected(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, THERE, UDP, 20);
	struct frame frame;

	packet.source = rig_address("2001:db8:77::1");
	packet.destination = rig_address("2001:db8:78::1");
	on_link(lab, MF_NODE_REFLECT);
	frame_packet(&frame, &packet);
	memcpy(frame.byte + 6, mac_nic, 6);
	rig_run(&lab->here, MF_IN_TC, &frame, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, UNSPEC_TC, row->name);
}

/* a: who asks: 0 a stranger, 1 nobody yet (duplicate address detection); b: node flags more; c: verdict. */
static void asker(struct lab *lab, const struct row *row)
{
	for (enum way way = MULTICAST; way <= UNICAST; way++) {
		struct solicitation ask = question(lab, LIVE, 0, way);
		struct frame frame;

		ask.source = rig_address(row->a ? "::" : "fe80::bad");
		on_link(lab, row->b);
		frame_solicitation(&frame, &ask);
		rig_run(&lab->here, MF_IN, &frame, &lab->result);
		expect_verdict(&lab->result, row->c, row->c == MF_ND_ANSWERED ? TX_XDP : DROP_XDP, row->name);
	}
}

/* a: slot or target, b: way; c: verdict. */
static void other_target(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, row->a, 0, row->b);
	struct frame frame;

	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	if (row->c == MF_PASS_OTHER)
		expect_passed(lab, &frame, row->name);
	else
		expect_refused(lab, &frame, row->c, row->name);
}

static void other_slot(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, row->a, row->b);
	struct frame frame;

	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	if (row->c == MF_PASS_OTHER)
		expect_passed(lab, &frame, row->name);
	else
		expect_refused(lab, &frame, row->c, row->name);
}

enum fault { FAR, CODE, CHECKSUM, NO_TARGET };

/*
 * A solicitation that RFC 4861 section 7.1.1 discards. a: what is wrong, b: way. To the group the stack may have it,
 * who discards it too; to a live address nothing goes to the stack.
 */
static void invalid(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, 0, row->b);
	struct frame frame;

	on_link(lab, 0);
	ask.hop_limit = row->a == FAR ? 254 : 255;
	frame_solicitation(&frame, &ask);
	if (row->a == CODE) {
		frame.byte[AT_ND + 1] = 1;
		frame_icmp6_finish(&frame);
	} else if (row->a == CHECKSUM) {
		frame.byte[AT_ND + 3] ^= 1;
	} else if (row->a == NO_TARGET) {
		frame_cut(&frame, AT_ND + 20);
		frame_icmp6_finish(&frame);
	}
	if (row->b == MULTICAST)
		expect_passed(lab, &frame, row->name);
	else
		expect_refused(lab, &frame, MF_DROP_ICMP, row->name);
}

/* Routed prefix: nobody on the link has to find anybody. b: way. */
static void routed(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, 0, row->b);
	struct frame frame;

	rig_router_set(&lab->here, rig_address(router));
	frame_solicitation(&frame, &ask);
	if (row->b == MULTICAST)
		expect_passed(lab, &frame, row->name);
	else
		expect_refused(lab, &frame, MF_DROP_ICMP, row->name);
}

/* Other messages to groups (router discovery, multicast listeners) are the stack's. */
static void other_types(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, 0, MULTICAST);
	struct frame frame;

	on_link(lab, 0);
	for (int type = 0; type < 256; type++) {
		if (type == NEIGHBOUR_SOLICIT)
			continue;
		frame_solicitation(&frame, &ask);
		frame.byte[AT_ND] = type;
		frame_icmp6_finish(&frame);
		expect_passed(lab, &frame, row->name);
	}
}

static void cut_short(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, 0, row->b);
	struct frame frame, cut;

	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	for (__u32 length = ETH_BYTES; length < ND_FRAME; length++) {
		cut = frame;
		frame_cut(&cut, length);
		rig_run(&lab->here, MF_IN, &cut, &lab->result);
		if (lab->result.verdict == MF_ND_ANSWERED)
			fail_msg("%u bytes were answered", length);
	}
}

/* On a VLAN it is another link's question. */
static void tagged(struct lab *lab, const struct row *row)
{
	struct solicitation ask = question(lab, LIVE, 0, MULTICAST);
	struct frame frame;

	on_link(lab, 0);
	frame_solicitation(&frame, &ask);
	frame_tag(&frame, TYPE_VLAN, 9);
	expect_passed(lab, &frame, row->name);
}

static const struct row rows[] = {
	{ "router asks the group for a live address: answered to the byte", answered, 0, MULTICAST },
	{ "router asks a live address itself: answered to the byte", answered, 0, UNICAST },
	{ "router asks for the previous slot's address: answered", answered, -1, MULTICAST },
	{ "router asks for the next slot's address: answered", answered, 1, MULTICAST },
	{ "question without its link-layer option: answered with ours", answered, 0, MULTICAST, 1 },
	{ "unicast question without its option (RFC 4861 7.2.2): answered with ours", answered, 0, UNICAST, 1 },
	{ "question with more options: answered with ours alone", more_options },
	{ "class and flow label of the question do not come back", quiet_header },
	{ "router asks for a lent address: answered", lent, 0, MULTICAST },
	{ "router asks the lent address itself: answered", lent, 0, UNICAST },
	{ "driver that cannot send from XDP: tc reflects the answer", reflected },
	{ "other frames with our own source address are not reflected", not_reflected },
	{ "stranger asks: refused, no answer", asker, 0, 0, MF_DROP_ND },
	{ "stranger asks where peers on the link may: answered", asker, 0, MF_NODE_ANY_SOLICITOR, MF_ND_ANSWERED },
	{ "duplicate address detection: refused, no answer", asker, 1, 0, MF_DROP_ND },
	{ "duplicate address detection, peers may ask: refused, no answer",
	  asker, 1, MF_NODE_ANY_SOLICITOR, MF_DROP_ND },
	{ "dead address asked of the group: left to the stack, which has it not",
	  other_target, DEAD, MULTICAST, MF_PASS_OTHER },
	{ "dead address asked itself: dead", other_target, DEAD, UNICAST, MF_DROP_DEAD },
	{ "host's own address asked of the group: untouched", other_target, OWN, MULTICAST, MF_PASS_OTHER },
	{ "host's own address asked itself: untouched", other_target, OWN, UNICAST, MF_PASS_OTHER },
	{ "other prefix's address asked: untouched", other_target, FOREIGN, MULTICAST, MF_PASS_OTHER },
	{ "expired slot asked of the group: left to the stack", other_slot, -2, MULTICAST, MF_PASS_OTHER },
	{ "early slot asked of the group: left to the stack", other_slot, 2, MULTICAST, MF_PASS_OTHER },
	{ "expired slot asked itself: expired", other_slot, -2, UNICAST, MF_DROP_EXPIRED },
	{ "early slot asked itself: early", other_slot, 2, UNICAST, MF_DROP_EARLY },
	{ "hop limit 254 (from beyond the link), group: not answered", invalid, FAR, MULTICAST },
	{ "hop limit 254 (from beyond the link), live address: refused, not to the stack", invalid, FAR, UNICAST },
	{ "code 1, group: not answered", invalid, CODE, MULTICAST },
	{ "code 1, live address: refused", invalid, CODE, UNICAST },
	{ "wrong checksum, group: not answered", invalid, CHECKSUM, MULTICAST },
	{ "wrong checksum, live address: refused", invalid, CHECKSUM, UNICAST },
	{ "no room for a target, group: not answered", invalid, NO_TARGET, MULTICAST },
	{ "no room for a target, live address: refused", invalid, NO_TARGET, UNICAST },
	{ "routed prefix, group: not answered", routed, 0, MULTICAST },
	{ "routed prefix, live address: refused", routed, 0, UNICAST },
	{ "every other message to a group: untouched", other_types },
	{ "question on a VLAN: untouched", tagged },
	{ "question cut at every byte, group: never answered", cut_short, 0, MULTICAST },
	{ "question cut at every byte, live address: never answered", cut_short, 0, UNICAST },
};

int main(void)
{
	return TABLE_RUN(rows);
}
