// SPDX-License-Identifier: GPL-2.0-only
/* Queries on their way, and the sources they are sent from. */
#include <string.h>

#include "ctl/dht/address.h"
#include "ctl/dht/node_id.h"
#include "ctl/dht/operation.h"

static __u32 query_ms(const struct operation *operation)
{
	__u32 set = operation->dht->settings.query_ms;

	return set ? set : QUERY_MS;
}

static bool is_known(const struct operation *operation, const struct query *query)
{
	const struct candidate *candidate = &operation->candidates.at[query->place];

	return candidate->find == CANDIDATE_ANSWERED || candidate->get == CANDIDATE_ANSWERED;
}

/* After the first sending: no longer than others have needed. A late answer counts all the same. */
static __u32 patience_ms(const struct operation *operation, const struct query *query)
{
	__u32 most = query_ms(operation), usual = 2 * operation->slowest_ms + 50;

	if (operation->result.nodes < 2 || query->sent > 1)
		return most;
	usual = usual < PATIENCE_LEAST_MS ? PATIENCE_LEAST_MS : usual;
	return usual < most ? usual : most;
}

/*
 * A reader who takes the first value asks the next node as soon as one does not answer as fast as the others have: a
 * datagram more, and the dead cost no time. Answers of the slow are waited for all the same.
 */
static __u32 slow_ms(const struct operation *operation, const struct query *query)
{
	__u32 patience = patience_ms(operation, query), usual = 3 * operation->slowest_ms + SLOW_LEAST_MS;

	if (operation->request.kind != DHT_GET || operation->request.read_all || operation->result.nodes < 2)
		return patience;
	return usual < patience ? usual : patience;
}

/* Dead nodes are many: one that has never answered gets less, as soon as others have. */
static __u32 attempts(const struct operation *operation, const struct query *query)
{
	__u32 set = operation->dht->settings.attempts, most = set ? set : ATTEMPTS;
	__u32 unknown = query->purpose == QUERY_FIND ? 1 : UNKNOWN_ATTEMPTS;

	if (is_known(operation, query) || operation->result.nodes < 2)
		return most;
	return unknown < most ? unknown : most;
}

int source_new(struct operation *operation)
{
	struct dht *dht = operation->dht;

	for (int i = 0; i < SOURCES_MOST; i++) {
		struct source *source = &operation->source[i];

		if (source->state != SOURCE_FREE)
			continue;
		*source = (struct source){ .state = SOURCE_WANTED, .number = ++dht->last_source };
		dht->settings.random(source->id, sizeof(source->id));
		return i;
	}
	return -1;
}

void source_close(struct operation *operation, unsigned int place)
{
	struct source *source = &operation->source[place];

	if (source->state == SOURCE_WANTED)
		source->state = SOURCE_FREE;
	else if (source->state == SOURCE_OPEN)
		source->state = SOURCE_CLOSING;
}

bool source_report(struct operation *operation, struct dht_action *action)
{
	for (unsigned int i = 0; i < SOURCES_MOST; i++) {
		struct source *source = &operation->source[i];
		bool wanted = source->state == SOURCE_WANTED;

		if (!wanted && source->state != SOURCE_CLOSING)
			continue;
		action->kind = wanted ? DHT_OPEN : DHT_CLOSE;
		action->source = source->number;
		action->family = operation->request.family;
		source->state = wanted ? SOURCE_OPEN : SOURCE_FREE;
		return true;
	}
	return false;
}

static bool has_own_source(const struct operation *operation, enum query_purpose purpose)
{
	return operation->request.source_per_query && (purpose == QUERY_FIND || purpose == QUERY_GET ||
						       purpose == QUERY_AGAIN);
}

int query_start(struct operation *operation, __u64 now_ms, enum query_purpose purpose, __u16 place, __u16 source)
{
	int own, i = 0;

	while (i < QUERIES_MOST && operation->query[i].used)
		i++;
	if (i == QUERIES_MOST)
		return -1;
	if (has_own_source(operation, purpose)) {
		own = source_new(operation);
		if (own < 0)
			return -1;
		source = (__u16)own;
	}
	operation->query[i] = (struct query){ .used = true, .purpose = purpose, .place = place, .source = source,
					      .due_ms = now_ms };
	operation->dht->settings.random(operation->query[i].transaction, KRPC_ID_BYTES);
	return i;
}

void query_end(struct operation *operation, struct query *query)
{
	query->used = false;
	if (has_own_source(operation, query->purpose))
		source_close(operation, query->source);
}

void query_end_all(struct operation *operation)
{
	for (unsigned int i = 0; i < QUERIES_MOST; i++)
		if (operation->query[i].used)
			query_end(operation, &operation->query[i]);
}

struct query *query_match(struct operation *operation, __u32 source, const struct dht_endpoint *from,
			  const __u8 transaction[static KRPC_ID_BYTES])
{
	for (unsigned int i = 0; i < QUERIES_MOST; i++) {
		struct query *query = &operation->query[i];

		if (query->used && query->sent && operation->source[query->source].number == source &&
		    !memcmp(query->transaction, transaction, KRPC_ID_BYTES) &&
		    address_same_endpoint(&operation->candidates.at[query->place].endpoint, from))
			return query;
	}
	return NULL;
}

