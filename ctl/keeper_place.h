/* SPDX-License-Identifier: GPL-2.0-only */
/* The place of a keeper of sessions in the runtime directory: its lock, and the socket at which it tells of them. */
#ifndef MAYFLY_CTL_KEEPER_PLACE_H
#define MAYFLY_CTL_KEEPER_PLACE_H

#include "ctl/keeper_lock.h"
#include "ctl/sessions_tell.h"

struct keeper_place {
	char path[KEEPER_PATH_BYTES]; /* of the lock */
	const char *file;             /* the keeper's configuration, as keeper_sign() wants it */
	int lock; /* of keeper_lock(); negative: none */
	int said; /* why it cannot be had now, so that it is said once; 0: it is had */
};

/*
 * Every few seconds: both are made again where somebody has removed them. true: this process must end, and leave sessions to
 * the next one, as another process keeps them, or its service has no such directory any more (it has been said).
 */
bool keeper_place_is_lost(struct keeper_place *place, struct sessions_tell *tell);

#endif
