/* SPDX-License-Identifier: GPL-2.0-only */
/* The board as it is shown: a copy of the node's part, what it was over the last two minutes, and rows as they are asked for. */
#ifndef MAYFLY_PAGE_VIEW_H
#define MAYFLY_PAGE_VIEW_H

#include "ctl/board.h"

enum {
	VIEW_SAMPLES = 121,      /* a second apart */
	VIEW_BYTES_SAMPLES = 10, /* rates of bytes are over so many: sessions are looked at one after the other */
	VIEW_STALE_MS = 5000,    /* a board that nobody has written on for so long */
};

struct view_sample {
	__u64 at_ms;
	__u64 traffic[BOARD_TRAFFIC]; /* packets by the programs' verdicts, bytes as looked at */
};

struct view {
	const struct board *board;
	struct board_node node;
	struct view_sample sample[VIEW_SAMPLES]; /* number n at n % VIEW_SAMPLES */
	unsigned int samples;                    /* so far */
	__u64 now_ms;
	unsigned int streams, connections;       /* of the page itself */
	__u64 requests[5];                       /* likewise, by enum http_path */
};

/* As the board is now. */
void view_look(struct view *view);

bool view_is_stale(const struct view *view);
double view_rate(const struct view *view, enum board_traffic of); /* a second */
/* Packets a second between sample number `back` before the newest and the one before that; negative: not known. */
double view_rate_before(const struct view *view, enum board_traffic of, unsigned int back);

__u32 view_pages(const struct view *view); /* at least 1 */
__u32 view_sessions(const struct view *view); /* that stand */
/* false: the row is free, or has no such number. */
bool view_row(const struct view *view, __u32 number, struct board_row *row);
bool view_other(const struct view *view, unsigned int number, struct board_row *row);
__u64 view_programs_ms(const struct view *view); /* the clock that slots follow */

#endif
