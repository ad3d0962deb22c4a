/* SPDX-License-Identifier: GPL-2.0-only */
/* The view as HTML, as events of a stream, and as metrics. All of it is escaped where it is written. */
#ifndef MAYFLY_PAGE_RENDER_H
#define MAYFLY_PAGE_RENDER_H

#include "page/text.h"
#include "page/view.h"

enum {
	RENDER_FIELDS = 64,
	RENDER_WORDS = 200,
	RENDER_POINTS = 2400, /* of a line of VIEW_SAMPLES points */
};

/* --- fields.c: what stands where the page says {{name}}, plain text. --- */

struct render_field {
	const char *name;
	char text[RENDER_WORDS];
};

unsigned int render_fields(const struct view *view, struct render_field fields[static RENDER_FIELDS]);

/* --- blocks.c: what stands where it says {{>name}}, HTML. --- */

enum render_block { RENDER_DIAL, RENDER_OTHERS, RENDER_PROBES, RENDER_VERDICTS, RENDER_NEWS, RENDER_STATES, RENDER_SPARK,
		    RENDER_BLOCKS };

const char *render_block_name(enum render_block block);
void render_block(struct text *text, const struct view *view, __u32 page, enum render_block block);

/* --- rows.c: sessions. --- */

/* The cells of a row. */
void render_cells(struct text *text, const struct view *view, const struct board_row *row);
void render_rows(struct text *text, const struct view *view, __u32 page);
void render_pager(struct text *text, const struct view *view, __u32 page);
/* Both ends of an association, as they are now. */
void render_ends(struct text *text, const struct view *view, const struct board_row *row);
void render_ago(struct text *text, const struct view *view, __u64 at_ms); /* <time>, as how long ago */
const char *render_state(const struct view *view, const struct board_row *row);

/* --- page.c --- */

void render_page(struct text *text, const struct view *view, __u32 page);
const char *render_policy(void); /* Content-Security-Policy of it */

/* --- events.c: a stream's. --- */

struct render_rows_sent {
	__u32 sequence[BOARD_PAGE]; /* of the row as it was sent; 0: nothing stands there */
};

/* The node, once a second; and those rows of the page that are others than those sent. Both: text/event-stream. */
void render_node_event(struct text *text, const struct view *view, __u32 page);
void render_rows_event(struct text *text, const struct view *view, __u32 page, struct render_rows_sent *sent);

/* --- metrics.c: Prometheus' text format, version 0.0.4. --- */

void render_metrics(struct text *text, const struct view *view);

#endif
