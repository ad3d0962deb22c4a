/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that grows, and the three ways in which foreign words get into it. Without memory it is `lost`, and stays so. */
#ifndef MAYFLY_PAGE_TEXT_H
#define MAYFLY_PAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *at;
	size_t length, room;
	bool lost;
};

void text_add(struct text *text, const char *words);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As HTML, in an element or a quoted attribute: & < > " ' become entities, what is no printable ASCII a question mark. */
void text_add_html(struct text *text, const char *words);

/* As JSON, with the quotation marks; "<", ">" and "&" are escaped too. */
void text_add_json(struct text *text, const char *words);

/* As the value of a label in Prometheus' text format, with the quotation marks. */
void text_add_label(struct text *text, const char *words);

/* The bytes, which are the caller's now, with no more room than they take; NULL: lost, or nothing was written. */
char *text_take(struct text *text, size_t *length);

void text_clear(struct text *text); /* what room it has it keeps */
void text_close(struct text *text); /* all zero is fine */

#endif
