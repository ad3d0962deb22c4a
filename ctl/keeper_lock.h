/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who keeps a node's sessions: one process for each interface and way, `serve` and the keeper of `up`. It holds a lock
 * on a file beside the loader's socket, which ends with it however it ends, and which says who it is by the kernel's word
 * (fcntl(2), F_GETLK): a number in a file may be anybody's by now, or of another namespace.
 */
#ifndef MAYFLY_CTL_KEEPER_LOCK_H
#define MAYFLY_CTL_KEEPER_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/client.h"

enum { KEEPER_PATH_BYTES = CLIENT_PATH_BYTES + 16, KEEPER_FILE_BYTES = 4096, KEEPER_NOBODY = 0, KEEPER_UNKNOWN = -1 };

enum sessions_keeper { SESSIONS_SERVE, SESSIONS_UP, SESSIONS_KEEPERS };

/* "/run/mayfly/eth0.up", or "/run/mayfly/eth0.serve.lock", for the loader's socket "/run/mayfly/eth0.sock". */
void keeper_path(char path[static KEEPER_PATH_BYTES], const char *socket, enum sessions_keeper keeper);

/* The lock, as a descriptor that children inherit; -EWOULDBLOCK: somebody else has it; another -errno; and `why`. */
int keeper_lock(const char *path, char why[static SAY_BYTES]);

/*
 * The process that calls keeps sessions, of the configuration `file` (without links, from the root): it is the holder from
 * here on, also where there is no room for words. Its number stands before that in the lock, for people. 0 or -errno
 */
int keeper_sign(int lock, const char *file);

/* The configuration of whoever has the lock. false: nobody has it, or it cannot be told. */
bool keeper_file(const char *socket, enum sessions_keeper keeper, char file[static KEEPER_FILE_BYTES]);

/*
 * Every now and then: is the file that is locked still the one of that name? If not, another one is made and locked, and
 * *lock is that. 0; 1: it was; -EWOULDBLOCK: another process was faster, two would take sessions from each other; another
 * -errno: not now; and `why`.
 */
int keeper_mind(const char *path, const char *file, int *lock, char why[static SAY_BYTES]);

/*
 * Another process that has it. KEEPER_NOBODY; KEEPER_UNKNOWN: one of a namespace that this one does not see, or of a user
 * whose files are closed to this one. Whoever asks
 * for a lock of his own hears KEEPER_NOBODY, and is the holder again only after keeper_mind().
 */
pid_t keeper_pid(const char *path);
pid_t keeper_of(const char *socket, enum sessions_keeper keeper); /* the same */

/* A signal to who has it, and to nobody else. Who it was; KEEPER_NOBODY, KEEPER_UNKNOWN: nobody was told. */
pid_t keeper_tell(const char *socket, enum sessions_keeper keeper, int signal);

/* The file goes, unless somebody has the lock. */
void keeper_clear(const char *path);

/* SIGTERM, and waits until it has ended. 0; -ESRCH: nobody has it; -EPERM: nobody that can be told; -ETIMEDOUT. */
int keeper_end(const char *socket, enum sessions_keeper keeper, unsigned int patience_ms);

#endif
