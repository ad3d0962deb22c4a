// SPDX-License-Identifier: GPL-2.0-only
/*
 * Redis behind the common face of stores. Its client waits, so it works in a thread of libuv, one job after the other;
 * what the thread touches is its job's own, and values are judged back on the loop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/store.h"
#include "ctl/store_redis.h"

enum { KEY_BYTES = 32 };

struct job {
	struct job *next;
	struct store_servers *store;
	uv_work_t work;
	store_accept *accept; /* NULL: a put */
	store_done *done;
	void *owner;
	__u8 key[KEY_BYTES];
	size_t key_length;
	__u8 value[STORE_REDIS_SERVERS_MOST][STORE_REDIS_VALUE_MOST]; /* put: the first; get: what servers gave */
	size_t length[STORE_REDIS_SERVERS_MOST];
	unsigned int values;
	__u32 until_s;
	__u64 began_ms;
	int error;
	struct store_result result;
};

struct store_servers {
	struct store store;
	uv_loop_t *loop;
	struct store_redis *redis;
	bool paper; /* places are called by d_T */
	bool closing;
	struct job *first; /* at work */
};

static __u64 now_ms(void)
{
	return uv_hrtime() / 1000000;
}

/* Keeps what a server gave, and lets the next be asked. */
static bool keep_value(void *context, const __u8 *value, size_t length)
{
	struct job *job = context;

	if (job->values < STORE_REDIS_SERVERS_MOST && length <= STORE_REDIS_VALUE_MOST) {
		memcpy(job->value[job->values], value, length);
		job->length[job->values++] = length;
	}
	return false;
}

static __u32 expiry_s(const struct job *job)
{
	__u64 now_s = (__u64)time(NULL);

	if (job->until_s <= now_s)
		return 1;
	return job->until_s - now_s < STORE_REDIS_EXPIRY_MOST_S ? (__u32)(job->until_s - now_s) :
								  STORE_REDIS_EXPIRY_MOST_S;
}

static void work(uv_work_t *work)
{
	struct job *job = work->data;
	struct store_redis *redis = job->store->redis;

	job->error = job->accept ?
		store_redis_get(redis, job->key, job->key_length, keep_value, job, job->result.why) :
		store_redis_put(redis, job->key, job->key_length, job->value[0], job->length[0], expiry_s(job),
				job->result.why);
}

static void conclude_get(struct job *job)
{
	struct store_result *result = &job->result;
	unsigned int i = 0;

	while (i < job->values && !job->accept(job->owner, job->value[i], job->length[i]))
		i++;
	if (i < job->values)
		result->outcome = STORE_DONE;
	else if (job->values || job->error == -EBADMSG)
		result->outcome = STORE_FOREIGN;
	else
		result->outcome = job->error == -ENOENT ? STORE_NOTHING : STORE_FAILED;
	result->holders = job->values;
	result->nodes = job->values;
}

static void conclude(struct job *job)
{
	struct store_result *result = &job->result;

	result->took_ms = (__u32)(now_ms() - job->began_ms);
	if (job->accept) {
		conclude_get(job);
	} else {
		result->outcome = job->error > 0 ? STORE_DONE : STORE_FAILED;
		result->holders = result->nodes = job->error > 0 ? (__u32)job->error : 0;
	}
	job->done(job->owner, result);
}

static void release(struct store_servers *store)
{
	while (store->first) {
		struct job *next = store->first->next;

		free(store->first);
		store->first = next;
	}
	store_redis_close(store->redis);
	free(store);
}

static void on_worked(uv_work_t *work, int status);

static void start_first(struct store_servers *store)
{
	struct job *job = store->first;

	if (!job)
		return;
	job->work.data = job;
	job->began_ms = now_ms();
	uv_queue_work(store->loop, &job->work, work, on_worked);
}

static void on_worked(uv_work_t *work, int status)
{
	struct job *job = work->data;
	struct store_servers *store = job->store;

	(void)status;
	if (store->closing) {
		release(store);
		return;
	}
	store->first = job->next;
	start_first(store);
	conclude(job);
	free(job);
}

static int begin(struct store_servers *store, struct job *job, const struct store_place *place)
{
	struct job **at = &store->first;

	job->store = store;
	job->until_s = place->until_s;
	job->key_length = store->paper ? sizeof(place->descriptor) : sizeof(place->public_key);
	memcpy(job->key, store->paper ? place->descriptor : place->public_key, job->key_length);
	while (*at)
		at = &(*at)->next;
	*at = job;
	if (store->first == job)
		start_first(store);
	return 0;
}

static int put(struct store *base, const struct store_place *place, const __u8 *value, size_t length, store_done *done,
	       void *owner)
{
	struct job *job = length <= STORE_REDIS_VALUE_MOST ? calloc(1, sizeof(*job)) : NULL;

	if (!job)
		return -ENOMEM;
	job->done = done;
	job->owner = owner;
	memcpy(job->value[0], value, length);
	job->length[0] = length;
	return begin((struct store_servers *)base, job, place);
}

static int get(struct store *base, const struct store_place *place, bool thorough, store_accept *accept,
	       store_done *done, void *owner)
{
	struct job *job = calloc(1, sizeof(*job));

	(void)thorough; /* always: all servers are asked */
	if (!job)
		return -ENOMEM;
	job->accept = accept;
	job->done = done;
	job->owner = owner;
	return begin((struct store_servers *)base, job, place);
}

/* A job at work is waited for: its end releases all. */
static void close_store(struct store *base)
{
	struct store_servers *store = (struct store_servers *)base;

	store->closing = true;
	if (!store->first)
		release(store);
}

/* `why` says where in the file the servers stand. */
static int open_servers(struct store_redis **redis, const struct config_rendezvous *rendezvous, char why[static SAY_BYTES])
{
	char reason[SAY_BYTES];
	int error = store_redis_open(redis, rendezvous->store.redis, 0, reason);

	if (error)
		say_why(why, error, "%s%s%s", rendezvous->store_where, *rendezvous->store_where ? ": " : "", reason);
	return error;
}

struct store *store_servers_new(const struct store_settings *settings, char why[static SAY_BYTES])
{
	static const struct store_operations operations = {
		.name = "redis", .put = put, .get = get, .close = close_store,
	};
	struct store_servers *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	if (open_servers(&store->redis, settings->rendezvous, why)) {
		free(store);
		return NULL;
	}
	store->store.operations = &operations;
	store->loop = settings->loop;
	store->paper = settings->rendezvous->form != RENDEZVOUS_NATIVE;
	return &store->store;
}
