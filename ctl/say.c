// SPDX-License-Identifier: GPL-2.0-only
/* Sentences for people on stderr, and whether a stream may be coloured. */
#include "ctl/say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int (say_why)(char why[static SAY_BYTES], int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, SAY_BYTES, format, arguments);
	va_end(arguments);
	return error;
}

static void __attribute__((format(printf, 2, 0))) say(const char *kind, const char *format, va_list arguments)
{
	fflush(stdout);
	fprintf(stderr, "mayflyctl: %s", kind);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("", format, arguments);
	va_end(arguments);
}

void say_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("note: ", format, arguments);
	va_end(arguments);
}

bool say_in_colour(FILE *stream)
{
	const char *off = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fileno(stream)) && !(off && *off) && term && strcmp(term, "dumb") != 0;
}
