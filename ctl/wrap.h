/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text for people that fits its terminal: lines are broken between words, and what follows stands below where the last
 * column began. Where there is no terminal nothing is broken, for scripts.
 */
#ifndef MAYFLY_CTL_WRAP_H
#define MAYFLY_CTL_WRAP_H

#include <stdio.h>

enum { WRAP_NARROWEST = 40 }; /* columns; what is narrower is taken as so wide */

struct wrap {
	FILE *stdout_before; /* NULL: what is printed goes out as it is */
	char *text;
	size_t length;
	unsigned int columns;
};

/* The columns of the terminal at `fd`, 80 if it does not say; 0: no terminal. */
unsigned int wrap_columns(int fd);

/* What is printed to stdout between these two is broken so. */
void wrap_open(struct wrap *wrap);
void wrap_close(struct wrap *wrap);

/* Lines of `text` that are wider than `columns`, broken. ASCII; colours take no room. */
void wrap_lines(FILE *to, const char *text, unsigned int columns);

#endif
