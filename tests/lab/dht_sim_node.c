// SPDX-License-Identifier: GPL-2.0-only
/* What simulated nodes answer, honest ones and others. Demands of every query that it is as docs and BEPs want it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dht/bencode.h"
#include "ctl/dht/item.h"
#include "ctl/dht/node_id.h"
#include "tests/lab/dht_sim_node.h"

enum { ANSWER_BYTES = DHT_RECEIVE_MOST, NODES = 8, PEERS_AN_ANSWER = 100, CODE_GENERIC = 201, CODE_TOKEN = 203, CODE_UNKNOWN = 204,
       CODE_SIGNATURE = 206, CODE_CAS = 301, CODE_NEWER = 302 };

/* A query of the engine's, taken apart. */
struct heard {
	const struct dht_action *action;
	struct bencode_bytes kind, transaction, id, target, token, key, signature, value;
	__s64 read_only, port, sequence, cas;
	bool has_cas;
};

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void take_one(struct heard *heard, const struct bencode_bytes *key, struct bencode_cursor *cursor)
{
	const struct {
		const char *key;
		struct bencode_bytes *string;
		__s64 *integer;
	} fields[] = {
		{ "q", &heard->kind, NULL }, { "t", &heard->transaction, NULL }, { "id", &heard->id, NULL },
		{ "target", &heard->target, NULL }, { "info_hash", &heard->target, NULL },
		{ "token", &heard->token, NULL }, { "k", &heard->key, NULL }, { "sig", &heard->signature, NULL },
		{ "v", &heard->value, NULL }, { "ro", NULL, &heard->read_only }, { "port", NULL, &heard->port },
		{ "seq", NULL, &heard->sequence }, { "cas", NULL, &heard->cas },
	};

	heard->has_cas |= bencode_equal(key, "cas");
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!bencode_equal(key, fields[i].key))
			continue;
		demand(fields[i].string ? !bencode_string(cursor, fields[i].string) :
					  !bencode_integer(cursor, fields[i].integer));
		return;
	}
	demand(!bencode_skip(cursor));
}

/* Keys must come in order (BEP 3). */
static void take_all(struct heard *heard, struct bencode_cursor *cursor)
{
	struct bencode_bytes last = { NULL, 0 }, key;

	demand(bencode_step(cursor, 'd'));
	while (!bencode_step(cursor, 'e')) {
		size_t shorter;

		demand(!bencode_string(cursor, &key));
		shorter = key.length < last.length ? key.length : last.length;
		demand(!last.at || memcmp(last.at, key.at, shorter) < (last.length < key.length));
		last = key;
		if (bencode_equal(&key, "a"))
			take_all(heard, cursor);
		else
			take_one(heard, &key, cursor);
	}
}

static void hear(struct heard *heard, const struct dht_action *action)
{
	struct bencode_cursor cursor = { action->bytes, action->bytes + action->length };

	*heard = (struct heard){ .action = action };
	take_all(heard, &cursor);
	demand(cursor.at == cursor.end && action->length <= DHT_DATAGRAM_MOST);
	demand(heard->read_only == 1 && heard->transaction.length >= 4);
	demand(heard->id.length == DHT_ID_BYTES);
}

static void check_id(struct sim *sim, const struct heard *heard)
{
	__u32 number = heard->action->source;
	struct sim_source *own = &sim->source[number % SIM_SOURCES];

	for (__u32 i = 0; i < SIM_SOURCES; i++)
		demand(!sim->source[i].number || sim->source[i].number == number ||
		       memcmp(sim->source[i].id, heard->id.at, DHT_ID_BYTES));
	demand(own->number != number || !memcmp(own->id, heard->id.at, DHT_ID_BYTES));
	own->number = number;
	memcpy(own->id, heard->id.at, DHT_ID_BYTES);
}

/* --- what an honest node knows ------------------------------------------------------------ */

/* A token holds for who asked. */
static void make_token(const struct sim_node *node, const struct heard *heard, __u8 token[4])
{
	__u32 mixed = heard->action->source * 2654435761U ^ (__u32)node->id[0] << 24 ^ node->id[1];

	memcpy(token, &mixed, 4);
}

static bool has_token(const struct sim_node *node, const struct heard *heard)
{
	__u8 token[4];

	make_token(node, heard, token);
	return heard->token.length == 4 && !memcmp(heard->token.at, token, 4);
}

