// SPDX-License-Identifier: GPL-2.0-only
/* The directory of what is kept. Without it everything works, only slower at the start. */
#include "ctl/state.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

const char *state_path(char path[static CONFIG_PATH_BYTES], const char *directory, const char *name)
{
	if (mkdir(directory, 0755) && errno != EEXIST) {
		say_note("cannot make %s: %s; good nodes are not remembered (--state DIR names another place)",
			 directory, strerror(errno));
		return NULL;
	}
	if (snprintf(path, CONFIG_PATH_BYTES, "%s/%s", directory, name) >= CONFIG_PATH_BYTES) {
		say_note("the path %.60s... is too long; good nodes are not remembered", directory);
		return NULL;
	}
	return path;
}
