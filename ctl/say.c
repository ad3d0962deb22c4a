// SPDX-License-Identifier: GPL-2.0-only
/* Sentences for people on stderr, and what their terminal can do. */
#include "ctl/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/wrap.h"
#include "loader/journal.h"
#include "loader/log.h"

enum { LINE_BYTES = SAY_BYTES + 64 };

int (say_why)(char why[static SAY_BYTES], int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, SAY_BYTES, format, arguments);
	va_end(arguments);
	return error;
}

/* At once, so that lines of several processes do not mix. */
static void write_line(const char *line, size_t length)
{
	while (write(STDERR_FILENO, line, length) < 0 && errno == EINTR)
		;
}

static void __attribute__((format(printf, 3, 0))) say(enum mf_log_level level, const char *kind, const char *format, va_list arguments)
{
	char line[LINE_BYTES] = "";
	int length, text;

	fflush(stdout);
	say_over(STDERR_FILENO);
	if (mf_is_journal(STDERR_FILENO))
		length = snprintf(line, sizeof(line), "<%d>", level);
	else
		length = snprintf(line, sizeof(line), "mayflyctl: %s", kind);
	text = vsnprintf(line + length, sizeof(line) - (size_t)length - 1, format, arguments);
	if (text < 0)
		return;
	length = (int)strlen(line);
	line[length++] = '\n';
	if (wrap_columns(STDERR_FILENO))
		wrap_lines(stderr, line, wrap_columns(STDERR_FILENO));
	else
		write_line(line, (size_t)length);
}

void say_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(MF_LOG_ERROR, "", format, arguments);
	va_end(arguments);
}

void say_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(MF_LOG_NOTICE, "note: ", format, arguments);
	va_end(arguments);
}

bool say_on_screen(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool say_in_colour(int fd)
{
	const char *off = getenv("NO_COLOR");

	return say_on_screen(fd) && !(off && *off);
}

/* Cut to the screen: a second row could not be taken back. */
void say_progress(const char *format, ...)
{
	unsigned int columns = say_on_screen(STDERR_FILENO) ? wrap_columns(STDERR_FILENO) : 0;
	char line[LINE_BYTES];
	va_list arguments;

	if (!columns)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fprintf(stderr, "\r\033[K%.*s", (int)columns - 1, line);
}

void say_over(int fd)
{
	if (say_on_screen(fd) && write(fd, "\r\033[K", 4) < 0)
		return; /* what follows fails, too */
}
