/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal of a live view: lines cut to its width, drawn in one write, given back as it
 * was however the program ends. On anything but a terminal, plain lines one after another.
 */
#ifndef MAYFLY_CTL_SCREEN_H
#define MAYFLY_CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum screen_style { SCREEN_PLAIN, SCREEN_BOLD, SCREEN_DIM, SCREEN_ALARM };

struct screen {
	bool terminal, keys; /* stdout is one; stdin is one that may give 'q' */
	bool colour;
	unsigned int rows, columns, row;
	struct termios before;
	char *text;
	size_t used, room;
};

/* 0 or -errno. Signals that end a program set a flag from here on. */
int screen_open(struct screen *screen);
void screen_close(struct screen *screen);

/* Begins a view; asks for the size anew. */
void screen_begin(struct screen *screen);

/* A line in one style, ASCII; nothing if the terminal has no row left. */
void screen_line(struct screen *screen, enum screen_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Rows that are left. */
unsigned int screen_rows_left(const struct screen *screen);

/* Draws. 0 or -errno. */
int screen_end(struct screen *screen);

/* Waits so long, or until the user wants to stop (then false) or the window has another size. */
bool screen_wait(struct screen *screen, unsigned int ms);

#endif
