// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer over the files that mayflyctl reads back: remembered DHT nodes, and the status of serve and meet. */
#include <stdlib.h>
#include <string.h>

#include "ctl/dht_nodes.h"
#include "ctl/rendezvous_status.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* What was read can be written, and is the same when read again. */
static void check_nodes(const __u8 *data, size_t size)
{
	struct dht_endpoint nodes[DHT_NODES_MOST], again;
	char why[SAY_BYTES], text[DHT_NODE_TEXT];
	int count = dht_nodes_parse((const char *)data, size, nodes, DHT_NODES_MOST, why);

	demand(count <= DHT_NODES_MOST);
	for (int i = 0; i < count; i++) {
		demand(nodes[i].port != 0);
		dht_node_format(text, &nodes[i]);
		demand(dht_nodes_parse(text, strlen(text), &again, 1, why) == 1);
		demand(!memcmp(&again, &nodes[i], sizeof(again)));
	}
}

static void check_status(const __u8 *data, size_t size)
{
	struct rendezvous_status status;
	char why[SAY_BYTES];

	if (rendezvous_status_parse((const char *)data, size, &status, why))
		return;
	demand(memchr(status.store, 0, sizeof(status.store)) != NULL);
	demand(memchr(status.lookup.outcome, 0, sizeof(status.lookup.outcome)) != NULL);
	demand(memchr(status.publication.peer, 0, sizeof(status.publication.peer)) != NULL);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	check_nodes(data, size);
	check_status(data, size);
	return 0;
}
