// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sealed carriage: to the byte what libsodium makes of docs/PROTOCOL.md 3.3, both hooks; and that nothing but what the
 * peer sealed, for this slot, for the first time, is ever delivered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verdict.h"
#include "tests/packet/sparing.h"
#include "tests/packet/table.h"

enum { INNER_MOST = 1500 - 36 - 40 /* bytes behind the inner IPv6 header, between two hosts */ };

static const struct mf_seal_key *key_of(const struct rig *rig, enum deal deal)
{
	return &rig->seal[deal].out;
}

/* Padding as docs/PROTOCOL.md has it, for what is carried behind the UDP header: 0 or so many bytes. */
static __u32 padding_of(enum deal deal, __u32 behind_udp)
{
	const __u32 most = LINK_MTU - 48;
	__u32 wanted = behind_udp + 2;

	if (deal == FULL)
		return most - behind_udp;
	if (deal != CLASSES)
		return 0;
	for (__u32 size = 128; size <= 1024; size *= 2)
		if (wanted <= size)
			return size - behind_udp;
	return most - behind_udp;
}

/* What `side` makes of `inner` in the slot `ahead` of now. */
static void sealed_by(struct rig *side, enum deal deal, const struct frame *inner, enum form form, __u64 counter, int ahead,
		      struct frame *wire)
{
	__u32 padding;

	carried_encap(wire, rig_slot(side, deal, ahead), inner, form);
	padding = padding_of(deal, wire->length - AT_SHIM + 24);
	if (padding)
		carried_pad(wire, padding);
	carried_seal(wire, key_of(side, deal), counter, rig_index(side, deal) + ahead);
}

static void check_both_ways(struct lab *lab, enum deal deal, const struct frame *inner, enum form form,
			    const char *what)
{
	__u64 counter = lab->here.seal[deal].sent;
	struct frame wire;

	sealed_by(&lab->here, deal, inner, form, counter, 0, &wire);
	rig_run(&lab->here, MF_OUT, inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, what);
	expect_frame(&lab->result.out, &wire, what);
	assert_true(frame_checksums_hold(&lab->result.out, ETH_BYTES));
	sealed_by(&lab->here, deal, inner, form, counter + 1, 0, &wire);
	rig_run(&lab->here, MF_CUT_TC, inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT_SLOW, REDIRECT_TC, what);
	expect_frame(&lab->result.out, &wire, what);
	assert_true(lab->here.seal[deal].sent == counter + 2);
	expect_round_trip(lab, inner, what);
}

/* a: protocol, c: deal. Every length that fits; of few, the longest all the same. */
static void every_length(struct lab *lab, const struct row *row)
{
	enum deal deal = row->c;
	struct packet packet = table_packet(deal, HERE, row->a, 0);
	enum form form = deal == SEALED_NET ? WHOLE : WITHOUT_ADDRESSES;
	__u32 most = INNER_MOST - 20 - (form == WHOLE ? 40 : 0) - (deal == SEALED ? 0 : 2);
	struct frame inner;
	char what[64];

	packet.flow_label = form == WHOLE ? 0x54321 : 0;
	for (packet.payload = most % sparing_step(); packet.payload <= most; packet.payload += sparing_step()) {
		packet.fill = packet.payload;
		snprintf(what, sizeof(what), "payload of %u", packet.payload);
		frame_packet(&inner, &packet);
		check_both_ways(lab, deal, &inner, form, what);
	}
}

static void every_length_ipv4(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(SEALED_NET, HERE, row->a, 0);
	struct frame inner;
	char what[64];

	packet.source = rig_address("::ffff:10.3.2.3");
	packet.destination = rig_address("::ffff:10.4.3.4");
	for (packet.payload = 0; packet.payload <= 1380; packet.payload += 3 * sparing_step()) {
		snprintf(what, sizeof(what), "payload of %u", packet.payload);
		frame_packet(&inner, &packet);
		check_both_ways(lab, SEALED_NET, &inner, WHOLE, what);
	}
}