/* The eight of its table nearest to the target. */
static unsigned int find_nodes(const struct sim *sim, const struct sim_node *node, const __u8 *target,
			       const struct sim_node *found[NODES])
{
	unsigned int count = 0;

	for (unsigned int bucket = 0; bucket < SIM_BUCKETS; bucket++)
		for (unsigned int i = 0; i < node->in_bucket[bucket]; i++) {
			const struct sim_node *other = &sim->node[node->bucket[bucket][i]];
			unsigned int rank = count;

			while (rank && node_id_compare(target, other->id, found[rank - 1]->id) < 0)
				rank--;
			if (rank == NODES)
				continue;
			count += count < NODES;
			memmove(found + rank + 1, found + rank, (count - rank - 1) * sizeof(*found));
			found[rank] = other;
		}
	return count;
}

static struct dht_item *find_item(struct sim_node *node, const __u8 *target)
{
	__u8 of_item[DHT_ID_BYTES];

	for (__u32 i = 0; i < node->item_count; i++) {
		item_target(of_item, node->item[i].public_key);
		if (!memcmp(of_item, target, DHT_ID_BYTES))
			return &node->item[i];
	}
	return NULL;
}

/* --- writing answers ---------------------------------------------------------------------- */

static void put_compact(struct bencode_writer *writer, const struct dht_endpoint *endpoint, enum dht_family family)
{
	bencode_put(writer, endpoint->address + (family == DHT_IPV4 ? 12 : 0), family == DHT_IPV4 ? 4 : 16);
	bencode_put(writer, &endpoint->port, 2);
}

/* The id of a node in a liar's /48 follows from its address: as near to the target as nodes can be seen to be. */
static void chain_id(const struct dht_endpoint *endpoint, const __u8 *target, __u8 id[DHT_ID_BYTES])
{
	memset(id, 0, DHT_ID_BYTES);
	memcpy(id, target, 8);
	id[6] ^= endpoint->address[6];
	id[7] ^= endpoint->address[7];
}

/* A node that does not exist. */
static void invent_node(struct sim *sim, const struct sim_node *node, const __u8 *target, __u8 id[DHT_ID_BYTES],
			struct dht_endpoint *endpoint)
{
	*endpoint = node->endpoint;
	if (node->manner == SIM_CROWD)
		endpoint->port = htons((__u16)(1 + sim_random(sim) % 65535));
	else if (node->manner == SIM_MARTIANS)
		memset(endpoint->address, sim_random(sim) % 2 ? 0xff : 0, 16);
	endpoint->address[6] = node->manner == SIM_CHAIN ? (__u8)sim_random(sim) : endpoint->address[6];
	endpoint->address[7] = node->manner == SIM_CHAIN ? (__u8)sim_random(sim) : endpoint->address[7];
	chain_id(endpoint, target, id);
	if (node->manner != SIM_CHAIN)
		id[7] ^= (__u8)sim_random(sim);
}

static void put_nodes(struct sim *sim, struct sim_node *node, const struct heard *heard, struct bencode_writer *writer)
{
	const struct sim_node *found[NODES + 1];
	enum dht_family family = sim->settings.family;
	unsigned int count = find_nodes(sim, node, heard->target.at, found);
	bool invents = node->manner == SIM_CHAIN || node->manner == SIM_CROWD || node->manner == SIM_MARTIANS;
	struct dht_endpoint endpoint;
	__u8 id[DHT_ID_BYTES];
	char head[24];

	bencode_put_text(writer, family == DHT_IPV4 ? "5:nodes" : "6:nodes6");
	snprintf(head, sizeof(head), "%u:", count * (family == DHT_IPV4 ? 26 : 38));
	bencode_put_text(writer, head);
	for (unsigned int i = 0; i < count; i++) {
		memcpy(id, found[i]->id, DHT_ID_BYTES);
		endpoint = found[i]->endpoint;
		if (invents)
			invent_node(sim, node, heard->target.at, id, &endpoint);
		bencode_put(writer, id, DHT_ID_BYTES);
		put_compact(writer, &endpoint, family);
	}
}

/* The sequence of keys in "r": id k nodes seq sig token v values. */
static void put_item_head(struct bencode_writer *writer, const struct dht_item *item)
{
	bencode_put_text(writer, "1:k");
	bencode_put_string(writer, item->public_key, DHT_PUBLIC_BYTES);
}

static void put_item_tail(struct bencode_writer *writer, const struct dht_item *item)
{
	bencode_put_text(writer, "3:seq");
	bencode_put_integer(writer, item->sequence);
	bencode_put_text(writer, "3:sig");
	bencode_put_string(writer, item->signature, DHT_SIGNATURE_BYTES);
}

