// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live table as programs read it: entries that lead astray, that share a tag, that move; and lent addresses.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "tests/packet/sparing.h"
#include "tests/packet/table.h"

/* The entry stands, but where it leads is a: no slot (the association changes), b: another slot's by now. */
static void led_astray(struct lab *lab, const struct row *row)
{
	struct mf_slot *slot = rig_slot(&lab->here, HOST, 0);
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	if (row->a)
		slot->index = 0;
	if (row->b)
		*slot = *rig_slot(&lab->here, HOST, 20);
	expect_refused(lab, &wire, MF_DROP_DEAD, row->name);
}

/* Other entries with the same tag stand before the right one, in its bucket (a: 0) or the other one. */
static void same_tags(struct lab *lab, const struct row *row)
{
	const struct mf_slot *slot = rig_slot(&lab->here, HOST, 0);
	struct mf_live_key key = rig_live_key(&lab->here, slot->local);
	struct mf_bucket *bucket = &lab->here.live.bucket[row->a ? key.right : key.left];
	struct frame inner, wire;

	table_small(lab, HOST, &inner, &wire);
	rig_live_clear(&lab->here);
	lab->here.live.bucket[key.left].entry[0] = (union mf_live_entry){ .tag = key.tag, .place = 7 };
	lab->here.live.bucket[key.left].entry[1] = (union mf_live_entry){ .tag = key.tag, .place = ~0U };
	expect_refused(lab, &wire, MF_DROP_DEAD, row->name);
	bucket->entry[MF_BUCKET_ENTRIES - 1] =
		(union mf_live_entry){ .tag = key.tag, .place = slot - lab->here.slots + 1 };
	expect_delivered(lab, &wire, &inner, row->name);
}

struct bustle {
	struct rig *rig;
	const struct mf_slot *stands;
	int stop;
};

/* Another CPU fills both buckets of the slot that stands, so that entries have to move, and empties them again. */
static void *bustle(void *context)
{
	struct bustle *bustle = context;
	const struct mf_live *live = &bustle->rig->live;
	struct mf_live_key key = rig_live_key(bustle->rig, bustle->stands->local);

	while (!__atomic_load_n(&bustle->stop, __ATOMIC_RELAXED)) {
		for (int put = 1; put >= 0; put--) {
			for (__u32 i = 0; i < live->slots; i++) {
				if (&bustle->rig->slots[i] == bustle->stands ||
				    rig_live_key(bustle->rig, bustle->rig->slots[i].local).left != key.left)
					continue;
				if (put)
					mf_live_put(live, i);
				else
					mf_live_drop(live, i);
			}
		}
	}
	return NULL;
}

/* Whatever comes, goes and moves around it, an address that stands is found every time. */
static void found_always(struct lab *lab, const struct row *row)
{
	struct bustle about = { .rig = &lab->here, .stands = rig_slot(&lab->here, HOST, 0) };
	struct frame inner, wire;
	pthread_t other;

	table_small(lab, HOST, &inner, &wire);
	rig_live_clear(&lab->here);
	assert_int_equal(mf_live_put(&lab->here.live, about.stands - lab->here.slots), 0);
	wire.byte[AT_SOURCE + 15] ^= 1; /* refused where it is, so that the same frame may be sent again and again */
	assert_int_equal(pthread_create(&other, NULL, bustle, &about), 0);
	for (__u32 i = sparing_count(20000); i > 0; i--)
		expect_refused(lab, &wire, MF_DROP_SOURCE, row->name);
	__atomic_store_n(&about.stop, 1, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
}

/* Lent for UDP port 6881. a: protocol, b: destination port or ICMPv6 type; c: verdict. */
static void lent_port(struct lab *lab, const struct row *row)
{
	struct address target = rig_address("2001:db8:a::1:1");
	struct mf_loan loan = { .until_ms = START_MS + 1000, .port = htons(6881) };
	struct packet packet = table_packet(HOST, THERE, row->a, 47);
	struct frame wire;

	packet.source = rig_address("2001:db8:77::1");
	packet.destination = target;
	packet.destination_port = row->b;
	frame_packet(&wire, &packet);
	if (row->a == ICMP6)
		wire.byte[AT_PORTS] = row->b;
	rig_lend(&lab->here, target.byte, &loan);
	if (row->c != MF_IN_LENT) {
		expect_refused(lab, &wire, row->c, row->name);
		return;
	}
	rig_run(&lab->here, MF_IN, &wire, &lab->result);
	expect_verdict(&lab->result, MF_IN_LENT, PASS_XDP, row->name);
	expect_frame(&lab->result.out, &wire, row->name);
}

/* a: milliseconds the lent address has yet to live, b: verdict; c: protocol of a stranger's packet. Any port. */
static void lent(struct lab *lab, const struct row *row)
{
	struct address target = rig_address("2001:db8:a::1:1");
	struct mf_loan loan = { .until_ms = START_MS + row->a };
	struct packet packet = table_packet(HOST, THERE, row->c, 47);
	struct frame wire;

	packet.source = rig_address("2001:db8:77::1");
	packet.destination = target;
	frame_packet(&wire, &packet);
	rig_lend(&lab->here, target.byte, &loan);
	if (row->b != MF_IN_LENT) {
		expect_refused(lab, &wire, row->b, row->name);
		return;
	}
	rig_run(&lab->here, MF_IN, &wire, &lab->result);
	expect_verdict(&lab->result, MF_IN_LENT, PASS_XDP, row->name);
	expect_frame(&lab->result.out, &wire, row->name);
	rig_run(&lab->here, MF_IN_TC, &wire, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, UNSPEC_TC, row->name);
}

static const struct row rows[] = {
	{ "entry whose slot has been taken out: dead", led_astray, 1 },
	{ "entry whose slot is another by now: dead", led_astray, 0, 1 },
	{ "same tag as other entries of its bucket: found behind them", same_tags, 0 },
	{ "same tag as entries of its first bucket: found in the second", same_tags, 1 },
	{ "entries come, go and move around a live address: it is always found", found_always },
	{ "lent for a port: that port gets in", lent_port, UDP, 6881, MF_IN_LENT },
	{ "lent for a port: another one does not", lent_port, UDP, 6882, MF_DROP_PORT },
	{ "lent for a port: TCP to it does not", lent_port, TCP, 6881, MF_DROP_NOT_UDP },
	{ "lent for a port: packet-too-big gets in", lent_port, ICMP6, 2, MF_IN_LENT },
	{ "lent for a port: neighbour solicitation gets in", lent_port, ICMP6, 135, MF_IN_LENT },
	{ "lent for a port: neighbour advertisement gets in", lent_port, ICMP6, 136, MF_IN_LENT },
	{ "lent for a port: an error of ICMPv6 is not believed", lent_port, ICMP6, 1, MF_DROP_ICMP },
	{ "lent for a port: echo request does not", lent_port, ICMP6, 128, MF_DROP_NOT_UDP },
	{ "lent address: UDP of anybody goes to the stack untouched", lent, 5000, MF_IN_LENT, UDP },
	{ "lent address: ICMPv6 of anybody goes to the stack untouched", lent, 5000, MF_IN_LENT, ICMP6 },
	{ "lent address past its lifetime: expired", lent, 0, MF_DROP_EXPIRED, UDP },
};

int main(void)
{
	return TABLE_RUN(rows);
}
