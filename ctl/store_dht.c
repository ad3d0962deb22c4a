// SPDX-License-Identifier: GPL-2.0-only
/* Items of BEP 44 as a store. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/store_families.h"

enum { OVERTAKEN = 1 << 16 }; /* places, by the public key, which is as good as random; pages not used cost nothing */

/* Items of ours that stand with a sequence that is not behind ours: a clock that was ahead, or a reader's doing. */
struct overtaken {
	__u8 public_key[DHT_PUBLIC_BYTES];
	__s64 sequence;
};

struct store_dht {
	struct store store;
	struct families families;
	struct overtaken overtaken[OVERTAKEN]; /* the latest of each place */
};

static enum store_outcome conclude(struct families_job *job, const struct dht_result *result)
{
	if (!job->accept)
		return STORE_DONE;
	return job->accept(job->owner, result->item.value, result->item.length) ? STORE_DONE : STORE_FOREIGN;
}

static unsigned int place_of(const __u8 public_key[static DHT_PUBLIC_BYTES])
{
	return (unsigned int)(public_key[0] << 8 | public_key[1]);
}

static void on_refused(struct families_job *job, const struct dht_result *result)
{
	struct store_dht *store = (struct store_dht *)job->store;
	struct overtaken *overtaken = &store->overtaken[place_of(result->item.public_key)];

	memcpy(overtaken->public_key, result->item.public_key, sizeof(overtaken->public_key));
	overtaken->sequence = result->item.sequence;
}

/* Unix seconds, but beyond whatever is known to stand. */
static __s64 sequence_for(const struct store_dht *store, const __u8 public_key[static DHT_PUBLIC_BYTES])
{
	const struct overtaken *overtaken = &store->overtaken[place_of(public_key)];
	__s64 sequence = time(NULL);

	if (overtaken->sequence >= sequence && overtaken->sequence < INT64_MAX &&
	    !memcmp(overtaken->public_key, public_key, DHT_PUBLIC_BYTES))
		sequence = overtaken->sequence + 1;
	return sequence;
}

static int put(struct store *base, const struct store_place *place, const __u8 *value, size_t length, store_done *done,
	       void *owner)
{
	struct store_dht *store = (struct store_dht *)base;
	const struct families_job job = {
		.done = done, .owner = owner, .conclude = conclude, .refused = on_refused, .store = base,
	};
	struct dht_request request = { .kind = DHT_PUT };

	if (length > sizeof(request.item.value))
		return -EMSGSIZE;
	memcpy(request.item.public_key, place->public_key, sizeof(request.item.public_key));
	memcpy(request.item.value, value, length);
	request.item.length = (__u16)length;
	request.item.sequence = sequence_for(store, place->public_key);
	if (place->common ? two_stage_sign_item(place->common, place->period, request.item.sequence, value, length,
						request.item.signature) :
			    dht_item_sign(&request.item, place->seed))
		return -EINVAL;
	return families_begin(&store->families, &request, &job);
}

static int get(struct store *base, const struct store_place *place, bool thorough, store_accept *accept,
	       store_done *done, void *owner)
{
	const struct families_job job = { .accept = accept, .done = done, .owner = owner, .conclude = conclude };
	struct dht_request request = { .kind = DHT_GET, .source_per_query = true, .read_all = thorough };

	memcpy(request.public_key, place->public_key, sizeof(request.public_key));
	return families_begin(&((struct store_dht *)base)->families, &request, &job);
}

static void close_store(struct store *base)
{
	families_close(&((struct store_dht *)base)->families);
	free(base);
}

struct store *store_dht_new(const struct store_settings *settings)
{
	static const struct store_operations operations = {
		.name = "dht", .put = put, .get = get, .close = close_store,
	};
	struct store_dht *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->store.operations = &operations;
	store->families.dht = settings->dht;
	return &store->store;
}
