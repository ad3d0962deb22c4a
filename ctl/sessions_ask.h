/* SPDX-License-Identifier: GPL-2.0-only */
/* What keepers of sessions tell (ctl/sessions_tell.h), asked for: with patience, but never for ever. */
#ifndef MAYFLY_CTL_SESSIONS_ASK_H
#define MAYFLY_CTL_SESSIONS_ASK_H

#include "ctl/sessions_tell.h"

enum {
	SESSIONS_ASK_PATIENCE_MS = 1000, /* with nothing heard; for show and doctor */
	SESSIONS_ASK_WATCH_MS = 200,     /* for watch */
	SESSIONS_ASK_WATCH_MOST = 512,   /* sessions, for watch */
	SESSIONS_ASK_ALL_MS = 15000,     /* for all of it, whatever comes */
};

/* A line to one keeper. */
struct sessions_ask {
	int fd; /* -1: closed */
	enum sessions_keeper keeper;
	size_t from, to;
	char text[8 * SESSIONS_LINE_MOST];
};

/* 0; -ENOENT: nobody keeps sessions there; -ETIMEDOUT; another -errno. */
int sessions_ask_open(struct sessions_ask *ask, const char *socket, enum sessions_keeper keeper);
void sessions_ask_close(struct sessions_ask *ask);

/* Reads once, where something waits. 0; -ECONNRESET: the keeper has closed. */
int sessions_ask_read(struct sessions_ask *ask);

/* The next whole line of what was read. 0; -EAGAIN: read on; -EBUSY: it has too many readers; -EPROTO: foreign. */
int sessions_ask_take(struct sessions_ask *ask, struct sessions_line *line);

/* Both in turn, until `patience_ms` have passed with nothing to read: -ETIMEDOUT. */
int sessions_ask_next(struct sessions_ask *ask, __u32 patience_ms, struct sessions_line *line);

/* Words for any of these errors; returns `error`. */
int sessions_ask_why(int error, const char *socket, enum sessions_keeper keeper, char why[static SAY_BYTES]);

/* What all keepers beside a loader tell at one moment. */
struct sessions_told {
	struct sessions_line *line; /* by the names of their associations */
	size_t count;
	bool kept[SESSIONS_KEEPERS];   /* there is one */
	int error[SESSIONS_KEEPERS];   /* it does not tell: why */
};

/* `most`: sessions to hear of from each keeper. What goes wrong stands in `error`. */
void sessions_told_take(struct sessions_told *told, const char *socket, size_t most, __u32 patience_ms);
void sessions_told_close(struct sessions_told *told); /* all zero is fine */

/* The session that the association of this name belongs to; NULL. "laptop@b": zero at its end, or MF_NAME_BYTES long. */
const struct sessions_line *sessions_told_find(const struct sessions_told *told, const char *name);

/* Which of its generations: present, coming, going; NULL: none that the keeper knows. */
const char *sessions_line_generation(const struct sessions_line *line, const char *name);

#endif
