// SPDX-License-Identifier: GPL-2.0-only
/*
 * Path MTU: whose packet-too-big is believed, what it may do, and what the application is told.
 */
#include <string.h>

#include "tests/packet/table.h"

enum { AT_ICMP6 = ETH_BYTES + IP6_BYTES, AT_QUOTE = AT_ICMP6 + 8, QUOTED_LEAST = 48 - 4 };

/* What HERE sent in the slot `ahead` of now, a small packet that stands for the one that was lost. */
static void lost_packet(struct lab *lab, enum deal deal, int ahead, struct frame *lost)
{
	struct packet packet = table_packet(deal, HERE, UDP, 600);
	struct frame inner;

	frame_packet(&inner, &packet);
	if (lab->here.association[deal].carriage == MF_CARRIAGE_REWRITE)
		carried_rewrite(lost, rig_slot(&lab->here, deal, ahead), &inner);
	else
		carried_encap(lost, rig_slot(&lab->here, deal, ahead), &inner, deal == NET ? WHOLE : WITHOUT_ADDRESSES);
}

/* A router on the way says so. */
static void said(struct lab *lab, enum deal deal, int ahead, __u32 mtu, struct frame *message)
{
	struct frame lost;

	lost_packet(lab, deal, ahead, &lost);
	frame_too_big(message, rig_address("2001:db8:f::77"), frame_source(&lost), mtu, &lost, 1232);
}

/* a: slot from now on, b: MTU said; c: deal. */
static void believed(struct lab *lab, const struct row *row)
{
	struct mf_assoc_state *state = &lab->here.state[row->c];
	struct mf_event event;
	struct frame message;

	said(lab, row->c, row->a, row->b, &message);
	expect_refused(lab, &message, MF_PATH_MTU_LOWERED, row->name);
	assert_int_equal(state->path_mtu, row->b);
	assert_true(state->path_mtu_ns > 590ULL * 1000000000);
	assert_int_equal(rig_event(&lab->here, &event), 1);
	assert_int_equal(event.kind, MF_EVENT_PATH_MTU);
	assert_int_equal(event.association, row->c);
	assert_int_equal(event.value, row->b);
}

/* a: MTU said, b: MTU that is taken; c: deal. */
static void floored(struct lab *lab, const struct row *row)
{
	struct frame message;

	said(lab, row->c, 0, row->a, &message);
	expect_refused(lab, &message, MF_PATH_MTU_LOWERED, row->name);
	assert_int_equal(lab->here.state[row->c].path_mtu, row->b);
}

static void expect_not_believed(struct lab *lab, enum deal deal, const struct frame *message, int verdict,
				const char *what)
{
	expect_refused(lab, message, verdict, what);
	assert_int_equal(lab->here.state[deal].path_mtu, 0);
}

/* a: MTU said; c: deal. */
static void not_smaller(struct lab *lab, const struct row *row)
{
	struct frame message;

	said(lab, row->c, 0, row->a, &message);
	expect_not_believed(lab, row->c, &message, MF_DROP_ICMP, row->name);
}

/* RFC 8201 section 4: what says that more fits now does not count, until the old word is ten minutes old. */
static void never_raised(struct lab *lab, const struct row *row)
{
	struct mf_assoc_state *state = &lab->here.state[HOST];
	struct frame message;

	said(lab, HOST, 0, 1350, &message);
	expect_refused(lab, &message, MF_PATH_MTU_LOWERED, row->name);
	said(lab, HOST, 0, 1400, &message);
	expect_refused(lab, &message, MF_DROP_ICMP, row->name);
	assert_int_equal(state->path_mtu, 1350);
	said(lab, HOST, 0, 1300, &message);
	expect_refused(lab, &message, MF_PATH_MTU_LOWERED, row->name);
	assert_int_equal(state->path_mtu, 1300);
	state->path_mtu_ns = 1;
	said(lab, HOST, 0, 1400, &message);
	expect_refused(lab, &message, MF_PATH_MTU_LOWERED, row->name);
	assert_int_equal(state->path_mtu, 1400);
}

