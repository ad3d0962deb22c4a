/* SPDX-License-Identifier: GPL-2.0-only */
/* What serve and meet need of up. */
#ifndef MAYFLY_CTL_UP_H
#define MAYFLY_CTL_UP_H

#include "ctl/ctl.h"

/*
 * Brings the node of the configuration up, or to what the file says, as `up` does and says (`quiet`: nothing on
 * stdout). `more`: associations besides those of the file that a node that comes up now is to have room for. Hands
 * over the line to the loader. An enum ctl_exit; anything wrong has been said.
 */
int up_bring(const struct ctl *ctl, const char *argument, __u32 more, bool quiet, struct client *client);

#endif
