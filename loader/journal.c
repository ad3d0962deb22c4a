// SPDX-License-Identifier: GPL-2.0-only
#include "loader/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool mf_is_journal(int fd)
{
	const char *named = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat stream;
	char rest;

	if (!named || sscanf(named, "%llu:%llu%c", &device, &inode, &rest) != 2 || fstat(fd, &stream))
		return false;
	return stream.st_dev == device && stream.st_ino == inode;
}
