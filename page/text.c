// SPDX-License-Identifier: GPL-2.0-only
/* Growing text and its escapes. */
#include "page/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1024, PRINT_ROOM = 128 };

static bool make_room(struct text *text, size_t more)
{
	size_t room = text->room ? text->room : FIRST_ROOM;
	char *at;

	if (text->lost)
		return false;
	while (room - text->length <= more)
		room *= 2;
	if (room == text->room)
		return true;
	at = realloc(text->at, room);
	text->lost = !at;
	if (!at)
		return false;
	text->at = at;
	text->room = room;
	return true;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (!make_room(text, length))
		return;
	memcpy(text->at + text->length, bytes, length);
	text->length += length;
	text->at[text->length] = 0;
}

void text_add(struct text *text, const char *words)
{
	text_add_bytes(text, words, strlen(words));
}

void text_print(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	if (!make_room(text, PRINT_ROOM))
		return;
	va_start(arguments, format);
	length = vsnprintf(text->at + text->length, text->room - text->length, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length >= text->room - text->length) {
		if (!make_room(text, (size_t)length))
			return;
		va_start(arguments, format);
		vsnprintf(text->at + text->length, text->room - text->length, format, arguments);
		va_end(arguments);
	}
	text->length += (size_t)length;
}

/* Names and sentences here are ASCII; whatever else comes shall not be taken for anything. */
static char printable(char letter)
{
	return letter < ' ' || letter > '~' ? '?' : letter;
}

void text_add_html(struct text *text, const char *words)
{
	for (; *words; words++) {
		char letter = printable(*words);

		switch (letter) {
		case '&': text_add(text, "&amp;"); break;
		case '<': text_add(text, "&lt;"); break;
		case '>': text_add(text, "&gt;"); break;
		case '"': text_add(text, "&quot;"); break;
		case '\'': text_add(text, "&#39;"); break;
		default: text_add_bytes(text, &letter, 1);
		}
	}
}

void text_add_json(struct text *text, const char *words)
{
	text_add(text, "\"");
	for (; *words; words++) {
		char letter = printable(*words);

		if (strchr("\"\\<>&", letter))
			text_print(text, "\\u%04x", letter);
		else
			text_add_bytes(text, &letter, 1);
	}
	text_add(text, "\"");
}

void text_add_label(struct text *text, const char *words)
{
	text_add(text, "\"");
	for (; *words; words++) {
		char letter = printable(*words);

		if (letter == '"' || letter == '\\')
			text_add(text, "\\");
		text_add_bytes(text, &letter, 1);
	}
	text_add(text, "\"");
}

char *text_take(struct text *text, size_t *length)
{
	char *at = text->at, *smaller;

	if (text->lost || !at) {
		text_close(text);
		return NULL;
	}
	*length = text->length;
	smaller = realloc(at, text->length + 1);
	*text = (struct text){ 0 };
	return smaller ? smaller : at;
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->lost = false;
	if (text->at)
		*text->at = 0;
}

void text_close(struct text *text)
{
	free(text->at);
	*text = (struct text){ 0 };
}
