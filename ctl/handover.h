/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the keeper of `up` leaves to a `serve` that begins: by name, the peers whose sessions this end has begun although
 * the configuration does not say so, as `up` does and `serve` does not. Lines of the keeper's lock file, behind its number:
 * they hold as long as the keeper is there, for a serve that is started anew as well.
 */
#ifndef MAYFLY_CTL_HANDOVER_H
#define MAYFLY_CTL_HANDOVER_H

#include "ctl/connecting.h"

/* By the keeper, when it has signed the lock and before it lets go of sessions. */
void handover_write(int lock, const struct config *config, const struct sessions *sessions);

/* By the serve: peers that are named say Connect = yes. */
void handover_take(const char *socket, struct config *config);

#endif
