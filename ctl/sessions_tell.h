/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the keeper of sessions tells of them, over a Unix socket beside the loader's: a line (ctl/sessions_line.h) for
 * every session, a line "complete", then one for every change, for as long as a reader stays. Never more is in memory
 * than SESSIONS_TELL_BACKLOG for each reader: the first lines are written as he reads, and who is too slow for the
 * changes is cut off.
 */
#ifndef MAYFLY_CTL_SESSIONS_TELL_H
#define MAYFLY_CTL_SESSIONS_TELL_H

#include "ctl/keeper_lock.h"
#include "ctl/sessions.h"
#include "ctl/sessions_line.h"

enum {
	SESSIONS_TELL_READERS = 16,
	SESSIONS_TELL_BACKLOG = 256 * 1024,
	SESSIONS_TELL_TURN = 32 * 1024,  /* written for one reader before the loop has its turn */
	SESSIONS_TELL_LOOKS = 4096,      /* peers looked at for it */
	SESSIONS_TELL_PATH = CLIENT_PATH_BYTES + 16,
};

struct sessions_reader;

struct sessions_tell {
	struct sessions *sessions;
	uv_loop_t *loop;
	uv_poll_t poll;
	int fd;
	bool open;
	char path[SESSIONS_TELL_PATH];
	dev_t device; /* of the socket at `path`, */
	ino_t inode;  /* by which it is told from another one's */
	struct sessions_reader *reader[SESSIONS_TELL_READERS];
	__u64 refused, cut; /* readers too many; readers too slow */
	/* The owner's, after opening; NULL: none. Words may be left alone; they are copied at once. */
	void (*level)(void *context, __u32 peer, const char **level, const char **why);
	void *context;
};

const char *sessions_keeper_name(enum sessions_keeper keeper); /* "serve", "up" */

/* "/run/mayfly/eth0.sessions.serve" for the loader's socket "/run/mayfly/eth0.sock". */
void sessions_tell_path(char path[static SESSIONS_TELL_PATH], const char *socket, enum sessions_keeper keeper);

/* 0, or -errno and `why`; then there is nothing to close. A socket that nobody listens at any more is replaced. */
int sessions_tell_open(struct sessions_tell *tell, struct sessions *sessions, uv_loop_t *loop, const char *path,
		       char why[static SAY_BYTES]);

/* Every now and then: a socket that somebody has removed is made again, readers stay. All-zero is fine. 0, or -errno and `why`. */
int sessions_tell_mind(struct sessions_tell *tell, char why[static SAY_BYTES]);

/* From the owner's `changed`. All-zero is fine. */
void sessions_tell_changed(struct sessions_tell *tell, __u32 peer);

/* Before sessions_close(). All-zero is fine. The struct must live until the loop has run once more. */
void sessions_tell_close(struct sessions_tell *tell);

/* A peer's line, at this moment. */
void sessions_tell_line(const struct sessions_tell *tell, __u32 peer, const char *event, struct sessions_line *line);

#endif
