// SPDX-License-Identifier: GPL-2.0-only
/* Threads that search, and the one bell that they ring when they have ended. */
#include "ctl/lookups.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/key.h"

/* Secret memory. The thread's own but for `done`. */
struct lookup {
	struct lookups *all;
	pthread_t thread;
	bool done; /* under the lock */
	__u64 tag;
	struct config_rendezvous rendezvous;
	__u32 period_s;
	struct rendezvous_pair pair;
	struct meeting meeting, before; /* before: by the period that was told */
	struct meeting_dead dead;
	char loader[CLIENT_PATH_BYTES], nodes[CONFIG_DIRECTORY_BYTES], why[SAY_BYTES];
	struct mf_template prefix;
	int error;
};

struct lookups {
	pthread_mutex_t lock;
	unsigned int holders; /* the loop, and every thread that searches */
	bool closed;
	uv_async_t bell;
	lookups_ended *ended;
	void *context;
	struct lookup *lookup[LOOKUPS_MOST]; /* the loop's own */
};

/* Who lets go last frees it. */
static void let_go(struct lookups *all)
{
	bool last;

	pthread_mutex_lock(&all->lock);
	last = !--all->holders;
	pthread_mutex_unlock(&all->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* --- in the thread ------------------------------------------------------------------- */

static int search_in(struct lookup *lookup, __u32 period_s, struct client *loader)
{
	struct meet_search search = {
		.rendezvous = &lookup->rendezvous,
		.pair = &lookup->pair,
		.meeting = &lookup->meeting,
		.dead = &lookup->dead,
		.nodes_path = *lookup->nodes ? lookup->nodes : NULL,
		.from = { .loader = loader, .prefix = lookup->prefix },
	};

	lookup->rendezvous.period_ms = period_s * 1000;
	return meet_search(&search, lookup->why);
}

static void search_agreed(struct lookup *lookup, __u32 agreed_s, struct client *loader)
{
	lookup->before = lookup->meeting;
	lookup->error = search_in(lookup, agreed_s, loader);
	if (!lookup->error && !meeting_best(&lookup->meeting) && meeting_best(&lookup->before))
		lookup->meeting = lookup->before;
}

/* The period that the peer has named last, then the one that was agreed on. */
static void search(struct lookup *lookup)
{
	__u32 agreed_s = lookup->rendezvous.period_ms / 1000;
	struct client loader = { .fd = -1 };

	lookup->error = client_open(&loader, lookup->loader, lookup->why);
	if (!lookup->error && lookup->period_s && lookup->period_s != agreed_s)
		lookup->error = search_in(lookup, lookup->period_s, &loader);
	if (!lookup->error && meeting_looks_on(&lookup->meeting))
		search_agreed(lookup, agreed_s, &loader);
	client_close(&loader);
}

static void *run(void *argument)
{
	struct lookup *lookup = argument;
	struct lookups *all = lookup->all;
	bool closed;

	search(lookup);
	pthread_mutex_lock(&all->lock);
	closed = all->closed;
	lookup->done = true;
	if (!closed)
		uv_async_send(&all->bell);
	pthread_mutex_unlock(&all->lock);
	if (closed)
		key_secret_free(lookup);
	let_go(all);
	return NULL;
}

/* --- in the loop --------------------------------------------------------------------- */

static bool is_done(struct lookups *all, const struct lookup *lookup)
{
	bool done;

	pthread_mutex_lock(&all->lock);
	done = lookup->done;
	pthread_mutex_unlock(&all->lock);
	return done;
}

static void on_bell(uv_async_t *bell)
{
	struct lookups *all = bell->data;

	for (int i = 0; i < LOOKUPS_MOST; i++) {
		struct lookup *lookup = all->lookup[i];

		if (!lookup || !is_done(all, lookup))
			continue;
		pthread_join(lookup->thread, NULL);
		all->lookup[i] = NULL;
		all->ended(all->context, lookup->tag, lookup->error ? NULL : &lookup->meeting, lookup->why);
		key_secret_free(lookup);
	}
}

struct lookups *lookups_new(uv_loop_t *loop, lookups_ended *ended, void *context)
{
	struct lookups *all = calloc(1, sizeof(*all));

	if (!all || uv_async_init(loop, &all->bell, on_bell)) {
		free(all);
		return NULL;
	}
	pthread_mutex_init(&all->lock, NULL);
	all->holders = 1;
	all->bell.data = all;
	all->ended = ended;
	all->context = context;
	return all;
}

static void on_closed(uv_handle_t *handle)
{
	let_go(handle->data);
}

/* One that is done is nobody's any more but ours; another one frees itself, when it sees that all is closed. */
void lookups_close(struct lookups *all)
{
	if (!all)
		return;
	pthread_mutex_lock(&all->lock);
	all->closed = true;
	for (int i = 0; i < LOOKUPS_MOST; i++) {
		if (!all->lookup[i])
			continue;
		pthread_detach(all->lookup[i]->thread);
		if (all->lookup[i]->done)
			key_secret_free(all->lookup[i]);
	}
	pthread_mutex_unlock(&all->lock);
	uv_close((uv_handle_t *)&all->bell, on_closed);
}

static struct lookup **find_room(const struct lookups *all)
{
	for (int i = 0; i < LOOKUPS_MOST; i++)
		if (!all->lookup[i])
			return (struct lookup **)&all->lookup[i];
	return NULL;
}

bool lookups_have_room(const struct lookups *all)
{
	return find_room(all) != NULL;
}

static struct lookup *make(struct lookups *all, const struct lookup_request *request)
{
	struct lookup *lookup = key_secret_new(sizeof(*lookup));

	if (!lookup)
		return NULL;
	memset(lookup, 0, sizeof(*lookup));
	lookup->all = all;
	lookup->tag = request->tag;
	lookup->rendezvous = *request->rendezvous;
	lookup->period_s = request->period_s;
	lookup->pair = *request->pair;
	if (request->dead)
		lookup->dead = *request->dead;
	lookup->prefix = request->prefix;
	snprintf(lookup->loader, sizeof(lookup->loader), "%s", request->loader);
	if (request->nodes_path)
		snprintf(lookup->nodes, sizeof(lookup->nodes), "%s", request->nodes_path);
	return lookup;
}

int lookups_begin(struct lookups *all, const struct lookup_request *request, char why[static SAY_BYTES])
{
	struct lookup **room = find_room(all);
	struct lookup *lookup = room ? make(all, request) : NULL;
	int error;

	if (!lookup)
		return say_why(why, -ENOMEM, "no memory for a lookup");
	pthread_mutex_lock(&all->lock);
	all->holders++;
	pthread_mutex_unlock(&all->lock);
	error = pthread_create(&lookup->thread, NULL, run, lookup);
	if (error) {
		key_secret_free(lookup);
		let_go(all);
		return say_why(why, -error, "no thread for a lookup: %s", strerror(error));
	}
	*room = lookup;
	return 0;
}
