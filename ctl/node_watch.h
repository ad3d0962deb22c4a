/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is the node that somebody has brought up still the one in the loader? A loader that ends cleanly leaves nothing behind,
 * and the next one begins with nothing; a person may take the node down, and up again.
 */
#ifndef MAYFLY_CTL_NODE_WATCH_H
#define MAYFLY_CTL_NODE_WATCH_H

#include <stdbool.h>

#include "ctl/client.h"

enum {
	NODE_WATCH_MS = 2000,        /* between two looks */
	NODE_WATCH_SLOW_MS = 15000,  /* after a loader that did not answer, or a node that did not come up */
};

enum node_news {
	NODE_AS_BEFORE, /* or the loader is away */
	NODE_MISSING,   /* another loader has nothing: it is for us to bring the node up again */
	NODE_DOWN,      /* it was taken down on purpose */
	NODE_ANEW,      /* it is up, but all associations of before have gone */
};

struct node_watch {
	__u32 connections; /* of the client, when the node was last seen */
	__u64 hops;
	bool gone, down;
};

/* The node is up now. */
void node_watch_begin(struct node_watch *watch, const struct client *client);

/* What follows from a status, by a client that has connected so often. */
enum node_news node_watch_take(struct node_watch *watch, const struct mf_node_status *status, __u32 connections);

/* Asks the loader. When to look again goes to *pause_ms. */
enum node_news node_watch_look(struct node_watch *watch, struct client *client, __u32 *pause_ms);

#endif
