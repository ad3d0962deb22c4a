// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames spoilt at random, the same ones every time: what is delivered or sent must be what a second
 * reading of docs/PROTOCOL.md allows, and both hooks must agree.
 */
#include <arpa/inet.h>
#include <string.h>

#include "ctl/verdict.h"
#include "tests/packet/sparing.h"
#include "tests/packet/table.h"

enum { TIMES = 20000, SEALED_TIMES = 5000 }; /* or fewer, see sparing.h */

static __u32 draw(__u64 *state, __u32 below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 20) % below;
}

/* One to four bytes from `from` on become others, mostly in the headers; sometimes the frame becomes shorter or longer. */
static void spoil_from(__u64 *state, struct frame *frame, __u32 from)
{
	__u32 times = 1 + draw(state, 4), end = frame->length;

	for (__u32 i = 0; i < times; i++) {
		__u32 at = draw(state, draw(state, 4) ? 120 : frame->length);

		if (at >= from && at < frame->length)
			frame->byte[at] = draw(state, 3) ? draw(state, 256) : frame->byte[at] ^ 1U << draw(state, 8);
	}
	from = from < ETH_BYTES ? ETH_BYTES : from;
	if (draw(state, 8) == 0 && end > from)
		frame_cut(frame, from + draw(state, end - from));
	else if (draw(state, 8) == 0)
		frame_put(frame, NULL, 1 + draw(state, 30));
}

static void spoil(__u64 *state, struct frame *frame)
{
	spoil_from(state, frame, 12);
}

/* Where the IPv6 header says that the frame ends. */
static __u32 said_end(const struct frame *frame)
{
	return (__u32)AT_PORTS + frame_get16(frame, AT_LENGTH);
}

/* The slot within the window whose addresses both stand in the frame; NULL: none. */
static const struct mf_slot *slot_of(struct lab *lab, enum deal deal, const struct frame *frame)
{
	for (int ahead = -1; ahead <= 1; ahead++) {
		const struct mf_slot *slot = rig_slot(&lab->here, deal, ahead);

		if (!memcmp(frame->byte + AT_DESTINATION, slot->local, 16) &&
		    !memcmp(frame->byte + AT_SOURCE, slot->remote, 16))
			return slot;
	}
	return NULL;
}

static int tags_allow(const struct frame *frame, __u32 bytes)
{
	__u32 tags = frame->byte[AT_SHIM] >> 4;

	if (tags > 2 || bytes < 4 + 4 * tags)
		return 0;
	for (__u32 i = 0; i < tags; i++) {
		__u16 type = frame_get16(frame, AT_CARRIED + 4 * i);

		if (type != TYPE_VLAN && type != TYPE_QINQ)
			return 0;
	}
	return 1;
}

static int outer_allows(struct lab *lab, enum deal deal, const struct frame *frame)
{
	const struct mf_slot *slot = frame->length < AT_CARRIED ? NULL : slot_of(lab, deal, frame);
	__u32 length = frame_get16(frame, AT_LENGTH);

	if (!slot || frame_get16(frame, 12) != TYPE_IPV6 || frame->byte[AT_NEXT] != UDP)
		return 0;
	if (frame_get16(frame, AT_PORTS) != ntohs(slot->remote_port) ||
	    frame_get16(frame, AT_PORTS + 2) != ntohs(slot->local_port))
		return 0;
	if (frame_get16(frame, AT_UDP_LENGTH) != length || AT_PORTS + length > frame->length)
		return 0;
	return length >= 12 && tags_allow(frame, length - 8);
}

static int marks_allow(int inner, const struct frame *frame)
{
	return (frame->byte[AT_CLASS + 1] >> 4 & 3) != 3 || (inner & 3);
}

static int starts_with(const __u8 *address, struct address prefix, int bytes)
{
	return !memcmp(address, prefix.byte, bytes);
}

static int is_net(enum deal deal)
{
	return deal == NET || deal == SEALED_NET;
}

