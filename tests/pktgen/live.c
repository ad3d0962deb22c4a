// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends hand-made frames out at a device, fast, where the kernel has no pktgen or pktgen cannot make them: XDP frames of
 * BPF_PROG_TEST_RUN (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18), redirected to the device.
 *
 *	live DEVICE FRAMES BYTES SECONDS [RATE [CPU...]]
 *
 * FRAMES: a file of frames of BYTES each, one behind the other, sent in turns. RATE: frames a second of all threads
 * together; 0: as many as go. One thread on each CPU (default: 0). Prints frames sent and how long it took, in seconds.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pktgen/live.skel.h"
#include "tests/pktgen/live.h"

enum {
	THREADS_MOST = 64,
	AT_ONCE = 64,             /* frames between two turns of the softirq; a veth has room for 256 */
	TURN_NS = 1000000,        /* a paced thread sends what is due so often: each time costs the kernel a pool of pages */
	UNPACED = AT_ONCE * 128, /* frames a system call */
};

struct thread {
	pthread_t id;
	int cpu, fd, error;
	const void *frame;
	unsigned int bytes;
	double rate, seconds;
	unsigned long long sent;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static int send_frames(struct thread *thread, unsigned int count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = thread->frame, .data_size_in = thread->bytes, .repeat = count,
		    .batch_size = AT_ONCE, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	int error = bpf_prog_test_run_opts(thread->fd, &options);

	if (!error)
		thread->sent += count;
	return error;
}

/* How many should have been sent by now, so many more. */
static unsigned int due(const struct thread *thread, double elapsed)
{
	double missing = elapsed * thread->rate - thread->sent;

	return missing < 1 ? 0 : missing > UNPACED ? UNPACED : (unsigned int)missing;
}

static int play(struct thread *thread)
{
	const struct timespec pause = { .tv_nsec = TURN_NS };
	double began = now(), elapsed;
	int error = 0;

	while (!error && (elapsed = now() - began) < thread->seconds) {
		unsigned int count = thread->rate > 0 ? due(thread, elapsed) : UNPACED;

		if (count)
			error = send_frames(thread, count);
		if (thread->rate > 0)
			nanosleep(&pause, NULL);
	}
	return error;
}

static void *thread_run(void *argument)
{
	struct thread *thread = argument;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(thread->cpu, &cpus);
	thread->error = sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : play(thread);
	return NULL;
}

/* Frames of the file into the program's table; how many, or -1. */
static int table_fill(struct live *skeleton, FILE *file, unsigned int bytes, struct live_frame *first)
{
	struct live_frame frame = { 0 };
	__u32 count = 0;

	while (count < LIVE_FRAMES && fread(frame.byte, bytes, 1, file) == 1) {
		if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.live_table), &count, &frame, BPF_ANY))
			return -1;
		if (!count++)
			*first = frame;
	}
	return count;
}

/* The program loaded, for frames of so many bytes; NULL: said why. */
static struct live *program_load(const char *device, const char *name, unsigned int bytes, struct live_frame *first)
{
	FILE *file = fopen(name, "r");
	struct live *skeleton = live__open();
	long size = 0;

	if (file && !fseek(file, 0, SEEK_END)) {
		size = ftell(file);
		rewind(file);
	}
	if (!skeleton || !file || !if_nametoindex(device) || size < (long)bytes) {
		fprintf(stderr, "live: no device %s, or no frame in %s\n", device, name);
		return NULL;
	}
	skeleton->rodata->device = if_nametoindex(device);
	skeleton->rodata->length = bytes;
	skeleton->rodata->frames = size / bytes < LIVE_FRAMES ? size / bytes : LIVE_FRAMES;
	if (live__load(skeleton) || table_fill(skeleton, file, bytes, first) != (int)skeleton->rodata->frames) {
		fprintf(stderr, "live: %s\n", strerror(errno));
		return NULL;
	}
	fclose(file);
	return skeleton;
}

/* All threads, until the last has ended. 0, or the first error. */
static int threads_run(struct thread *threads, int count, unsigned long long *sent)
{
	int error = 0;

	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i].id, NULL, thread_run, &threads[i]))
			return -EAGAIN;
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i].id, NULL);
		error = error ? error : threads[i].error;
		*sent += threads[i].sent;
	}
	return error;
}

int main(int argc, char **argv)
{
	struct thread threads[THREADS_MOST] = { 0 };
	unsigned int bytes = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	unsigned long long sent = 0;
	int count = argc > 6 ? argc - 6 : 1, error;
	struct live_frame first;
	struct live *skeleton;
	double began;

	if (argc < 5 || bytes < 14 || bytes > LIVE_MOST || count > THREADS_MOST)
		return fprintf(stderr, "usage: live DEVICE FRAMES BYTES SECONDS [RATE [CPU...]]\n"), 2;
	skeleton = program_load(argv[1], argv[2], bytes, &first);
	if (!skeleton)
		return 1;
	for (int i = 0; i < count; i++)
		threads[i] = (struct thread){ .cpu = argc > 6 ? atoi(argv[6 + i]) : 0, .frame = first.byte, .bytes = bytes,
					      .fd = bpf_program__fd(skeleton->progs.live_play),
					      .rate = argc > 5 ? atof(argv[5]) / count : 0, .seconds = atof(argv[4]) };
	began = now();
	error = threads_run(threads, count, &sent);
	printf("%llu %.6f\n", sent, now() - began);
	if (error)
		fprintf(stderr, "live: %s\n", strerror(-error));
	live__destroy(skeleton);
	return !!error;
}