/* a: tags. They go the slow way, and come out again. */
static void tags(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(SEALED, THERE, UDP, 100);
	struct frame inner, wire;

	frame_packet(&inner, &packet);
	if (row->a > 1)
		frame_tag(&inner, TYPE_VLAN, 0x0fff);
	frame_tag(&inner, row->a > 1 ? TYPE_QINQ : TYPE_VLAN, 0x7123);
	sealed_by(&lab->there, SEALED, &inner, WITHOUT_ADDRESSES, 0, 0, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
}

static void arrival(struct lab *lab, enum deal deal, __u64 counter, int ahead, struct frame *inner, struct frame *wire)
{
	struct packet packet = table_packet(deal, THERE, UDP, 47);

	frame_packet(inner, &packet);
	sealed_by(&lab->there, deal, inner, deal == SEALED_NET ? WHOLE : WITHOUT_ADDRESSES, counter, ahead, wire);
}

/* Whatever bit is turned behind the UDP header: not delivered, nothing heard. */
static void every_bit(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	arrival(lab, row->c, 0, 0, &inner, &wire);
	for (__u32 bit = 8 * AT_COUNTER; bit < 8 * wire.length; bit++) {
		wire.byte[bit / 8] ^= 1 << bit % 8;
		rig_run(&lab->here, MF_IN, &wire, &lab->result);
		if (lab->result.verdict != MF_DROP_TAG && lab->result.verdict != MF_DROP_COUNTER)
			fail_msg("bit %u: %s", bit, verdict_name(lab->result.verdict));
		assert_int_equal(lab->result.action, DROP_XDP);
		wire.byte[bit / 8] ^= 1 << bit % 8;
	}
	assert_true(!lab->here.state[row->c].heard_index && !lab->here.seal[row->c].heard);
	expect_delivered(lab, &wire, &inner, "as it was");
}

/* Sealed for the slot `a` from now, sent in the slot `b` from now. */
static void other_slot(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;
	struct packet packet = table_packet(SEALED, THERE, UDP, 47);

	frame_packet(&inner, &packet);
	carried_encap(&wire, rig_slot(&lab->there, SEALED, row->b), &inner, WITHOUT_ADDRESSES);
	carried_seal(&wire, key_of(&lab->there, SEALED), 5, rig_index(&lab->there, SEALED) + row->a);
	if (row->a != row->b)
		expect_refused(lab, &wire, MF_DROP_TAG, row->name);
	else
		expect_delivered(lab, &wire, &inner, row->name);
}

/* This end's own packet comes back to it, from the peer's address. */
static void reflected(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(SEALED, HERE, UDP, 47);
	struct frame inner, wire;

	frame_packet(&inner, &packet);
	carried_encap(&wire, rig_slot(&lab->there, SEALED, 0), &inner, WITHOUT_ADDRESSES);
	carried_seal(&wire, key_of(&lab->here, SEALED), 0, rig_index(&lab->here, SEALED));
	rig_run(&lab->here, MF_IN, &wire, &lab->result);
	assert_true(lab->result.verdict == MF_DROP_TAG || lab->result.verdict == MF_DROP_COUNTER);
	assert_int_equal(lab->result.action, DROP_XDP);
	/* Even if both had one mask, or one key. */
	lab->here.seal[SEALED].in.mask[0] = lab->here.seal[SEALED].out.mask[0];
	lab->here.seal[SEALED].in.mask[1] = lab->here.seal[SEALED].out.mask[1];
	expect_refused(lab, &wire, MF_DROP_TAG, row->name);
	memcpy(lab->here.seal[SEALED].in.key, lab->here.seal[SEALED].out.key, 32);
	expect_refused(lab, &wire, MF_DROP_TAG, row->name);
}

struct step {
	__u64 counter;
	int verdict;
};

static void steps(struct lab *lab, const struct step *step, size_t count)
{
	struct frame inner, wire;

	for (size_t i = 0; i < count; i++) {
		arrival(lab, SEALED, step[i].counter, 0, &inner, &wire);
		rig_receive(&lab->here, &wire, &lab->result);
		if (lab->result.verdict != step[i].verdict)
			fail_msg("step %zu, counter %llu: %s, should be %s", i, step[i].counter,
				 verdict_name(lab->result.verdict), verdict_name(step[i].verdict));
	}
}

static void window(struct lab *lab, const struct row *row)
{
	static const struct step all[] = {
		{ 0, MF_IN_DELIVERED }, { 0, MF_DROP_REPLAY },                              /* first ever */
		{ 3, MF_IN_DELIVERED }, { 2, MF_IN_DELIVERED }, { 1, MF_IN_DELIVERED },     /* out of order */
		{ 2, MF_DROP_REPLAY }, { 1, MF_DROP_REPLAY }, { 3, MF_DROP_REPLAY },
		{ 10000, MF_IN_DELIVERED }, { 10000 - 8192, MF_IN_DELIVERED },              /* 8,192 behind */
		{ 10000 - 8192, MF_DROP_REPLAY }, { 9999, MF_IN_DELIVERED },
		{ 10000 - MF_REPLAY_WORDS * 32, MF_DROP_REPLAY },                           /* what gave way */
		{ 0, MF_DROP_REPLAY },
		{ 10000 + MF_COUNTER_AHEAD + 1, MF_DROP_COUNTER },                          /* far ahead */
		{ 10000 + MF_COUNTER_AHEAD, MF_IN_DELIVERED }, { 10000, MF_DROP_REPLAY },
		{ ~0ULL, MF_DROP_COUNTER }, { MF_COUNTER_END, MF_DROP_COUNTER },
	};

	(void)row;
	steps(lab, all, sizeof(all) / sizeof(all[0]));
}

/* Counters end; they do not begin again. */
static void last_counter(struct lab *lab, const struct row *row)
{
	static const struct step all[] = {
		{ MF_COUNTER_END - 1, MF_IN_DELIVERED }, { MF_COUNTER_END - 1, MF_DROP_REPLAY },
		{ MF_COUNTER_END, MF_DROP_COUNTER }, { 0, MF_DROP_REPLAY }, { 1, MF_DROP_REPLAY },
	};
	struct packet packet = table_packet(SEALED, HERE, UDP, 47);
	struct frame inner;

	lab->here.seal[SEALED].heard = MF_COUNTER_END - 2;
	for (int i = 0; i < MF_REPLAY_WORDS; i++)
		lab->here.seal[SEALED].window[i] = (__u64)(MF_COUNTER_END / 32 - 2 * MF_REPLAY_WORDS) << 32;
	steps(lab, all, sizeof(all) / sizeof(all[0]));
	lab->here.seal[SEALED].sent = MF_COUNTER_END - 1;
	frame_packet(&inner, &packet);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, row->name);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_KEY, DROP_XDP, row->name);
	rig_run(&lab->here, MF_CUT_TC, &inner, &lab->result);
	expect_verdict(&lab->result, MF_DROP_KEY, SHOT_TC, row->name);
}

