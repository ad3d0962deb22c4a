// SPDX-License-Identifier: GPL-2.0-only
/* The whole engine in simulated networks of honest, dead and lossy nodes: what it finds, how long it takes, what it sends. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/dht/item.h"
#include "ctl/dht/node_id.h"
#include "ctl/dht/operation.h"
#include "tests/lab/dht_sim.h"

static const struct sim_settings thousand = { .nodes = 1000, .seed = 7, .family = DHT_IPV6, .rtt_least_ms = 50,
					      .rtt_most_ms = 200, .dead_percent = 20, .public_addresses = true };
static const struct sim_settings small = { .nodes = 200, .seed = 11, .family = DHT_IPV6, .rtt_least_ms = 5,
					   .rtt_most_ms = 50, .public_addresses = true };

static struct dht_endpoint peers[DHT_PEERS_MOST];

static struct dht_result put(struct sim *sim, const struct dht_item *item)
{
	struct dht_request request = { .kind = DHT_PUT, .family = sim->settings.family, .item = *item };
	struct dht_result result;

	assert_true(sim_run(sim, &request, 31000, &result, NULL));
	sim->now_ms += 5000;
	return result;
}

static struct dht_result get(struct sim *sim, const struct dht_item *item, bool read_all)
{
	struct dht_request request = { .kind = DHT_GET, .family = sim->settings.family, .read_all = read_all,
				       .source_per_query = sim->settings.family == DHT_IPV6 };
	struct dht_result result;

	memcpy(request.public_key, item->public_key, DHT_PUBLIC_BYTES);
	assert_true(sim_run(sim, &request, 31000, &result, NULL));
	sim->now_ms += 5000;
	return result;
}

static int compare(const void *one, const void *other)
{
	return (int)*(const __u32 *)one - (int)*(const __u32 *)other;
}

static void check_manners(const struct sim *sim)
{
	assert_int_equal(sim->opened, sim->closed);
	assert_in_range(sim->fastest, 1, 4);
	assert_in_range(sim->fastest_10s, 1, 48);
}

static void test_thousand(void **state)
{
	enum { RUNS = 60 };
	__u32 took[RUNS], sent = 0;
	struct dht_result result;
	struct dht_item item;
	struct sim *sim = sim_new(&thousand);

	(void)state;
	sim_engine(sim, 4);
	for (__u32 i = 0; i < RUNS; i++) {
		sim_item(&item, i, 5, 240);
		assert_int_equal(put(sim, &item).stored, DHT_STORE_NODES);
		sim_engine(sim, 4); /* somebody else reads */
		result = get(sim, &item, false);
		assert_int_equal(result.outcome, DHT_DONE);
		assert_memory_equal(&result.item, &item, sizeof(item));
		took[i] = result.took_ms;
		sent += result.sent;
	}
	check_manners(sim);
	sim_free(sim);
	qsort(took, RUNS, sizeof(*took), compare);
	print_message("get among 1000 nodes: p50 %u ms, p95 %u ms, %u datagrams\n", took[RUNS / 2],
		      took[RUNS * 95 / 100], sent / RUNS);
	assert_in_range(took[RUNS / 2], 1, 2000);
	assert_in_range(took[RUNS * 95 / 100], 1, 5000);
}

/* 20 % of datagrams lost in each direction. */
static void test_loss(void **state)
{
	struct sim_settings settings = small;
	unsigned int stored = 0, read = 0;
	struct dht_item item;
	struct sim *sim;

	(void)state;
	settings.loss_percent = 20;
	sim = sim_new(&settings);
	sim_engine(sim, 4);
	for (__u32 i = 0; i < 50; i++) {
		sim_item(&item, i, 5, 240);
		stored += put(sim, &item).stored;
		read += get(sim, &item, false).outcome == DHT_DONE;
	}
	check_manners(sim);
	sim_free(sim);
	print_message("20 %% loss: %u of 50 read, %u of 400 stored\n", read, stored);
	assert_in_range(read, 49, 50);
	assert_in_range(stored, 340, 400);
}

