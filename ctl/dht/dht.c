// SPDX-License-Identifier: GPL-2.0-only
/* The engine's face: operations side by side, taking turns. */
#include "ctl/dht/dht.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dht/address.h"
#include "ctl/dht/operation.h"

struct dht *dht_new(const struct dht_settings *settings)
{
	struct dht *dht = calloc(1, sizeof(*dht));

	if (!dht)
		return NULL;
	dht->settings = *settings;
	if (!dht->settings.random)
		dht->settings.random = randombytes_buf;
	dht->wake_ms = ~0ULL;
	pace_init(&dht->pace, settings->per_second);
	return dht;
}

void dht_free(struct dht *dht)
{
	if (!dht)
		return;
	for (unsigned int i = 0; i < DHT_OPERATIONS_MOST; i++)
		operation_free(dht->operation[i]);
	operation_free(dht->delivered);
	free(dht);
}

void dht_add_bootstrap(struct dht *dht, const struct dht_endpoint *node)
{
	enum dht_family family = address_is_ipv4(node->address) ? DHT_IPV4 : DHT_IPV6;

	if (address_is_usable(node, family, dht->settings.allow_private))
		nodes_add_bootstrap(&dht->nodes[family], node);
}

size_t dht_good_nodes(const struct dht *dht, enum dht_family family, struct dht_endpoint *nodes, size_t room)
{
	return nodes_list(&dht->nodes[family], nodes, room);
}

static struct source *find_source(struct dht *dht, __u32 number, struct operation **operation)
{
	for (unsigned int i = 0; i < DHT_OPERATIONS_MOST; i++) {
		*operation = dht->operation[i];
		for (unsigned int at = 0; *operation && at < SOURCES_MOST; at++)
			if ((*operation)->source[at].state != SOURCE_FREE &&
			    (*operation)->source[at].number == number)
				return &(*operation)->source[at];
	}
	return NULL;
}

void dht_source_address(struct dht *dht, __u32 source, const __u8 address[static 16])
{
	struct operation *operation;
	struct source *found = find_source(dht, source, &operation);

	if (!found)
		return;
	found->has_address = true;
	memcpy(found->address, address, 16);
	memcpy(dht->own.address[dht->own.count++ % OWN_ADDRESSES], address, 16);
}

/* The result that was out is not looked at any more. */
static void let_go(struct dht *dht)
{
	operation_free(dht->delivered);
	dht->delivered = NULL;
}

static bool can_be(const struct dht_request *request)
{
	if (request->kind == DHT_PUT)
		return request->item.length <= DHT_PUT_VALUE_MOST && dht_item_verify(&request->item);
	if (request->kind == DHT_ANNOUNCE)
		return request->ports && request->port_count >= 1 && request->port_count <= DHT_PORTS_MOST;
	return true;
}

__u32 dht_begin(struct dht *dht, __u64 now_ms, const struct dht_request *request)
{
	unsigned int i = 0;

	let_go(dht);
	while (i < DHT_OPERATIONS_MOST && dht->operation[i])
		i++;
	if (i == DHT_OPERATIONS_MOST || !can_be(request))
		return 0;
	dht->operation[i] = operation_new(dht, request, now_ms);
	dht->wake_ms = 0;
	return dht->operation[i] ? dht->operation[i]->result.operation : 0;
}

void dht_cancel(struct dht *dht, __u32 operation)
{
	let_go(dht);
	for (unsigned int i = 0; i < DHT_OPERATIONS_MOST; i++) {
		struct operation *found = dht->operation[i];

		if (!found || found->result.operation != operation || found->stage == STAGE_FINISHED)
			continue;
		operation_finish(found, DHT_CANCELLED, found->begun_ms);
		dht->wake_ms = 0;
	}
}

void dht_receive(struct dht *dht, __u64 now_ms, __u32 source, const struct dht_endpoint *from, const __u8 *bytes,
		 size_t length)
{
	struct operation *operation;

	let_go(dht);
	if (!find_source(dht, source, &operation))
		return;
	operation_receive(operation, now_ms, source, from, bytes, length);
	dht->wake_ms = 0;
}

static void deliver(struct dht *dht, unsigned int place, struct dht_action *action)
{
	dht->delivered = dht->operation[place];
	dht->operation[place] = NULL;
	action->kind = DHT_FINISHED;
	action->family = dht->delivered->request.family;
	action->result = &dht->delivered->result;
}

bool dht_next(struct dht *dht, __u64 now_ms, struct dht_action *action)
{
	__u64 wake = ~0ULL;

	let_go(dht);
	action->kind = DHT_NOTHING_TO_DO;
	for (unsigned int i = 0; i < DHT_OPERATIONS_MOST; i++) {
		unsigned int place = (dht->turn + i) % DHT_OPERATIONS_MOST;
		struct operation *operation = dht->operation[place];
		bool acts = operation && operation_next(operation, now_ms, action);

		if (operation && !acts && operation_is_over(operation)) {
			deliver(dht, place, action);
			acts = true;
		}
		if (acts) {
			dht->turn = place + 1;
			return true;
		}
		if (operation && operation->wake_ms < wake)
			wake = operation->wake_ms;
	}
	dht->wake_ms = wake;
	return false;
}

__u64 dht_wake_ms(const struct dht *dht)
{
	return dht->wake_ms;
}
