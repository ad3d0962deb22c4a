// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DHT engine in a simulated network, in simulated time: a sample a line, to be summed up by the reader.
 *
 *	dhtsim [--nodes 1000] [--operations 500] [--seed 1] [--dead 20] [--loss 0] [--least 50] [--most 200] [--cold]
 *
 *	put MS SENT STORED       get MS SENT RIGHT           --cold: an engine that remembers nothing for every get
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/dht_sim.h"

enum { BOOTSTRAP = 4, ITEM_BYTES = 240, PAUSE_MS = 10000 };

static void put_one(struct sim *sim, struct dht_item *item, __u32 number)
{
	struct dht_request request = { .kind = DHT_PUT, .family = DHT_IPV6 };
	struct dht_result result;

	sim_item(item, number, 1, ITEM_BYTES);
	request.item = *item;
	if (!sim_run(sim, &request, 60000, &result, NULL))
		exit(1);
	printf("put %u %u %u\n", result.took_ms, result.sent, result.stored);
}

static void get_one(struct sim *sim, const struct dht_item *item)
{
	struct dht_request request = { .kind = DHT_GET, .family = DHT_IPV6, .source_per_query = true };
	struct dht_result result;

	memcpy(request.public_key, item->public_key, DHT_PUBLIC_BYTES);
	if (!sim_run(sim, &request, 60000, &result, NULL))
		exit(1);
	printf("get %u %u %d\n", result.took_ms, result.sent,
	       result.outcome == DHT_DONE && !memcmp(result.item.value, item->value, ITEM_BYTES));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "nodes", required_argument, NULL, 'n' }, { "operations", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' },  { "dead", required_argument, NULL, 'd' },
		{ "loss", required_argument, NULL, 'l' },  { "least", required_argument, NULL, 'a' },
		{ "most", required_argument, NULL, 'b' },  { "cold", no_argument, NULL, 'c' }, { 0 },
	};
	struct sim_settings settings = { .nodes = 1000, .seed = 1, .family = DHT_IPV6, .rtt_least_ms = 50,
					 .rtt_most_ms = 200, .dead_percent = 20, .public_addresses = true };
	__u32 operations = 500, *number;
	struct dht_item item;
	bool cold = false;
	struct sim *sim;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		number = option == 'n' ? &settings.nodes : option == 'o' ? &operations : option == 's' ? &settings.seed :
			 option == 'd' ? &settings.dead_percent : option == 'l' ? &settings.loss_percent :
			 option == 'a' ? &settings.rtt_least_ms : option == 'b' ? &settings.rtt_most_ms : NULL;
		cold |= option == 'c';
		if (option == '?')
			return 2;
		if (number)
			*number = (__u32)strtoul(optarg, NULL, 10);
	}
	sim = sim_new(&settings);
	sim_engine(sim, BOOTSTRAP);
	for (__u32 i = 0; i < operations; i++) {
		put_one(sim, &item, i);
		if (cold)
			sim_engine(sim, BOOTSTRAP);
		sim->now_ms += PAUSE_MS;
		get_one(sim, &item);
		sim->now_ms += PAUSE_MS;
	}
	sim_free(sim);
	return 0;
}