/* a: first byte of the quote that is turned, bit by bit, b: bytes; c: deal. */
static void wrong_quote(struct lab *lab, const struct row *row)
{
	struct frame message;

	for (int bit = 0; bit < row->b * 8; bit++) {
		said(lab, row->c, 0, 1400, &message);
		message.byte[AT_QUOTE + row->a + bit / 8] ^= 0x80 >> bit % 8;
		frame_icmp6_finish(&message);
		expect_not_believed(lab, row->c, &message, MF_DROP_ICMP, row->name);
	}
}

static void short_quote(struct lab *lab, const struct row *row)
{
	struct frame message, lost;

	lost_packet(lab, HOST, 0, &lost);
	for (int quoted = 0; quoted < QUOTED_LEAST; quoted++) {
		frame_too_big(&message, rig_address("2001:db8:f::77"), frame_source(&lost), 1400, &lost, quoted);
		expect_not_believed(lab, HOST, &message, MF_DROP_ICMP, row->name);
	}
}

/* A quote of another slot than that of the address it came to; a, b: slots of address and quote. */
static void other_slot(struct lab *lab, const struct row *row)
{
	struct frame message, lost, other;

	lost_packet(lab, HOST, row->a, &lost);
	lost_packet(lab, HOST, row->b, &other);
	frame_too_big(&message, rig_address("2001:db8:f::77"), frame_source(&lost), 1400, &other, 1232);
	expect_not_believed(lab, HOST, &message, MF_DROP_ICMP, row->name);
}

/* a: slot from now on, b: verdict. */
static void outside_window(struct lab *lab, const struct row *row)
{
	struct frame message;

	said(lab, HOST, row->a, 1400, &message);
	expect_not_believed(lab, HOST, &message, row->b, row->name);
}

static void other_types(struct lab *lab, const struct row *row)
{
	struct frame message;

	for (int type = 0; type < 256; type++) {
		if (type == PACKET_TOO_BIG)
			continue;
		said(lab, HOST, 0, 1400, &message);
		message.byte[AT_ICMP6] = type;
		frame_icmp6_finish(&message);
		expect_not_believed(lab, HOST, &message, MF_DROP_ICMP, row->name);
	}
}

static void wrong_checksum(struct lab *lab, const struct row *row)
{
	struct frame message;

	for (int bit = 0; bit < 16; bit++) {
		said(lab, HOST, 0, 1400, &message);
		message.byte[AT_ICMP6 + 2 + bit / 8] ^= 1 << bit % 8;
		expect_not_believed(lab, HOST, &message, MF_DROP_ICMP, row->name);
	}
}

static void taken_out(struct lab *lab, const struct row *row)
{
	struct frame message;

	said(lab, HOST, 0, 1400, &message);
	rig_slot(&lab->here, HOST, 0)->index = 0;
	expect_not_believed(lab, HOST, &message, MF_DROP_DEAD, row->name);
}

static void cut_short(struct lab *lab, const struct row *row)
{
	struct frame message, cut;

	said(lab, HOST, 0, 1400, &message);
	for (__u32 length = ETH_BYTES; length < message.length; length++) {
		cut = message;
		frame_cut(&cut, length);
		rig_run(&lab->here, MF_IN, &cut, &lab->result);
		if (lab->result.verdict == MF_PATH_MTU_LOWERED)
			fail_msg("%s: %u of %u bytes", row->name, length, message.length);
	}
}

/* An inner packet of `bytes` from the IP header on. */
static void inner_of(enum deal deal, int is_ipv4, __u32 bytes, __u8 protocol, struct frame *inner)
{
	__u32 headers = (is_ipv4 ? 20 : 40) + (protocol == TCP ? 20 : 8);
	struct packet packet = table_packet(deal, HERE, protocol, bytes - headers);

	if (is_ipv4) {
		packet.source = rig_address("::ffff:10.1.2.3");
		packet.destination = rig_address("::ffff:10.2.3.4");
	}
	frame_packet(inner, &packet);
}

/* RFC 4443 section 3.2: 1280 bytes about the packet, from the peer's inner address. */
static void expect_told_ipv6(const struct result *result, const struct frame *inner, __u32 mtu, const char *what)
{
	struct frame wanted;

	frame_too_big(&wanted, frame_destination(inner), frame_source(inner), mtu, inner, 1232);
	memcpy(wanted.byte, mac_device, 6);
	memcpy(wanted.byte + 6, mac_inside, 6);
	assert_int_equal(wanted.length, ETH_BYTES + 1280);
	expect_frame(&result->out, &wanted, what);
}

