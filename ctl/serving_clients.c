// SPDX-License-Identifier: GPL-2.0-only
/* Who is served: clients that come and go, each with a number of its own in the schedule. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "ctl/serving.h"

enum { SPREAD_FEW = 16 }; /* so many clients are published for at once */

static const __u32 none = ~(__u32)0;

static int keep_number(struct serving *serving, __u32 number, size_t index)
{
	if (number >= serving->numbers) {
		__u32 room = number * 2 + 16;
		__u32 *by_number = reallocarray(serving->by_number, room, sizeof(*by_number));

		if (!by_number)
			return -ENOMEM;
		for (__u32 i = serving->numbers; i < room; i++)
			by_number[i] = none;
		serving->by_number = by_number;
		serving->numbers = room;
	}
	serving->by_number[number] = (__u32)index;
	return 0;
}

/* Many first items are spread over a tenth of the period: all at once would tell who is one server's. */
__u32 serving_spread_ms(const struct serving *serving)
{
	return serving->registry.count > SPREAD_FEW ? serving_period_s(serving) * 100 : 0;
}

static int take_entry(struct serving *serving, size_t index)
{
	struct registered *entry = &serving->registry.entry[index];
	int number, error;

	if (entry->number != none)
		return keep_number(serving, entry->number, index);
	number = publish_add(serving->publish, serving_now_ms(), serving_spread_ms(serving));
	if (number < 0)
		return number;
	error = keep_number(serving, (__u32)number, index);
	if (error)
		publish_remove(serving->publish, (__u32)number);
	else
		entry->number = (__u32)number;
	return error;
}

/* Without memory for all of them those who were there before are served as before. */
static int take_entries(struct serving *serving)
{
	int error = 0;

	for (__u32 i = 0; i < serving->numbers; i++)
		serving->by_number[i] = none;
	for (size_t i = 0; serving->publish && i < serving->registry.count; i++) {
		int failure = take_entry(serving, i);

		if (!error)
			error = failure;
	}
	return error;
}

static size_t leave_out(struct serving *serving, const struct registry *fresh)
{
	size_t gone = 0;

	for (size_t i = 0; i < serving->registry.count; i++) {
		const struct registered *entry = &serving->registry.entry[i];

		if (registry_find(fresh, entry->public_key) >= 0)
			continue;
		if (entry->number < serving->numbers) {
			publish_remove(serving->publish, entry->number);
			serving->by_number[entry->number] = none;
		}
		serving_end_session(serving, entry->public_key);
		serving_delete_client(serving, entry);
		gone++;
	}
	return gone;
}

struct publish *serving_new_schedule(__u32 period_s)
{
	struct publish_settings settings = { .period_s = period_s };

	randombytes_buf(&settings.seed, sizeof(settings.seed));
	return publish_new(&settings, serving_now_ms());
}

/*
 * From pairs to two stages or back, for more or fewer clients, or to another period: everything is put anew. 1: so it is
 * now; 0; -ENOMEM.
 */
static int take_mode(struct serving *serving, struct registry *registry)
{
	bool stages = serving_wants_stages(serving, registry->count);
	struct publish *fresh, *common;

	if (serving->publish && stages == (serving->common != NULL) &&
	    serving->scheduled_s == serving_period_s(serving))
		return 0;
	fresh = serving_new_schedule(stages ? serving_long_s(serving) : serving_period_s(serving));
	common = stages ? serving_new_schedule(serving_period_s(serving)) : NULL;
	if (!fresh || (stages && (!common || publish_add(common, serving_now_ms(), 0) < 0))) {
		publish_free(fresh);
		publish_free(common);
		return -ENOMEM;
	}
	publish_free(serving->publish);
	publish_free(serving->common);
	serving_drop_pairs(serving);
	serving->publish = fresh;
	serving->common = common;
	serving->scheduled_s = serving_period_s(serving);
	for (size_t i = 0; i < registry->count; i++)
		registry->entry[i].number = none;
	return 1;
}

/* Whoever was removed opens nothing that is put from now on: the others' items say the new keys. */
static void take_removal(struct serving *serving)
{
	__u64 now_ms = serving_now_ms();

	publish_renew(serving->publish, now_ms, 0);
	publish_renew(serving->common, now_ms, 0);
	serving_take_epoch(serving);
}

int serving_take_registry(struct serving *serving, struct registry *registry)
{
	size_t gone = leave_out(serving, registry);
	int changed = take_mode(serving, registry), error;
	struct registry before = serving->registry;

	serving->registry = *registry;
	*registry = (struct registry){ 0 };
	serving_take_sessions(serving);
	registry_close(&before);
	if (serving->common && changed > 0)
		serving_take_epoch(serving);
	else if (serving->common && gone)
		take_removal(serving);
	error = take_entries(serving);
	if (serving->pairs)
		serving_take_pairs(serving);
	return changed < 0 ? changed : error;
}

int serving_set_period(struct serving *serving, __u32 period_s)
{
	__u32 before_s = serving->period_s;
	int changed;

	serving->period_s = period_s;
	if (!serving->publish)
		return 0;
	changed = take_mode(serving, &serving->registry);
	if (changed < 0)
		serving->period_s = before_s;
	if (changed <= 0)
		return changed;
	serving_take_period(serving);
	if (serving->common)
		serving_take_epoch(serving);
	return take_entries(serving);
}
