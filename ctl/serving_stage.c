// SPDX-License-Identifier: GPL-2.0-only
/* Keys of two-stage publication: of a long window, and of the time since a client was last removed. */
#include <sodium.h>

#include "ctl/serving.h"

__u32 serving_long_s(const struct serving *serving)
{
	return serving_period_s(serving) * TWO_STAGE_PERIODS_DEFAULT;
}

bool serving_wants_stages(const struct serving *serving, size_t clients)
{
	const struct config_rendezvous *rendezvous = &serving->config.node.rendezvous;
	struct two_stage_window window;

	if (!rendezvous->two_stage || clients <= rendezvous->two_stage || rendezvous->form != RENDEZVOUS_NATIVE ||
	    rendezvous->store.kind == CONFIG_STORE_ANNOUNCE)
		return false;
	return !two_stage_window(&window, serving_period_s(serving), TWO_STAGE_PERIODS_DEFAULT, 0);
}

/* By chance: of the list of clients it would come again with the list, and whoever left in between has its keys. */
void serving_take_epoch(struct serving *serving)
{
	randombytes_buf(serving->stage->epoch, sizeof(serving->stage->epoch));
	sodium_memzero(&serving->stage->keys, sizeof(serving->stage->keys));
}

const struct two_stage_keys *serving_stage_keys(struct serving *serving, __u32 unix_s)
{
	struct two_stage_keys *keys = &serving->stage->keys;
	struct two_stage_window window;

	if (two_stage_window(&window, serving_period_s(serving), TWO_STAGE_PERIODS_DEFAULT, unix_s))
		return NULL;
	if (keys->access.window.period_s == window.period_s && keys->access.window.start == window.start)
		return keys;
	return two_stage_keys(keys, serving->private_key, &window, serving->stage->epoch) ? NULL : keys;
}