static const struct dht_item *item_to_show(struct sim *sim, struct sim_node *node, const struct heard *heard,
					   struct dht_item *lie)
{
	const struct dht_item *item = find_item(node, heard->target.at);

	if (!bencode_equal(&heard->kind, "get"))
		return NULL;
	if (node->manner == SIM_STALE)
		return &sim->stale;
	if (node->manner == SIM_OTHER_KEY) {
		sim_item(lie, 0xbad, 1LL << 40, 240);
		return lie;
	}
	if (node->manner != SIM_FORGED)
		return item;
	*lie = sim->stale;
	lie->sequence += 1LL << 40;
	return lie;
}

static void put_peers(struct sim *sim, const struct sim_node *node, struct bencode_writer *writer)
{
	__u32 first = node->peer_count ? (__u32)(sim_random(sim) % node->peer_count) : 0;
	enum dht_family family = sim->settings.family;
	__u32 most = family == DHT_IPV4 ? PEERS_AN_ANSWER : 25;
	bool junk = node->manner == SIM_JUNK_PEERS;
	__u32 count = junk || node->peer_count > most ? most : node->peer_count;

	if (!count)
		return;
	bencode_put_text(writer, "6:valuesl");
	for (__u32 i = 0; i < count; i++) {
		struct dht_endpoint peer = node->endpoint;

		if (!junk)
			peer = node->peer[(first + i) % node->peer_count];
		else
			peer.port = htons((__u16)sim_random(sim));
		bencode_put_text(writer, family == DHT_IPV4 ? "6:" : "18:");
		put_compact(writer, &peer, family);
	}
	bencode_put_text(writer, "e");
}

static void put_result(struct sim *sim, struct sim_node *node, const struct heard *heard, const __u8 *id,
		       struct bencode_writer *writer)
{
	bool find = bencode_equal(&heard->kind, "find_node"), peers = bencode_equal(&heard->kind, "get_peers");
	bool asks = find || peers || bencode_equal(&heard->kind, "get");
	struct dht_item lie;
	const struct dht_item *item = asks ? item_to_show(sim, node, heard, &lie) : NULL;
	__u8 token[4];

	bencode_put_text(writer, "d1:rd2:id");
	bencode_put_string(writer, id, DHT_ID_BYTES);
	if (item)
		put_item_head(writer, item);
	if (asks)
		put_nodes(sim, node, heard, writer);
	if (item)
		put_item_tail(writer, item);
	if (asks && !find) {
		make_token(node, heard, token);
		bencode_put_text(writer, "5:token");
		bencode_put_string(writer, token, sizeof(token));
	}
	if (item) {
		bencode_put_text(writer, "1:v");
		bencode_put_string(writer, item->value, item->length);
	}
	if (peers)
		put_peers(sim, node, writer);
	bencode_put_text(writer, "e");
}

/* --- storing ------------------------------------------------------------------------------ */

/* BEP 44's checks, in its order. 0 or the error. */
static int store_item(struct sim_node *node, const struct heard *heard)
{
	struct dht_item item = { .sequence = heard->sequence }, *old;
	__u8 target[DHT_ID_BYTES];

	demand(heard->key.length == DHT_PUBLIC_BYTES && heard->signature.length == DHT_SIGNATURE_BYTES);
	demand(heard->value.length <= DHT_VALUE_MOST);
	memcpy(item.public_key, heard->key.at, DHT_PUBLIC_BYTES);
	memcpy(item.signature, heard->signature.at, DHT_SIGNATURE_BYTES);
	memcpy(item.value, heard->value.at, heard->value.length);
	item.length = (__u16)heard->value.length;
	if (!dht_item_verify(&item))
		return CODE_SIGNATURE;
	item_target(target, item.public_key);
	old = find_item(node, target);
	if (old && heard->has_cas && heard->cas != old->sequence)
		return CODE_CAS;
	if (old && item.sequence < old->sequence)
		return CODE_NEWER;
	if (!old)
		old = &node->item[node->item_count < SIM_ITEMS ? node->item_count++ : 0];
	*old = item;
	return 0;
}

static void store_peer(struct sim *sim, struct sim_node *node, const struct heard *heard)
{
	struct dht_endpoint peer = { .port = htons((__u16)heard->port) };

	demand(heard->port >= 0 && heard->port < 65536);
	peer.address[10] = peer.address[11] = sim->settings.family == DHT_IPV4 ? 0xff : 0;
	memcpy(peer.address + 12, sim->settings.family == DHT_IPV6 ? (const void *)&heard->action->source : "\1\2\3\4", 4);
	if (!node->peer)
		node->peer = calloc(SIM_PEERS, sizeof(*node->peer));
	demand(node->peer);
	for (__u32 i = 0; i < node->peer_count; i++)
		if (!memcmp(&node->peer[i], &peer, sizeof(peer)))
			return;
	if (node->peer_count < SIM_PEERS)
		node->peer[node->peer_count++] = peer;
}

