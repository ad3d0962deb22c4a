/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lookups of a client: its own items of three periods; where none is, the two stages of a server with many
 * clients (docs/PROTOCOL.md 7.5); and where nothing is, both for the shorter periods of the ladder.
 */
#ifndef MAYFLY_CTL_MEET_SEARCH_H
#define MAYFLY_CTL_MEET_SEARCH_H

#include "ctl/meeting.h"

struct meet_search {
	const struct config_rendezvous *rendezvous;
	const struct rendezvous_pair *pair;
	struct meeting *meeting; /* filled in; secret memory */
	const struct meeting_dead *dead; /* NULL: none; else all that may hold something are asked */
	struct dht_socket_from from;
	const char *nodes_path;  /* of the remembered DHT nodes; NULL: none are */
};

/* Searches until it knows. 0 whatever was found, or -errno and `why`: it could not search. */
int meet_search(const struct meet_search *search, char why[static SAY_BYTES]);

#endif
