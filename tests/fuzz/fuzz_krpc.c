// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over what DHT nodes send. The first byte chooses: the parser alone, with its bounds; an item's check; or
 * the whole engine in the middle of an operation, fed with datagrams that answer its queries.
 *
 *	engine input: kind and family, then of each datagram: length (2), how it is addressed (1), bytes
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dht/bencode.h"
#include "ctl/dht/dht.h"
#include "ctl/dht/krpc.h"

enum { QUERIES = 64, STEPS = 400 };

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static void demand(int holds)
{
	if (!holds)
		abort();
}

static __u64 random_state;

static void fill(void *to, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
		((__u8 *)to)[i] = (__u8)(random_state >> 33);
	}
}

static void try_parser(const __u8 *data, size_t size)
{
	struct bencode_cursor cursor = { data, data + size };
	struct krpc_reply reply;

	if (!bencode_skip(&cursor))
		demand(cursor.at > data && cursor.at <= data + size);
	if (krpc_parse(&reply, data, size))
		return;
	demand(size <= DHT_RECEIVE_MOST && (reply.has_id || reply.is_error));
	demand(reply.token.length <= KRPC_TOKEN_MOST && reply.peers <= KRPC_PEERS_MOST);
	demand(reply.nodes[0] <= KRPC_NODES_MOST && reply.nodes[1] <= KRPC_NODES_MOST);
	demand(!reply.has_item || reply.item.length <= DHT_VALUE_MOST);
	if (reply.has_item)
		dht_item_verify(&reply.item);
}

/* A stored item, as it lies in the datagram: signed by nobody we know, so it must not verify, and must not crash. */
static void try_item(const __u8 *data, size_t size)
{
	struct dht_item item = { 0 };
	__u8 seed[32];

	memcpy(&item, data, size < sizeof(item) ? size : sizeof(item));
	dht_item_verify(&item);
	item.length %= DHT_VALUE_MOST + 1;
	item.sequence &= INT64_MAX;
	memcpy(seed, item.public_key, sizeof(seed));
	demand(!dht_item_sign(&item, seed) && dht_item_verify(&item));
}

/* --- the engine --------------------------------------------------------------------------- */

struct sent {
	__u32 source;
	struct dht_endpoint to;
	__u8 transaction[KRPC_ID_BYTES];
};

struct world {
	struct dht *dht;
	__u64 now_ms;
	struct sent sent[QUERIES];
	unsigned int count, opened, closed;
	bool finished;
};

static void take_action(struct world *world, const struct dht_action *action)
{
	static const char mark[] = "1:t8:";
	const __u8 *place;

	world->opened += action->kind == DHT_OPEN;
	world->closed += action->kind == DHT_CLOSE;
	world->finished |= action->kind == DHT_FINISHED;
	if (action->kind == DHT_FINISHED) {
		demand(action->result->peer_count <= DHT_PEERS_MOST && action->result->stored <= DHT_STORE_NODES);
		demand(action->result->outcome != DHT_DONE || action->result->kind != DHT_GET ||
		       dht_item_verify(&action->result->item));
	}
	if (action->kind != DHT_SEND)
		return;
	demand(action->length > 0 && action->length <= DHT_DATAGRAM_MOST);
	place = memmem(action->bytes, action->length, mark, sizeof(mark) - 1);
	while (place && memcmp(place + 5 + KRPC_ID_BYTES, "1:y1:qe", 7))
		place = memmem(place + 1, (size_t)(action->bytes + action->length - place - 1), mark, sizeof(mark) - 1);
	demand(place != NULL);
	world->sent[world->count % QUERIES] = (struct sent){ action->source, action->to, { 0 } };
	memcpy(world->sent[world->count++ % QUERIES].transaction, place + 5, KRPC_ID_BYTES);
}

static void act(struct world *world)
{
	struct dht_action action;

	for (unsigned int i = 0; i < 1000 && dht_next(world->dht, world->now_ms, &action); i++)
		take_action(world, &action);
	demand(world->finished || dht_wake_ms(world->dht) > world->now_ms);
}

/* Answers a query: where the bytes say "TTTTTTTT" its transaction is put, so that mutations reach what lies behind. */
static void feed(struct world *world, const __u8 *bytes, size_t length, __u8 how)
{
	const struct sent *sent = &world->sent[world->count ? how % (world->count < QUERIES ? world->count : QUERIES) : 0];
	__u8 *copy = malloc(length ? length : 1), *place;
	struct dht_endpoint from = sent->to;

	demand(copy != NULL);
	memcpy(copy, bytes, length);
	place = memmem(copy, length, "TTTTTTTT", 8);
	if (place)
		memcpy(place, sent->transaction, KRPC_ID_BYTES);
	if (how > 250)
		from.port++;
	dht_receive(world->dht, world->now_ms, sent->source, &from, copy, length);
	free(copy);
}

static void begin(struct world *world, __u8 choice)
{
	static const __be16 ports[3] = { 1, 2, 3 };
	struct dht_request request = { .kind = choice & 3, .family = choice >> 2 & 1, .read_all = choice >> 3 & 1,
				       .source_per_query = choice >> 4 & 1, .ports = ports, .port_count = 3 };
	const struct dht_settings settings = { .allow_private = choice >> 5 & 1, .random = fill };
	const __u8 seed[32] = { 0 };
	struct dht_endpoint node = { .port = 1 };

	random_state = choice;
	world->dht = dht_new(&settings);
	demand(world->dht != NULL);
	memcpy(node.address, request.family == DHT_IPV6 ? "\x2a" : "\0", 1);
	memset(node.address + 10, request.family == DHT_IPV6 ? 0 : 0xff, 2);
	for (__u8 i = 1; i < 6; i++) {
		node.address[12] = node.address[3] = request.family == DHT_IPV6 ? i : 0;
		node.address[12] = 8 + i;
		dht_add_bootstrap(world->dht, &node);
	}
	request.item.length = 40;
	demand(!dht_item_sign(&request.item, seed));
	memcpy(request.public_key, request.item.public_key, DHT_PUBLIC_BYTES);
	demand(dht_begin(world->dht, world->now_ms, &request) != 0);
}

static void try_engine(const __u8 *data, size_t size)
{
	struct world world = { .now_ms = 1000 };
	__u64 began_ms = world.now_ms;

	begin(&world, *data++);
	size--;
	for (unsigned int step = 0; step < STEPS && !world.finished; step++) {
		size_t length;

		act(&world);
		if (size < 3) {
			world.now_ms = dht_wake_ms(world.dht) == ~0ULL ? world.now_ms + 1 : dht_wake_ms(world.dht);
			continue;
		}
		length = ((size_t)data[0] << 8 | data[1]) % (DHT_RECEIVE_MOST + 100);
		length = length < size - 3 ? length : size - 3;
		feed(&world, data + 3, length, data[2]);
		world.now_ms += data[2] % 32;
		data += 3 + length;
		size -= 3 + length;
	}
	demand(world.finished && world.opened == world.closed && world.now_ms < began_ms + 60000);
	dht_free(world.dht);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	if (size < 2)
		return 0;
	if (*data % 4 == 0)
		try_parser(data + 1, size - 1);
	else if (*data % 4 == 1)
		try_item(data + 1, size - 1);
	else
		try_engine(data + 1, size - 1);
	return 0;
}
