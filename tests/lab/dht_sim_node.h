/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the simulated network and its nodes. */
#ifndef MAYFLY_TESTS_LAB_DHT_SIM_NODE_H
#define MAYFLY_TESTS_LAB_DHT_SIM_NODE_H

#include "tests/lab/dht_sim.h"

/* A query reaches the node; its answers, if any, are on their way when this returns. Aborts if it is malformed. */
void sim_node_hears(struct sim *sim, struct sim_node *node, const struct dht_action *query);

/* A datagram that will come to the engine at this time. */
void sim_deliver(struct sim *sim, __u64 at_ms, __u32 source, const struct dht_endpoint *from, const void *bytes,
		 size_t length);

#endif