/* No more than SLOW_MOST at a time: where two have answered fast and all others are far away, patience decides. */
static void note_slow(struct operation *operation, __u64 now_ms)
{
	unsigned int slow = 0;

	for (unsigned int i = 0; i < QUERIES_MOST; i++) {
		struct query *query = &operation->query[i];
		struct candidate *candidate = &operation->candidates.at[query->place];

		if (!query->used || !query->sent || candidate->late)
			continue;
		if (!candidate->slow && query->slow_ms <= now_ms) {
			candidate->slow = slow < SLOW_MOST;
			query->slow_ms = query->due_ms;
		}
		slow += candidate->slow;
	}
}

struct query *query_expired(struct operation *operation, __u64 now_ms)
{
	note_slow(operation, now_ms);
	for (unsigned int i = 0; i < QUERIES_MOST; i++) {
		struct query *query = &operation->query[i];

		if (!query->used || !query->sent || query->due_ms > now_ms)
			continue;
		operation->candidates.at[query->place].late = true;
		if (query->sent >= attempts(operation, query))
			return query;
	}
	return NULL;
}

static enum krpc_kind kind_of(const struct operation *operation, enum query_purpose purpose)
{
	bool item = operation->request.kind == DHT_GET || operation->request.kind == DHT_PUT;

	if (purpose == QUERY_FIND)
		return KRPC_FIND_NODE;
	if (purpose == QUERY_STORE)
		return item ? KRPC_PUT : KRPC_ANNOUNCE;
	return item ? KRPC_GET : KRPC_GET_PEERS;
}

/* The item, or the port, and the token that lets it in. */
static void fill_deposit(const struct operation *operation, const struct query *query, struct krpc_query *krpc)
{
	const struct task *task = &operation->task[query->task];
	const struct holder *holder = &operation->holder[operation->store_holder[query->holder]];

	krpc->token = &task->deposit[query->holder].token;
	krpc->item = &operation->request.item;
	krpc->replaces = holder->has_sequence ? &holder->sequence : NULL;
	krpc->port = operation->ports[task->port];
}

static size_t write_query(const struct operation *operation, const struct query *query,
			  __u8 bytes[static DHT_DATAGRAM_MOST])
{
	const struct source *source = &operation->source[query->source];
	struct krpc_query krpc = {
		.kind = kind_of(operation, query->purpose), .family = operation->request.family,
		.transaction = query->transaction, .id = source->id,
		.target = query->purpose == QUERY_FIND ? operation->blurred : operation->target,
	};

	if (query->purpose == QUERY_STORE)
		fill_deposit(operation, query, &krpc);
	return krpc_write(bytes, &krpc);
}

/* An id that conforms to BEP 42 as soon as the source's address is known, and before it is first used. */
static void settle_id(struct source *source)
{
	if (source->has_address && !address_is_private(source->address))
		node_id_conform(source->id, source->address);
}

static void send_now(struct operation *operation, struct query *query, __u64 now_ms, struct dht_action *action)
{
	struct source *source = &operation->source[query->source];

	settle_id(source);
	action->kind = DHT_SEND;
	action->source = source->number;
	action->family = operation->request.family;
	action->to = operation->candidates.at[query->place].endpoint;
	action->length = write_query(operation, query, action->bytes);
	if (!query->sent++) {
		query->first_ms = now_ms;
		query->slow_ms = now_ms + slow_ms(operation, query);
	}
	query->due_ms = now_ms + patience_ms(operation, query);
	operation->result.sent++;
	pace_note(&operation->dht->pace, &action->to, now_ms);
}

bool query_send(struct operation *operation, __u64 now_ms, struct dht_action *action)
{
	for (unsigned int i = 0; i < QUERIES_MOST; i++) {
		struct query *query = &operation->query[i];
		__u64 when;

		if (!query->used || query->due_ms > now_ms)
			continue;
		when = pace_when(&operation->dht->pace, &operation->candidates.at[query->place].endpoint, now_ms);
		if (when > now_ms) {
			query->due_ms = when;
			continue;
		}
		send_now(operation, query, now_ms, action);
		return true;
	}
	return false;
}

static __u64 earlier(__u64 one, __u64 other)
{
	return one < other ? one : other;
}

/* That a node is slow is noted once, and not of one that is overdue by another query. */
static __u64 query_due_ms(const struct operation *operation, const struct query *query)
{
	const struct candidate *candidate = &operation->candidates.at[query->place];

	if (!query->used)
		return ~0ULL;
	return query->sent && !candidate->slow && !candidate->late ? earlier(query->slow_ms, query->due_ms) : query->due_ms;
}

__u64 query_wake_ms(const struct operation *operation)
{
	__u64 wake = ~0ULL;

	for (unsigned int i = 0; i < QUERIES_MOST; i++)
		wake = earlier(wake, query_due_ms(operation, &operation->query[i]));
	return wake;
}

static enum query_pace pace_of(const struct candidate *candidate)
{
	return candidate->late ? QUERY_LATE : candidate->slow ? QUERY_SLOW : QUERY_PROMPT;
}

unsigned int query_count(const struct operation *operation, enum query_purpose purpose, enum query_pace most)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < QUERIES_MOST; i++) {
		const struct query *query = &operation->query[i];

		if (query->used && query->purpose == purpose)
			count += pace_of(&operation->candidates.at[query->place]) <= most;
	}
	return count;
}