/* The window does not care about the slot. */
static void across_slots(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	arrival(lab, SEALED, 7, 0, &inner, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
	arrival(lab, SEALED, 7, 1, &inner, &wire);
	expect_refused(lab, &wire, MF_DROP_REPLAY, row->name);
	arrival(lab, SEALED, 8, 1, &inner, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
	arrival(lab, SEALED, 6, -1, &inner, &wire);
	expect_delivered(lab, &wire, &inner, row->name);
}

/* Right ends and ports, noise behind them: not one in a million costs more than its counter. */
static void noise(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;

	srand(11);
	for (__u32 i = sparing_count(20000); i > 0; i--) {
		arrival(lab, SEALED, 0, 0, &inner, &wire);
		for (__u32 at = AT_COUNTER; at < wire.length; at++)
			wire.byte[at] = rand() >> 5;
		carried_finish(&wire);
		expect_refused(lab, &wire, MF_DROP_COUNTER, row->name);
	}
}

/* All lengths of what stands behind the UDP header, all lies of both length fields. */
static void lengths(struct lab *lab, const struct row *row)
{
	struct frame inner, wire;
	__u16 right;

	for (__u32 length = AT_SHIM; length < AT_SEALED + 4; length++) {
		arrival(lab, SEALED, 0, 0, &inner, &wire);
		frame_cut(&wire, length);
		carried_finish(&wire);
		expect_refused(lab, &wire, MF_DROP_MALFORMED, row->name);
	}
	arrival(lab, SEALED, 0, 0, &inner, &wire);
	right = frame_get16(&wire, AT_LENGTH);
	for (int length = 0; length < 65536; length += length < 2000 ? 1 : 251) {
		if (length == right)
			continue;
		frame_set16(&wire, AT_LENGTH, length);
		frame_set16(&wire, AT_UDP_LENGTH, right);
		expect_refused(lab, &wire, MF_DROP_MALFORMED, "IP length alone");
		frame_set16(&wire, AT_UDP_LENGTH, length);
		rig_run(&lab->here, MF_IN, &wire, &lab->result);
		if (lab->result.action != DROP_XDP)
			fail_msg("both lengths %d: %s", length, verdict_name(lab->result.verdict));
	}
}

/* What an authentic peer may not do all the same: padding that is longer than all there is, or shorter than itself. */
static void wrong_padding(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(SEALED, THERE, UDP, 47);
	struct frame inner, wire;

	for (int said = 0; said < 200; said++) {
		frame_packet(&inner, &packet);
		carried_encap(&wire, rig_slot(&lab->there, SEALED, 0), &inner, WITHOUT_ADDRESSES);
		carried_pad(&wire, 40);
		frame_set16(&wire, wire.length - 2, said);
		carried_seal(&wire, key_of(&lab->there, SEALED), said, rig_index(&lab->there, SEALED));
		rig_receive(&lab->here, &wire, &lab->result);
		if ((said < 2 || said > 47 + 8 + 40) != (lab->result.verdict == MF_DROP_SHIM))
			fail_msg("padding of %d: %s", said, verdict_name(lab->result.verdict));
	}
	(void)row;
}

/* THERE opens a slot. c: deal. */
static void opener(struct lab *lab, const struct row *row)
{
	static const __u8 shim[4];
	struct frame request, wire;
	__u32 id = row->c, padding;

	frame_ethernet(&request, mac_inside, mac_device, MF_ETHERTYPE_OPEN);
	frame_put(&request, &id, sizeof(id));
	frame_put(&request, NULL, 42);
	carried_raw(&wire, rig_slot(&lab->there, row->c, 0), shim, NULL, 0);
	padding = padding_of(row->c, 4 + 24);
	if (padding)
		carried_pad(&wire, padding);
	carried_seal(&wire, key_of(&lab->there, row->c), 0, rig_index(&lab->there, row->c));
	rig_run(&lab->there, MF_OUT_TC, &request, &lab->result);
	expect_verdict(&lab->result, MF_OUT_OPENED, UNSPEC_TC, row->name);
	expect_frame(&lab->result.out, &wire, row->name);
	expect_refused(lab, &wire, MF_IN_OPENED, row->name);
}

/* The peer, or somebody who sends on what it seals, from another /64. */
static void source_set(struct frame *frame, const char *prefix)
{
	struct address address = rig_address(prefix);

	memcpy(frame->byte + AT_SOURCE, address.byte, 8);
	carried_finish(frame);
}

/* Where HERE sends session messages (254), or other packets, to THERE now: this /64? */
static void expect_sent_to(struct lab *lab, __u8 protocol, const char *prefix, const char *what)
{
	struct packet packet = table_packet(SEALED, HERE, protocol, 72);
	struct address address = rig_address(prefix);
	struct frame inner;

	frame_packet(&inner, &packet);
	rig_send(&lab->here, &inner, &lab->result);
	if (lab->result.verdict != MF_OUT_SENT && lab->result.verdict != MF_OUT_SENT_SLOW)
		fail_msg("%s: %s", what, verdict_name(lab->result.verdict));
	if (memcmp(lab->result.out.byte + AT_DESTINATION, address.byte, 8))
		fail_msg("%s: not to %s", what, prefix);
	assert_memory_equal(lab->result.out.byte + AT_DESTINATION + 8, rig_slot(&lab->here, SEALED, 0)->remote + 8, 8);
	assert_true(frame_checksums_hold(&lab->result.out, ETH_BYTES));
}

static void elsewhere(struct lab *lab, const struct row *row)
{
	static const char was[] = "2001:db8:b::", is[] = "2001:db8:c::";
	struct frame inner, wire;

	/* A responder does not move so. */
	lab->here.state[SEALED].heard_index = 1;
	arrival(lab, SEALED, 0, 0, &inner, &wire);
	source_set(&wire, is);
	expect_refused(lab, &wire, MF_DROP_SOURCE, "who has answered the handshake");
	lab->here.state[SEALED].heard_index = 0;
	lab->here.seal[SEALED].in.sender = lab->there.seal[SEALED].out.sender = 0;
	lab->here.seal[SEALED].out.sender = lab->there.seal[SEALED].in.sender = 1;

	/* Never heard where it was said to be: nobody there. */
	arrival(lab, SEALED, 0, 0, &inner, &wire);
	source_set(&wire, is);
	expect_refused(lab, &wire, MF_DROP_SOURCE, "heard nowhere yet");
	arrival(lab, SEALED, 1, 0, &inner, &wire);
	expect_delivered(lab, &wire, &inner, "where it was");
	/* From elsewhere: its packets come in, session messages go there, all else goes where it was. */
	arrival(lab, SEALED, 5, 0, &inner, &wire);
	source_set(&wire, is);
	expect_delivered(lab, &wire, &inner, "elsewhere");
	expect_sent_to(lab, MF_NEXT_CONTROL, is, "session message");
	expect_sent_to(lab, UDP, was, "packet");
	expect_sent_to(lab, MF_NEXT_CONTROL, is, "session message again");
	/* An older packet that was late says nothing of where it is now. */
	arrival(lab, SEALED, 3, 0, &inner, &wire);
	expect_delivered(lab, &wire, &inner, "late");
	expect_sent_to(lab, MF_NEXT_CONTROL, is, "after a late one");
	/* Nor does what somebody else says. */
	arrival(lab, SEALED, 6, 0, &inner, &wire);
	source_set(&wire, "2001:db8:d::");
	wire.byte[AT_TAG + 3] ^= 1;
	carried_finish(&wire);
	rig_receive(&lab->here, &wire, &lab->result);
	assert_int_equal(lab->result.action, DROP_XDP);
	arrival(lab, SEALED, 5, 0, &inner, &wire);
	source_set(&wire, "2001:db8:d::");
	expect_refused(lab, &wire, MF_DROP_REPLAY, "replayed from elsewhere");
	expect_sent_to(lab, MF_NEXT_CONTROL, is, "after forgeries");
	/* Another identifier is another host. */
	arrival(lab, SEALED, 7, 0, &inner, &wire);
	wire.byte[AT_SOURCE + 15] ^= 1;
	carried_finish(&wire);
	expect_refused(lab, &wire, MF_DROP_SOURCE, "another identifier");
	/* Multicast and link-local prefixes are no place. */
	arrival(lab, SEALED, 8, 0, &inner, &wire);
	source_set(&wire, "fe80::");
	expect_refused(lab, &wire, MF_DROP_SOURCE, "link-local");
	/* Back again. */
	arrival(lab, SEALED, 9, 0, &inner, &wire);
	expect_delivered(lab, &wire, &inner, "back");
	expect_sent_to(lab, MF_NEXT_CONTROL, was, "back again");
	(void)row;
}

/* Padded packets of a kind are all of few lengths. a: how many; c: deal. */
static void few_lengths(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, HERE, UDP, 0);
	__u8 seen[2048] = { 0 };
	struct frame inner;
	int count = 0;

	for (packet.payload = 0; packet.payload <= 1400; packet.payload += 7) {
		frame_packet(&inner, &packet);
		rig_send(&lab->here, &inner, &lab->result);
		expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, row->name);
		count += !seen[lab->result.out.length];
		seen[lab->result.out.length] = 1;
	}
	assert_int_equal(count, row->a);
}

