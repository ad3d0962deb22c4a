// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that moves to another prefix: new introductions are published from there, sessions are asked to come along while
 * they are still heard where they were, and the prefix before is left when nobody hops in it any more. The configuration
 * says so, or, with Prefix = auto, the network that the node has come to.
 */
#include <string.h>

#include "ctl/serving.h"
#include "ctl/up.h"

enum { LEAVE_MS = 1000 /* between two looks whether it is needed */ };

static void on_leave(uv_timer_t *timer)
{
	struct serving *serving = timer->data;

	if (!sessions_leave_prefixes(&serving->sessions, &serving->config.node.prefixes))
		uv_timer_stop(timer);
}

/* Those of before hop where nobody is to be met any more. */
static void introduce_anew(struct serving *serving)
{
	__u64 now_ms = serving_now_ms();

	serving_leave(serving);
	serving_turn(serving, now_ms);
	publish_renew(serving->publish, now_ms, 0);
	if (serving->common)
		publish_renew(serving->common, now_ms, 0);
	if (serving->pairs)
		publish_renew(serving->pairs, now_ms, 0);
}

void serving_move(struct serving *serving, const struct config *config)
{
	const struct mf_template *prefix = &config->node.prefixes.template[0];

	if (!serving->sessions.open || sessions_same_prefix(prefix, &serving->node.prefix))
		return;
	say_note("moves to another prefix, and tells its clients");
	serving->config.node.prefixes = config->node.prefixes;
	serving->node.prefix = *prefix;
	if (serving->dht && !serving->config.node.rendezvous.publish_prefix.prefix_length)
		loop_dht_move(serving->dht, prefix);
	introduce_anew(serving);
	connecting_move(&serving->connecting, prefix);
	uv_timer_start(&serving->leaving, on_leave, LEAVE_MS, LEAVE_MS);
}

/* The loader first, as reload does: it hears in both prefixes then. */
static void on_addresses(void *context)
{
	struct serving *serving = context;
	struct client loader = { .fd = -1 };

	if (serving->closing || !serving->config.node.prefixes.automatic ||
	    !prefix_watch_is_elsewhere(serving->config.node.interface, &serving->node.prefix) ||
	    up_bring(serving->ctl, serving->argument, 0, true, &loader))
		return;
	client_close(&loader);
	serving->reload(serving);
}

void serving_roam(struct serving *serving, void (*reload)(struct serving *serving))
{
	int error = 0;

	serving->reload = reload;
	prefix_watch_open(&serving->roam, &serving->loop, on_addresses, serving);
	if (serving->config.node.prefixes.automatic && serving->sessions.open)
		error = prefix_watch_begin(&serving->roam);
	if (error)
		say_note("cannot watch for addresses: %s", strerror(-error));
}
