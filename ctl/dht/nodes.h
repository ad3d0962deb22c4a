/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nodes of one family to begin a lookup with: those that were configured (no id known), and those that answered
 * lately. All this client keeps instead of a routing table.
 */
#ifndef MAYFLY_CTL_DHT_NODES_H
#define MAYFLY_CTL_DHT_NODES_H

#include "ctl/dht/dht.h"

enum { NODES_BOOTSTRAP = 32 };

struct good_node {
	struct dht_endpoint endpoint;
	__u8 id[DHT_ID_BYTES];
	__u64 heard_ms; /* 0: free */
};

struct nodes {
	__u32 added; /* bootstrap nodes so far; the newest NODES_BOOTSTRAP are there */
	struct dht_endpoint bootstrap[NODES_BOOTSTRAP];
	struct good_node good[DHT_GOOD_NODES];
};

void nodes_add_bootstrap(struct nodes *nodes, const struct dht_endpoint *endpoint);
__u32 nodes_bootstrap_count(const struct nodes *nodes);

void nodes_heard(struct nodes *nodes, const struct dht_endpoint *endpoint, const __u8 id[static DHT_ID_BYTES],
		 __u64 now_ms);
void nodes_silent(struct nodes *nodes, const struct dht_endpoint *endpoint);

/* Latest heard first. */
size_t nodes_list(const struct nodes *nodes, struct dht_endpoint *endpoints, size_t room);

#endif
