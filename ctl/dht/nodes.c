// SPDX-License-Identifier: GPL-2.0-only
/* Bootstrap nodes and good nodes. */
#include "ctl/dht/nodes.h"

#include <string.h>

#include "ctl/dht/address.h"

__u32 nodes_bootstrap_count(const struct nodes *nodes)
{
	return nodes->added < NODES_BOOTSTRAP ? nodes->added : NODES_BOOTSTRAP;
}

void nodes_add_bootstrap(struct nodes *nodes, const struct dht_endpoint *endpoint)
{
	for (__u32 i = 0; i < nodes_bootstrap_count(nodes); i++)
		if (address_same_endpoint(&nodes->bootstrap[i], endpoint))
			return;
	nodes->bootstrap[nodes->added++ % NODES_BOOTSTRAP] = *endpoint;
}

/* Its place, or the place of the one that was silent longest. */
static struct good_node *find(struct nodes *nodes, const struct dht_endpoint *endpoint)
{
	struct good_node *oldest = &nodes->good[0];

	for (unsigned int i = 0; i < DHT_GOOD_NODES; i++) {
		struct good_node *good = &nodes->good[i];

		if (good->heard_ms && address_same_endpoint(&good->endpoint, endpoint))
			return good;
		if (good->heard_ms < oldest->heard_ms)
			oldest = good;
	}
	return oldest;
}

void nodes_heard(struct nodes *nodes, const struct dht_endpoint *endpoint, const __u8 id[static DHT_ID_BYTES],
		 __u64 now_ms)
{
	struct good_node *good = find(nodes, endpoint);

	*good = (struct good_node){ .endpoint = *endpoint, .heard_ms = now_ms };
	memcpy(good->id, id, DHT_ID_BYTES);
}

void nodes_silent(struct nodes *nodes, const struct dht_endpoint *endpoint)
{
	struct good_node *good = find(nodes, endpoint);

	if (good->heard_ms && address_same_endpoint(&good->endpoint, endpoint))
		*good = (struct good_node){ 0 };
}

static bool comes_before(const struct good_node *one, const struct good_node *other)
{
	return one->heard_ms != other->heard_ms ? one->heard_ms > other->heard_ms : one < other;
}

/* How many of the others come before it. */
static size_t rank_of(const struct nodes *nodes, const struct good_node *good)
{
	size_t rank = 0;

	for (unsigned int i = 0; i < DHT_GOOD_NODES; i++)
		rank += nodes->good[i].heard_ms && comes_before(&nodes->good[i], good);
	return rank;
}

size_t nodes_list(const struct nodes *nodes, struct dht_endpoint *endpoints, size_t room)
{
	size_t count = 0;

	for (unsigned int i = 0; i < DHT_GOOD_NODES; i++) {
		size_t rank = rank_of(nodes, &nodes->good[i]);

		if (!nodes->good[i].heard_ms)
			continue;
		if (rank < room)
			endpoints[rank] = nodes->good[i].endpoint;
		count++;
	}
	return count < room ? count : room;
}
