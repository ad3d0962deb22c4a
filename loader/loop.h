/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop: one thread, every source a descriptor, a bounded amount of work a turn.
 */
#ifndef MAYFLY_LOADER_LOOP_H
#define MAYFLY_LOADER_LOOP_H

#include "loader/control_socket.h"
#include "loader/notify.h"

struct mf_instance;

struct mf_loop {
	int epoll_fd;
	int signal_fd;
	int reports_fd; /* as it stands in epoll; -1: not there */
	int done;
	int detaches; /* when done: nothing is to be left; else all goes on, for another loader to take over */
	int unheard;  /* done, because nobody can reach the socket any more: a failure */
	int said;     /* that it cannot be made again, once */
	__s64 looked_ns; /* when it was last looked for */
	struct mf_instance *instance;
	struct mf_control *control;
	struct mf_notify *notify;
};

/* From here on SIGTERM, SIGINT and SIGUSR2 wait for the loop, so that none of them ends us half way; SIGHUP is ignored. */
int mf_loop_hold_signals(void);

int mf_loop_open(struct mf_loop *loop, struct mf_instance *instance, struct mf_control *control,
		 struct mf_notify *notify);
void mf_loop_close(struct mf_loop *loop);

/* Until SIGTERM, SIGINT (which detach) or SIGUSR2. 0 or -errno. */
int mf_loop_run(struct mf_loop *loop);

#endif
