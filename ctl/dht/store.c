// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaving an item (BEP 44 put) or ports (BEP 5 announce_peer) on the nearest nodes. A node's token holds for the source
 * that asked for it: one task is one thing from one source to all nodes. Over IPv4 all ports come from the operation's
 * own source; over IPv6 each from its own, which gets its tokens first.
 */
#include <string.h>

#include "ctl/dht/operation.h"

enum { FAILURES_MOST = 3, CODE_NEWER = 302 };

static bool source_per_port(const struct operation *operation)
{
	return operation->request.family == DHT_IPV6 && operation->port_count > 1;
}

/* What stands there is newer than ours, or as new and another. */
static bool is_behind(const struct operation *operation)
{
	const struct dht_item *ours = &operation->request.item, *theirs = &operation->result.item;

	if (operation->request.kind != DHT_PUT || !operation->found || theirs->sequence < ours->sequence)
		return false;
	return theirs->sequence > ours->sequence || theirs->length != ours->length ||
	       memcmp(theirs->value, ours->value, ours->length);
}

/* The nearest that gave a token. */
static void choose_nodes(struct operation *operation)
{
	struct candidates *candidates = &operation->candidates;

	for (unsigned int rank = 0; rank < candidates->count && operation->store_count < DHT_STORE_NODES; rank++) {
		const struct holder *holder = lookup_holder(operation, candidates->order[rank]);

		if (holder && holder->token.length)
			operation->store_holder[operation->store_count++] = (__u8)(holder - operation->holder);
	}
}

void store_begin(struct operation *operation, __u64 now_ms)
{
	operation->stage = STAGE_STORE;
	if (is_behind(operation)) {
		operation->result.code = CODE_NEWER;
		operation_finish(operation, DHT_REFUSED, now_ms);
		return;
	}
	choose_nodes(operation);
	if (!operation->store_count)
		operation_finish(operation, operation->holders ? DHT_REFUSED : DHT_NO_ANSWER, now_ms);
}

static void fill_deposit(const struct operation *operation, struct deposit *deposit, __u32 node, bool own_source)
{
	const struct holder *holder = &operation->holder[operation->store_holder[node]];

	*deposit = (struct deposit){ 0 };
	if (operation->store_failures[node] >= FAILURES_MOST) {
		deposit->state = DEPOSIT_FAILED;
	} else if (own_source) {
		deposit->state = DEPOSIT_HAS_TOKEN;
		deposit->token = holder->token;
		deposit->token_ms = holder->token_ms;
	}
}

static bool begin_task(struct operation *operation, struct task *task)
{
	bool own = !operation->next_port || !source_per_port(operation);
	int source = own ? OWN_SOURCE : source_new(operation);

	if (source < 0)
		return false;
	*task = (struct task){ .used = true, .port = operation->next_port++, .source = (__u16)source };
	for (__u32 i = 0; i < operation->store_count; i++)
		fill_deposit(operation, &task->deposit[i], i, own);
	return true;
}

/* The next datagram that a deposit needs; -1: none could be begun. */
static int begin_query(struct operation *operation, unsigned int place, unsigned int node, __u64 now_ms)
{
	struct task *task = &operation->task[place];
	struct deposit *deposit = &task->deposit[node];
	bool wants_token = deposit->state == DEPOSIT_WANTS_TOKEN;
	__u16 candidate = operation->holder[operation->store_holder[node]].place;
	int query = query_start(operation, now_ms, wants_token ? QUERY_TOKEN : QUERY_STORE, candidate, task->source);

	if (query < 0)
		return -1;
	operation->query[query].task = (__u8)place;
	operation->query[query].holder = (__u8)node;
	deposit->state = DEPOSIT_ASKED;
	return query;
}

