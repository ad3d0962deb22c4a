// SPDX-License-Identifier: GPL-2.0-only
/* Events of a stream: a line of JSON each, whose strings are what stands on the page. */
#include "page/render.h"

/* HTML of our own making, as a JSON string. */
static void add_block(struct text *text, const struct view *view, __u32 page, enum render_block block)
{
	struct text html = { 0 };

	render_block(&html, view, page, block);
	text_print(text, ",\"%s\":", render_block_name(block));
	text_add_json(text, html.at ? html.at : "");
	text->lost |= html.lost;
	text_close(&html);
}

void render_node_event(struct text *text, const struct view *view, __u32 page)
{
	struct render_field fields[RENDER_FIELDS];
	unsigned int count = render_fields(view, fields);
	struct text pager = { 0 };

	text_print(text, "event: node\ndata: {\"now\":%llu,\"programs\":%llu,\"words\":{", view->now_ms,
		   view_programs_ms(view));
	for (unsigned int i = 0; i < count; i++) {
		text_print(text, "%s\"%s\":", i ? "," : "", fields[i].name);
		text_add_json(text, fields[i].text);
	}
	render_pager(&pager, view, page);
	text_add(text, "},\"blocks\":{\"pager\":");
	text_add_json(text, pager.at ? pager.at : "");
	text->lost |= pager.lost;
	text_close(&pager);
	for (unsigned int block = 0; block < RENDER_BLOCKS; block++)
		if (block != RENDER_DIAL) /* drawn from the rows, as they move */
			add_block(text, view, page, block);
	text_add(text, "}}\n\n");
}

static void add_row(struct text *text, const struct view *view, const struct board_row *row)
{
	struct text html = { 0 };

	render_cells(&html, view, row);
	text_add_json(text, html.at ? html.at : "");
	text->lost |= html.lost;
	text_close(&html);
}

void render_rows_event(struct text *text, const struct view *view, __u32 page, struct render_rows_sent *sent)
{
	__u32 first = page * BOARD_PAGE;
	bool any = false;

	for (__u32 i = 0; i < BOARD_PAGE; i++) {
		struct board_row row;
		bool there = view_row(view, first + i, &row);

		if ((there ? row.sequence : 0) == sent->sequence[i])
			continue;
		sent->sequence[i] = there ? row.sequence : 0;
		text_print(text, "%s\"%u\":", any ? "," : "event: rows\ndata: {", first + i);
		if (there)
			add_row(text, view, &row);
		else
			text_add(text, "null");
		any = true;
	}
	if (any)
		text_add(text, "}\n\n");
}
