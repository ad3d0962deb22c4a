/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who keeps a node's sessions: one process per interface. It holds a lock on a file beside the loader's socket, in which
 * its number stands, so that the lock ends with it however it ends.
 */
#ifndef MAYFLY_CTL_KEEPER_LOCK_H
#define MAYFLY_CTL_KEEPER_LOCK_H

#include <sys/types.h>

#include "ctl/client.h"

enum { KEEPER_PATH_BYTES = CLIENT_PATH_BYTES + 16 };

/* "/run/mayfly/eth0.up" for the loader's socket "/run/mayfly/eth0.sock". */
void keeper_path(char path[static KEEPER_PATH_BYTES], const char *socket);

/* The lock, as a descriptor that children inherit; -EWOULDBLOCK: somebody else has it; another -errno; and `why`. */
int keeper_lock(const char *path, char why[static SAY_BYTES]);
int keeper_sign(int lock); /* the number of the process that calls. 0 or -errno */

/* The process that has it; 0: nobody. */
pid_t keeper_pid(const char *path);

/* The file goes, unless somebody has the lock. */
void keeper_clear(const char *path);

/* Ends who has it, and waits until it has ended. 0; -ESRCH: nobody has it; -ETIMEDOUT; another -errno. */
int keeper_end(const char *path, unsigned int patience_ms);

#endif
