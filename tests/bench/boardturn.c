// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the page costs the loop that keeps sessions: boardturn COUNT [TURNS]. So many sessions stand, and each has something new
 * to show whenever it is looked at; prints the CPU time of a turn (every BOARD_TURN_MS), of a session that changes, and of a
 * look at an association. The loader's answers are not among it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/board_fill.h"

static double cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void no_status(void *context, struct rendezvous_status *status)
{
	(void)context;
	(void)status;
}

static void stand(struct sessions *sessions, struct session *engines, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];

	peer->used = true;
	peer->session = &engines[number];
	snprintf(peer->name, sizeof(peer->name), "c%u", number);
	memcpy(peer->public_key, &number, sizeof(number));
	peer->session->state = SESSION_UP;
	peer->session->present.association.letter = 'a';
	peer->session->stands_ms = 1000;
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	__u32 count = argc > 1 ? (__u32)atoi(argv[1]) : 15000, turns = argc > 2 ? (__u32)atoi(argv[2]) : 200;
	struct sessions sessions = { .peers = count, .peer = calloc(count, sizeof(*sessions.peer)) };
	struct session *engines = calloc(count, sizeof(*engines));
	const struct board_settings settings = { .sessions = &sessions, .status = no_status };
	struct mf_assoc_status status = { .generation = 1, .config.shares = 1 };
	double *took = calloc(turns, sizeof(*took)), began;
	static struct board_fill fill;
	struct board *board;

	if (!sessions.peer || !engines || !took || !turns || board_open(&board) < 0)
		return 1;
	board_fill_open(&fill, board, &settings);
	began = cpu_us();
	for (__u32 i = 0; i < count; i++) {
		stand(&sessions, engines, i);
		board_fill_peer(&fill, i);
	}
	printf("change_us=%.2f ", (cpu_us() - began) / count);
	for (__u32 turn = 0; turn < turns; turn++) {
		for (__u32 i = 0; i < count; i++)
			engines[i].handshake_ms++;
		fill.node_ms = board_fill_unix_ms(); /* it is not time to ask the loader, which is not there */
		fill.news = true;
		began = cpu_us();
		board_fill_turn(&fill);
		took[turn] = cpu_us() - began;
	}
	qsort(took, turns, sizeof(*took), compare);
	began = cpu_us();
	for (__u32 i = 0; i < count; i++) {
		status.id = i;
		status.in_packets++;
		board_fill_looked(&fill, &status, i);
	}
	printf("look_us=%.2f turn_p50_us=%.0f turn_p99_us=%.0f\n", (cpu_us() - began) / count, took[turns / 2],
	       took[turns * 99 / 100]);
	return 0;
}
