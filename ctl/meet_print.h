/* SPDX-License-Identifier: GPL-2.0-only */
/* What meet found, for people and for programs. K is never among it. */
#ifndef MAYFLY_CTL_MEET_PRINT_H
#define MAYFLY_CTL_MEET_PRINT_H

#include "ctl/config.h"
#include "ctl/meeting.h"

/* Something was found. */
void meet_print(const struct config_peer *peer, const struct meeting *meeting,
		const struct config_rendezvous *rendezvous);

/* One object, whether or not something was found. */
void meet_print_json(const struct config_peer *peer, const struct meeting *meeting,
		     const struct config_rendezvous *rendezvous);

/* "dht", "announce", "redis" */
const char *meet_store_name(const struct config_rendezvous *rendezvous);

#endif
