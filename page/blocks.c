// SPDX-License-Identifier: GPL-2.0-only
/* Parts of the page that are more than a word: the dial, lists, the line of the last two minutes. */
#include "page/render.h"

#include <stdio.h>

#include "ctl/verdict.h"

enum {
	PROBES_SHOWN = 6,
	NEWS_SHOWN = 10,
	SPARK_WIDTH = 240,
	SPARK_HEIGHT = 56,
};

const char *render_block_name(enum render_block block)
{
	static const char *const names[RENDER_BLOCKS] = {
		[RENDER_DIAL] = "dial", [RENDER_OTHERS] = "others", [RENDER_PROBES] = "probes",
		[RENDER_VERDICTS] = "verdicts", [RENDER_NEWS] = "news", [RENDER_STATES] = "states", [RENDER_SPARK] = "spark",
	};

	return names[block];
}

/* --- the dial: a turn is a slot, each session a dot, at the top it hops -------------- */

static void add_dot(struct text *text, const struct view *view, const struct board_row *row, const char *kind)
{
	__u64 now_ms = view_programs_ms(view), age_ms = now_ms > row->slot_start_ms ? now_ms - row->slot_start_ms : 0;

	if (!row->located || !row->rotation_ms)
		return;
	text_print(text, "<circle class=\"%s\" cx=\"100\" cy=\"18\" r=\"3.4\" transform=\"rotate(%llu)\" "
		   "data-start=\"%llu\" data-every=\"%u\"/>", kind, age_ms % row->rotation_ms * 360 / row->rotation_ms,
		   row->slot_start_ms, row->rotation_ms);
}

static void add_dial(struct text *text, const struct view *view, __u32 page)
{
	struct board_row row;

	for (unsigned int i = 0; i < BOARD_OTHERS; i++)
		if (view_other(view, i, &row) && row.located)
			add_dot(text, view, &row, "other");
	for (__u32 number = page * BOARD_PAGE; number < (page + 1) * BOARD_PAGE; number++)
		if (view_row(view, number, &row))
			add_dot(text, view, &row, "own");
}

/* --- lists --------------------------------------------------------------------------- */

static void add_others(struct text *text, const struct view *view)
{
	char name[MF_NAME_BYTES + 1], count[FORMAT_AMOUNT];
	struct board_row row;
	bool any = false;

	for (unsigned int i = 0; i < BOARD_OTHERS; i++) {
		if (!view_other(view, i, &row))
			continue;
		any = true;
		snprintf(name, sizeof(name), "%.*s", MF_NAME_BYTES, row.name);
		text_add(text, "<li><span class=\"who\">");
		text_add_html(text, name);
		text_print(text, "<small>%s, %s", row.kind == BOARD_INTRODUCTION ? "introduction" : "static peer",
			   format_carriage(row.carriage));
		if (row.clients)
			text_print(text, ", %s client%s", format_count(count, row.clients), row.clients == 1 ? "" : "s");
		text_add(text, "</small></span>");
		render_ends(text, view, &row);
		text_add(text, "</li>");
	}
	if (!any)
		text_add(text, "<li class=\"none\">none</li>");
}

static void add_probes(struct text *text, const struct view *view)
{
	bool taken[BOARD_PROBES] = { false };
	char random[FORMAT_AMOUNT], expired[FORMAT_AMOUNT], prefix[FORMAT_PREFIX];

	for (int shown = 0; shown < PROBES_SHOWN; shown++) {
		const struct board_probe *probe;
		int newest = -1;
		struct mf_prefix from = { .length = 48 };

		for (int i = 0; i < BOARD_PROBES; i++)
			if (!taken[i] && view->node.probe[i].last_ms &&
			    (newest < 0 || view->node.probe[i].last_ms > view->node.probe[newest].last_ms))
				newest = i;
		if (newest < 0) {
			if (!shown)
				text_add(text, "<tr><td colspan=\"4\" class=\"none\">nobody so far</td></tr>");
			return;
		}
		taken[newest] = true;
		probe = &view->node.probe[newest];
		memcpy(from.address, probe->prefix, sizeof(from.address));
		text_print(text, "<tr><th scope=\"row\"><code>%s</code></th><td class=\"num\">%s</td><td class=\"num\">%s</td><td class=\"num\">",
			   format_prefix(prefix, &from), format_count(random, probe->count[MF_EVENT_PROBE_RANDOM]),
			   format_count(expired, probe->count[MF_EVENT_PROBE_EXPIRED]));
		render_ago(text, view, probe->last_ms);
		text_add(text, "</td></tr>");
	}
}

