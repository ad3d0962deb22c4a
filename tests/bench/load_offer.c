// SPDX-License-Identifier: GPL-2.0-only
/* The server's introduction, found as a client finds it: by Redis, under the key that only the two can compute. */
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "ctl/store.h"
#include "ctl/store_redis.h"
#include "tests/bench/load.h"

enum { PATIENCE_S = 180, CLIENTS_TRIED = 1000 };

struct search {
	const struct rendezvous_pair *pair;
	struct rendezvous_offer *offer;
	__u32 period_s, period;
};

static bool judge(void *context, const __u8 *value, size_t length)
{
	const struct search *search = context;
	char why[SAY_BYTES];

	return !rendezvous_open(search->pair, search->period_s, search->period, value, length, search->offer, why);
}

/* All clients of a server are offered the same: any of them will do. */
static bool look(struct load *load, struct store_redis *store)
{
	char why[SAY_BYTES];

	for (__u32 i = 0; i < load->options.clients && i < CLIENTS_TRIED; i++) {
		__u32 period = rendezvous_period(load_now_ms() / 1000, load->options.period_s);
		struct search search = { &load->client[i].pair, &load->server.offer, load->options.period_s, period };
		__u8 seed[32], key[32];

		rendezvous_item_seed(search.pair, search.period_s, period, seed, key);
		sodium_memzero(seed, sizeof(seed));
		if (!store_redis_get(store, key, sizeof(key), judge, &search, why))
			return true;
	}
	return false;
}

void load_find_offer(struct load *load)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	__u64 until_ms = load_now_ms() + PATIENCE_S * 1000;
	struct store_redis *store;
	char why[SAY_BYTES];
	bool found;

	if (store_redis_open(&store, load->options.store, 0, why))
		load_give_up(why);
	while (!(found = look(load, store)) && load_now_ms() < until_ms)
		nanosleep(&pause, NULL);
	store_redis_close(store);
	if (!found)
		load_give_up("no offer of the server's is stored");
}
