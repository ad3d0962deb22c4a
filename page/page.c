// SPDX-License-Identifier: GPL-2.0-only
/* The page as a whole: page.html with its places filled in. */
#include "page/render.h"

#include <string.h>

#include "page/page_html.h"

const char *render_policy(void)
{
	return "default-src 'none'; style-src " PAGE_STYLE_HASH "; script-src " PAGE_SCRIPT_HASH "; connect-src 'self'; "
	       "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

struct place {
	const struct view *view;
	__u32 page;
	const struct render_field *fields;
	unsigned int count;
};

static bool is(const char *name, size_t length, const char *word)
{
	return strlen(word) == length && !memcmp(name, word, length);
}

static void fill_block(struct text *text, const struct place *place, const char *name, size_t length)
{
	if (is(name, length, "rows"))
		render_rows(text, place->view, place->page);
	if (is(name, length, "pager"))
		render_pager(text, place->view, place->page);
	for (unsigned int block = 0; block < RENDER_BLOCKS; block++)
		if (is(name, length, render_block_name(block)))
			render_block(text, place->view, place->page, block);
}

static void fill(struct text *text, const struct place *place, const char *name, size_t length)
{
	if (*name == '>') {
		fill_block(text, place, name + 1, length - 1);
		return;
	}
	if (is(name, length, "page"))
		text_print(text, "%u", place->page + 1);
	if (is(name, length, "now"))
		text_print(text, "%llu", place->view->now_ms);
	if (is(name, length, "programs"))
		text_print(text, "%llu", view_programs_ms(place->view));
	for (unsigned int i = 0; i < place->count; i++)
		if (is(name, length, place->fields[i].name))
			text_add_html(text, place->fields[i].text);
}

void render_page(struct text *text, const struct view *view, __u32 page)
{
	struct render_field fields[RENDER_FIELDS];
	struct place place = { view, page, fields, render_fields(view, fields) };
	const char *at = (const char *)page_html, *end = at + sizeof(page_html);

	while (at < end) {
		const char *open = memmem(at, (size_t)(end - at), "{{", 2);
		const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;

		if (!close) {
			text_add_bytes(text, at, (size_t)(end - at));
			return;
		}
		text_add_bytes(text, at, (size_t)(open - at));
		fill(text, &place, open + 2, (size_t)(close - open - 2));
		at = close + 2;
	}
}
