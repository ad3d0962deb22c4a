// SPDX-License-Identifier: GPL-2.0-only
/* The network: who knows whom, the clock, datagrams under way, and the engine's loop. What nodes say: dht_sim_node.c */
#include "tests/lab/dht_sim.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dht/node_id.h"
#include "tests/lab/dht_sim_node.h"

static __u64 engine_random = 1;

static __u64 step_random(__u64 *state)
{
	__u64 mixed = *state += 0x9e3779b97f4a7c15; /* splitmix64 */

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return mixed ^ mixed >> 31;
}

__u64 sim_random(struct sim *sim)
{
	return step_random(&sim->random);
}

static void fill_random(__u64 *state, void *to, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((__u8 *)to)[i] = (__u8)step_random(state);
}

static void engine_fill(void *to, size_t bytes)
{
	fill_random(&engine_random, to, bytes);
}

/* Each node in a /48 (/24) of its own. */
static void set_address(struct sim *sim, struct dht_endpoint *endpoint, __u32 number)
{
	bool public = sim->settings.public_addresses;

	*endpoint = (struct dht_endpoint){ .port = htons(6881) };
	if (sim->settings.family == DHT_IPV6) {
		memcpy(endpoint->address, public ? "\x2a\x01\x01\x00" : "\x20\x01\x0d\xb8", 4);
		endpoint->address[4] = (__u8)(number >> 8);
		endpoint->address[5] = (__u8)number;
		endpoint->address[15] = 1;
		return;
	}
	memset(endpoint->address + 10, 0xff, 2);
	endpoint->address[12] = public ? 20 : 10;
	endpoint->address[13] = (__u8)(number >> 8);
	endpoint->address[14] = (__u8)number;
	endpoint->address[15] = 1;
}

static void make_node(struct sim *sim, __u32 number)
{
	struct sim_node *node = &sim->node[number];
	__u32 spread = sim->settings.rtt_most_ms - sim->settings.rtt_least_ms + 1;

	fill_random(&sim->random, node->id, DHT_ID_BYTES);
	set_address(sim, &node->endpoint, number);
	node->rtt_ms = sim->settings.rtt_least_ms + (__u32)(sim_random(sim) % spread);
	if (sim_random(sim) % 100 < sim->settings.dead_percent)
		node->manner = SIM_DEAD;
}

static unsigned int shared_bits(const __u8 *one, const __u8 *other)
{
	unsigned int bits = 0;

	while (bits < SIM_BUCKETS - 1 && !((one[bits / 8] ^ other[bits / 8]) >> (7 - bits % 8) & 1))
		bits++;
	return bits;
}

/* Everybody has met everybody in some order, and kept the first eight of each distance. */
static void make_table(struct sim *sim, struct sim_node *node)
{
	__u32 count = sim->settings.nodes, first = (__u32)(sim_random(sim) % count);

	for (__u32 i = 0; i < count; i++) {
		__u32 other = (first + i * 7919) % count; /* a prime: all of them, unless it divides the count */
		unsigned int bucket = shared_bits(node->id, sim->node[other].id);

		if (&sim->node[other] != node && node->in_bucket[bucket] < SIM_BUCKET_NODES)
			node->bucket[bucket][node->in_bucket[bucket]++] = (__u16)other;
	}
}

struct sim *sim_new(const struct sim_settings *settings)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		abort();
	sim->settings = *settings;
	sim->random = engine_random = settings->seed;
	sim->now_ms = 1000000;
	sim->node = calloc(settings->nodes, sizeof(*sim->node));
	sim->event = calloc(SIM_EVENTS, sizeof(*sim->event));
	if (!sim->node || !sim->event || sodium_init() < 0)
		abort();
	for (__u32 i = 0; i < settings->nodes; i++)
		make_node(sim, i);
	for (__u32 i = 0; i < settings->nodes; i++)
		make_table(sim, &sim->node[i]);
	return sim;
}

void sim_free(struct sim *sim)
{
	for (__u32 i = 0; i < sim->events; i++)
		free(sim->event[i].bytes);
	for (__u32 i = 0; i < sim->settings.nodes; i++)
		free(sim->node[i].peer);
	dht_free(sim->dht);
	free(sim->node);
	free(sim->event);
	free(sim);
}

void sim_engine(struct sim *sim, __u32 bootstrap_count)
{
	const struct dht_settings settings = { .allow_private = !sim->settings.public_addresses,
					       .random = engine_fill };

	dht_free(sim->dht);
	memset(sim->source, 0, sizeof(sim->source));
	sim->dht = dht_new(&settings);
	if (!sim->dht)
		abort();
	while (bootstrap_count) {
		const struct sim_node *node = &sim->node[sim_random(sim) % sim->settings.nodes];

		if (node->manner != SIM_HONEST)
			continue;
		dht_add_bootstrap(sim->dht, &node->endpoint);
		bootstrap_count--;
	}
}

struct sim_node *sim_nearest(struct sim *sim, const __u8 target[static DHT_ID_BYTES], __u32 rank)
{
	for (__u32 i = 0; i < sim->settings.nodes; i++) {
		__u32 nearer = 0;

		for (__u32 j = 0; j < sim->settings.nodes; j++)
			nearer += node_id_compare(target, sim->node[j].id, sim->node[i].id) < 0;
		if (nearer == rank)
			return &sim->node[i];
	}
	abort();
}