/* Where nodes answer at once, a reader who remembers nothing is not held up by the dead among them. */
static void test_dead_among_fast(void **state)
{
	enum { RUNS = 100 };
	struct sim_settings settings = thousand;
	struct dht_result result;
	struct dht_item item;
	__u32 took[RUNS], sent = 0;
	struct sim *sim;

	(void)state;
	settings.rtt_least_ms = 1;
	settings.rtt_most_ms = 3;
	settings.dead_percent = 30;
	sim = sim_new(&settings);
	sim_engine(sim, 4);
	for (__u32 i = 0; i < RUNS; i++) {
		sim_item(&item, i, 5, 240);
		assert_in_range(put(sim, &item).stored, 1, DHT_STORE_NODES);
		sim_engine(sim, 4);
		result = get(sim, &item, false);
		assert_int_equal(result.outcome, DHT_DONE);
		took[i] = result.took_ms;
		sent += result.sent;
	}
	check_manners(sim);
	sim_free(sim);
	qsort(took, RUNS, sizeof(*took), compare);
	print_message("get among fast and dead nodes: p50 %u ms, p95 %u ms, %u datagrams\n", took[RUNS / 2],
		      took[RUNS * 95 / 100], sent / RUNS);
	assert_in_range(took[RUNS / 2], 1, 50);
	assert_in_range(took[RUNS * 95 / 100], 1, 70);
	assert_in_range(sent / RUNS, 1, 14);
}

static void test_ipv4(void **state)
{
	struct sim_settings settings = small;
	struct dht_result result;
	struct dht_item item;
	struct sim *sim;

	(void)state;
	settings.family = DHT_IPV4;
	sim = sim_new(&settings);
	sim_engine(sim, 3);
	sim_item(&item, 1, 5, DHT_PUT_VALUE_MOST);
	assert_int_equal(put(sim, &item).stored, DHT_STORE_NODES);
	result = get(sim, &item, true);
	assert_int_equal(result.outcome, DHT_DONE);
	assert_int_equal(result.holders, DHT_STORE_NODES);
	check_manners(sim);
	sim_free(sim);
}

/* Only those who may hold the item learn its target, however many dead ones there are in between. */
static void test_discretion(void **state)
{
	struct sim_settings settings = thousand;
	__u8 target[DHT_ID_BYTES];
	struct dht_result result;
	struct dht_item item;
	struct sim *sim;

	(void)state;
	settings.dead_percent = 60;
	sim = sim_new(&settings);
	sim_engine(sim, 4);
	for (__u32 i = 0; i < 40; i++) {
		sim_item(&item, 100 + i, 5, 240);
		item_target(target, item.public_key);
		sim->target = target;
		sim->targets_seen = 0;
		result = get(sim, &item, i % 2);
		assert_int_equal(result.outcome, DHT_NOTHING);
		assert_in_range(sim->targets_seen, 1, i % 2 ? GET_HEARD_OF_ALL : GET_HEARD_MOST);
	}
	sim_free(sim);
}

static bool holds(const struct sim_node *node, const struct dht_item *item)
{
	bool found = false;

	for (__u32 i = 0; i < node->item_count; i++)
		found |= !memcmp(&node->item[i], item, sizeof(*item));
	return found;
}

/* Wherever a lookup begins, and however far from there it ends: what is put stands on the nearest of all. */
static void test_nearest_of_all(void **state)
{
	enum { PUTS = 200 };
	struct sim_settings settings = { .nodes = 300, .seed = 1, .family = DHT_IPV6, .rtt_least_ms = 10, .rtt_most_ms = 100,
					 .public_addresses = true };
	struct sim *sim = sim_new(&settings);
	__u8 target[DHT_ID_BYTES];
	struct dht_item item;

	(void)state;
	for (__u32 i = 0; i < PUTS; i++) {
		const struct sim_node *nearest = &sim->node[0];

		sim_engine(sim, 4);
		sim_item(&item, i, 5, 240);
		assert_int_equal(put(sim, &item).stored, DHT_STORE_NODES);
		item_target(target, item.public_key);
		for (__u32 node = 1; node < settings.nodes; node++)
			if (node_id_compare(target, sim->node[node].id, nearest->id) < 0)
				nearest = &sim->node[node];
		if (!holds(nearest, &item))
			fail_msg("item %u does not stand on the nearest node", i);
	}
	sim_free(sim);
}

