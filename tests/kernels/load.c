// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the programs into this kernel and prints, one a line: name, bytes as BPF and as machine
 * code, instructions the verifier went through, its time in ms; then the most of one and the time of all.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpf/abi.h"
#include "loader/cipher.h"
#include "mayfly.skel.h"

enum { CAPACITY = 64, RING_SLOTS = 64 * 48, LOG_STATISTICS = 4, LOG_BYTES = 1 << 16, PROGRAMS_MAX = 32 };

struct statistics {
	double ms;
	unsigned int processed;
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Maps whose size depends on the capacity stand with one entry in the object. */
static int size_maps(struct bpf_object *object)
{
	const struct {
		const char *name;
		unsigned int entries;
	} sized[] = {
		{ "mf_assoc", CAPACITY }, { "mf_seed", CAPACITY }, { "mf_state", CAPACITY },
		{ "mf_traffic", CAPACITY }, { "mf_slots", RING_SLOTS }, { "mf_live", 2 * mf_live_half(CAPACITY) },
		{ "mf_remote", 8 * CAPACITY }, { "mf_local", 8 }, { "mf_pair", 8 * CAPACITY },
	};

	for (unsigned int i = 0; i < sizeof(sized) / sizeof(*sized); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, sized[i].name);

		if (!map || bpf_map__set_max_entries(map, sized[i].entries)) {
			fprintf(stderr, "load: map %s: %s\n", sized[i].name, strerror(errno));
			return -EINVAL;
		}
	}
	return 0;
}

/* The verifier's last words: "verification time N usec", "processed N insns". */
static struct statistics statistics_of(const char *log)
{
	struct statistics statistics = { 0 };
	const char *at = strstr(log, "verification time ");

	if (at)
		statistics.ms = strtod(at + strlen("verification time "), NULL) / 1e3;
	at = strstr(log, "processed ");
	if (at)
		statistics.processed = strtoul(at + strlen("processed "), NULL, 10);
	return statistics;
}

static int print_program(struct bpf_program *program, struct statistics statistics)
{
	struct bpf_prog_info info = { 0 };
	__u32 bytes = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &bytes))
		return -errno;
	printf("%s\t%u\t%u\t%u\t%.1f\n", bpf_program__name(program), info.xlated_prog_len, info.jited_prog_len,
	       statistics.processed, statistics.ms);
	return 0;
}

static int load_and_print(struct bpf_object *object, char *logs)
{
	struct bpf_program *program;
	unsigned int n = 0, most = 0;
	double began;
	int error;

	bpf_object__for_each_program(program, object) {
		if (n == PROGRAMS_MAX)
			return -E2BIG;
		bpf_program__set_log_level(program, LOG_STATISTICS);
		bpf_program__set_log_buf(program, logs + n++ * LOG_BYTES, LOG_BYTES);
	}
	began = now_ms();
	error = bpf_object__load(object);
	if (error) {
		for (unsigned int i = 0; i < n; i++)
			fputs(logs + i * LOG_BYTES, stderr);
		return error;
	}
	began = now_ms() - began;
	n = 0;
	bpf_object__for_each_program(program, object) {
		struct statistics statistics = statistics_of(logs + n++ * LOG_BYTES);

		most = statistics.processed > most ? statistics.processed : most;
		error = print_program(program, statistics);
		if (error)
			return error;
	}
	printf("all\t%u\t%.1f\n", most, began);
	return 0;
}

int main(void)
{
	char *logs = calloc(PROGRAMS_MAX, LOG_BYTES);
	struct mayfly *skeleton = mayfly__open();
	int error;

	if (!skeleton || !logs) {
		fprintf(stderr, "load: cannot open the object: %s\n", strerror(errno));
		return 1;
	}
	skeleton->rodata->mf_half = mf_live_half(CAPACITY);
	skeleton->rodata->mf_multiplies = mf_cipher_multiplies();
	error = size_maps(skeleton->obj);
	if (!error)
		error = load_and_print(skeleton->obj, logs);
	if (error)
		fprintf(stderr, "load: %s\n", strerror(-error));
	mayfly__destroy(skeleton);
	free(logs);
	return !!error;
}
