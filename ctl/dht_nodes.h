/* SPDX-License-Identifier: GPL-2.0-only */
/* Nodes that answered lately, kept in a file from one run to the next. */
#ifndef MAYFLY_CTL_DHT_NODES_H
#define MAYFLY_CTL_DHT_NODES_H

#include "ctl/dht/dht.h"
#include "ctl/say.h"

enum {
	DHT_NODES_MOST = 2 * DHT_GOOD_NODES,
	DHT_NODES_FILE_MOST = 16384, /* bytes; a longer file is none of ours */
};

/*
 * A line a node, "ADDRESS:PORT" or "[ADDRESS]:PORT"; empty lines and those with "#" are left out. At most `room`
 * nodes; the rest is not looked at. How many, or -EINVAL and `why` ("line N: ..."). Every byte is hostile.
 */
int dht_nodes_parse(const char *text, size_t length, struct dht_endpoint *nodes, size_t room,
		    char why[static SAY_BYTES]);

/*
 * Reads the file. How many nodes; 0 if there is none. A broken file is set aside as PATH.broken, and said.
 */
int dht_nodes_load(const char *path, struct dht_endpoint *nodes, size_t room);

/* Replaces the file at once or not at all. 0, or -errno and `why`. */
int dht_nodes_save(const char *path, const struct dht_endpoint *nodes, size_t count, char why[static SAY_BYTES]);

/* "10.0.0.1:6881", "[2001:db8::1]:6881" */
enum { DHT_NODE_TEXT = 56 };
char *dht_node_format(char text[static DHT_NODE_TEXT], const struct dht_endpoint *node);

#endif