static void add_verdicts(struct text *text, const struct view *view)
{
	char count[FORMAT_AMOUNT];
	bool any = false;

	for (unsigned int i = 0; i < MF_VERDICTS; i++) {
		if (!view->node.verdict[i])
			continue;
		any = true;
		text_print(text, "<tr%s><th scope=\"row\">%s<small>", verdict_is_drop(i) ? " class=\"drop\"" : "", verdict_name(i));
		text_add_html(text, verdict_meaning(i));
		text_print(text, "</small></th><td class=\"num\">%s</td></tr>", format_count(count, view->node.verdict[i]));
	}
	if (!any)
		text_add(text, "<tr><td class=\"none\">no packets yet</td></tr>");
}

static void add_news(struct text *text, const struct view *view)
{
	__u64 count = view->node.news_count;
	char words[BOARD_WORDS + 1];

	if (!count)
		text_add(text, "<li class=\"none\">nothing yet</li>");
	for (__u64 i = 0; i < NEWS_SHOWN && i < count; i++) {
		const struct board_news *news = &view->node.news[(count - 1 - i) % BOARD_NEWS];

		snprintf(words, sizeof(words), "%.*s", BOARD_WORDS, news->words);
		text_add(text, "<li>");
		render_ago(text, view, news->at_ms);
		text_add(text, " <span>");
		text_add_html(text, words);
		text_add(text, "</span></li>");
	}
}

static void add_states(struct text *text, const struct view *view)
{
	char count[FORMAT_AMOUNT];

	for (unsigned int i = 0; i < BOARD_STATES; i++)
		if (view->node.states[i])
			text_print(text, "<span class=\"badge %s\">%s %s</span>", view->node.state_name[i],
				   format_count(count, view->node.states[i]), view->node.state_name[i]);
}

/* --- the last two minutes ------------------------------------------------------------ */

static double highest(const struct view *view)
{
	double most = 10;

	for (unsigned int back = 0; back + 1 < VIEW_SAMPLES; back++) {
		double in = view_rate_before(view, BOARD_IN_PACKETS, back);
		double out = view_rate_before(view, BOARD_OUT_PACKETS, back);

		most = in > most ? in : most;
		most = out > most ? out : most;
	}
	return most;
}

static unsigned int x_of(unsigned int back)
{
	return (VIEW_SAMPLES - 2 - back) * SPARK_WIDTH / (VIEW_SAMPLES - 2);
}

static unsigned int first_x(const struct view *view)
{
	unsigned int back = VIEW_SAMPLES - 2;

	while (back && view_rate_before(view, BOARD_IN_PACKETS, back) < 0)
		back--;
	return x_of(back);
}

/* As far as its points. */
static void add_line(struct text *text, const struct view *view, enum board_traffic of, const char *kind, double most)
{
	text_print(text, "<%s points=\"", kind);
	for (unsigned int back = VIEW_SAMPLES - 1; back-- > 0;) {
		double rate = view_rate_before(view, of, back);

		if (rate >= 0)
			text_print(text, "%u,%.1f ", x_of(back), (SPARK_HEIGHT - 2) - rate / most * (SPARK_HEIGHT - 6));
	}
}

static void add_spark(struct text *text, const struct view *view)
{
	double most = highest(view);

	add_line(text, view, BOARD_IN_PACKETS, "polygon", most);
	text_print(text, "%u,%u %u,%u\"/>", SPARK_WIDTH, SPARK_HEIGHT, first_x(view), SPARK_HEIGHT);
	add_line(text, view, BOARD_IN_PACKETS, "polyline class=\"in\"", most);
	text_add(text, "\"/>");
	add_line(text, view, BOARD_OUT_PACKETS, "polyline class=\"out\"", most);
	text_add(text, "\"/>");
}

void render_block(struct text *text, const struct view *view, __u32 page, enum render_block block)
{
	switch (block) {
	case RENDER_DIAL: add_dial(text, view, page); break;
	case RENDER_OTHERS: add_others(text, view); break;
	case RENDER_PROBES: add_probes(text, view); break;
	case RENDER_VERDICTS: add_verdicts(text, view); break;
	case RENDER_NEWS: add_news(text, view); break;
	case RENDER_STATES: add_states(text, view); break;
	case RENDER_SPARK: add_spark(text, view); break;
	default: break;
	}
}
