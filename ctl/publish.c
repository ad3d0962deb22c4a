// SPDX-License-Identifier: GPL-2.0-only
/*
 * The schedule is a heap of due items. An item that changes gets a new serial number: what stands of it in the heap
 * under the old one is skipped when it comes up, so that nothing need ever be found and taken out.
 */
#include "ctl/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum item_state { ITEM_NONE = 0, ITEM_WAITS, ITEM_BUSY };

struct item {
	__u32 period;
	__u32 serial;
	__u32 attempts; /* in vain since it last stood */
	__u8 state;     /* enum item_state */
	bool stands;
};

/* The item of period T is item[(T / period_s) & 1]. */
struct client {
	bool used;
	struct item item[2];
};

struct due {
	__u64 at_ms;
	__u32 client, serial;
	__u8 which;
};

struct publish {
	struct publish_settings settings;
	__u64 random;
	__u32 period; /* the current one */
	__u32 serial;
	struct client *clients;
	__u32 client_count, client_room, holes;
	struct due *heap;
	size_t heap_count, heap_room;
};

/* splitmix64 (Steele, Lea, Flood 2014): no secret, it only spreads. */
static __u64 draw(struct publish *publish, __u64 below)
{
	__u64 z = publish->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return below ? z % below : 0;
}

static __u32 period_of(const struct publish *publish, __u64 now_ms)
{
	__u64 now_s = now_ms / 1000;

	return (__u32)(now_s - now_s % publish->settings.period_s);
}

static __u64 end_of_period_ms(const struct publish *publish)
{
	return ((__u64)publish->period + publish->settings.period_s) * 1000;
}

static unsigned int which_of(const struct publish *publish, __u32 period)
{
	return period / publish->settings.period_s & 1;
}

/* --- the heap ------------------------------------------------------------------------ */

