// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one packet costs each program, by BPF_PROG_TEST_RUN, net of an empty program.
 *
 *	nanoseconds [--json] [--rounds N] [--repeat N]
 *
 * A program that leaves the frame alone runs by itself:       cost = T(program) - T(nothing).
 * One that changes it runs behind `prepare` (prepare.bpf.c):  cost = T(prepare, program) - T(prepare, stand-in) + h,
 * the stand-in moves the frame's start as the program does, h = (T(grow and shrink) - T(nothing)) / 2 is that alone.
 * All rows are measured in turns, round by round; printed is the median of the rounds.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/prepare.skel.h"
#include "tests/bench/crowd.h"
#include "tests/packet/carried.h"
#include "tests/packet/rig_look.h"

enum { ROUNDS = 7, ROUNDS_MOST = 99, ROWS_MOST = 32, REPEAT = 1000000, SMALL = 15000, LARGE = 100000 };

enum bench_kind {
	BESIDE,     /* leaves the frame alone */
	OUT,        /* grows it by an encap header */
	IN,         /* shrinks it */
	DROP_RANDOM, /* leaves it alone, but it is to be another one each time */
};

struct bench_row {
	const char *name;
	enum bench_kind kind;
	int target;      /* nanoseconds; 0: stated only */
	__u32 crowd;     /* associations; 0: the few of the packet tests */
	void (*build)(struct rig *here, struct rig *there, struct frame *frame);
	__u32 bytes;     /* of the inner packet, from the IP header on; BESIDE: 1 if the frame goes on to the stack */
};

struct bench {
	struct rig here, there;
	struct prepare_bpf *skel;
	struct crowd small, large;
	__u32 repeat, rounds;
	double empty, moved; /* of this round: nothing at all, moving the start of a frame */
	double ns[ROWS_MOST][ROUNDS_MOST];
	double all_empty[ROUNDS_MOST];
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* Time a run of `program`; `action` is what it must end in, or nobody knows what has been measured. */
static double measure(const struct bench *bench, int fd, const struct frame *frame, __u32 action)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->byte, .data_size_in = frame->length,
		    .repeat = bench->repeat);
	double before = cpu_ns();

	if (bpf_prog_test_run_opts(fd, &options))
		give_up("BPF_PROG_TEST_RUN");
	if (options.retval != action) {
		fprintf(stderr, "nanoseconds: the program ended in %u, not in %u\n", options.retval, action);
		exit(1);
	}
	return (cpu_ns() - before) / bench->repeat;
}

static double measure_behind(const struct bench *bench, const struct bpf_program *tested, const struct frame *frame,
			     __u32 action)
{
	int fd = bpf_program__fd(tested);
	__u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(bench->skel->maps.tested), &zero, &fd, BPF_ANY))
		give_up("prog array");
	return measure(bench, bpf_program__fd(bench->skel->progs.prepare), frame, action);
}

static void prepare_set(const struct bench *bench, const struct bench_row *row, const struct frame *frame)
{
	struct crowd_setting setting = { .length = frame->length, .crowd = row->crowd };
	__u32 zero = 0;

	setting.destination = row->kind == DROP_RANDOM ? CROWD_DEAD : CROWD_LOCAL;
	setting.source = row->kind == DROP_RANDOM ? 0 : CROWD_REMOTE;
	memcpy(setting.head, frame->byte, sizeof(setting.head));
	if (bpf_map_update_elem(bpf_map__fd(bench->skel->maps.setting), &zero, &setting, BPF_ANY))
		give_up("setting");
}

static const struct mayfly *programs_of(const struct bench *bench, const struct bench_row *row)
{
	return row->crowd == LARGE ? bench->large.skel : row->crowd ? bench->small.skel : bench->here.skel;
}

