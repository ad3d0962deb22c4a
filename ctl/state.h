/* SPDX-License-Identifier: GPL-2.0-only */
/* What mayflyctl keeps from one run to the next: a directory. */
#ifndef MAYFLY_CTL_STATE_H
#define MAYFLY_CTL_STATE_H

#include "ctl/config.h"

#define STATE_DIRECTORY "/var/lib/mayfly"

/* The path of a file in the directory, which is made if it is missing; NULL, and said, if it cannot be. */
const char *state_path(char path[static CONFIG_PATH_BYTES], const char *directory, const char *name);

#endif
