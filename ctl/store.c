// SPDX-License-Identifier: GPL-2.0-only
/* Which store the configuration wants, and what all of them have in common. */
#include "ctl/store.h"

#include <errno.h>
#include <string.h>

int store_open(struct store **store, const struct store_settings *settings, char why[static SAY_BYTES])
{
	struct store *value = NULL;

	say_why(why, 0, "no memory for the store");
	switch (settings->rendezvous->store.kind) {
	case CONFIG_STORE_DHT:
		value = store_dht_new(settings);
		break;
	case CONFIG_STORE_ANNOUNCE:
		value = store_announce_new(settings);
		break;
	case CONFIG_STORE_REDIS:
		value = store_servers_new(settings, why);
		break;
	}
	if (!value)
		return -EINVAL;
	*store = value;
	return 0;
}

void store_close(struct store *store)
{
	if (store)
		store->operations->close(store);
}

int store_place_common(struct store_place *place, const struct two_stage_access *access, __u32 period)
{
	memset(place, 0, sizeof(*place));
	place->period = period;
	place->until_s = period + 3 * access->window.period_s;
	return two_stage_item_key(access, period, place->public_key);
}

void store_place_of(struct store_place *place, const struct rendezvous_pair *pair, __u32 period_s, __u32 period)
{
	place->common = NULL;
	place->period = period;
	rendezvous_item_seed(pair, period_s, period, place->seed, place->public_key);
	rendezvous_descriptor(pair, period, place->descriptor);
	place->until_s = period + 3 * period_s; /* a reader whose clock is behind still looks there in the third */
}

const char *store_outcome_name(enum store_outcome outcome)
{
	static const char *const names[] = {
		[STORE_DONE] = "done", [STORE_NOTHING] = "nothing stored", [STORE_FOREIGN] = "wrong key",
		[STORE_NO_BOOTSTRAP] = "no bootstrap node", [STORE_NO_ANSWER] = "no answer",
		[STORE_REFUSED] = "refused", [STORE_FAILED] = "failed", [STORE_CANCELLED] = "cancelled",
	};

	return (size_t)outcome < sizeof(names) / sizeof(*names) ? names[outcome] : "unknown";
}