static double measure_row(struct bench *bench, const struct bench_row *row, const struct frame *frame)
{
	const struct mayfly *skel = programs_of(bench, row);
	const struct bpf_program *tested = row->kind == OUT ? skel->progs.mf_out : skel->progs.mf_in;
	const struct bpf_program *stand_in = row->kind == OUT ? bench->skel->progs.grow :
					     row->kind == IN ? bench->skel->progs.shrink : bench->skel->progs.nothing;
	__u32 action = row->kind == OUT ? REDIRECT_XDP : row->kind == IN ? PASS_XDP : DROP_XDP;
	double with;

	rig_clock_set(&bench->here);
	if (row->kind == BESIDE)
		return measure(bench, bpf_program__fd(tested), frame, row->bytes ? PASS_XDP : DROP_XDP) - bench->empty;
	prepare_set(bench, row, frame);
	with = measure_behind(bench, tested, frame, action);
	with -= measure_behind(bench, stand_in, frame, DROP_XDP);
	return row->kind == DROP_RANDOM ? with : with + bench->moved;
}

static void inner_of(enum side from, __u32 bytes, struct frame *frame)
{
	struct packet packet = { .source = rig_inner(HOST, from), .destination = rig_inner(HOST, !from),
				 .protocol = UDP, .source_port = 1000, .destination_port = 2000 };

	packet.payload = bytes - IP6_BYTES - 8;
	frame_packet(frame, &packet);
}

static __u32 size_of(const struct frame *frame)
{
	return frame->length; /* build functions find the wanted size here */
}

static void build_out(struct rig *here, struct rig *there, struct frame *frame)
{
	(void)here, (void)there;
	inner_of(HERE, size_of(frame), frame);
}

/* No checksum inside: every byte has to be summed. */
static void build_out_summed(struct rig *here, struct rig *there, struct frame *frame)
{
	struct packet packet = { .source = rig_inner(HOST, HERE), .destination = rig_inner(HOST, THERE), .protocol = UDP,
				 .payload = size_of(frame) - IP6_BYTES - 8, .no_checksum = 1 };

	(void)here, (void)there;
	frame_packet(frame, &packet);
}

static void build_in(struct rig *here, struct rig *there, struct frame *frame)
{
	struct frame inner;

	(void)here;
	inner_of(THERE, size_of(frame), &inner);
	carried_encap(frame, rig_slot(there, HOST, 0), &inner, WITHOUT_ADDRESSES);
}

/* Of one client of an introduction, whose address is live for all of them. */
static void build_in_client(struct rig *here, struct rig *there, struct frame *frame)
{
	struct packet packet = { .source = rig_inner(CLIENT, THERE), .destination = rig_inner(CLIENT, HERE),
				 .protocol = UDP, .source_port = 1000, .destination_port = 2000,
				 .payload = size_of(frame) - IP6_BYTES - 8 };
	struct frame inner;

	(void)here;
	frame_packet(&inner, &packet);
	carried_encap(frame, rig_slot(there, CLIENT, 0), &inner, WITHOUT_ADDRESSES);
}

/* Of any association; prepare writes the identifiers. */
static void build_crowd(struct rig *here, struct rig *there, struct frame *frame)
{
	build_in(here, there, frame);
	crowd_ports_put(frame);
}

static void build_dead(struct rig *here, struct rig *there, struct frame *frame)
{
	frame->length = 64;
	build_in(here, there, frame);
	memset(frame->byte + AT_DESTINATION + 8, 0xee, 8);
}

static void build_wrong_source(struct rig *here, struct rig *there, struct frame *frame)
{
	frame->length = 64;
	build_in(here, there, frame);
	frame->byte[AT_SOURCE + 15] ^= 1;
}

static void build_wrong_client(struct rig *here, struct rig *there, struct frame *frame)
{
	frame->length = 64;
	build_in_client(here, there, frame);
	frame->byte[AT_SOURCE + 15] ^= 1;
}

/* Right ends and ports, sealed by the peer but for one bit of the tag: all of it is looked at. */
static void build_forged(struct rig *here, struct rig *there, struct frame *frame)
{
	struct packet packet = { .source = rig_inner(SEALED, THERE), .destination = rig_inner(SEALED, HERE),
				 .protocol = UDP, .payload = size_of(frame) - IP6_BYTES - 8 };
	struct mf_seal_key key = there->seal[SEALED].out;
	struct frame inner;

	(void)here;
	frame_packet(&inner, &packet);
	carried_encap(frame, rig_slot(there, SEALED, 0), &inner, WITHOUT_ADDRESSES);
	key.key[0] ^= 1; /* the mask stays right, and with it the counter */
	carried_seal(frame, &key, 5, rig_index(there, SEALED));
}

