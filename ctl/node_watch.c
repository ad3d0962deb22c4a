// SPDX-License-Identifier: GPL-2.0-only
/* The node in the loader, looked at every now and then. */
#include "ctl/node_watch.h"

#include <errno.h>

void node_watch_begin(struct node_watch *watch, const struct client *client)
{
	*watch = (struct node_watch){ .connections = client->connections };
}

/* A loader that took over counts hops from its start on, one that did not from when the node came up. */
enum node_news node_watch_take(struct node_watch *watch, const struct mf_node_status *status, __u32 connections)
{
	bool anew;

	if (!status->attached) {
		watch->gone = true;
		watch->down |= connections == watch->connections;
		return watch->down ? NODE_DOWN : NODE_MISSING;
	}
	anew = watch->gone || (!status->adopted && status->hops < watch->hops);
	*watch = (struct node_watch){ .connections = connections, .hops = status->hops };
	return anew ? NODE_ANEW : NODE_AS_BEFORE;
}

enum node_news node_watch_look(struct node_watch *watch, struct client *client, __u32 *pause_ms)
{
	struct mf_message message = { .type = MF_NODE_GET };
	int error = client_ask_again(client, &message);

	*pause_ms = error == -ETIMEDOUT ? NODE_WATCH_SLOW_MS : NODE_WATCH_MS;
	return error ? NODE_AS_BEFORE : node_watch_take(watch, &message.node_status, client->connections);
}
