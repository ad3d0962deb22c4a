// SPDX-License-Identifier: GPL-2.0-only
/* One file of /sys for each interface. */
#include "loader/napi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int threaded_open(const char *interface, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%.16s/threaded", interface);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int mf_napi_threaded(const char *interface)
{
	int fd = threaded_open(interface, O_RDONLY), value;
	char digit;

	if (fd < 0)
		return fd;
	value = read(fd, &digit, 1) == 1 ? digit != '0' : -EIO;
	close(fd);
	return value;
}

int mf_napi_thread(const char *interface, int on)
{
	int fd, error = 0;

	if (mf_napi_threaded(interface) == on)
		return 0;
	fd = threaded_open(interface, O_WRONLY);
	if (fd < 0)
		return fd;
	if (write(fd, on ? "1" : "0", 1) != 1)
		error = -errno;
	close(fd);
	return error;
}
