// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sealing and opening one packet costs, in assembly of both kinds and in plain C, by BPF_PROG_TEST_RUN, net of a program
 * that only finds its job.
 *
 *	cipher [--json] [--rounds N]
 *
 * A repeated run opens what the run before made of the frame, so all but the first refuse; the work is the same,
 * tags are compared last. A figure of a round is the median of many short runs, timed by the kernel, that few
 * others interrupt. All rows are measured in turns, round by round, each with programs loaded anew; printed is the
 * median of the rounds.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/cipher.h"
#include "tests/packet/cipher_run.h"

enum { ROUNDS = 7, ROUNDS_MOST = 99, RUNS = 41, RUN_BYTES = 400000 /* through the cipher, about a millisecond */ };

struct bench_row {
	const char *name;
	enum cipher_program program;
	__u32 bytes;
	int target[2]; /* of the assembly that the loader takes here, and of plain C, ns; 0: stated only */
};

static const char *const version_names[CIPHER_VERSIONS] = {
	[SHIFTS] = "shifts", [MULTIPLIES] = "multiplies", [PLAIN_C] = "plain C",
};

static const struct bench_row rows[] = {
	{ "seal 64 B, XDP", SEAL_XDP, 64, { 550, 550 } },
	{ "seal 256 B, XDP", SEAL_XDP, 256 },
	{ "seal 576 B, XDP", SEAL_XDP, 576 },
	{ "seal 1400 B, XDP", SEAL_XDP, 1400, { 3500, 4667 } },
	{ "open 64 B, XDP", OPEN_XDP, 64, { 550, 550 } },
	{ "open 256 B, XDP", OPEN_XDP, 256 },
	{ "open 576 B, XDP", OPEN_XDP, 576 },
	{ "open 1400 B, XDP", OPEN_XDP, 1400, { 3500, 4667 } },
	{ "seal 1400 B, tc", SEAL_TC, 1400, { 3500, 4667 } },
	{ "open 1400 B, tc", OPEN_TC, 1400, { 3500, 4667 } },
	{ "key stream, two blocks", STREAM_XDP, 0 },
	{ "SipHash-2-4 of 16 B", HASH_XDP, 16, { 25, 25 } },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

struct bench {
	__u32 rounds;
	double ns[ROW_COUNT][CIPHER_VERSIONS][ROUNDS_MOST];
};

/* 0: there is none. */
static int target_of(const struct bench_row *row, enum cipher_version version)
{
	if (version == PLAIN_C)
		return row->target[1];
	return version == (mf_cipher_multiplies() ? MULTIPLIES : SHIFTS) ? row->target[0] : 0;
}

static int by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static double median(double *values, __u32 count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

static double measure(const struct cipher *cipher, enum cipher_program program, __u32 bytes)
{
	__u64 seed = 88172645463325252ULL;
	struct frame frame;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.byte, .repeat = RUN_BYTES / (bytes + 128));
	double ns[RUNS];

	cipher_frame(&frame, bytes, 0, &seed);
	options.data_size_in = frame.length;
	cipher_draw_bytes(&seed, &cipher->work->job, sizeof(cipher->work->job));
	cipher->work->bytes = bytes;
	for (int i = 0; i < RUNS; i++) {
		if (bpf_prog_test_run_opts(cipher->fd[program], &options)) {
			perror("BPF_PROG_TEST_RUN");
			exit(1);
		}
		ns[i] = options.duration;
	}
	return median(ns, RUNS);
}

static void round_run(struct bench *bench, __u32 round)
{
	struct cipher cipher[CIPHER_VERSIONS];
	double nothing;

	for (int version = 0; version < CIPHER_VERSIONS; version++)
		cipher_open(&cipher[version], version);
	nothing = measure(&cipher[SHIFTS], NOTHING_XDP, 64);
	for (int i = 0; i < ROW_COUNT; i++)
		for (int version = 0; version < CIPHER_VERSIONS; version++)
			bench->ns[i][version][round] =
				measure(&cipher[version], rows[i].program, rows[i].bytes) - nothing;
	for (int version = 0; version < CIPHER_VERSIONS; version++)
		cipher_close(&cipher[version]);
}

static void print_text(const struct bench_row *row, int version, const double *ns, __u32 rounds)
{
	printf("%-24s %-10s %7.0f ns  (%.0f to %.0f)", row->name, version_names[version], ns[rounds / 2], ns[0],
	       ns[rounds - 1]);
	if (row->bytes > 16)
		printf("  %.2f Gb/s", row->bytes * 8 / ns[rounds / 2]);
	if (target_of(row, version))
		printf("  <= %d", target_of(row, version));
	printf("\n");
}

static void print_json(const struct bench_row *row, int version, const double *ns, __u32 rounds)
{
	printf("%s {\"name\": \"%s, %s\", \"ns\": %.1f, \"least\": %.1f, \"most\": %.1f",
	       row == rows && version == SHIFTS ? "" : ",\n", row->name, version_names[version], ns[rounds / 2], ns[0],
	       ns[rounds - 1]);
	if (target_of(row, version))
		printf(", \"target\": %d", target_of(row, version));
	printf("}");
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
	static struct bench bench = { .rounds = ROUNDS };
	int json = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = 1;
		else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			bench.rounds = atoi(argv[++i]);
		else
			return fprintf(stderr, "usage: cipher [--json] [--rounds N]\n"), 2;
	}
	if (!bench.rounds || bench.rounds > ROUNDS_MOST)
		return 2;
	stay();
	for (__u32 round = 0; round < bench.rounds; round++)
		round_run(&bench, round);
	if (json)
		printf("{\"rounds\": %u, \"rows\": [\n", bench.rounds);
	for (int i = 0; i < ROW_COUNT; i++)
		for (int version = 0; version < CIPHER_VERSIONS; version++) {
			median(bench.ns[i][version], bench.rounds);
			(json ? print_json : print_text)(&rows[i], version, bench.ns[i][version], bench.rounds);
		}
	if (json)
		printf("\n]}\n");
	return 0;
}