/* Hosts bring two addresses, and to any of ours; networks two prefixes of either kind. */
static int addresses_allow(enum deal deal, const __u8 *source, const __u8 *destination, int is_ipv4)
{
	__u8 ipv4_there = deal == NET ? 2 : 4, ipv4_here = deal == NET ? 1 : 3;

	if (is_net(deal) && is_ipv4)
		return source[0] == 10 && source[1] == ipv4_there && destination[0] == 10 && destination[1] == ipv4_here;
	if (is_net(deal))
		return starts_with(source, rig_inner(deal, THERE), 6) && starts_with(destination, rig_inner(deal, HERE), 6);
	if (is_ipv4 || !starts_with(source, rig_inner(deal, THERE), 16))
		return 0;
	for (enum deal id = 0; id < DEALS; id++)
		if (starts_with(destination, rig_inner(id, HERE), is_net(id) ? 6 : 16))
			return 1;
	return 0;
}

static int carried_allows(enum deal deal, const struct frame *frame)
{
	__u32 tags = frame->byte[AT_SHIM] >> 4, at = AT_CARRIED + 4 * tags;
	__u32 bytes = frame_get16(frame, AT_LENGTH) - 12 - 4 * tags;
	const __u8 *inner = frame->byte + at;

	switch (frame->byte[AT_SHIM] & 15) {
	case 1:
		return !is_net(deal) && marks_allow(frame->byte[AT_SHIM + 3], frame);
	case 2:
		return bytes >= 40 && inner[0] >> 4 == 6 && frame_get16(frame, at + 4) + 40U <= bytes &&
		       addresses_allow(deal, inner + 8, inner + 24, 0) && marks_allow(inner[1] >> 4, frame);
	case 3:
		return bytes >= 20 && inner[0] >> 4 == 4 && frame_get16(frame, at + 2) <= bytes &&
		       addresses_allow(deal, inner + 12, inner + 16, 1) && marks_allow(inner[1], frame);
	default:
		return 0;
	}
}

/* What has been sealed: shim, tags, what is carried, padding if the shim says so. */
static int opened_allows(enum deal deal, const struct frame *frame)
{
	struct frame plain = *frame;
	__u32 padding = 0, tags = frame->byte[AT_SHIM] >> 4, bytes = frame->length - AT_SHIM;

	if (bytes < 4 || !tags_allow(frame, bytes))
		return 0;
	if (frame->byte[AT_SHIM] & 8) {
		padding = bytes < 2 ? 0 : frame_get16(frame, frame->length - 2);
		if (padding < 2 || padding > bytes - 4 - 4 * tags)
			return 0;
	}
	frame_cut(&plain, plain.length - padding);
	plain.byte[AT_SHIM] &= ~8;
	carried_finish(&plain);
	return carried_allows(deal, &plain);
}

static void arrival(struct lab *lab, const struct row *row, struct frame *wire, __u32 turn)
{
	struct packet packet = table_packet(row->c, THERE, row->a, turn % 200);
	struct frame inner;

	if (is_net(row->c) && turn % 2) {
		packet.source = rig_address(row->c == NET ? "::ffff:10.2.3.4" : "::ffff:10.4.3.4");
		packet.destination = rig_address(row->c == NET ? "::ffff:10.1.2.3" : "::ffff:10.3.2.3");
	}
	packet.traffic_class = turn % 4;
	packet.shape = turn % 3 ? PLAIN : FIRST_FRAGMENT;
	frame_packet(&inner, &packet);
	for (__u32 tag = 0; tag < turn % 3; tag++)
		frame_tag(&inner, TYPE_VLAN, 5);
	table_arrival(lab, row->c, (int)(turn % 3) - 1, &inner, is_net(row->c) ? WHOLE : WITHOUT_ADDRESSES, wire);
}

/* a: protocol; c: deal. */
static void arrivals(struct lab *lab, const struct row *row)
{
	__u64 state = 88172645463325252ULL + row->a;
	__u32 delivered = 0, times = sparing_count(TIMES);
	struct frame wire;

	for (__u32 turn = 0; turn < times; turn++) {
		arrival(lab, row, &wire, turn);
		spoil(&state, &wire);
		rig_run(&lab->here, MF_IN, &wire, &lab->result);
		if ((lab->result.verdict == MF_IN_DELIVERED) !=
		    (outer_allows(lab, row->c, &wire) && carried_allows(row->c, &wire)))
			fail_msg("frame %u: %s", turn, verdict_name(lab->result.verdict));
		delivered += lab->result.verdict == MF_IN_DELIVERED;
	}
	assert_in_range(delivered, times / 50, times - times / 50);
}