/* 0 or the code of an error. */
static int serve(struct sim *sim, struct sim_node *node, const struct heard *heard)
{
	bool put = bencode_equal(&heard->kind, "put"), announce = bencode_equal(&heard->kind, "announce_peer");

	if (node->manner == SIM_ERROR)
		return CODE_GENERIC;
	if (node->manner == SIM_UNKNOWING && bencode_equal(&heard->kind, "get"))
		return CODE_UNKNOWN;
	if (put && node->manner == SIM_REFUSES)
		return CODE_NEWER;
	if ((put || announce) && !has_token(node, heard))
		return CODE_TOKEN;
	if (announce)
		store_peer(sim, node, heard);
	return put ? store_item(node, heard) : 0;
}

static void put_error(struct bencode_writer *writer, int code)
{
	bencode_put_text(writer, "d1:el");
	bencode_put_integer(writer, code);
	bencode_put_text(writer, "2:noe");
}

/* --- on their way ------------------------------------------------------------------------- */

static void send_answer(struct sim *sim, const struct sim_node *node, const struct heard *heard,
			struct bencode_writer *writer)
{
	struct dht_endpoint from = heard->action->to;
	__u64 at_ms = sim->now_ms + node->rtt_ms;

	if (node->manner == SIM_ELSEWHERE)
		from.port ^= 1;
	if (node->manner == SIM_TRUNCATED)
		writer->used = sim_random(sim) % writer->used;
	for (size_t i = 0; node->manner == SIM_GARBAGE && i < writer->used; i++)
		writer->bytes[i] = (__u8)sim_random(sim);
	sim_deliver(sim, at_ms, heard->action->source, &from, writer->bytes, writer->used);
	if (node->manner == SIM_TWICE)
		sim_deliver(sim, at_ms, heard->action->source, &from, writer->bytes, writer->used);
}

static bool is_silent(const struct sim_node *node, const struct heard *heard)
{
	bool items = bencode_equal(&heard->kind, "get") || bencode_equal(&heard->kind, "put");

	return node->manner == SIM_DEAD || (node->manner == SIM_NO_ITEMS && items);
}

/* A chain's nodes go by the id under which they were named; who lies about its id, by any. */
static void choose_id(struct sim *sim, const struct sim_node *node, const struct heard *heard, __u8 id[DHT_ID_BYTES])
{
	bool itself = !memcmp(&node->endpoint, &heard->action->to, sizeof(node->endpoint));

	memcpy(id, node->id, DHT_ID_BYTES);
	for (unsigned int i = 0; node->manner == SIM_WRONG_ID && i < DHT_ID_BYTES; i++)
		id[i] = (__u8)sim_random(sim);
	if (!itself && heard->target.length == DHT_ID_BYTES)
		chain_id(&heard->action->to, heard->target.at, id);
}

void sim_node_hears(struct sim *sim, struct sim_node *node, const struct dht_action *query)
{
	__u8 bytes[ANSWER_BYTES], id[DHT_ID_BYTES], transaction[64];
	struct bencode_writer writer = { .bytes = bytes, .room = sizeof(bytes) };
	struct heard heard;
	int code;

	hear(&heard, query);
	check_id(sim, &heard);
	sim->targets_seen += sim->target && node->manner != SIM_DEAD && heard.target.length == DHT_ID_BYTES &&
			     !memcmp(heard.target.at, sim->target, DHT_ID_BYTES);
	if (is_silent(node, &heard))
		return;
	demand(heard.transaction.length <= sizeof(transaction));
	memcpy(transaction, heard.transaction.at, heard.transaction.length);
	transaction[0] ^= node->manner == SIM_OTHER_ID;
	choose_id(sim, node, &heard, id);
	code = serve(sim, node, &heard);
	if (code)
		put_error(&writer, code);
	else
		put_result(sim, node, &heard, id, &writer);
	bencode_put_text(&writer, "1:t");
	bencode_put_string(&writer, transaction, heard.transaction.length);
	bencode_put_text(&writer, code ? "1:y1:ee" : "1:y1:re");
	demand(!writer.full);
	send_answer(sim, node, &heard, &writer);
}
