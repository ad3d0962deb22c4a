// SPDX-License-Identifier: GPL-2.0-only
/*
 * One line a message to stderr, written at once, so that lines of several processes do not mix.
 */
#include "loader/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/journal.h"

enum { LINE_BYTES = 512 };

void mf_log(enum mf_log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;
	ssize_t written;
	size_t length;

	if (mf_is_journal(STDERR_FILENO))
		snprintf(line, sizeof(line), "<%d>", level);
	else
		snprintf(line, sizeof(line), "mayfly-loader: ");
	length = strlen(line);
	va_start(arguments, format);
	vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	va_end(arguments);
	length = strlen(line);
	line[length++] = '\n';
	written = write(STDERR_FILENO, line, length);
	(void)written;
}
