// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a table's rows as cmocka tests, and the expectations that they share.
 */
#include "tests/packet/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verdict.h"

struct bound {
	struct lab *lab;
	const struct row *row;
};

static void check_row(void **state)
{
	struct bound *bound = *state;

	rig_reset(&bound->lab->here);
	rig_reset(&bound->lab->there);
	bound->row->check(bound->lab, bound->row);
}

int table_run(const struct row *rows, size_t count)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	struct bound *bounds = calloc(count, sizeof(*bounds));
	struct lab *lab = calloc(1, sizeof(*lab));
	int failed;

	rig_world();
	rig_open(&lab->here, HERE);
	rig_open(&lab->there, THERE);
	for (size_t i = 0; i < count; i++) {
		bounds[i] = (struct bound){ lab, &rows[i] };
		tests[i] = (struct CMUnitTest){ .name = rows[i].name, .test_func = check_row,
						.initial_state = &bounds[i] };
	}
	failed = _cmocka_run_group_tests("packet", tests, count, NULL, NULL);
	rig_close(&lab->here);
	rig_close(&lab->there);
	free(tests);
	free(bounds);
	free(lab);
	return failed ? 1 : 0;
}

struct packet table_packet(enum deal deal, enum side from, __u8 protocol, __u32 payload)
{
	return (struct packet){
		.source = rig_inner(deal, from),
		.destination = rig_inner(deal, !from),
		.protocol = protocol,
		.source_port = from == HERE ? 51820 : 4500,
		.destination_port = from == HERE ? 4500 : 51820,
		.payload = payload,
		.fill = payload + protocol,
	};
}

void expect_frame(const struct frame *got, const struct frame *wanted, const char *what)
{
	__u32 at = frame_differs(got, wanted);

	if (at)
		fail_msg("%s: byte %u is %02x, should be %02x (lengths %u, %u)", what, at - 1, got->byte[at - 1],
			 wanted->byte[at - 1], got->length, wanted->length);
}

void expect_verdict(const struct result *result, int verdict, int action, const char *what)
{
	if (result->verdict != verdict)
		fail_msg("%s: %s, should be %s", what, verdict_name(result->verdict), verdict_name(verdict));
	if (result->action != action)
		fail_msg("%s: %s with action %d, should be %d", what, verdict_name(verdict), result->action, action);
}

void expect_round_trip(struct lab *lab, const struct frame *inner, const char *what)
{
	struct frame back = *inner;

	rig_send(&lab->here, inner, &lab->result);
	if (lab->result.verdict != MF_OUT_SENT && lab->result.verdict != MF_OUT_SENT_SLOW)
		fail_msg("%s: not sent: %s", what, verdict_name(lab->result.verdict));
	rig_receive(&lab->there, &lab->result.out, &lab->result);
	expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, what);
	memcpy(back.byte, mac_device, 6);
	memcpy(back.byte + 6, mac_inside, 6);
	expect_frame(&lab->result.out, &back, what);
}

void table_arrival(struct lab *lab, enum deal deal, int ahead, const struct frame *inner, enum form form,
		   struct frame *wire)
{
	carried_encap(wire, rig_slot(&lab->there, deal, ahead), inner, form);
}

void table_small(struct lab *lab, enum deal deal, struct frame *inner, struct frame *wire)
{
	struct packet packet = table_packet(deal, THERE, UDP, 47);

	frame_packet(inner, &packet);
	table_arrival(lab, deal, 0, inner, deal == NET ? WHOLE : WITHOUT_ADDRESSES, wire);
}

void expect_refused(struct lab *lab, const struct frame *wire, int verdict, const char *what)
{
	rig_run(&lab->here, MF_IN, wire, &lab->result);
	expect_verdict(&lab->result, verdict, DROP_XDP, what);
}

void expect_delivered(struct lab *lab, const struct frame *wire, const struct frame *inner, const char *what)
{
	struct frame wanted = *inner;

	memcpy(wanted.byte, mac_device, 6);
	memcpy(wanted.byte + 6, mac_inside, 6);
	rig_receive(&lab->here, wire, &lab->result);
	expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, what);
	expect_frame(&lab->result.out, &wanted, what);
}

void expect_passed(struct lab *lab, const struct frame *wire, const char *what)
{
	rig_run(&lab->here, MF_IN, wire, &lab->result);
	expect_verdict(&lab->result, MF_PASS_OTHER, PASS_XDP, what);
	expect_frame(&lab->result.out, wire, what);
	if (wire->length < ETH_BYTES + IP6_BYTES)
		return;
	rig_run(&lab->here, MF_IN_TC, wire, &lab->result);
	expect_verdict(&lab->result, NO_VERDICT, UNSPEC_TC, what);
	expect_frame(&lab->result.out, wire, what);
}
