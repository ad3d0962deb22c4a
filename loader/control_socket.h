/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: who may connect, whole messages in and out. What they mean is for loader/request.h.
 */
#ifndef MAYFLY_LOADER_CONTROL_SOCKET_H
#define MAYFLY_LOADER_CONTROL_SOCKET_H

#include <sys/types.h>

#include "loader/options.h"
#include "loader/request.h"

enum { MF_CONNECTIONS = 16, MF_MESSAGES_PER_TURN = 64 };

struct mf_connection {
	int fd;         /* -1: free */
	int refused;    /* wrong credentials: told so once, then closed */
	int subscribed;
	int waiting;    /* `answer` could not be sent yet; nothing is read meanwhile */
	int given;      /* goes with `answer`, ours until that is sent or the connection ends; -1: nothing */
	struct mf_message answer;
};

struct mf_control {
	char path[MF_PATH_BYTES];
	dev_t device; /* of the socket at `path`, */
	ino_t inode;  /* by which it is told from another one's */
	int fd;
	uid_t user;
	const struct mf_request_target *target;
	void *context;
	struct mf_connection connection[MF_CONNECTIONS];
	struct mf_message message; /* being read; wiped after use */
};

/* -EADDRINUSE: another loader listens there. */
int mf_control_open(struct mf_control *control, const struct mf_options *options,
		    const struct mf_request_target *target, void *context);
void mf_control_close(struct mf_control *control);

/* Is the socket still where it was made? */
int mf_control_stands(const struct mf_control *control);

/*
 * Makes it again, and its directory, where somebody has removed them. Connections go on. 0: control->fd is another one;
 * -EADDRINUSE: another loader listens there; another -errno. Who has given up CAP_CHOWN makes it for himself alone.
 */
int mf_control_renew(struct mf_control *control);

/* Takes a connection. Its place, or -errno; with all places taken it is closed at once. */
int mf_control_accept(struct mf_control *control);

/* Serves one connection after epoll said so; closes it when it ends. 1: there may be more to read. */
int mf_control_serve(struct mf_control *control, int place);

/* Does this connection wait for room to write (else for something to read)? */
int mf_control_waits(const struct mf_control *control, int place);

/* To every subscriber that has room. */
void mf_control_tell(struct mf_control *control, const struct mf_event *event);

#endif