/* A peer that has the key may seal whatever it likes. */
static void arrivals_opened(struct lab *lab, const struct row *row)
{
	__u64 state = 88172645463325252ULL + row->a, index = rig_index(&lab->there, row->c);
	__u32 delivered = 0, times = sparing_count(SEALED_TIMES);
	struct frame plain, wire;

	for (__u32 turn = 0; turn < times; turn++) {
		int allowed;

		arrival(lab, row, &plain, turn);
		if (turn % 4 == 0)
			carried_pad(&plain, 2 + draw(&state, 40));
		spoil_from(&state, &plain, AT_SHIM);
		allowed = opened_allows(row->c, &plain);
		wire = plain;
		carried_seal(&wire, &lab->there.seal[row->c].out, turn, index + (turn % 3) - 1);
		rig_run(&lab->here, MF_IN, &wire, &lab->result);
		if ((lab->result.verdict == MF_IN_DELIVERED) != allowed)
			fail_msg("packet %u: %s", turn, verdict_name(lab->result.verdict));
		delivered += allowed;
	}
	assert_in_range(delivered, times / 50, times - times / 50);
}

/* What rewrite delivers is of the slot, as long as it was, and its checksum right or wrong as it came. */
static void arrivals_rewritten(struct lab *lab, const struct row *row)
{
	__u64 state = 88172645463325252ULL + row->a;
	struct packet packet = table_packet(REWRITE, THERE, row->a, 0);
	__u32 delivered = 0, times = sparing_count(TIMES);
	struct frame inner, wire;

	for (__u32 turn = 0; turn < times; turn++) {
		packet.payload = turn % 200;
		packet.shape = turn % 5 ? PLAIN : ALL_EXTENSIONS;
		frame_packet(&inner, &packet);
		carried_rewrite(&wire, rig_slot(&lab->there, REWRITE, (int)(turn % 3) - 1), &inner);
		spoil(&state, &wire);
		rig_receive(&lab->here, &wire, &lab->result);
		if (lab->result.verdict != MF_IN_DELIVERED)
			continue;
		delivered++;
		if (!slot_of(lab, REWRITE, &wire) || wire.length != lab->result.out.length ||
		    said_end(&wire) > wire.length)
			fail_msg("frame %u was delivered", turn);
		if (wire.byte[AT_NEXT] == row->a && wire.byte[AT_CLASS] >> 4 == 6 && wire.length > AT_PORTS + 20 &&
		    frame_checksums_hold(&wire, ETH_BYTES) != frame_checksums_hold(&lab->result.out, ETH_BYTES))
			fail_msg("frame %u: checksum was %d", turn, frame_checksums_hold(&wire, ETH_BYTES));
	}
	assert_in_range(delivered, times / 50, times - times / 50);
}

static int was_sent(const struct result *result)
{
	return result->verdict == MF_OUT_SENT || result->verdict == MF_OUT_SENT_SLOW;
}

/* Both hooks send the same frame or none, and what is sent has the lengths that it says. */
/* What one hook has sealed the other may seal with the same counter, so that both make the same of it. */
static void counters_set(struct lab *lab, __u64 sent)
{
	for (enum deal id = 0; id < DEALS; id++)
		lab->here.seal[id].sent = sent;
}

static void departures(struct lab *lab, const struct row *row)
{
	__u64 state = 88172645463325252ULL + row->a;
	struct packet packet = table_packet(row->c, HERE, row->a, 0);
	struct frame inner, fast;
	__u32 sent = 0, times = sparing_count(TIMES);

	for (__u32 turn = 0; turn < times; turn++) {
		packet.payload = turn % 200;
		packet.shape = turn % 5 ? PLAIN : DESTINATION;
		frame_packet(&inner, &packet);
		spoil(&state, &inner);
		counters_set(lab, turn);
		rig_run(&lab->here, MF_OUT, &inner, &lab->result);
		if (!was_sent(&lab->result))
			continue;
		sent++;
		fast = lab->result.out;
		if (said_end(&fast) != fast.length)
			fail_msg("frame %u says %u of %u bytes", turn, frame_get16(&fast, AT_LENGTH), fast.length);
		counters_set(lab, turn);
		rig_run(&lab->here, MF_CUT_TC, &inner, &lab->result);
		assert_int_equal(lab->result.verdict, MF_OUT_SENT_SLOW);
		expect_frame(&lab->result.out, &fast, row->name);
	}
	assert_in_range(sent, times / 50, times - times / 50);
}

