// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock file of whoever keeps sessions. Two locks: flock(2), which a child inherits, keeps others out; fcntl(2)'s says
 * who it is, and is let go of by the kernel whenever the process closes any descriptor of that file.
 */
#include "ctl/keeper_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NUMBER_BYTES = 16, LOOK_MS = 20, LOCK_TRIES = 5, MODE_LOCK = 0600 };

void keeper_path(char path[static KEEPER_PATH_BYTES], const char *socket, enum sessions_keeper keeper)
{
	size_t length = strlen(socket);

	if (length > 5 && !strcmp(socket + length - 5, ".sock"))
		length -= 5;
	snprintf(path, KEEPER_PATH_BYTES, "%.*s.%s", (int)length, socket, keeper == SESSIONS_SERVE ? "serve.lock" : "up");
}

/* Whoever takes a file away holds the lock as well, for a moment. */
static int lock_soon(int fd)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK)
			break;
		nanosleep(&look, NULL);
	}
	return -errno;
}

/* Not one that was taken away between its opening and its lock. */
static bool is_there(const char *path, int fd)
{
	struct stat ours, there;

	return !fstat(fd, &ours) && !lstat(path, &there) && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* One of another account's (root's, by hand, before a service), behind which there is nobody: it can be made anew. */
static int remove_foreign(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY), error;

	if (fd < 0)
		return -errno;
	error = lock_soon(fd);
	if (!error && is_there(path, fd) && unlink(path))
		error = -errno;
	close(fd);
	return error;
}

/*
 * Who kept sessions before is nobody's business any more, least of all of who would end him. Whoever can read the file could
 * lock it, too, and so keep keepers away.
 */
int keeper_lock(const char *path, char why[static SAY_BYTES])
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, MODE_LOCK), error;

		error = fd < 0 ? -errno : 0;
		if (error == -EACCES && !remove_foreign(path))
			continue;
		if (error)
			return say_why(why, error, "cannot open %s: %s", path, strerror(-error));
		error = lock_soon(fd);
		if (!error && is_there(path, fd) && !fchmod(fd, MODE_LOCK) && !ftruncate(fd, 0))
			return fd;
		close(fd);
		if (error)
			return say_why(why, error, "cannot lock %s: %s", path, strerror(-error));
	}
	return say_why(why, -EBUSY, "cannot lock %s: it comes and goes", path);
}

void keeper_clear(const char *path)
{
	char why[SAY_BYTES];
	int fd = access(path, F_OK) ? -ENOENT : keeper_lock(path, why);

	if (fd < 0)
		return;
	unlink(path);
	close(fd);
}

static int mark(int lock)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(lock, F_SETLK, &whole))
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

int keeper_sign(int lock, const char *file)
{
	char text[NUMBER_BYTES + KEEPER_FILE_BYTES];
	int length = snprintf(text, sizeof(text), "%d %.*s\n", (int)getpid(), KEEPER_FILE_BYTES - 1, file);

	/* A full file system takes no words, but a lock. */
	if (!ftruncate(lock, 0) && pwrite(lock, text, (size_t)length, 0) != length && ftruncate(lock, 0))
		return -errno;
	return mark(lock);
}

int keeper_mind(const char *path, const char *file, int *lock, char why[static SAY_BYTES])
{
	int fresh, error;

	if (is_there(path, *lock)) {
		error = mark(*lock);
		return error ? say_why(why, error, "cannot lock %s: %s", path, strerror(-error)) : 0;
	}
	fresh = keeper_lock(path, why);
	if (fresh < 0)
		return fresh;
	close(*lock);
	*lock = fresh;
	error = keeper_sign(fresh, file);
	return error ? say_why(why, error, "cannot write %s: %s", path, strerror(-error)) : 1;
}

static pid_t holder(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &whole) || whole.l_type == F_UNLCK)
		return KEEPER_NOBODY;
	return whole.l_pid > 0 ? whole.l_pid : KEEPER_UNKNOWN;
}

/* Or who it is then: of one that is closed to this user nobody knows. */
static int open_to_look(const char *path, pid_t *pid)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

	*pid = fd < 0 && errno == EACCES ? KEEPER_UNKNOWN : KEEPER_NOBODY;
	return fd;
}

pid_t keeper_pid(const char *path)
{
	pid_t pid;
	int fd = open_to_look(path, &pid);

	if (fd < 0)
		return pid;
	pid = holder(fd);
	close(fd);
	return pid;
}

pid_t keeper_of(const char *socket, enum sessions_keeper keeper)
{
	char path[KEEPER_PATH_BYTES];

	keeper_path(path, socket, keeper);
	return keeper_pid(path);
}

bool keeper_file(const char *socket, enum sessions_keeper keeper, char file[static KEEPER_FILE_BYTES])
{
	char path[KEEPER_PATH_BYTES], text[NUMBER_BYTES + KEEPER_FILE_BYTES], *end;
	ssize_t length;
	pid_t pid;
	int fd;

	keeper_path(path, socket, keeper);
	fd = open_to_look(path, &pid);
	if (fd < 0)
		return false;
	pid = holder(fd);
	length = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	text[length < 0 ? 0 : length] = 0;
	end = strchr(text, '\n');
	if (pid == KEEPER_NOBODY || !end || !strchr(text, '/') || strchr(text, '/') > end)
		return false;
	*end = 0;
	snprintf(file, KEEPER_FILE_BYTES, "%s", strchr(text, '/'));
	return true;
}

/* By a descriptor of the process: who holds the lock with that open is no other one that has got its number since. */
static pid_t tell_holder(int fd, int signal)
{
	pid_t pid = holder(fd);
	int process = pid > 0 ? pidfd_open(pid, 0) : -1;

	if (pid <= 0)
		return pid;
	if (process < 0)
		return KEEPER_NOBODY;
	if (holder(fd) != pid || pidfd_send_signal(process, signal, NULL, 0))
		pid = errno == EPERM ? KEEPER_UNKNOWN : KEEPER_NOBODY;
	close(process);
	return pid;
}

pid_t keeper_tell(const char *socket, enum sessions_keeper keeper, int signal)
{
	char path[KEEPER_PATH_BYTES];
	pid_t pid;
	int fd;

	keeper_path(path, socket, keeper);
	fd = open_to_look(path, &pid);
	if (fd < 0)
		return pid;
	errno = 0;
	pid = tell_holder(fd, signal);
	close(fd);
	return pid;
}

int keeper_end(const char *socket, enum sessions_keeper keeper, unsigned int patience_ms)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	pid_t pid = keeper_tell(socket, keeper, SIGTERM);

	if (pid <= 0)
		return pid ? -EPERM : -ESRCH;
	for (unsigned int waited = 0; waited < patience_ms; waited += LOOK_MS) {
		if (!keeper_of(socket, keeper))
			return 0;
		nanosleep(&look, NULL);
	}
	return -ETIMEDOUT;
}
