/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptors 0 to 2. Who begins a program with one of them closed would have the next socket or map take its place, and
 * get whatever is printed there.
 */
#ifndef MAYFLY_LOADER_STANDARD_H
#define MAYFLY_LOADER_STANDARD_H

#include <fcntl.h>
#include <unistd.h>

/* First of all in main(). A place that is free is taken by /dev/null. 0, or -1 and errno. */
static inline int mf_standard_hold(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -1;
	return 0;
}

#endif
