/* SPDX-License-Identifier: GPL-2.0-only */
/* What a function prints: between capture_begin() and capture_end() stdout goes to a file. */
#ifndef MAYFLY_TESTS_UNIT_CAPTURE_H
#define MAYFLY_TESTS_UNIT_CAPTURE_H

#include <stdio.h>
#include <unistd.h>

struct capture {
	FILE *file;
	int before;
};

static struct capture capture_begin(void)
{
	struct capture capture = { tmpfile(), dup(STDOUT_FILENO) };

	fflush(stdout);
	dup2(fileno(capture.file), STDOUT_FILENO);
	return capture;
}

/* All of it that has room, with a zero behind it. */
static void capture_end(struct capture *capture, char *text, size_t room)
{
	size_t got;

	fflush(stdout);
	dup2(capture->before, STDOUT_FILENO);
	close(capture->before);
	rewind(capture->file);
	got = fread(text, 1, room - 1, capture->file);
	text[got] = 0;
	fclose(capture->file);
}

#endif
