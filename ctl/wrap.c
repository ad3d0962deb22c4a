// SPDX-License-Identifier: GPL-2.0-only
/* Lines that fit the terminal. */
#include "ctl/wrap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80, HANG = 2 };

unsigned int wrap_columns(int fd)
{
	struct winsize size;

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS_DEFAULT;
	return size.ws_col < WRAP_NARROWEST ? WRAP_NARROWEST : size.ws_col;
}

/* Behind the colour that begins here, if one does: "\033[...m". */
static const char *skip_colour(const char *at, const char *end)
{
	const char *after = at;

	if (end - at < 3 || at[0] != '\033' || at[1] != '[')
		return at;
	while (after < end && *after != 'm')
		after++;
	return after < end ? after + 1 : at;
}

static unsigned int width_of(const char *line, const char *end)
{
	unsigned int width = 0;

	while (line < end) {
		const char *after = skip_colour(line, end);

		width += after == line;
		line = after == line ? line + 1 : after;
	}
	return width;
}

/* Where the last column begins that leaves its text enough room; where there is but one, a little to the right of it. */
static unsigned int hang_of(const char *line, const char *end, unsigned int columns)
{
	unsigned int at = 0, spaces = 0, hang = 0;
	bool begun = false;

	while (line < end && at < columns * 3 / 5) {
		const char *after = skip_colour(line, end);

		if (after != line) {
			line = after;
			continue;
		}
		if (*line != ' ' && (spaces > 1 || !begun))
			hang = begun ? at : at + HANG;
		begun |= *line != ' ';
		spaces = *line == ' ' ? spaces + 1 : 0;
		line++;
		at++;
	}
	return hang;
}

/* The end of what fits in `columns`: a space between words, or the end of a word that is too long by itself. */
static const char *break_of(const char *line, const char *end, unsigned int columns)
{
	const char *space = NULL;
	unsigned int at = 0;
	bool begun = false;

	while (line < end && (at <= columns || !space)) {
		const char *after = skip_colour(line, end);

		if (after != line) {
			line = after;
			continue;
		}
		if (*line == ' ' && begun)
			space = line;
		begun |= *line != ' ';
		line++;
		at++;
	}
	return at <= columns || !space ? end : space;
}

static void wrap_line(FILE *to, const char *line, const char *end, unsigned int columns)
{
	unsigned int hang = hang_of(line, end, columns), room = columns;

	while (width_of(line, end) > room) {
		const char *at = break_of(line, end, room);

		fwrite(line, 1, (size_t)(at - line), to);
		while (at < end && *at == ' ')
			at++;
		if (at == end)
			return;
		fprintf(to, "\n%*s", (int)hang, "");
		line = at;
		room = columns - hang;
	}
	fwrite(line, 1, (size_t)(end - line), to);
}

void wrap_lines(FILE *to, const char *text, unsigned int columns)
{
	while (*text) {
		const char *end = strchrnul(text, '\n');

		wrap_line(to, text, end, columns);
		if (*end)
			fputc('\n', to);
		text = *end ? end + 1 : end;
	}
}

void wrap_open(struct wrap *wrap)
{
	FILE *memory;

	*wrap = (struct wrap){ .columns = wrap_columns(STDOUT_FILENO) };
	memory = wrap->columns ? open_memstream(&wrap->text, &wrap->length) : NULL;
	if (!memory)
		return;
	wrap->stdout_before = stdout;
	stdout = memory;
}

void wrap_close(struct wrap *wrap)
{
	bool whole;

	if (!wrap->stdout_before)
		return;
	whole = !fclose(stdout);
	stdout = wrap->stdout_before;
	if (whole)
		wrap_lines(stdout, wrap->text, wrap->columns);
	free(wrap->text);
	*wrap = (struct wrap){ 0 };
}
