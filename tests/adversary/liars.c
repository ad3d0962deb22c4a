// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader among DHT nodes that lie (tests/lab/dht_sim.h): how often it finds what was put, and whether it ever takes what
 * was not. Every item is put while all are honest; then so many turn, and a reader who knows four nodes looks for it. If he
 * has not found it he looks once more: if what he found was an older item, as he does who got no answer by it (ctl/connecting.c).
 *
 *	liars [--nodes 300] [--operations 60] [--seed 1] [--only MANNER]
 *
 *	MANNER nearest|share N OPERATIONS FOUND OLDER WRONG MEDIAN_MS AGAIN SENT      nearest: of the eight that hold it; share: per
 *	                                                                              cent of all
 *
 * OLDER: an item of the same writer, with an older sequence. WRONG: anything else, which must never be. AGAIN: found at the
 * first or second look. SENT: the median of datagrams of a first look.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dht/item.h"
#include "tests/lab/dht_sim.h"

enum { KNOWN = 4, ITEM_BYTES = 240, LONGEST_MS = 60000, PAUSE_MS = 10000, OLD = 4, NEW = 5, OPERATIONS_MOST = 10000 };

struct options {
	__u32 nodes, operations, seed;
	const char *only;
};

struct score {
	__u32 found, older, wrong, again;
	__u32 took_ms[OPERATIONS_MOST], sent[OPERATIONS_MOST];
};

static const struct {
	enum sim_manner manner;
	const char *name;
} manners[] = {
	{ SIM_DEAD, "silent" },           { SIM_NO_ITEMS, "without_items" }, { SIM_WRONG_ID, "wrong_id" },
	{ SIM_CHAIN, "endless_chain" },   { SIM_CROWD, "crowd" },            { SIM_STALE, "older_item" },
	{ SIM_FORGED, "forged" },         { SIM_OTHER_KEY, "other_key" },    { SIM_ELSEWHERE, "other_port" },
	{ SIM_OTHER_ID, "other_answer" }, { SIM_TWICE, "twice" },            { SIM_TRUNCATED, "truncated" },
	{ SIM_GARBAGE, "garbage" },       { SIM_ERROR, "errors" },           { SIM_MARTIANS, "martians" },
};

static void all_honest(struct sim *sim)
{
	for (__u32 i = 0; i < sim->settings.nodes; i++)
		sim->node[i].manner = SIM_HONEST;
}

/* The nearest `count` of them. */
static void turn_nearest(struct sim *sim, const struct dht_item *item, __u32 count, enum sim_manner manner)
{
	__u8 target[DHT_ID_BYTES];

	item_target(target, item->public_key);
	for (__u32 rank = 0; rank < count; rank++)
		sim_nearest(sim, target, rank)->manner = manner;
}

static void turn_share(struct sim *sim, __u32 percent, enum sim_manner manner)
{
	for (__u32 i = 0; i < sim->settings.nodes; i++)
		if (sim_random(sim) % 100 < percent)
			sim->node[i].manner = manner;
}

static void put(struct sim *sim, const struct dht_item *item)
{
	struct dht_request request = { .kind = DHT_PUT, .family = DHT_IPV6, .item = *item };
	struct dht_result result;

	if (!sim_run(sim, &request, LONGEST_MS, &result, NULL))
		exit(1);
	sim->now_ms += PAUSE_MS;
}

enum answer { NOTHING, FOUND, OLDER, WRONG };

static enum answer get(struct sim *sim, const struct dht_item *item, bool read_all, struct dht_result *result)
{
	struct dht_request request = { .kind = DHT_GET, .family = DHT_IPV6, .source_per_query = true, .read_all = read_all };

	memcpy(request.public_key, item->public_key, DHT_PUBLIC_BYTES);
	if (!sim_run(sim, &request, LONGEST_MS, result, NULL))
		exit(1);
	sim->now_ms += PAUSE_MS;
	if (result->outcome != DHT_DONE)
		return NOTHING;
	if (!memcmp(&result->item, item, sizeof(*item)))
		return FOUND;
	return memcmp(&result->item, &sim->stale, sizeof(*item)) ? WRONG : OLDER;
}

static void look(struct sim *sim, const struct dht_item *item, struct score *score, __u32 number)
{
	struct dht_result result;
	enum answer first = get(sim, item, false, &result), second;

	score->took_ms[number] = result.took_ms;
	score->sent[number] = result.sent;
	second = first == FOUND ? FOUND : get(sim, item, first == OLDER, &result);
	score->found += first == FOUND;
	score->older += first == OLDER;
	score->wrong += first == WRONG || second == WRONG;
	score->again += second == FOUND;
}

static int compare(const void *one, const void *other)
{
	__u32 a = *(const __u32 *)one, b = *(const __u32 *)other;

	return (a > b) - (a < b);
}

static void try(const struct options *options, size_t at, bool nearest, __u32 number)
{
	const struct sim_settings settings = { .nodes = options->nodes, .seed = options->seed, .family = DHT_IPV6,
					       .rtt_least_ms = 10, .rtt_most_ms = 100, .public_addresses = true };
	static struct score score;
	struct sim *sim = sim_new(&settings);
	struct dht_item item;

	memset(&score, 0, sizeof(score));
	for (__u32 i = 0; i < options->operations; i++) {
		all_honest(sim);
		sim_engine(sim, KNOWN);
		sim_item(&sim->stale, i, OLD, ITEM_BYTES);
		sim_item(&item, i, NEW, ITEM_BYTES);
		put(sim, &item);
		if (nearest)
			turn_nearest(sim, &item, number, manners[at].manner);
		else
			turn_share(sim, number, manners[at].manner);
		sim_engine(sim, KNOWN);
		look(sim, &item, &score, i);
	}
	sim_free(sim);
	qsort(score.took_ms, options->operations, sizeof(*score.took_ms), compare);
	qsort(score.sent, options->operations, sizeof(*score.sent), compare);
	printf("%s %s %u %u %u %u %u %u %u %u\n", manners[at].name, nearest ? "nearest" : "share", number, options->operations,
	       score.found, score.older, score.wrong, score.took_ms[options->operations / 2], score.again,
	       score.sent[options->operations / 2]);
	fflush(stdout);
}

static void take_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = { { "nodes", required_argument, NULL, 'n' },
					       { "operations", required_argument, NULL, 'o' },
					       { "seed", required_argument, NULL, 's' },
					       { "only", required_argument, NULL, 'm' }, { 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == '?')
			exit(2);
		if (option == 'm') {
			options->only = optarg;
			continue;
		}
		*(option == 'n' ? &options->nodes : option == 'o' ? &options->operations : &options->seed) =
			(__u32)strtoul(optarg, NULL, 10);
	}
	if (options->nodes < 50 || !options->operations || options->operations > OPERATIONS_MOST)
		exit(2);
}

int main(int argc, char **argv)
{
	static const __u32 nearest[] = { 1, 4, 7, 8 }, share[] = { 10, 25, 50 };
	struct options options = { .nodes = 300, .operations = 60, .seed = 1 };

	take_options(&options, argc, argv);
	for (size_t at = 0; at < sizeof(manners) / sizeof(*manners); at++) {
		if (options.only && strcmp(options.only, manners[at].name))
			continue;
		for (size_t i = 0; i < sizeof(nearest) / sizeof(*nearest); i++)
			try(&options, at, true, nearest[i]);
		for (size_t i = 0; i < sizeof(share) / sizeof(*share); i++)
			try(&options, at, false, share[i]);
	}
	return 0;
}