/* What is newer stays: seen by get, or told by the node. */
static void test_sequences(void **state)
{
	struct sim *sim = sim_new(&small);
	struct dht_item item, newer, same;
	struct dht_result result;
	struct sim_node *node;
	__u8 target[DHT_ID_BYTES];

	(void)state;
	sim_engine(sim, 3);
	sim_item(&item, 1, 5, 240);
	sim_item(&newer, 1, 6, 240);
	sim_item(&same, 1, 6, 100);
	assert_int_equal(put(sim, &item).outcome, DHT_DONE);
	assert_int_equal(put(sim, &newer).outcome, DHT_DONE);
	assert_int_equal(put(sim, &newer).outcome, DHT_DONE); /* again: keeps it alive */
	result = put(sim, &item);
	assert_int_equal(result.outcome, DHT_REFUSED);
	assert_int_equal(result.code, 302);
	assert_int_equal(put(sim, &same).outcome, DHT_REFUSED);
	result = get(sim, &item, true);
	assert_memory_equal(&result.item, &newer, sizeof(newer));
	item_target(target, item.public_key);
	for (__u32 rank = 0; rank < DHT_STORE_NODES; rank++) {
		node = sim_nearest(sim, target, rank);
		node->manner = SIM_REFUSES;
	}
	sim_item(&newer, 1, 7, 240);
	result = put(sim, &newer);
	assert_int_equal(result.outcome, DHT_REFUSED);
	assert_int_equal(result.code, 302);
	assert_int_equal(result.stored, 0);
	sim_free(sim);
}

static void test_nobody(void **state)
{
	struct sim *sim = sim_new(&small);
	struct dht_result result;
	struct dht_item item;

	(void)state;
	sim_item(&item, 1, 5, 240);
	sim_engine(sim, 0);
	result = get(sim, &item, false);
	assert_int_equal(result.outcome, DHT_NO_BOOTSTRAP);
	assert_int_equal(result.sent, 0);
	sim_engine(sim, 3);
	result = get(sim, &item, false);
	assert_int_equal(result.outcome, DHT_NOTHING);
	for (__u32 i = 0; i < small.nodes; i++)
		sim->node[i].manner = SIM_DEAD;
	result = get(sim, &item, false);
	assert_int_equal(result.outcome, DHT_NO_ANSWER);
	assert_in_range(result.took_ms, 1, 30000);
	assert_int_equal(put(sim, &item).outcome, DHT_NO_ANSWER);
	check_manners(sim);
	sim_free(sim);
}

static void announce_ports(enum dht_family family, __u32 count, bool whole)
{
	struct sim_settings settings = small;
	struct dht_request request = { .kind = DHT_ANNOUNCE, .family = family, .infohash = "an infohash", .port_count = count };
	struct dht_result result;
	__be16 ports[DHT_PORTS_MOST];
	unsigned int found = 0;
	struct sim *sim;

	settings.family = family;
	sim = sim_new(&settings);
	sim_engine(sim, 3);
	for (__u32 i = 0; i < count; i++)
		ports[i] = htons((__u16)(i << 8 | 7));
	request.ports = ports;
	assert_true(sim_run(sim, &request, 300000, &result, NULL));
	print_message("%u ports over IPv%d: %u ms, %u datagrams\n", count, family == DHT_IPV6 ? 6 : 4, result.took_ms,
		      result.sent);
	assert_int_equal(result.outcome, DHT_DONE);
	assert_int_equal(result.stored, DHT_STORE_NODES);
	assert_int_equal(result.ports_anywhere, count);
	for (__u32 i = 0; i < DHT_STORE_NODES; i++)
		assert_int_equal(result.ports_stored[i], count);
	check_manners(sim);
	sim->now_ms += 5000;
	request.kind = DHT_GET_PEERS;
	request.read_all = true;
	assert_true(sim_run(sim, &request, 60000, &result, peers));
	for (__u32 i = 0; i < count; i++)
		for (__u32 j = 0; j < result.peer_count; j++)
			found += peers[j].port == ports[i];
	print_message("read: %u in %u ms, %u datagrams\n", found, result.took_ms, result.sent);
	assert_int_equal(result.peer_count, found);
	assert_in_range(found, whole ? count : count / 2, count);
	for (__u32 i = 1; i < found; i++) /* over IPv6 each has an address of its own */
		assert_int_equal(!memcmp(peers[i].address, peers[0].address, 16), family == DHT_IPV4);
	check_manners(sim);
	sim_free(sim);
}

static void test_ports(void **state)
{
	(void)state;
	announce_ports(DHT_IPV4, 1, true);
	announce_ports(DHT_IPV6, 1, true);
	announce_ports(DHT_IPV4, 65, true);
	announce_ports(DHT_IPV6, 65, true);
	announce_ports(DHT_IPV4, 256, false);
	announce_ports(DHT_IPV6, 256, false);
}