/* true: every node has it, or never will. */
static bool task_on(struct operation *operation, unsigned int place, __u64 now_ms)
{
	bool over = true;

	for (unsigned int i = 0; i < operation->store_count; i++) {
		struct deposit *deposit = &operation->task[place].deposit[i];

		if (deposit->state == DEPOSIT_HAS_TOKEN && now_ms - deposit->token_ms >= TOKEN_MS)
			deposit->state = DEPOSIT_FAILED;
		if (deposit->state == DEPOSIT_WANTS_TOKEN || deposit->state == DEPOSIT_HAS_TOKEN)
			begin_query(operation, place, i, now_ms);
		over &= deposit->state == DEPOSIT_STORED || deposit->state == DEPOSIT_FAILED;
	}
	return over;
}

/* Counts: nodes that have something, and how much, most first. */
static void sum_up(struct operation *operation)
{
	struct dht_result *result = &operation->result;

	for (__u32 i = 0; i < operation->store_count; i++) {
		__u32 rank = result->stored;

		if (!operation->store_ports[i])
			continue;
		for (; rank > 0 && result->ports_stored[rank - 1] < operation->store_ports[i]; rank--)
			result->ports_stored[rank] = result->ports_stored[rank - 1];
		result->ports_stored[rank] = operation->store_ports[i];
		result->stored++;
	}
	for (__u32 i = 0; i < operation->port_count; i++)
		result->ports_anywhere += operation->port_stored[i];
}

static void finish(struct operation *operation, __u64 now_ms)
{
	sum_up(operation);
	if (operation->result.stored)
		operation_finish(operation, DHT_DONE, now_ms);
	else
		operation_finish(operation, operation->result.code ? DHT_REFUSED : DHT_NO_ANSWER, now_ms);
}

/* One more step of the task in this place, and of those that begin there where one is over at once. true: it is at work. */
static bool work_on(struct operation *operation, unsigned int place, __u64 now_ms)
{
	struct task *task = &operation->task[place];

	for (;;) {
		if (!task->used && operation->next_port < operation->port_count)
			begin_task(operation, task);
		if (!task->used)
			return false;
		if (!task_on(operation, place, now_ms))
			return true;
		task->used = false;
		if (source_per_port(operation))
			source_close(operation, task->source);
	}
}

void store_step(struct operation *operation, __u64 now_ms)
{
	bool over = now_ms >= operation->begun_ms + OPERATION_MS + 1000ULL * (operation->port_count - 1);
	unsigned int busy = 0;

	for (unsigned int i = 0; i < TASKS_MOST && !over; i++)
		busy += work_on(operation, i, now_ms);
	if (over || (!busy && operation->next_port == operation->port_count))
		finish(operation, now_ms);
}

void store_failed(struct operation *operation, const struct query *query)
{
	operation->task[query->task].deposit[query->holder].state = DEPOSIT_FAILED;
	operation->store_failures[query->holder]++;
}

/* A token for another source of ours, or the acknowledgement. */
void store_answer(struct operation *operation, const struct query *query, const struct krpc_reply *reply,
		  __u64 now_ms)
{
	struct task *task = &operation->task[query->task];
	struct deposit *deposit = &task->deposit[query->holder];
	const struct candidate *candidate = &operation->candidates.at[query->place];
	bool stranger = !reply->is_error && memcmp(reply->id, candidate->id, DHT_ID_BYTES);
	bool tokenless = query->purpose == QUERY_TOKEN && !reply->token.length;

	operation->candidates.at[query->place].slow = operation->candidates.at[query->place].late = false;
	operation->result.liars += stranger;
	if (reply->is_error)
		operation->result.code = reply->code ? reply->code : -1;
	if (reply->is_error || stranger || tokenless) {
		store_failed(operation, query);
	} else if (query->purpose == QUERY_TOKEN) {
		deposit->state = DEPOSIT_HAS_TOKEN;
		deposit->token = reply->token;
		deposit->token_ms = now_ms;
	} else {
		deposit->state = DEPOSIT_STORED;
		operation->store_failures[query->holder] = 0;
		operation->store_ports[query->holder]++;
		operation->port_stored[task->port] = true;
	}
}
