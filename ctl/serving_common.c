// SPDX-License-Identifier: GPL-2.0-only
/*
 * The common item of two stages stands only if a reader finds it: nodes near its place that one registered client runs take
 * what is put there and show it to nobody. So it is read back; and while it is not there, each client is published for on its
 * own as well (docs/PROTOCOL.md 7.5).
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "ctl/serving.h"

struct check {
	struct two_stage_access access; /* secret */
	__u32 period;
	store_done *done;
	void *owner;
	struct store_result put;
};

static bool is_ours(void *owner, const __u8 *value, size_t length)
{
	const struct check *check = owner;
	struct rendezvous_offer offer;
	char why[SAY_BYTES];
	bool opens = !two_stage_open_short(&check->access, check->period, value, length, &offer, why);

	sodium_memzero(&offer, sizeof(offer));
	return opens;
}

/* That nobody answers now says nothing of what stands there. */
static void on_read(void *owner, const struct store_result *result)
{
	struct check *check = owner;
	struct store_result put = check->put;
	store_done *done = check->done;
	void *of = check->owner;

	if (result->outcome == STORE_NOTHING || result->outcome == STORE_FOREIGN) {
		put.outcome = STORE_NOTHING;
		say_why(put.why, 0, "it was put, and nobody finds it there");
	}
	key_secret_free(check);
	done(of, &put);
}

int serving_common_check(struct serving *serving, __u32 period, const struct store_result *put, store_done *done, void *owner)
{
	const struct two_stage_keys *keys = serving_stage_keys(serving, period);
	struct check *check = keys ? key_secret_new(sizeof(*check)) : NULL;
	struct store_place place;
	int error;

	if (!check)
		return keys ? -ENOMEM : -EINVAL;
	*check = (struct check){ keys->access, period, done, owner, *put };
	error = store_place_common(&place, &check->access, period);
	if (!error)
		error = serving->store->operations->get(serving->store, &place, false, is_ours, on_read, check);
	if (error)
		key_secret_free(check);
	return error;
}

/* The same numbers as in the schedule of long items: those that nobody has there are taken out again. */
static int add_all(const struct serving *serving, struct publish *pairs, __u64 now_ms)
{
	for (__u32 number = 0; number < serving->numbers; number++)
		if (publish_add(pairs, now_ms, serving_spread_ms(serving)) != (int)number)
			return -1;
	for (__u32 number = 0; number < serving->numbers; number++)
		if (serving->by_number[number] == ~(__u32)0)
			publish_remove(pairs, number);
	return 0;
}

void serving_take_pairs(struct serving *serving)
{
	struct publish *pairs = serving_new_schedule(serving_period_s(serving));

	if (pairs && add_all(serving, pairs, serving_now_ms())) {
		publish_free(pairs);
		pairs = NULL;
	}
	publish_free(serving->pairs);
	serving->pairs = pairs;
}

void serving_drop_pairs(struct serving *serving)
{
	publish_free(serving->pairs);
	serving->pairs = NULL;
}

void serving_common_ended(struct serving *serving, const struct publish_task *task, enum store_outcome outcome)
{
	__u64 now_ms = serving_now_ms();

	if (outcome == STORE_DONE && serving->pairs && now_ms >= serving->pairs_until_ms) {
		say_note("the item that is common to all clients stands again: it alone is published");
		serving_drop_pairs(serving);
	}
	if ((outcome != STORE_NOTHING && outcome != STORE_REFUSED) || !task->attempt)
		return;
	serving->pairs_until_ms = now_ms + 2000ULL * serving_period_s(serving);
	if (serving->pairs)
		return;
	say_note("the item that is common to all clients does not hold: each is published for on its own as well");
	serving_take_pairs(serving);
}
