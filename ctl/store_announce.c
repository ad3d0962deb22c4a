// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port stuffing (patent, column 7): a byte an announce. What is announced again must be the same bytes at the same
 * ports, or a reader sees the union of two values: both are kept for as long as somebody may look there.
 *
 * What it costs, and why it is for laboratories: 65 or 76 bytes to eight nodes take a quarter of a minute over IPv4 and
 * over a thousand datagrams; nodes that keep one port an address, or return the first 25 only, are of no use; a few
 * hundred junk announces bury a value.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/store_families.h"
#include "ctl/stuffing.h"

enum { KEPT_MOST = 8192 };

struct kept {
	struct kept *next;
	__u32 until_s;
	__u8 descriptor[RENDEZVOUS_DESCRIPTOR_BYTES];
	size_t length;
	__be16 ports[STUFFING_BYTES_MOST];
};

struct store_announce {
	struct store store;
	struct families families;
	struct kept *kept;
	size_t kept_count;
};

/* --- what has been announced --------------------------------------------------------- */

static void forget_old(struct store_announce *store, __u32 now_s)
{
	struct kept **at = &store->kept;

	while (*at) {
		struct kept *kept = *at;

		if (kept->until_s > now_s) {
			at = &kept->next;
			continue;
		}
		*at = kept->next;
		store->kept_count--;
		free(kept);
	}
}

static const struct kept *find_kept(const struct store_announce *store, const struct store_place *place)
{
	for (const struct kept *kept = store->kept; kept; kept = kept->next)
		if (!memcmp(kept->descriptor, place->descriptor, sizeof(kept->descriptor)))
			return kept;
	return NULL;
}

/* The ports of this place: those that it had, or such as say the value. NULL: too many, or it cannot be said. */
static const struct kept *keep(struct store_announce *store, const struct store_place *place, const __u8 *value,
			       size_t length)
{
	const struct kept *known = find_kept(store, place);
	struct kept *kept;

	if (known)
		return known;
	forget_old(store, (__u32)time(NULL));
	kept = store->kept_count < KEPT_MOST ? calloc(1, sizeof(*kept)) : NULL;
	if (!kept || stuffing_ports(kept->ports, value, length, NULL)) {
		free(kept);
		return NULL;
	}
	kept->until_s = place->until_s;
	kept->length = length;
	memcpy(kept->descriptor, place->descriptor, sizeof(kept->descriptor));
	kept->next = store->kept;
	store->kept = kept;
	store->kept_count++;
	return kept;
}

/* --- results ------------------------------------------------------------------------- */

static bool judge(void *context, const __u8 *bytes, size_t length)
{
	struct families_job *job = context;

	return job->accept(job->owner, bytes, length);
}

/* Whether the union of these announces holds a value of one of the lengths that there are. */
static enum store_outcome read_peers(struct families_job *job, const struct dht_result *result)
{
	static const size_t lengths[] = { RENDEZVOUS_FULL_BYTES, RENDEZVOUS_COMPACT_BYTES };
	struct stuffing_announce *announces = calloc(result->peer_count + 1, sizeof(*announces));
	int error = -ENOMEM;

	for (__u32 i = 0; announces && i < result->peer_count; i++) {
		memcpy(announces[i].address, result->peers[i].address, sizeof(announces[i].address));
		announces[i].port = result->peers[i].port;
	}
	if (announces)
		error = stuffing_read(announces, result->peer_count, lengths, 2, judge, job);
	free(announces);
	if (error == -ENOENT)
		return STORE_NOTHING;
	return error ? STORE_FOREIGN : STORE_DONE;
}

/* A value of which a port is missing everywhere is none. */
static enum store_outcome conclude(struct families_job *job, const struct dht_result *result)
{
	if (job->accept)
		return read_peers(job, result);
	if (result->ports_anywhere == job->ports)
		return STORE_DONE;
	say_why(job->best.why, 0, "only %u of %u ports were taken", result->ports_anywhere, job->ports);
	return STORE_REFUSED;
}

static int put(struct store *base, const struct store_place *place, const __u8 *value, size_t length, store_done *done,
	       void *owner)
{
	struct store_announce *store = (struct store_announce *)base;
	const struct kept *kept = keep(store, place, value, length);
	struct dht_request request = { .kind = DHT_ANNOUNCE };
	struct families_job job = { .done = done, .owner = owner, .conclude = conclude };

	if (!kept)
		return -ENOSPC;
	memcpy(request.infohash, place->descriptor, sizeof(request.infohash));
	request.ports = kept->ports;
	request.port_count = job.ports = (__u32)kept->length;
	return families_begin(&store->families, &request, &job);
}

static int get(struct store *base, const struct store_place *place, bool thorough, store_accept *accept,
	       store_done *done, void *owner)
{
	struct dht_request request = { .kind = DHT_GET_PEERS, .source_per_query = true, .read_all = true };
	const struct families_job job = { .accept = accept, .done = done, .owner = owner, .conclude = conclude };

	(void)thorough; /* always */
	memcpy(request.infohash, place->descriptor, sizeof(request.infohash));
	return families_begin(&((struct store_announce *)base)->families, &request, &job);
}

static void close_store(struct store *base)
{
	struct store_announce *store = (struct store_announce *)base;

	families_close(&store->families);
	forget_old(store, ~(__u32)0);
	free(store);
}

struct store *store_announce_new(const struct store_settings *settings)
{
	static const struct store_operations operations = {
		.name = "announce", .put = put, .get = get, .close = close_store,
	};
	struct store_announce *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->store.operations = &operations;
	store->families.dht = settings->dht;
	return &store->store;
}
