// SPDX-License-Identifier: GPL-2.0-only
/* A table with stable places and an order over them. */
#include "ctl/dht/candidates.h"

#include <string.h>

#include "ctl/dht/address.h"
#include "ctl/dht/node_id.h"

void candidates_init(struct candidates *candidates, const __u8 target[static DHT_ID_BYTES], enum dht_family family,
		     bool allow_private)
{
	memset(candidates, 0, sizeof(*candidates));
	memcpy(candidates->target, target, DHT_ID_BYTES);
	candidates->family = family;
	candidates->allow_private = allow_private;
}

static bool has_failed(const struct candidate *candidate)
{
	return candidate->find == CANDIDATE_FAILED || candidate->get == CANDIDATE_FAILED;
}

/* Does its host or network have as many places as it may? */
static bool is_crowded(const struct candidates *candidates, const struct dht_endpoint *endpoint)
{
	unsigned int host = 0, network = 0;

	for (unsigned int i = 0; i < CANDIDATES_MOST; i++) {
		const struct candidate *candidate = &candidates->at[i];

		if (!candidate->used || has_failed(candidate))
			continue;
		host += address_same_host(candidate->endpoint.address, endpoint->address);
		network += address_same_network(candidate->endpoint.address, endpoint->address);
	}
	if (host >= CANDIDATES_PER_ADDRESS && !address_is_loopback(endpoint->address))
		return true;
	return network >= CANDIDATES_PER_NETWORK && !address_is_private(endpoint->address);
}

static int find(const struct candidates *candidates, const __u8 *id, const struct dht_endpoint *endpoint)
{
	for (int i = 0; i < CANDIDATES_MOST; i++) {
		const struct candidate *candidate = &candidates->at[i];

		if (!candidate->used || !address_same_endpoint(&candidate->endpoint, endpoint))
			continue;
		if (!id || !candidate->has_id || !memcmp(candidate->id, id, DHT_ID_BYTES))
			return i;
	}
	return -1;
}

static void forget(struct candidates *candidates, unsigned int rank)
{
	candidates->at[candidates->order[rank]].used = false;
	candidates->count--;
	memmove(candidates->order + rank, candidates->order + rank + 1, candidates->count - rank);
}

/* A free place; where there is none, that of the farthest node which has not been asked and is farther than `id`. */
static int make_room(struct candidates *candidates, const __u8 *id)
{
	for (int i = 0; i < CANDIDATES_MOST; i++)
		if (!candidates->at[i].used)
			return i;
	for (unsigned int rank = candidates->count; id && rank-- > 0;) {
		const struct candidate *candidate = candidates_nearest(candidates, rank);
		int place = candidates->order[rank];

		if (node_id_compare(candidates->target, candidate->id, id) <= 0)
			return -1;
		if (candidate->find != CANDIDATE_NEW || candidate->get != CANDIDATE_NEW)
			continue;
		forget(candidates, rank);
		return place;
	}
	return -1;
}

static void put_in_order(struct candidates *candidates, int place)
{
	const __u8 *id = candidates->at[place].id;
	unsigned int rank = candidates->count++;

	while (rank > 0 && node_id_compare(candidates->target, id, candidates_nearest(candidates, rank - 1)->id) < 0) {
		candidates->order[rank] = candidates->order[rank - 1];
		rank--;
	}
	candidates->order[rank] = (__u8)place;
}

static void set_id(struct candidates *candidates, int place, const __u8 *id)
{
	memcpy(candidates->at[place].id, id, DHT_ID_BYTES);
	candidates->at[place].has_id = true;
	put_in_order(candidates, place);
}

int candidates_add(struct candidates *candidates, const __u8 *id, const struct dht_endpoint *endpoint)
{
	int place;

	if (!address_is_usable(endpoint, candidates->family, candidates->allow_private))
		return -1;
	place = find(candidates, id, endpoint);
	if (place >= 0 && id && !candidates->at[place].has_id && candidates->at[place].find == CANDIDATE_NEW)
		set_id(candidates, place, id);
	if (place >= 0)
		return place;
	place = is_crowded(candidates, endpoint) ? -1 : make_room(candidates, id);
	if (place < 0)
		return -1;
	candidates->at[place] = (struct candidate){ .used = true, .endpoint = *endpoint };
	if (id)
		set_id(candidates, place, id);
	return place;
}

int candidates_identify(struct candidates *candidates, int place, const __u8 id[static DHT_ID_BYTES])
{
	struct candidate *candidate = &candidates->at[place];

	for (int i = 0; i < CANDIDATES_MOST; i++) {
		const struct candidate *known = &candidates->at[i];

		if (i == place || !known->used || !known->has_id || memcmp(known->id, id, DHT_ID_BYTES) ||
		    !address_same_endpoint(&known->endpoint, &candidate->endpoint))
			continue;
		candidate->find = CANDIDATE_FAILED;
		return i;
	}
	set_id(candidates, place, id);
	return place;
}

void candidates_drop(struct candidates *candidates, int place)
{
	candidates->at[place].find = CANDIDATE_FAILED;
	candidates->at[place].get = CANDIDATE_FAILED;
}