/* a: how much larger than what fits. */
static void too_large(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, HERE, UDP, INNER_MOST - 8 - (row->c == SEALED ? 0 : 2) + row->a);
	struct frame inner;

	frame_packet(&inner, &packet);
	rig_send(&lab->here, &inner, &lab->result);
	assert_int_equal(lab->result.verdict, row->a ? MF_TOO_BIG_SENT : MF_OUT_SENT);
	rig_run(&lab->here, MF_CUT_TC, &inner, &lab->result);
	assert_int_equal(lab->result.verdict, row->a ? MF_TOO_BIG_SENT : MF_OUT_SENT_SLOW);
}

int main(void)
{
	static const struct row rows[] = {
		{ "UDP between hosts, every length", every_length, UDP, 0, SEALED },
		{ "TCP between hosts, every length", every_length, TCP, 0, SEALED },
		{ "UDP between networks, every length", every_length, UDP, 0, SEALED_NET },
		{ "UDP padded to classes, every length", every_length, UDP, 0, CLASSES },
		{ "UDP padded to the full, every length", every_length, UDP, 0, FULL },
		{ "IPv4 between networks", every_length_ipv4, UDP, 0, 0 },
		{ "one VLAN tag", tags, 1, 0, 0 },
		{ "two VLAN tags", tags, 2, 0, 0 },
		{ "any bit turned: refused", every_bit, 0, 0, SEALED },
		{ "any bit turned, between networks: refused", every_bit, 0, 0, SEALED_NET },
		{ "sealed for this slot", other_slot, 0, 0, 0 },
		{ "sealed for the next slot, in the next", other_slot, 1, 1, 0 },
		{ "sealed for this slot, sent in the next: refused", other_slot, 0, 1, 0 },
		{ "sealed for the last slot, sent in this: refused", other_slot, -1, 0, 0 },
		{ "reflected: refused", reflected, 0, 0, 0 },
		{ "replay window", window, 0, 0, 0 },
		{ "replay window at the end of counters", last_counter, 0, 0, 0 },
		{ "replay window across slots", across_slots, 0, 0, 0 },
		{ "noise costs no opening", noise, 0, 0, 0 },
		{ "lengths that lie", lengths, 0, 0, 0 },
		{ "padding that lies", wrong_padding, 0, 0, 0 },
		{ "a slot is opened", opener, 0, 0, SEALED_FOLLOWER },
		{ "from another prefix: asked there, and only asked", elsewhere, 0, 0, 0 },
		{ "classes: five lengths on the wire", few_lengths, 5, 0, CLASSES },
		{ "full: one length on the wire", few_lengths, 1, 0, FULL },
		{ "as large as fits", too_large, 0, 0, SEALED },
		{ "a byte too large", too_large, 1, 0, SEALED },
		{ "as large as fits, padded", too_large, 0, 0, CLASSES },
		{ "a byte too large, padded", too_large, 1, 0, FULL },
	};

	return TABLE_RUN(rows);
}
