// SPDX-License-Identifier: GPL-2.0-only
/*
 * Items of BEP 44. The IPv4 and the IPv6 DHT know nothing of each other: what is put goes to both, what is looked for
 * is found in either.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/store.h"

struct job;

struct store_dht {
	struct store store;
	struct loop_dht *dht;
	struct job *jobs;
};

struct job {
	struct job *next, **link;
	store_accept *accept; /* NULL: a put */
	store_done *done;     /* NULL: has been told */
	void *owner;
	unsigned int left;    /* families under way */
	struct store_result best;
};

static enum store_outcome outcome_of(const struct dht_result *result)
{
	switch (result->outcome) {
	case DHT_DONE: return STORE_DONE;
	case DHT_NOTHING: return STORE_NOTHING;
	case DHT_NO_BOOTSTRAP: return STORE_NO_BOOTSTRAP;
	case DHT_NO_ANSWER: return STORE_NO_ANSWER;
	case DHT_REFUSED: return STORE_REFUSED;
	default: return STORE_CANCELLED;
	}
}

/* Which of two outcomes says more: a family that does not work here at all says least. */
static int weight(enum store_outcome outcome)
{
	static const int weights[] = {
		[STORE_DONE] = 7, [STORE_FOREIGN] = 6, [STORE_REFUSED] = 5, [STORE_NOTHING] = 4,
		[STORE_NO_ANSWER] = 3, [STORE_FAILED] = 2, [STORE_NO_BOOTSTRAP] = 1, [STORE_CANCELLED] = 0,
	};

	return weights[outcome];
}

static void add(struct store_result *best, const struct dht_result *result, enum store_outcome outcome)
{
	if (weight(outcome) > weight(best->outcome))
		best->outcome = outcome;
	best->holders += result->kind == DHT_GET ? result->holders : result->stored;
	best->nodes += result->nodes;
	best->silent += result->silent;
	best->sent += result->sent;
	best->received += result->received;
	if (result->took_ms > best->took_ms)
		best->took_ms = result->took_ms;
}

static void free_job(struct job *job)
{
	*job->link = job->next;
	if (job->next)
		job->next->link = job->link;
	free(job);
}

/* The owner may close the store from within: the job is not looked at any more. */
static void tell(struct job *job)
{
	struct job told = *job;

	job->done = NULL;
	if (!job->left)
		free_job(job);
	if (told.done)
		told.done(told.owner, &told.best);
}

static void keep_job(struct store_dht *store, struct job *job)
{
	job->next = store->jobs;
	job->link = &store->jobs;
	if (job->next)
		job->next->link = &job->next;
	store->jobs = job;
}

static void on_finished(void *owner, const struct dht_result *result)
{
	struct job *job = owner;
	enum store_outcome outcome = outcome_of(result);
	bool found = false;

	if (outcome == STORE_DONE && job->accept && job->done) {
		found = job->accept(job->owner, result->item.value, result->item.length);
		outcome = found ? STORE_DONE : STORE_FOREIGN;
	}
	add(&job->best, result, outcome);
	job->left--;
	if (found || !job->left)
		tell(job);
}

static int begin(struct store_dht *store, struct dht_request *request, const struct job *wanted)
{
	struct job *job = malloc(sizeof(*job));
	enum dht_family families[2];
	unsigned int count = loop_dht_families(store->dht, families);

	if (!job)
		return -ENOMEM;
	*job = *wanted;
	keep_job(store, job);
	job->best.outcome = STORE_CANCELLED;
	for (unsigned int i = 0; i < count; i++) {
		request->family = families[i];
		if (!loop_dht_begin(store->dht, request, on_finished, job))
			job->left++;
	}
	if (job->left)
		return 0;
	free_job(job);
	return -ENOSPC;
}

static int put(struct store *base, const struct store_place *place, const __u8 *value, size_t length, store_done *done,
	       void *owner)
{
	struct store_dht *store = (struct store_dht *)base;
	struct dht_request request = { .kind = DHT_PUT };
	const struct job job = { .done = done, .owner = owner };

	if (length > sizeof(request.item.value))
		return -EMSGSIZE;
	memcpy(request.item.public_key, place->public_key, sizeof(request.item.public_key));
	memcpy(request.item.value, value, length);
	request.item.length = (__u16)length;
	request.item.sequence = time(NULL);
	if (dht_item_sign(&request.item, place->seed))
		return -EINVAL;
	return begin(store, &request, &job);
}

static int get(struct store *base, const struct store_place *place, store_accept *accept, store_done *done,
	       void *owner)
{
	struct store_dht *store = (struct store_dht *)base;
	struct dht_request request = { .kind = DHT_GET, .source_per_query = true };
	const struct job job = { .accept = accept, .done = done, .owner = owner };

	memcpy(request.public_key, place->public_key, sizeof(request.public_key));
	return begin(store, &request, &job);
}

static void close_store(struct store *base)
{
	struct store_dht *store = (struct store_dht *)base;

	while (store->jobs)
		free_job(store->jobs);
	free(store);
}

struct store *store_dht_new(const struct store_settings *settings)
{
	static const struct store_operations operations = { .name = "dht", .put = put, .get = get, .close = close_store };
	struct store_dht *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->store.operations = &operations;
	store->dht = settings->dht;
	return &store->store;
}