/* Half of all datagrams are lost, so that nodes are given up one after the other: it ends all the same, each time. */
static void test_ports_end(void **state)
{
	enum { SEEDS = 40, PORTS = 65, LONGEST_MS = 100000 };
	struct dht_request request = { .kind = DHT_ANNOUNCE, .infohash = "an infohash", .port_count = PORTS };
	struct sim_settings settings = small;
	struct dht_result result;
	__be16 ports[PORTS];
	unsigned int given_up = 0;

	(void)state;
	for (__u32 i = 0; i < PORTS; i++)
		ports[i] = htons((__u16)(i << 8 | 7));
	request.ports = ports;
	settings.nodes = 30;
	settings.loss_percent = 50;
	for (__u32 seed = 1; seed <= SEEDS; seed++) {
		struct sim *sim;

		settings.seed = seed;
		settings.family = request.family = seed % 2 ? DHT_IPV6 : DHT_IPV4;
		sim = sim_new(&settings);
		sim_engine(sim, 3);
		if (!sim_run(sim, &request, LONGEST_MS, &result, NULL))
			fail_msg("seed %u: it does not end", seed);
		assert_int_equal(sim->opened, sim->closed);
		given_up += result.ports_anywhere < PORTS;
		sim_free(sim);
	}
	print_message("announced to nodes that lose half: ended each time, %u of %d without all ports\n", given_up, SEEDS);
	assert_in_range(given_up, 1, SEEDS);
}

static void test_refused_requests(void **state)
{
	struct dht_request request = { .kind = DHT_PUT, .family = DHT_IPV6 };
	struct sim *sim = sim_new(&small);
	__u32 begun = 0;

	(void)state;
	sim_engine(sim, 3);
	sim_item(&request.item, 1, 5, DHT_PUT_VALUE_MOST + 1);
	assert_int_equal(dht_begin(sim->dht, sim->now_ms, &request), 0); /* too long */
	sim_item(&request.item, 1, 5, 240);
	request.item.value[0] ^= 1;
	assert_int_equal(dht_begin(sim->dht, sim->now_ms, &request), 0); /* not signed */
	request.kind = DHT_ANNOUNCE;
	assert_int_equal(dht_begin(sim->dht, sim->now_ms, &request), 0); /* no ports */
	request.kind = DHT_GET;
	while (dht_begin(sim->dht, sim->now_ms, &request))
		begun++;
	assert_int_equal(begun, DHT_OPERATIONS_MOST);
	sim_free(sim);
}

/* Ends with a result, and with a CLOSE for each OPEN. */
static void test_cancel(void **state)
{
	struct dht_request request = { .kind = DHT_GET, .family = DHT_IPV6, .source_per_query = true, .owner = &request };
	struct sim *sim = sim_new(&small);
	struct dht_action action;
	unsigned int opened = 0, closed = 0;
	__u32 operation;

	(void)state;
	sim_engine(sim, 3);
	operation = dht_begin(sim->dht, sim->now_ms, &request);
	while (dht_next(sim->dht, sim->now_ms, &action))
		opened += action.kind == DHT_OPEN;
	assert_int_not_equal(opened, 0);
	dht_cancel(sim->dht, operation);
	dht_cancel(sim->dht, operation + 1);
	assert_int_equal(dht_wake_ms(sim->dht), 0);
	do {
		assert_true(dht_next(sim->dht, sim->now_ms, &action));
		closed += action.kind == DHT_CLOSE;
		assert_int_not_equal(action.kind, DHT_SEND);
	} while (action.kind != DHT_FINISHED);
	assert_int_equal(opened, closed);
	assert_int_equal(action.result->outcome, DHT_CANCELLED);
	assert_ptr_equal(action.result->owner, &request);
	assert_false(dht_next(sim->dht, sim->now_ms, &action));
	assert_true(dht_wake_ms(sim->dht) == ~0ULL);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thousand), cmocka_unit_test(test_loss), cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_dead_among_fast),
		cmocka_unit_test(test_discretion), cmocka_unit_test(test_nearest_of_all), cmocka_unit_test(test_sequences), cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_ports), cmocka_unit_test(test_ports_end), cmocka_unit_test(test_refused_requests), cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
