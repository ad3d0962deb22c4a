// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/sys/net/FAMILY/conf/INTERFACE/SETTING. Only our own devices are set, so nothing is put back.
 */
#include "loader/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int mf_sysctl_set(const char *family, const char *interface, const char *setting, const char *value)
{
	char path[128];
	int fd, error = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, interface, setting);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		error = -errno;
	close(fd);
	return error;
}
