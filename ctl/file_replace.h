/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that is there whole, old or new, whatever happens meanwhile. */
#ifndef MAYFLY_CTL_FILE_REPLACE_H
#define MAYFLY_CTL_FILE_REPLACE_H

#include <stddef.h>
#include <sys/types.h>

#include "ctl/say.h"

/* Writes `text` beside `path` and renames it there. 0, or -errno and `why`. */
int file_replace(const char *path, const char *text, size_t length, mode_t mode, char why[static SAY_BYTES]);

#endif
