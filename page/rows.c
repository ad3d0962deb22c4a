// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the table of sessions, and the way from page to page. */
#include "page/render.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { PAGER_AROUND = 2 /* pages beside the present one that have a link */ };

const char *render_state(const struct view *view, const struct board_row *row)
{
	return row->state < BOARD_STATES ? view->node.state_name[row->state] : "unknown";
}

void render_ago(struct text *text, const struct view *view, __u64 at_ms)
{
	char span[FORMAT_AMOUNT];

	if (!at_ms) {
		text_add(text, "&ndash;");
		return;
	}
	text_print(text, "<time data-ms=\"%llu\">%s</time>", at_ms,
		   format_span(span, view->now_ms > at_ms ? view->now_ms - at_ms : 0));
}

/* Half an address: what stays, and what hops. */
static void add_half(struct text *text, const __u8 half[static 8], const char *between)
{
	for (int i = 0; i < 4; i++)
		text_print(text, "%s%x", i ? ":" : "", half[2 * i] << 8 | half[2 * i + 1]);
	text_add(text, between);
}

static void add_end(struct text *text, const char *kind, const __u8 address[static 16], __be16 port)
{
	text_print(text, "<code class=\"%s\"><s>", kind);
	add_half(text, address, ":</s><b>");
	add_half(text, address + 8, "</b>");
	text_print(text, "<u> %u</u></code>", ntohs(port));
}

/* How far a slot has come: for what moves on the page. */
static void add_slot(struct text *text, const struct board_row *row)
{
	text_print(text, "<i class=\"slot\" data-start=\"%llu\" data-every=\"%u\"></i>", row->slot_start_ms,
		   row->rotation_ms);
}

static bool is_over(const struct view *view, const struct board_row *row)
{
	return view_programs_ms(view) > row->slot_start_ms + 2ULL * row->rotation_ms;
}

void render_ends(struct text *text, const struct view *view, const struct board_row *row)
{
	if (!row->located) {
		text_add(text, "<span class=\"none\">no address yet</span>");
		return;
	}
	text_print(text, "<span class=\"ends%s\">", is_over(view, row) ? " over" : "");
	add_end(text, "here", row->local, row->local_port);
	if (!row->unknown)
		add_end(text, "there", row->remote, row->remote_port);
	text_add(text, "</span>");
	add_slot(text, row);
}

static void add_state(struct text *text, const struct view *view, const struct board_row *row)
{
	const char *state = render_state(view, row);

	text_print(text, "<td class=\"state\"><span class=\"badge %s\">%s</span>", state, state);
	if (row->level > LEVEL_CALM && row->level < LEVELS)
		text_print(text, " <span class=\"badge %s\">%s</span>", view->node.level_name[row->level],
			   view->node.level_name[row->level]);
	text_add(text, "</td>");
}

void render_cells(struct text *text, const struct view *view, const struct board_row *row)
{
	char inner[FORMAT_ADDRESS], name[MF_NAME_BYTES + 1], amount[FORMAT_AMOUNT];

	snprintf(name, sizeof(name), "%.*s", MF_NAME_BYTES, row->name);
	text_add(text, "<th scope=\"row\">");
	text_add_html(text, name);
	text_print(text, "<small>%s</small></th><td class=\"where\">", format_address(inner, row->inner));
	render_ends(text, view, row);
	text_add(text, "</td>");
	add_state(text, view, row);
	text_add(text, "<td class=\"num since\">");
	render_ago(text, view, row->since_ms);
	text_print(text, "</td><td class=\"num every\">%s</td>",
		   row->rotation_ms ? format_period(amount, row->rotation_ms) : "&ndash;");
	text_print(text, "<td class=\"num in\">%s</td>", format_bytes(amount, row->traffic[BOARD_IN_BYTES]));
	text_print(text, "<td class=\"num out\">%s</td>", format_bytes(amount, row->traffic[BOARD_OUT_BYTES]));
}

void render_rows(struct text *text, const struct view *view, __u32 page)
{
	__u32 first = page * BOARD_PAGE;
	struct board_row row;
	bool any = false;

	for (__u32 number = first; number < first + BOARD_PAGE; number++) {
		if (!view_row(view, number, &row))
			continue;
		any = true;
		text_print(text, "<tr id=\"r%u\">", number);
		render_cells(text, view, &row);
		text_add(text, "</tr>\n");
	}
	if (!any)
		text_print(text, "<tr class=\"nobody\"><td colspan=\"7\">%s</td></tr>\n",
			   page ? "There are no more sessions." : "Nobody has a session here.");
}

/* --- pages --------------------------------------------------------------------------- */

static void add_link(struct text *text, __u32 page, const char *words, bool wanted)
{
	if (wanted)
		text_print(text, "<a href=\"/?page=%u\">%s</a>", page + 1, words);
	else
		text_print(text, "<span>%s</span>", words);
}

static void add_number(struct text *text, __u32 page, bool present)
{
	if (present)
		text_print(text, "<strong aria-current=\"page\">%u</strong>", page + 1);
	else
		text_print(text, "<a href=\"/?page=%u\">%u</a>", page + 1, page + 1);
}

void render_pager(struct text *text, const struct view *view, __u32 page)
{
	__u32 pages = view_pages(view), from, to;

	if (pages == 1 && !page)
		return;
	from = page > PAGER_AROUND ? page - PAGER_AROUND : 0;
	to = page + PAGER_AROUND < pages ? page + PAGER_AROUND : pages - 1;
	add_link(text, page - 1, "&larr; before", page > 0 && page <= pages);
	if (from > 0)
		add_number(text, 0, false);
	if (from > 1)
		text_add(text, "<span>&hellip;</span>");
	for (__u32 number = from; number <= to; number++)
		add_number(text, number, number == page);
	if (to + 2 < pages)
		text_add(text, "<span>&hellip;</span>");
	if (to + 1 < pages)
		add_number(text, pages - 1, false);
	add_link(text, page + 1, "next &rarr;", page + 1 < pages);
}
