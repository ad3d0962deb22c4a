// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node that moves to another prefix: the loader hears in both until every session has been agreed on anew from the new
 * one, and what is going of the old has gone.
 */
#include <string.h>

#include "ctl/keeping.h"

enum { LEAVE_MS = 1000 /* between two looks whether the old prefix is needed */ };

static void on_leave(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;

	if (!sessions_leave_prefixes(&keeping->sessions, &keeping->config.node.prefixes))
		uv_timer_stop(timer);
}

static void take_prefix(struct keeping *keeping)
{
	const struct mf_template *prefix = &keeping->config.node.prefixes.template[0];

	if (sessions_same_prefix(prefix, &keeping->prefix) || !keeping->connecting.lookups)
		return;
	keeping->prefix = *prefix;
	connecting_move(&keeping->connecting, prefix);
	uv_timer_start(&keeping->roam.leave, on_leave, LEAVE_MS, LEAVE_MS);
}

static void on_addresses(void *context)
{
	struct keeping *keeping = context;

	if (keeping->config.node.prefixes.automatic &&
	    prefix_watch_is_elsewhere(keeping->config.node.interface, &keeping->prefix))
		keeping_reload(keeping);
}

static int watch(struct keeping *keeping)
{
	return keeping->config.node.prefixes.automatic ? prefix_watch_begin(&keeping->roam.watch) : 0;
}

int keeping_roam_open(struct keeping *keeping)
{
	uv_timer_init(&keeping->loop, &keeping->roam.leave);
	keeping->roam.leave.data = keeping;
	prefix_watch_open(&keeping->roam.watch, &keeping->loop, on_addresses, keeping);
	return watch(keeping);
}

void keeping_roam_take(struct keeping *keeping)
{
	int error = watch(keeping);

	if (error)
		say_note("cannot watch for addresses: %s", strerror(-error));
	take_prefix(keeping);
}

void keeping_roam_close(struct keeping *keeping)
{
	uv_close((uv_handle_t *)&keeping->roam.leave, NULL);
	prefix_watch_close(&keeping->roam.watch);
}
