/* SPDX-License-Identifier: GPL-2.0-only */
/* What processes that take their node down when they end need of down. */
#ifndef MAYFLY_CTL_DOWN_H
#define MAYFLY_CTL_DOWN_H

#include "ctl/ctl.h"

/*
 * Has the loader detach and leave nothing behind. An enum ctl_exit, anything wrong has been said; that the node is
 * down already, or the loader has ended, is nothing wrong.
 */
int down_clear(struct client *client);

#endif
