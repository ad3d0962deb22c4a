// SPDX-License-Identifier: GPL-2.0-only
/* The lock file of whoever keeps sessions. */
#include "ctl/keeper_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NUMBER_BYTES = 16, LOOK_MS = 20, LOCK_TRIES = 5 };

void keeper_path(char path[static KEEPER_PATH_BYTES], const char *socket)
{
	size_t length = strlen(socket);

	if (length > 5 && !strcmp(socket + length - 5, ".sock"))
		length -= 5;
	snprintf(path, KEEPER_PATH_BYTES, "%.*s.up", (int)length, socket);
}

/* Whoever looks for a keeper holds the lock as well, for a moment. */
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

/* Who kept sessions before is nobody's business any more, least of all of who would end him. */
int keeper_lock(const char *path, char why[static SAY_BYTES])
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644), error;

		error = fd < 0 ? -errno : 0;
		if (error == -EACCES && !remove_foreign(path))
			continue;
		if (error)
			return say_why(why, error, "cannot open %s: %s", path, strerror(-error));
		error = lock_soon(fd);
		if (!error && is_there(path, fd) && !ftruncate(fd, 0))
			return fd;
		close(fd);
		if (error)
			return say_why(why, error, "cannot lock %s: %s", path, strerror(-error));
	}
	return say_why(why, -EAGAIN, "cannot lock %s: it comes and goes", path);
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

int keeper_sign(int lock)
{
	char text[NUMBER_BYTES];
	int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(lock, 0) || pwrite(lock, text, (size_t)length, 0) != length)
		return -EIO;
	return 0;
}

static pid_t read_number(int fd)
{
	char text[NUMBER_BYTES] = "";
	long number;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	number = strtol(text, NULL, 10);
	return number > 1 && number <= 0x7fffffff ? (pid_t)number : 0;
}

pid_t keeper_pid(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		pid = read_number(fd);
	close(fd);
	return pid;
}

int keeper_end(const char *path, unsigned int patience_ms)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	pid_t pid = keeper_pid(path);

	if (!pid)
		return -ESRCH;
	if (kill(pid, SIGTERM))
		return -errno;
	for (unsigned int waited = 0; waited < patience_ms; waited += LOOK_MS) {
		if (!keeper_pid(path))
			return 0;
		nanosleep(&look, NULL);
	}
	return -ETIMEDOUT;
}