static void sift_down(struct publish *publish, size_t at)
{
	struct due *heap = publish->heap, moved = heap[at];

	for (;;) {
		size_t child = at * 2 + 1;

		if (child >= publish->heap_count)
			break;
		if (child + 1 < publish->heap_count && heap[child + 1].at_ms < heap[child].at_ms)
			child++;
		if (heap[child].at_ms >= moved.at_ms)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static bool is_stale(const struct publish *publish, const struct due *due)
{
	const struct client *client = &publish->clients[due->client];

	return !client->used || client->item[due->which].serial != due->serial;
}

/* Items that were due have no room of their own any more: at most two a client are left. */
static void drop_stale(struct publish *publish)
{
	size_t kept = 0;

	for (size_t i = 0; i < publish->heap_count; i++)
		if (!is_stale(publish, &publish->heap[i]))
			publish->heap[kept++] = publish->heap[i];
	publish->heap_count = kept;
	for (size_t i = kept / 2; i-- > 0;)
		sift_down(publish, i);
}

/* There is room for twice as much as can be due, so that dropping what is stale costs little in the mean. */
static void push(struct publish *publish, const struct due *due)
{
	size_t at;

	if (publish->heap_count == publish->heap_room)
		drop_stale(publish);
	at = publish->heap_count++;
	for (; at && publish->heap[(at - 1) / 2].at_ms > due->at_ms; at = (at - 1) / 2)
		publish->heap[at] = publish->heap[(at - 1) / 2];
	publish->heap[at] = *due;
}

static void pop(struct publish *publish)
{
	publish->heap[0] = publish->heap[--publish->heap_count];
	if (publish->heap_count)
		sift_down(publish, 0);
}

/* --- items --------------------------------------------------------------------------- */

static void schedule(struct publish *publish, __u32 client, unsigned int which, __u64 at_ms)
{
	struct item *item = &publish->clients[client].item[which];

	item->state = ITEM_WAITS;
	item->serial = ++publish->serial;
	push(publish, &(struct due){ at_ms, client, item->serial, (__u8)which });
}

static void begin_item(struct publish *publish, __u32 client, __u32 period, __u64 at_ms)
{
	unsigned int which = which_of(publish, period);

	publish->clients[client].item[which] = (struct item){ .period = period };
	schedule(publish, client, which, at_ms);
}

/* In the rest of the period, but for its last eighth, which is for what failed. */
static __u64 before_next(struct publish *publish, __u64 now_ms)
{
	__u64 end_ms = end_of_period_ms(publish) - publish->settings.period_s * 125ULL;

	return end_ms > now_ms ? now_ms + draw(publish, end_ms - now_ms) : now_ms;
}

/* The period that was the next is the current one; what it leaves behind becomes the place of the one after. */
static void turn(struct publish *publish, __u64 now_ms)
{
	__u32 period = period_of(publish, now_ms), next = period + publish->settings.period_s;

	if (period == publish->period)
		return;
	publish->period = period;
	for (__u32 i = 0; i < publish->client_count; i++) {
		struct client *client = &publish->clients[i];

		if (!client->used)
			continue;
		if (client->item[which_of(publish, period)].period != period)
			begin_item(publish, i, period, now_ms);
		if (client->item[which_of(publish, next)].period != next)
			begin_item(publish, i, next, before_next(publish, now_ms));
	}
}

struct publish *publish_new(const struct publish_settings *settings, __u64 now_ms)
{
	struct publish *publish = calloc(1, sizeof(*publish));

	if (!publish)
		return NULL;
	publish->settings = *settings;
	publish->random = settings->seed;
	publish->serial = (__u32)draw(publish, 1ULL << 32); /* a task of another schedule is none of this one */
	if (!settings->refresh_s)
		publish->settings.refresh_s = PUBLISH_REFRESH_S;
	if (!settings->retry_first_ms)
		publish->settings.retry_first_ms = PUBLISH_RETRY_FIRST_MS;
	if (!settings->retry_most_ms)
		publish->settings.retry_most_ms = PUBLISH_RETRY_MOST_MS;
	publish->period = period_of(publish, now_ms);
	return publish;
}

void publish_free(struct publish *publish)
{
	if (!publish)
		return;
	free(publish->clients);
	free(publish->heap);
	free(publish);
}

static int make_room(struct publish *publish)
{
	__u32 room = publish->client_room ? publish->client_room * 2 : 16;
	struct client *clients = reallocarray(publish->clients, room, sizeof(*clients));
	struct due *heap;

	if (!clients)
		return -ENOMEM;
	publish->clients = clients;
	heap = reallocarray(publish->heap, (size_t)room * 4, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	publish->heap = heap;
	publish->heap_room = (size_t)room * 4;
	publish->client_room = room;
	return 0;
}

static int find_free(struct publish *publish)
{
	for (__u32 i = 0; publish->holes && i < publish->client_count; i++) {
		if (publish->clients[i].used)
			continue;
		publish->holes--;
		return (int)i;
	}
	if (publish->client_count == publish->client_room && make_room(publish))
		return -ENOMEM;
	return (int)publish->client_count++;
}

int publish_add(struct publish *publish, __u64 now_ms, __u32 spread_ms)
{
	int client;

	turn(publish, now_ms);
	client = find_free(publish);
	if (client < 0)
		return client;
	publish->clients[client] = (struct client){ .used = true };
	begin_item(publish, (__u32)client, publish->period, now_ms + draw(publish, spread_ms));
	begin_item(publish, (__u32)client, publish->period + publish->settings.period_s, before_next(publish, now_ms));
	return client;
}

void publish_remove(struct publish *publish, __u32 client)
{
	if (client >= publish->client_count || !publish->clients[client].used)
		return;
	publish->clients[client] = (struct client){ .used = false };
	publish->holes++;
}

void publish_renew(struct publish *publish, __u64 now_ms, __u32 spread_ms)
{
	turn(publish, now_ms);
	for (__u32 i = 0; i < publish->client_count; i++)
		for (unsigned int which = 0; publish->clients[i].used && which < 2; which++)
			if (publish->clients[i].item[which].stands || publish->clients[i].item[which].state == ITEM_BUSY)
				schedule(publish, i, which, now_ms + draw(publish, spread_ms));
}

bool publish_next(struct publish *publish, __u64 now_ms, struct publish_task *task)
{
	turn(publish, now_ms);
	while (publish->heap_count && publish->heap[0].at_ms <= now_ms) {
		struct due due = publish->heap[0];
		struct item *item = &publish->clients[due.client].item[due.which];

		pop(publish);
		if (is_stale(publish, &due))
			continue;
		item->state = ITEM_BUSY;
		*task = (struct publish_task){ due.client, item->period, item->attempts, item->serial };
		return true;
	}
	return false;
}

__u64 publish_wake_ms(const struct publish *publish)
{
	__u64 end_ms = end_of_period_ms(publish);

	return publish->heap_count && publish->heap[0].at_ms < end_ms ? publish->heap[0].at_ms : end_ms;
}

/* Doubled with every failure, a quarter more or less by chance, so that what failed together does not come together. */
static __u64 retry_ms(struct publish *publish, __u32 attempts)
{
	__u64 pause = publish->settings.retry_first_ms;

	while (--attempts && pause < publish->settings.retry_most_ms)
		pause *= 2;
	if (pause > publish->settings.retry_most_ms)
		pause = publish->settings.retry_most_ms;
	return pause * 3 / 4 + draw(publish, pause / 2 + 1);
}

void publish_done(struct publish *publish, __u64 now_ms, const struct publish_task *task, bool stands)
{
	unsigned int which = which_of(publish, task->period);
	struct item *item;
	__u64 pause_ms;

	if (task->client >= publish->client_count || !publish->clients[task->client].used)
		return;
	item = &publish->clients[task->client].item[which];
	if (item->period != task->period || item->state != ITEM_BUSY || item->serial != task->serial)
		return;
	if (stands)
		item->stands = true;
	item->attempts = stands ? 0 : item->attempts + 1;
	pause_ms = stands ? publish->settings.refresh_s * 900ULL + draw(publish, publish->settings.refresh_s * 100ULL) :
			    retry_ms(publish, item->attempts);
	schedule(publish, task->client, which, now_ms + pause_ms);
}

void publish_count(const struct publish *publish, struct publish_counts *counts)
{
	unsigned int current = which_of(publish, publish->period);

	*counts = (struct publish_counts){ 0 };
	for (__u32 i = 0; i < publish->client_count; i++) {
		const struct client *client = &publish->clients[i];

		if (!client->used)
			continue;
		counts->clients++;
		counts->current += client->item[current].stands;
		counts->next += client->item[!current].stands;
		for (unsigned int which = 0; which < 2; which++) {
			counts->busy += client->item[which].state == ITEM_BUSY;
			counts->failing += client->item[which].attempts > 0;
		}
	}
}