/* RFC 792 with RFC 1191 section 4. */
static void expect_told_ipv4(const struct result *result, const struct frame *inner, __u32 mtu, const char *what)
{
	static const __u8 ip[12] = { 0x45, 0, 576 >> 8, 576 & 0xff, 0, 0, 0, 0, 64, ICMP };
	static const __u8 icmp[4] = { 3, 4 };
	struct frame wanted;

	frame_ethernet(&wanted, mac_device, mac_inside, TYPE_IPV4);
	frame_put(&wanted, ip, sizeof(ip));
	frame_put(&wanted, inner->byte + ETH_BYTES + 16, 4);
	frame_put(&wanted, inner->byte + ETH_BYTES + 12, 4);
	frame_put(&wanted, icmp, sizeof(icmp));
	frame_put32(&wanted, mtu);
	frame_put(&wanted, inner->byte + ETH_BYTES, 548);
	frame_set16(&wanted, ETH_BYTES + 10, ~checksum_fold(checksum_add(0, wanted.byte + ETH_BYTES, 20)));
	frame_set16(&wanted, ETH_BYTES + 22, ~checksum_fold(checksum_add(0, wanted.byte + ETH_BYTES + 20, 556)));
	assert_true(frame_checksums_hold(&wanted, ETH_BYTES));
	expect_frame(&result->out, &wanted, what);
}

static void expect_too_big(struct lab *lab, const struct frame *inner, __u32 mtu, const char *what)
{
	rig_send(&lab->here, inner, &lab->result);
	expect_verdict(&lab->result, MF_TOO_BIG_SENT, REDIRECT_TC, what);
	assert_int_equal(lab->result.counted[MF_DROP_TOO_BIG], 1);
	if (inner->byte[ETH_BYTES] >> 4 == 4)
		expect_told_ipv4(&lab->result, inner, mtu, what);
	else
		expect_told_ipv6(&lab->result, inner, mtu, what);
}

static void expect_sent(struct lab *lab, const struct frame *inner, const char *what)
{
	rig_send(&lab->here, inner, &lab->result);
	if (lab->result.verdict != MF_OUT_SENT && lab->result.verdict != MF_OUT_SENT_SLOW)
		fail_msg("%s: not sent", what);
}

/* a: largest inner packet, b: 1 IPv4; c: deal. It goes; one byte more is told, and so on up to a page. */
static void edge(struct lab *lab, const struct row *row)
{
	static const __u8 protocols[] = { UDP, TCP };
	struct frame inner;

	for (int i = 0; i < 2; i++) {
		inner_of(row->c, row->b, row->a, protocols[i], &inner);
		expect_sent(lab, &inner, row->name);
		for (__u32 bytes = row->a + 1; bytes < 3300; bytes += 97) {
			inner_of(row->c, row->b, bytes, protocols[i], &inner);
			expect_too_big(lab, &inner, row->a, row->name);
		}
	}
}

/* a: path MTU, b: what it leaves to the inner packet; c: deal. It holds, and then it does not. */
static void lowered(struct lab *lab, const struct row *row)
{
	struct mf_assoc_state *state = &lab->here.state[row->c];
	struct frame message, inner;

	said(lab, row->c, 0, row->a, &message);
	expect_refused(lab, &message, MF_PATH_MTU_LOWERED, row->name);
	inner_of(row->c, 0, row->b, UDP, &inner);
	expect_sent(lab, &inner, row->name);
	inner_of(row->c, 0, row->b + 1, UDP, &inner);
	expect_too_big(lab, &inner, row->b, row->name);
	state->path_mtu_ns = 1;
	expect_sent(lab, &inner, row->name);
}

