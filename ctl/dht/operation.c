// SPDX-License-Identifier: GPL-2.0-only
/* One operation from its request to its result: memory, stages, what goes to which part. */
#include "ctl/dht/operation.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/dht/item.h"

static const __u8 *key_of(const struct dht_request *request)
{
	return request->kind == DHT_PUT ? request->item.public_key : request->public_key;
}

static void set_target(struct operation *operation)
{
	const struct dht_request *request = &operation->request;

	if (request->kind == DHT_GET || request->kind == DHT_PUT)
		item_target(operation->target, key_of(request));
	else
		memcpy(operation->target, request->infohash, DHT_ID_BYTES);
	memcpy(operation->blurred, operation->target, DHT_ID_BYTES);
	operation->dht->settings.random(operation->blurred + DHT_ID_BYTES - HIDDEN_BYTES, HIDDEN_BYTES);
}

/* What a GET checks an item against is the key that a PUT writes under, too. */
static void take_request(struct operation *operation, const struct dht_request *request)
{
	operation->request = *request;
	memcpy(operation->request.public_key, key_of(request), DHT_PUBLIC_BYTES);
	operation->request.ports = NULL;
	operation->port_count = 1;
	if (request->kind != DHT_ANNOUNCE)
		return;
	operation->port_count = request->port_count;
	memcpy(operation->ports, request->ports, request->port_count * sizeof(*request->ports));
}

struct operation *operation_new(struct dht *dht, const struct dht_request *request, __u64 now_ms)
{
	struct operation *operation = calloc(1, sizeof(*operation));

	if (operation && request->kind == DHT_GET_PEERS)
		operation->peers = calloc(DHT_PEERS_MOST, sizeof(*operation->peers));
	if (!operation || (request->kind == DHT_GET_PEERS && !operation->peers)) {
		free(operation);
		return NULL;
	}
	operation->dht = dht;
	operation->begun_ms = now_ms;
	take_request(operation, request);
	set_target(operation);
	operation->result = (struct dht_result){ .owner = request->owner, .operation = ++dht->last_operation,
						 .kind = request->kind, .family = request->family,
						 .peers = operation->peers };
	candidates_init(&operation->candidates, operation->target, request->family, dht->settings.allow_private);
	lookup_begin(operation);
	return operation;
}

void operation_free(struct operation *operation)
{
	if (!operation)
		return;
	free(operation->peers);
	free(operation);
}

void operation_finish(struct operation *operation, enum dht_outcome outcome, __u64 now_ms)
{
	operation->stage = STAGE_FINISHED;
	operation->result.outcome = outcome;
	operation->result.took_ms = (__u32)(now_ms - operation->begun_ms);
	query_end_all(operation);
	for (unsigned int i = 0; i < SOURCES_MOST; i++)
		source_close(operation, i);
	operation->wake_ms = 0;
}

bool operation_is_over(const struct operation *operation)
{
	for (unsigned int i = 0; i < SOURCES_MOST; i++)
		if (operation->source[i].state != SOURCE_FREE)
			return false;
	return operation->stage == STAGE_FINISHED;
}

static bool is_storing(const struct query *query)
{
	return query->purpose == QUERY_TOKEN || query->purpose == QUERY_STORE;
}

static void drop_expired(struct operation *operation, __u64 now_ms)
{
	struct query *query;

	while ((query = query_expired(operation, now_ms))) {
		if (is_storing(query))
			store_failed(operation, query);
		lookup_silent(operation, query);
		query_end(operation, query);
	}
}

/* The next time that something is due, whatever comes or does not come. */
static __u64 wake_after(const struct operation *operation)
{
	__u64 wake = query_wake_ms(operation);

	return operation->wait_until_ms && operation->stage == STAGE_GET && operation->wait_until_ms < wake ?
		       operation->wait_until_ms : wake;
}

bool operation_next(struct operation *operation, __u64 now_ms, struct dht_action *action)
{
	if (operation->wake_ms > now_ms)
		return false;
	drop_expired(operation, now_ms);
	lookup_step(operation, now_ms);
	if (operation->stage == STAGE_STORE)
		store_step(operation, now_ms);
	if (source_report(operation, action) || query_send(operation, now_ms, action))
		return true;
	operation->wake_ms = operation_is_over(operation) ? 0 : wake_after(operation);
	return false;
}

void operation_receive(struct operation *operation, __u64 now_ms, __u32 source, const struct dht_endpoint *from,
		       const __u8 *bytes, size_t length)
{
	struct krpc_reply reply;
	struct query *query;

	if (krpc_parse(&reply, bytes, length))
		return;
	query = query_match(operation, source, from, reply.transaction);
	if (!query)
		return;
	operation->result.received++;
	if (is_storing(query))
		store_answer(operation, query, &reply, now_ms);
	else
		lookup_answer(operation, query, &reply, now_ms);
	query_end(operation, query);
	operation->wake_ms = 0;
}
