// SPDX-License-Identifier: GPL-2.0-only
/*
 * One frame through one program by BPF_PROG_TEST_RUN, at a time that stands still, and what it counted.
 */
#include <bpf/bpf.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/verdict.h"
#include "mayfly.skel.h"
#include "tests/packet/rig.h"
#include "tests/packet/rig_look.h"

#ifndef BPF_F_TEST_SKB_CHECKSUM_COMPLETE
#define BPF_F_TEST_SKB_CHECKSUM_COMPLETE (1U << 2)
#endif

/* Newer kernels do not run tc programs on a frame with less than an IP header; in life the stack pads such frames. */
enum { SHORTEST_SKB = ETH_BYTES + IP6_BYTES };

static __u64 coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

void rig_clock_set(struct rig *rig)
{
	rig->clock->offset_ns = (__s64)(rig->now_ms * 1000000 - coarse_ns());
}

__u64 rig_clock_get(const struct rig *rig)
{
	return (coarse_ns() + rig->clock->offset_ns) / 1000000;
}

__u32 rig_tick_ns(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_nsec;
}

static int program_fd(const struct rig *rig, enum program program)
{
	const struct bpf_program *programs[PROGRAMS] = {
		[MF_OUT] = rig->skel->progs.mf_out, [MF_CUT_TC] = rig->skel->progs.mf_cut_tc,
		[MF_OUT_TC] = rig->skel->progs.mf_out_tc,
		[MF_IN] = rig->skel->progs.mf_in, [MF_IN_TC] = rig->skel->progs.mf_in_tc,
		[MF_GUARD] = rig->skel->progs.mf_guard, [MF_ARM] = rig->skel->progs.mf_arm,
	};

	return bpf_program__fd(programs[program]);
}

static int is_xdp(enum program program)
{
	return program == MF_OUT || program == MF_IN;
}

static void counters_read(struct rig *rig, __u64 *counters)
{
	int cpus = libbpf_num_possible_cpus(), fd = bpf_map__fd(rig->skel->maps.mf_verdict);
	__u64 *each = calloc(MF_VERDICT_ROOM * cpus, sizeof(*each));
	__u32 keys[MF_VERDICT_ROOM], next, count = MF_VERDICT_ROOM;

	if (bpf_map_lookup_batch(fd, NULL, &next, keys, each, &count, NULL) && errno != ENOENT)
		fail_msg("mf_verdict: %s", strerror(errno));
	memset(counters, 0, MF_VERDICT_ROOM * sizeof(*counters));
	for (__u32 i = 0; i < count; i++)
		for (int cpu = 0; cpu < cpus; cpu++)
			counters[keys[i]] += each[i * cpus + cpu];
	free(each);
}

/* At most one verdict ends a packet; packet-too-big is counted next to the drop. */
static int verdict_of(const __u32 *counted)
{
	int verdict = NO_VERDICT, total = 0;

	for (int i = 0; i < MF_VERDICTS; i++) {
		total += counted[i];
		if (counted[i])
			verdict = i;
	}
	if (total == 2 && counted[MF_TOO_BIG_SENT] == 1 && counted[MF_DROP_TOO_BIG] == 1)
		return MF_TOO_BIG_SENT;
	if (total > 1)
		fail_msg("one packet counted %d verdicts, last %s", total, verdict_name(verdict));
	return verdict;
}

static void run(struct rig *rig, enum program program, const struct frame *frame, const struct meeting *meeting,
		struct result *result)
{
	struct __sk_buff context = { .gso_size = meeting->gso_size, .gso_segs = meeting->gso_segs,
				     .ifindex = meeting->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->byte, .data_size_in = frame->length,
		    .data_out = result->out.byte, .data_size_out = sizeof(result->out.byte), .repeat = 1);
	__u64 before;
	int rc;

	if (!is_xdp(program)) {
		options.ctx_in = &context;
		options.ctx_size_in = sizeof(context);
	}
	if (meeting->checksum_complete)
		options.flags = BPF_F_TEST_SKB_CHECKSUM_COMPLETE;
	before = coarse_ns();
	rig->clock->offset_ns = (__s64)(rig->now_ms * 1000000 - before);
	rc = bpf_prog_test_run_opts(program_fd(rig, program), &options);
	rig->ticked = coarse_ns() != before;
	if (rc == -EINVAL && !is_xdp(program) && frame->length < SHORTEST_SKB) {
		result->action = SHOT_TC;
		result->out.length = 0;
		return;
	}
	if (rc)
		fail_msg("BPF_PROG_TEST_RUN of %u bytes: %s", frame->length, strerror(-rc));
	result->action = (int)options.retval;
	result->out.length = options.data_size_out;
}

void rig_run_as(struct rig *rig, enum program program, const struct frame *frame, const struct meeting *meeting,
		struct result *result)
{
	__u64 counters[MF_VERDICT_ROOM];

	run(rig, program, frame, meeting, result);
	counters_read(rig, counters);
	for (int i = 0; i < MF_VERDICTS; i++)
		result->counted[i] = counters[i] - rig->counters[i];
	memcpy(rig->counters, counters, sizeof(counters));
	result->verdict = verdict_of(result->counted);
}

int rig_sums_checked(struct rig *rig)
{
	struct frame frame = { .length = 64 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.byte, .data_size_in = frame.length, .repeat = 1,
		    .flags = BPF_F_TEST_SKB_CHECKSUM_COMPLETE);

	return bpf_prog_test_run_opts(program_fd(rig, MF_GUARD), &options) == 0;
}

void rig_run(struct rig *rig, enum program program, const struct frame *frame, struct result *result)
{
	struct meeting plain = {};

	rig_run_as(rig, program, frame, &plain, result);
}

void rig_send(struct rig *rig, const struct frame *frame, struct result *result)
{
	rig_run(rig, MF_OUT_TC, frame, result);
	if (result->action != REDIRECT_TC || result->verdict != NO_VERDICT)
		return;
	rig_run(rig, MF_OUT, frame, result);
	if (result->action == PASS_XDP)
		rig_run(rig, MF_CUT_TC, frame, result);
}

void rig_receive(struct rig *rig, const struct frame *frame, struct result *result)
{
	__u32 counted[MF_VERDICTS];
	struct frame passed;

	rig_run(rig, MF_IN, frame, result);
	if (result->action != PASS_XDP)
		return;
	memcpy(counted, result->counted, sizeof(counted));
	passed = result->out;
	rig_run(rig, MF_IN_TC, &passed, result);
	for (int i = 0; i < MF_VERDICTS; i++)
		result->counted[i] += counted[i];
	result->verdict = verdict_of(result->counted);
}
