/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mayflyctl says on stderr, and the size of a sentence that a module hands up
 * when something is wrong.
 */
#ifndef MAYFLY_CTL_SAY_H
#define MAYFLY_CTL_SAY_H

#include <stdbool.h>
#include <stdio.h>

/* Every `why` buffer: one sentence, with what to do about it, no newline. */
enum { SAY_BYTES = 1024 };

/* Puts a sentence into `why`; cut short rather than overrun. Returns `error`, so that a caller can return it. */
int say_why(char why[static SAY_BYTES], int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__ /* it sees one file at a time, and is to know what comes back */
#define say_why(why, error, ...) (say_why(why, error, __VA_ARGS__), (error))
#endif

/* "mayflyctl: ..." and a newline, on stderr; to the journal with its priority instead of a name. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A terminal that understands more than text: TERM is set, and not to dumb. */
bool say_on_screen(int fd);

/* Colours are used only there, and not where NO_COLOR is set. */
bool say_in_colour(int fd);

/*
 * How far work is, on stderr: on a screen one line that is rewritten, elsewhere nothing. Whatever is said after it
 * stands in its place; who writes to stdout calls say_over() before.
 */
void say_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_over(int fd);

#endif
