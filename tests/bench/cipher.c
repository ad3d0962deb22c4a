// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sealing and opening one packet costs, by BPF_PROG_TEST_RUN, net of a program that only finds its job.
 *
 *	cipher [--json] [--rounds N] [--repeat N]
 *
 * A repeated run opens what the run before made of the frame, so all but the first refuse; the work is the same,
 * tags are compared last. All rows are measured in turns, round by round, each with programs loaded anew; printed
 * is the median of the rounds.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/packet/cipher_run.h"

enum { ROUNDS = 7, ROUNDS_MOST = 99, REPEAT = 20000 };

struct bench_row {
	const char *name;
	enum cipher_program program;
	__u32 bytes;
	int target; /* nanoseconds; 0: stated only */
};

static const struct bench_row rows[] = {
	{ "seal 64 B, XDP", SEAL_XDP, 64, 550 },     { "seal 256 B, XDP", SEAL_XDP, 256 },
	{ "seal 576 B, XDP", SEAL_XDP, 576 },        { "seal 1400 B, XDP", SEAL_XDP, 1400, 3500 },
	{ "open 64 B, XDP", OPEN_XDP, 64, 550 },     { "open 256 B, XDP", OPEN_XDP, 256 },
	{ "open 576 B, XDP", OPEN_XDP, 576 },        { "open 1400 B, XDP", OPEN_XDP, 1400, 3500 },
	{ "seal 1400 B, tc", SEAL_TC, 1400, 3500 },  { "open 1400 B, tc", OPEN_TC, 1400, 3500 },
	{ "key stream, two blocks", STREAM_XDP, 0 }, { "SipHash-2-4 of 16 B", HASH_XDP, 16, 25 },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

struct bench {
	__u32 rounds, repeat;
	double ns[ROW_COUNT][ROUNDS_MOST];
};

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static double measure(const struct cipher *cipher, enum cipher_program program, __u32 bytes, __u32 repeat)
{
	__u64 seed = 88172645463325252ULL;
	struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.byte, .repeat = repeat);
	double before;

	cipher_frame(&frame, bytes, 0, &seed);
	options.data_size_in = frame.length;
	cipher_draw_bytes(&seed, &cipher->work->job, sizeof(cipher->work->job));
	cipher->work->bytes = bytes;
	before = cpu_ns();
	if (bpf_prog_test_run_opts(cipher->fd[program], &options)) {
		perror("BPF_PROG_TEST_RUN");
		exit(1);
	}
	return (cpu_ns() - before) / repeat;
}

static void round_run(struct bench *bench, __u32 round)
{
	struct cipher cipher;
	double nothing;

	cipher_open(&cipher, FAST);
	nothing = measure(&cipher, NOTHING_XDP, 64, bench->repeat);
	for (int i = 0; i < ROW_COUNT; i++)
		bench->ns[i][round] = measure(&cipher, rows[i].program, rows[i].bytes, bench->repeat) - nothing;
	cipher_close(&cipher);
}

static int by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static void print_text(const struct bench_row *row, const double *ns, __u32 rounds)
{
	printf("%-26s %8.1f ns  (%.1f to %.1f)", row->name, ns[rounds / 2], ns[0], ns[rounds - 1]);
	if (row->bytes > 16)
		printf("  %.2f Gb/s", row->bytes * 8 / ns[rounds / 2]);
	printf(row->target ? "  <= %d\n" : "\n", row->target);
}

static void print_json(const struct bench_row *row, const double *ns, __u32 rounds)
{
	printf(" {\"name\": \"%s\", \"ns\": %.1f, \"least\": %.1f, \"most\": %.1f", row->name, ns[rounds / 2], ns[0],
	       ns[rounds - 1]);
	if (row->target)
		printf(", \"target\": %d", row->target);
	printf(row < rows + ROW_COUNT - 1 ? "},\n" : "}\n");
}

/* One core from here on: caches stay where they are. */
static void stay(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(int argc, char **argv)
{
	static struct bench bench = { .rounds = ROUNDS, .repeat = REPEAT };
	int json = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = 1;
		else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			bench.rounds = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--repeat") && i + 1 < argc)
			bench.repeat = atoi(argv[++i]);
		else
			return fprintf(stderr, "usage: cipher [--json] [--rounds N] [--repeat N]\n"), 2;
	}
	if (!bench.rounds || bench.rounds > ROUNDS_MOST || !bench.repeat)
		return 2;
	stay();
	for (__u32 round = 0; round < bench.rounds; round++)
		round_run(&bench, round);
	if (json)
		printf("{\"rounds\": %u, \"repeat\": %u, \"rows\": [\n", bench.rounds, bench.repeat);
	for (int i = 0; i < ROW_COUNT; i++) {
		qsort(bench.ns[i], bench.rounds, sizeof(double), by_value);
		(json ? print_json : print_text)(&rows[i], bench.ns[i], bench.rounds);
	}
	if (json)
		printf("]}\n");
	return 0;
}
