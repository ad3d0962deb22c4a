// SPDX-License-Identifier: GPL-2.0-only
/* One job, an operation a family, one result: the best of both, and what they cost together. */
#include "ctl/store_families.h"

#include <errno.h>
#include <stdlib.h>

static enum store_outcome outcome_of(struct families_job *job, const struct dht_result *result)
{
	switch (result->outcome) {
	case DHT_DONE: return job->done ? job->conclude(job, result) : STORE_DONE;
	case DHT_NOTHING: return STORE_NOTHING;
	case DHT_NO_BOOTSTRAP: return STORE_NO_BOOTSTRAP;
	case DHT_NO_ANSWER: return STORE_NO_ANSWER;
	case DHT_REFUSED:
		if (job->refused)
			job->refused(job, result);
		return STORE_REFUSED;
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

static void free_job(struct families_job *job)
{
	*job->link = job->next;
	if (job->next)
		job->next->link = job->link;
	free(job);
}

static void keep_job(struct families *families, struct families_job *job)
{
	job->next = families->jobs;
	job->link = &families->jobs;
	if (job->next)
		job->next->link = &job->next;
	families->jobs = job;
}

/* The owner may close the store from within: the job is not looked at any more. */
static void tell(struct families_job *job)
{
	struct families_job told = *job;

	job->done = NULL;
	if (!job->left)
		free_job(job);
	if (told.done)
		told.done(told.owner, &told.best);
}

static void on_finished(void *owner, const struct dht_result *result)
{
	struct families_job *job = owner;
	enum store_outcome outcome = outcome_of(job, result);

	add(&job->best, result, outcome);
	job->left--;
	if (!job->left || (job->accept && outcome == STORE_DONE))
		tell(job);
}

int families_begin(struct families *families, struct dht_request *request, const struct families_job *wanted)
{
	struct families_job *job = malloc(sizeof(*job));
	enum dht_family family[2];
	unsigned int count = loop_dht_families(families->dht, family);

	if (!job)
		return -ENOMEM;
	*job = *wanted;
	job->best.outcome = STORE_CANCELLED;
	keep_job(families, job);
	for (unsigned int i = 0; i < count; i++) {
		request->family = family[i];
		if (!loop_dht_begin(families->dht, request, on_finished, job))
			job->left++;
	}
	if (job->left)
		return 0;
	free_job(job);
	return -ENOSPC;
}

void families_close(struct families *families)
{
	struct families_job *job;

	while ((job = families->jobs)) {
		families->jobs = job->next;
		free(job);
	}
}