static void build_forged_small(struct rig *here, struct rig *there, struct frame *frame)
{
	frame->length = 64;
	build_forged(here, there, frame);
}

static void build_forged_large(struct rig *here, struct rig *there, struct frame *frame)
{
	frame->length = 1400;
	build_forged(here, there, frame);
}

/* The same from who has no key at all. */
static void build_noise(struct rig *here, struct rig *there, struct frame *frame)
{
	frame->length = 1400;
	build_forged(here, there, frame);
	memset(frame->byte + AT_COUNTER, 0xa5, frame->length - AT_COUNTER);
}

static void build_other(struct rig *here, struct rig *there, struct frame *frame)
{
	struct packet packet = { .source = rig_address("2001:db8:77::1"), .destination = rig_address("2001:db8:78::1"),
				 .protocol = TCP, .payload = 10 };

	(void)here, (void)there;
	frame_packet(frame, &packet);
}

static void build_solicitation(struct rig *here, struct rig *there, struct frame *frame)
{
	struct solicitation ask = { .source = rig_address("fe80::1"), .destination = rig_address("ff02::1:ffad:beef"),
				    .target = rig_address("2001:db8:a::dead:beef"), .hop_limit = 255, .option = 1 };

	(void)there;
	here->node.flags |= MF_NODE_ON_LINK;
	rig_node_write(here);
	frame_solicitation(frame, &ask);
}

static const struct bench_row rows[] = {
	{ "out, encap between two hosts, 64 B", OUT, 60, 0, build_out, 64 },
	{ "out, encap between two hosts, 576 B", OUT, 60, 0, build_out, 576 },
	{ "out, encap between two hosts, 1400 B", OUT, 60, 0, build_out, 1400 },
	{ "out, 1400 B without a checksum inside, summed", OUT, 0, 0, build_out_summed, 1400 },
	{ "in, encap, hot, 64 B", IN, 50, 0, build_in, 64 },
	{ "in, encap, hot, 1400 B", IN, 50, 0, build_in, 1400 },
	{ "in, encap, hot, 64 B, from a client of an introduction", IN, 0, 0, build_in_client, 64 },
	{ "in, encap, cold, among 15,000 associations", IN, 0, SMALL, build_crowd, 64 },
	{ "in, encap, cold, among 100,000 associations", IN, 0, LARGE, build_crowd, 64 },
	{ "stranger refused, dead address", BESIDE, 40, 0, build_dead },
	{ "stranger refused, live address, wrong source", BESIDE, 40, 0, build_wrong_source },
	{ "stranger refused, an introduction's address, no client's source", BESIDE, 0, 0, build_wrong_client },
	{ "stranger refused, sealed: right ends and ports, noise of 1400 B", BESIDE, 0, 0, build_noise },
	{ "stranger refused, sealed: right counter, wrong tag, 64 B", BESIDE, 0, 0, build_forged_small },
	{ "stranger refused, sealed: right counter, wrong tag, 1400 B", BESIDE, 0, 0, build_forged_large },
	{ "stranger refused, random dead address, 15,000 associations", DROP_RANDOM, 0, SMALL, build_dead, 64 },
	{ "stranger refused, random dead address, 100,000 associations", DROP_RANDOM, 0, LARGE, build_dead, 64 },
	{ "neighbour solicitation for a dead address", BESIDE, 25, 0, build_solicitation, 1 },
	{ "other traffic of the host, left alone", BESIDE, 0, 0, build_other, 1 },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };
_Static_assert((int)ROW_COUNT <= (int)ROWS_MOST, "rows");

/*
 * Where the kernel happens to put a program's code moves its time by several nanoseconds: each round
 * loads them anew, and the median is one over places too. The crowds stay, they are large.
 */
