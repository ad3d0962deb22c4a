// SPDX-License-Identifier: GPL-2.0-only
/*
 * One line a message to stderr, written at once, so that lines of several processes do not mix.
 */
#include "loader/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "loader/journal.h"

enum { LINE_BYTES = 512 };

void mf_log(enum mf_log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	int length, text;
	va_list arguments;
	ssize_t written;

	if (mf_is_journal(STDERR_FILENO))
		length = snprintf(line, sizeof(line), "<%d>", level);
	else
		length = snprintf(line, sizeof(line), "mayfly-loader: ");
	va_start(arguments, format);
	text = vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	va_end(arguments);
	if (text < 0)
		return;
	length += text;
	if (length > LINE_BYTES - 2)
		length = LINE_BYTES - 2;
	line[length++] = '\n';
	written = write(STDERR_FILENO, line, length);
	(void)written;
}
