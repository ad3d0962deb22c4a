// SPDX-License-Identifier: GPL-2.0-only
/* Copies of the board, and rates from what it was before. */
#include "page/view.h"

#include <time.h>

enum { SAMPLE_MS = 900, STATE_UP = 3, STATE_SILENT = 5 /* enum session_state */ };

static __u64 unix_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static const struct view_sample *sample_before(const struct view *view, unsigned int back)
{
	if (back >= view->samples || back >= VIEW_SAMPLES)
		return NULL;
	return &view->sample[(view->samples - 1 - back) % VIEW_SAMPLES];
}

static void take_sample(struct view *view)
{
	const struct board_node *node = &view->node;
	const struct view_sample *last = sample_before(view, 0);
	struct view_sample *sample = &view->sample[view->samples % VIEW_SAMPLES];

	if (!node->written_ms || (last && node->written_ms - last->at_ms < SAMPLE_MS))
		return;
	*sample = (struct view_sample){
		.at_ms = node->written_ms,
		.traffic = {
			[BOARD_OUT_PACKETS] = node->verdict[MF_OUT_SENT] + node->verdict[MF_OUT_SENT_SLOW],
			[BOARD_IN_PACKETS] = node->verdict[MF_IN_DELIVERED],
			[BOARD_OUT_BYTES] = node->traffic[BOARD_OUT_BYTES],
			[BOARD_IN_BYTES] = node->traffic[BOARD_IN_BYTES],
		},
	};
	view->samples++;
	if (view->samples == 2 * VIEW_SAMPLES) /* the same places, and no end of numbers */
		view->samples = VIEW_SAMPLES;
}

void view_look(struct view *view)
{
	struct board_node node;

	view->now_ms = unix_now_ms();
	if (!board_read_node(view->board, &node))
		return;
	view->node = node;
	take_sample(view);
}

bool view_is_stale(const struct view *view)
{
	return view->now_ms > view->node.written_ms + VIEW_STALE_MS;
}

static double rate(const struct view_sample *now, const struct view_sample *then, enum board_traffic of)
{
	if (!now || !then || now->at_ms <= then->at_ms || now->traffic[of] < then->traffic[of])
		return -1;
	return (double)(now->traffic[of] - then->traffic[of]) * 1000 / (double)(now->at_ms - then->at_ms);
}

double view_rate_before(const struct view *view, enum board_traffic of, unsigned int back)
{
	return rate(sample_before(view, back), sample_before(view, back + 1), of);
}

double view_rate(const struct view *view, enum board_traffic of)
{
	bool bytes = of == BOARD_OUT_BYTES || of == BOARD_IN_BYTES;
	unsigned int most = bytes ? VIEW_BYTES_SAMPLES : 2;
	double found = -1;

	for (unsigned int back = most; back && found < 0; back--)
		found = rate(sample_before(view, 0), sample_before(view, back), of);
	return found < 0 ? 0 : found;
}

__u32 view_pages(const struct view *view)
{
	return view->node.rows ? (view->node.rows + BOARD_PAGE - 1) / BOARD_PAGE : 1;
}

__u32 view_sessions(const struct view *view)
{
	__u32 standing = 0;

	for (unsigned int state = STATE_UP; state <= STATE_SILENT; state++)
		standing += view->node.states[state];
	return standing;
}

bool view_row(const struct view *view, __u32 number, struct board_row *row)
{
	return number < BOARD_ROWS && number < view->node.rows && board_read_row(&view->board->row[number], row) &&
	       row->kind != BOARD_FREE;
}

bool view_other(const struct view *view, unsigned int number, struct board_row *row)
{
	return number < BOARD_OTHERS && board_read_row(&view->board->other[number], row) && row->kind != BOARD_FREE;
}

__u64 view_programs_ms(const struct view *view)
{
	return (__u64)((__s64)view->now_ms - view->node.clock_error_ns / 1000000);
}