static void round_open(struct bench *bench)
{
	struct frame frame;
	struct result result;

	rig_open(&bench->here, HERE);
	rig_open(&bench->there, THERE);
	bench->skel = prepare_bpf__open_and_load();
	if (!bench->skel)
		give_up("prepare.bpf.c");
	frame_ethernet(&frame, mac_inside, mac_device, 0x9000);
	frame_put(&frame, NULL, 50);
	rig_run(&bench->here, MF_ARM, &frame, &result); /* the timer keeps the programs' inline clock */
}

static void round_close(struct bench *bench)
{
	prepare_bpf__destroy(bench->skel);
	rig_close(&bench->here);
	rig_close(&bench->there);
}

static void round_run(struct bench *bench, __u32 round)
{
	struct frame frame = { .length = 64 };

	build_other(&bench->here, &bench->there, &frame);
	bench->empty = measure(bench, bpf_program__fd(bench->skel->progs.nothing), &frame, DROP_XDP);
	bench->moved = measure(bench, bpf_program__fd(bench->skel->progs.grow_and_shrink), &frame, DROP_XDP);
	bench->moved = (bench->moved - bench->empty) / 2;
	bench->all_empty[round] = bench->empty;
	for (int i = 0; i < ROW_COUNT; i++) {
		rig_reset(&bench->here);
		bench->here.clock->tick_ns = rig_tick_ns();
		frame.length = rows[i].bytes;
		rows[i].build(&bench->here, &bench->there, &frame);
		bench->ns[i][round] = measure_row(bench, &rows[i], &frame);
	}
}

static int by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static void print_text(const struct bench *bench)
{
	for (int i = 0; i < ROW_COUNT; i++) {
		printf("%-62s %6.1f ns", rows[i].name, bench->ns[i][bench->rounds / 2]);
		printf("  (%.1f to %.1f)", bench->ns[i][0], bench->ns[i][bench->rounds - 1]);
		printf(rows[i].target ? "  <= %d\n" : "\n", rows[i].target);
	}
	printf("%-62s %6.1f ns\n", "empty program, in everything above already taken off",
	       bench->all_empty[bench->rounds / 2]);
}

static void print_json(const struct bench *bench)
{
	printf("{\"rounds\": %u, \"repeat\": %u, \"empty_ns\": %.1f, \"rows\": [\n", bench->rounds, bench->repeat,
	       bench->all_empty[bench->rounds / 2]);
	for (int i = 0; i < ROW_COUNT; i++) {
		printf(" {\"name\": \"%s\", \"ns\": %.1f, \"least\": %.1f, \"most\": %.1f", rows[i].name,
		       bench->ns[i][bench->rounds / 2], bench->ns[i][0], bench->ns[i][bench->rounds - 1]);
		if (rows[i].target)
			printf(", \"target\": %d", rows[i].target);
		printf("}%s\n", i + 1 < ROW_COUNT ? "," : "");
	}
	printf("]}\n");
}

/* One core from here on: per-CPU maps and caches stay where they are. */
static void stay(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void bench_open(struct bench *bench)
{
	stay();
	rig_world();
	round_open(bench);
	crowd_open(&bench->small, &bench->here, SMALL);
	crowd_open(&bench->large, &bench->here, LARGE);
	round_close(bench);
}

static void bench_run(struct bench *bench)
{
	for (__u32 round = 0; round < bench->rounds; round++) {
		round_open(bench);
		round_run(bench, round);
		round_close(bench);
	}
	for (int i = 0; i < ROW_COUNT; i++)
		qsort(bench->ns[i], bench->rounds, sizeof(double), by_value);
	qsort(bench->all_empty, bench->rounds, sizeof(double), by_value);
}

int main(int argc, char **argv)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int json = 0;

	bench->rounds = ROUNDS;
	bench->repeat = REPEAT;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = 1;
		else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			bench->rounds = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--repeat") && i + 1 < argc)
			bench->repeat = atoi(argv[++i]);
		else
			return fprintf(stderr, "usage: nanoseconds [--json] [--rounds N] [--repeat N]\n"), 2;
	}
	if (!bench->rounds || bench->rounds > ROUNDS_MOST || !bench->repeat)
		return 2;
	bench_open(bench);
	bench_run(bench);
	if (json)
		print_json(bench);
	else
		print_text(bench);
	return 0;
}
