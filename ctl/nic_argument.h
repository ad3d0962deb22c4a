/* SPDX-License-Identifier: GPL-2.0-only */
/* FILE|NIC, as down and sessions take it. */
#ifndef MAYFLY_CTL_NIC_ARGUMENT_H
#define MAYFLY_CTL_NIC_ARGUMENT_H

#include "ctl/say.h"
#include "loader/control.h"

/*
 * A file if there is one of that name or it looks like a path; else an interface that is there or has a loader; else
 * /etc/mayfly/NAME.conf; else an interface that is not there. 0, or -errno and `why`.
 */
int nic_argument(char nic[static MF_DEVICE_BYTES], const char *argument, char why[static SAY_BYTES]);

#endif