/* A large frame is measured by its largest segment. a: protocol, b: bytes of a segment; c: 1 too big. */
static void segment(struct lab *lab, const struct row *row)
{
	__u32 headers = 40 + (row->a == TCP ? 20 : 8);
	struct meeting meeting = { .gso_size = row->b - headers, .gso_segs = 3 };
	struct frame inner;

	inner_of(REWRITE, 0, 3000, row->a, &inner);
	rig_run_as(&lab->here, MF_OUT_TC, &inner, &meeting, &lab->result);
	if (!row->c) {
		expect_verdict(&lab->result, MF_OUT_SENT, UNSPEC_TC, row->name);
		return;
	}
	expect_verdict(&lab->result, MF_TOO_BIG_SENT, REDIRECT_TC, row->name);
	expect_told_ipv6(&lab->result, &inner, 1500, row->name);
}

static const struct row rows[] = {
	{ "packet-too-big that quotes us: believed for ten minutes, told to the loader", believed, 0, 1400, HOST },
	{ "one that quotes the previous slot: believed", believed, -1, 1400, HOST },
	{ "one that quotes the next slot: believed", believed, 1, 1400, HOST },
	{ "one for networks: believed", believed, 0, 1400, NET },
	{ "one for rewrite: believed", believed, 0, 1400, REWRITE },
	{ "MTU 0, host pair: 1280 inside at least", floored, 0, 1292, HOST },
	{ "MTU 1280, host pair: 1280 inside at least", floored, 1280, 1292, HOST },
	{ "MTU 1280, networks: 1280 inside at least", floored, 1280, 1332, NET },
	{ "MTU 68, rewrite: 1280 at least", floored, 68, 1280, REWRITE },
	{ "MTU of the link: not believed", not_smaller, 1500, 0, HOST },
	{ "MTU of 2^32 - 1: not believed", not_smaller, 0xffffffff, 0, HOST },
	{ "never raised by a message, only by time", never_raised },
	{ "any bit of the quoted source turned: not believed", wrong_quote, 8, 16, HOST },
	{ "any bit of the quoted destination turned: not believed", wrong_quote, 24, 16, HOST },
	{ "any bit of the quoted ports turned: not believed", wrong_quote, 40, 4, HOST },
	{ "any bit of the quoted protocol turned: not believed", wrong_quote, 6, 1, HOST },
	{ "any bit of the quoted addresses turned, rewrite: not believed", wrong_quote, 8, 32, REWRITE },
	{ "quote that ends before the ports: not believed", short_quote },
	{ "quote of the previous slot to this slot's address: not believed", other_slot, 0, -1 },
	{ "quote of this slot to the next slot's address: not believed", other_slot, 1, 0 },
	{ "to an expired address: expired", outside_window, -2, MF_DROP_EXPIRED },
	{ "to an early address: early", outside_window, 2, MF_DROP_EARLY },
	{ "to a dead address: dead", outside_window, -4, MF_DROP_DEAD },
	{ "every other ICMPv6 message, errors that quote us among them: refused", other_types },
	{ "wrong checksum: not believed", wrong_checksum },
	{ "slot taken out, association has changed: not believed", taken_out },
	{ "message cut at every byte: not believed", cut_short },
	{ "inner MTU, host pair: 1488 goes, more is told to the byte", edge, 1488, 0, HOST },
	{ "inner MTU, networks: 1448 goes, more is told to the byte", edge, 1448, 0, NET },
	{ "inner MTU, IPv4: 1448 goes, more is told to the byte", edge, 1448, 1, NET },
	{ "inner MTU, rewrite: 1500 goes, more is told to the byte", edge, 1500, 0, REWRITE },
	{ "path MTU of 1400, host pair: 1388 inside until it expires", lowered, 1400, 1388, HOST },
	{ "path MTU of 1400, networks: 1348 inside until it expires", lowered, 1400, 1348, NET },
	{ "path MTU of 1400, rewrite: 1400 until it expires", lowered, 1400, 1400, REWRITE },
	{ "lowest path MTU, host pair: 1280 inside", lowered, 1292, 1280, HOST },
	{ "large TCP frame whose segments fit: sent", segment, TCP, 1500 },
	{ "large TCP frame whose segments are one byte too big: told", segment, TCP, 1501, 1 },
	{ "large UDP frame whose segments fit: sent", segment, UDP, 1500 },
	{ "large UDP frame whose segments are one byte too big: told", segment, UDP, 1501, 1 },
};

int main(void)
{
	return TABLE_RUN(rows);
}