/* Whatever it is, one program makes of it what it must: at most one verdict (rig_run sees to that), and no crash. */
static void noise(struct lab *lab, const struct row *row)
{
	__u64 state = 88172645463325252ULL + row->a;
	__u32 times = sparing_count(TIMES);
	struct frame frame;

	for (__u32 turn = 0; turn < times; turn++) {
		frame_ethernet(&frame, mac_nic, mac_stranger, turn % 4 ? TYPE_IPV6 : draw(&state, 65536));
		for (__u32 bytes = 40 + draw(&state, 200); bytes; bytes--) {
			__u8 byte = draw(&state, 256);

			frame_put(&frame, &byte, 1);
		}
		if (turn % 2)
			memcpy(frame.byte + AT_DESTINATION, rig_slot(&lab->here, row->c, 0)->local, 16);
		if (turn % 3)
			memcpy(frame.byte + AT_SOURCE, rig_slot(&lab->here, row->c, 0)->remote, 16);
		rig_run(&lab->here, row->a, &frame, &lab->result);
		if (lab->result.verdict == MF_IN_DELIVERED && row->c == HOST)
			fail_msg("frame %u was delivered", turn);
	}
}

static const struct row rows[] = {
	{ "in, host pair, UDP: delivered exactly where a second reading allows it", arrivals, UDP, 0, HOST },
	{ "in, host pair, unknown protocol: exactly where a second reading allows it", arrivals, EXPERIMENT, 0, HOST },
	{ "in, networks, UDP: exactly where a second reading allows it", arrivals, UDP, 0, NET },
	{ "in, networks, TCP: exactly where a second reading allows it", arrivals, TCP, 0, NET },
	{ "in, sealed by a host, UDP: exactly where a second reading allows it", arrivals_opened, UDP, 0, SEALED },
	{ "in, sealed by a host, unknown protocol: exactly where a second reading allows it", arrivals_opened, EXPERIMENT, 0, SEALED },
	{ "in, sealed by a network, UDP: exactly where a second reading allows it", arrivals_opened, UDP, 0, SEALED_NET },
	{ "in, sealed by a network, TCP: exactly where a second reading allows it", arrivals_opened, TCP, 0, SEALED_NET },
	{ "in, rewrite, UDP: of the slot, checksum as right or wrong as it came", arrivals_rewritten, UDP },
	{ "in, rewrite, TCP: of the slot, checksum as right or wrong as it came", arrivals_rewritten, TCP },
	{ "out, host pair, UDP: both hooks send the same", departures, UDP, 0, HOST },
	{ "out, host pair, TCP: both hooks send the same", departures, TCP, 0, HOST },
	{ "out, networks, unknown protocol: both hooks send the same", departures, EXPERIMENT, 0, NET },
	{ "noise in XDP on the NIC: a verdict, nothing delivered", noise, MF_IN, 0, HOST },
	{ "noise in tc on the NIC: no crash", noise, MF_IN_TC, 0, REWRITE },
	{ "noise in XDP on the device: no crash", noise, MF_OUT, 0, HOST },
	{ "noise in tc on the way out of the NIC, cutter's: no crash", noise, MF_OUT_TC, 0, HOST },
	{ "noise in tc on the way out of the NIC, rewrite: no crash", noise, MF_OUT_TC, 0, REWRITE },
	{ "noise in tc on the way out of the NIC, zero checksum: no crash", noise, MF_OUT_TC, 0, ZERO },
	{ "noise in tc behind the cutter: no crash", noise, MF_CUT_TC, 0, HOST },
	{ "noise in the guard: no crash", noise, MF_GUARD, 0, HOST },
};

int main(void)
{
	return TABLE_RUN(rows);
}
