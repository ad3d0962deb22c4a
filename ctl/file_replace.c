// SPDX-License-Identifier: GPL-2.0-only
/* Atomic replacement: a new file in the same directory, then rename(2). */
#include "ctl/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

int file_replace(const char *path, const char *text, size_t length, mode_t mode, char why[static SAY_BYTES])
{
	char beside[PATH_MAX];
	int fd, error;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return say_why(why, -ENAMETOOLONG, "the path %.60s... is too long", path);
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return say_why(why, -errno, "cannot write %s: %s", beside, strerror(errno));
	error = write_all(fd, text, length);
	if (!error && fchmod(fd, mode))
		error = -errno;
	close(fd);
	if (!error && rename(beside, path))
		error = -errno;
	if (error)
		unlink(beside);
	return error ? say_why(why, error, "cannot write %s: %s", path, strerror(-error)) : 0;
}