void sim_item(struct dht_item *item, __u32 key, __s64 sequence, __u16 length)
{
	__u8 seed[32] = { (__u8)key, (__u8)(key >> 8), (__u8)(key >> 16), 1 };

	*item = (struct dht_item){ .sequence = sequence, .length = length };
	for (__u16 i = 0; i < length; i++)
		item->value[i] = (__u8)(key + (__u64)sequence + i);
	if (dht_item_sign(item, seed))
		abort();
}

/* --- datagrams under way ------------------------------------------------------------------ */

void sim_deliver(struct sim *sim, __u64 at_ms, __u32 source, const struct dht_endpoint *from, const void *bytes,
		 size_t length)
{
	struct sim_event event = { .at_ms = at_ms, .source = source, .from = *from, .length = (__u16)length };
	__u32 place;

	if (sim_random(sim) % 100 < sim->settings.loss_percent || sim->events == SIM_EVENTS)
		return;
	event.bytes = malloc(length ? length : 1); /* of exactly its size: reading past it is seen */
	if (!event.bytes)
		abort();
	memcpy(event.bytes, bytes, length);
	for (place = sim->events++; place && sim->event[place - 1].at_ms < at_ms; place--)
		sim->event[place] = sim->event[place - 1];
	sim->event[place] = event;
}

/* Also whatever lives in the /48 of a node that says so. */
static struct sim_node *node_at(struct sim *sim, const struct dht_endpoint *endpoint)
{
	const __u8 *address = endpoint->address;
	__u32 number = sim->settings.family == DHT_IPV6 ? (__u32)address[4] << 8 | address[5] :
							  (__u32)address[13] << 8 | address[14];
	struct sim_node *node = number < sim->settings.nodes ? &sim->node[number] : NULL;

	if (!node || !memcmp(&node->endpoint, endpoint, sizeof(*endpoint)))
		return node;
	return node->manner == SIM_CHAIN ? node : NULL;
}

static void count_pace(struct sim *sim, struct sim_node *node)
{
	__u32 second = 1, ten = 1, kept = sizeof(node->last_sent_ms) / sizeof(*node->last_sent_ms);

	for (__u32 i = 0; i < kept; i++) {
		second += node->last_sent_ms[i] && sim->now_ms - node->last_sent_ms[i] < 1000;
		ten += node->last_sent_ms[i] && sim->now_ms - node->last_sent_ms[i] <= 10000;
	}
	node->last_sent_ms[node->queries++ % kept] = sim->now_ms;
	sim->fastest = second > sim->fastest ? second : sim->fastest;
	sim->fastest_10s = ten > sim->fastest_10s ? ten : sim->fastest_10s;
}

static void send_one(struct sim *sim, const struct dht_action *action)
{
	struct sim_node *node = node_at(sim, &action->to);

	sim->sent++;
	if (!node)
		return;
	if (!memcmp(&node->endpoint, &action->to, sizeof(action->to)))
		count_pace(sim, node);
	if (sim_random(sim) % 100 >= sim->settings.loss_percent)
		sim_node_hears(sim, node, action);
}

/* Each source has an address of its own in one /64, or one address in all. */
static void open_source(struct sim *sim, __u32 source)
{
	struct dht_endpoint own;

	set_address(sim, &own, 0xffff);
	if (sim->settings.family == DHT_IPV6)
		memcpy(own.address + 12, &source, 4);
	sim->opened++;
	dht_source_address(sim->dht, source, own.address);
}

/* Does all that is to do now. true: the operation has ended. */
static bool act(struct sim *sim, struct dht_result *result, struct dht_endpoint *peers)
{
	struct dht_action action;

	while (dht_next(sim->dht, sim->now_ms, &action)) {
		sim->closed += action.kind == DHT_CLOSE;
		if (action.kind == DHT_OPEN)
			open_source(sim, action.source);
		if (action.kind == DHT_SEND)
			send_one(sim, &action);
		if (action.kind != DHT_FINISHED)
			continue;
		*result = *action.result;
		if (peers && result->peers)
			memcpy(peers, result->peers, result->peer_count * sizeof(*peers));
		result->peers = peers;
		return true;
	}
	return false;
}

static void receive_due(struct sim *sim)
{
	while (sim->events && sim->event[sim->events - 1].at_ms <= sim->now_ms) {
		struct sim_event event = sim->event[--sim->events];

		dht_receive(sim->dht, sim->now_ms, event.source, &event.from, event.bytes, event.length);
		free(event.bytes);
	}
}

bool sim_run(struct sim *sim, const struct dht_request *request, __u64 most_ms, struct dht_result *result,
	     struct dht_endpoint *peers)
{
	__u64 end_ms = sim->now_ms + most_ms;

	if (!dht_begin(sim->dht, sim->now_ms, request))
		return false;
	while (!act(sim, result, peers)) {
		__u64 next = dht_wake_ms(sim->dht);

		if (next <= sim->now_ms)
			abort(); /* it had nothing to do, and yet wants to be called at once */
		if (sim->events && sim->event[sim->events - 1].at_ms < next)
			next = sim->event[sim->events - 1].at_ms;
		if (next > end_ms)
			return false;
		sim->now_ms = next > sim->now_ms ? next : sim->now_ms + 1;
		receive_due(sim);
	}
	return true;
}
