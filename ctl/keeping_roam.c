// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node that moves to another prefix: the loader hears in both until every session has been agreed on anew from the new
 * one, and what is going of the old has gone.
 */
#include <errno.h>
#include <string.h>

#include "ctl/keeping.h"
#include "ctl/nic_prefix.h"

enum {
	LOOK_MS = 200,   /* an interface that changes networks says several things at once */
	LEAVE_MS = 1000, /* between two looks whether the old prefix is needed */
};

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

static void on_look(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;
	struct mf_template prefix;
	char why[SAY_BYTES];

	/* Between two networks it is nowhere: what was agreed on stays. */
	if (!keeping->config.node.prefixes.automatic)
		return;
	if (nic_prefix_find(keeping->config.node.interface, &keeping->prefix, &prefix, why) ||
	    sessions_same_prefix(&prefix, &keeping->prefix))
		return;
	keeping_reload(keeping);
}

/* Which one has changed is found out by looking. */
static int pass_over(const struct nlmsghdr *message, void *context)
{
	(void)message;
	(void)context;
	return 0;
}

static void on_addresses(uv_poll_t *poll, int status, int events)
{
	struct keeping *keeping = poll->data;

	(void)status;
	(void)events;
	mf_netlink_events(&keeping->roam.netlink, pass_over, NULL);
	uv_timer_start(&keeping->roam.look, on_look, LOOK_MS, 0);
}

static int watch(struct keeping *keeping)
{
	int error;

	if (!keeping->config.node.prefixes.automatic || keeping->roam.netlink.fd >= 0)
		return 0;
	error = nic_prefix_watch(&keeping->roam.netlink);
	if (error)
		return error;
	uv_poll_init(&keeping->loop, &keeping->roam.poll, keeping->roam.netlink.fd);
	keeping->roam.poll.data = keeping;
	return uv_poll_start(&keeping->roam.poll, UV_READABLE, on_addresses);
}

int keeping_roam_open(struct keeping *keeping)
{
	uv_timer_init(&keeping->loop, &keeping->roam.look);
	uv_timer_init(&keeping->loop, &keeping->roam.leave);
	keeping->roam.look.data = keeping->roam.leave.data = keeping;
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
	uv_close((uv_handle_t *)&keeping->roam.look, NULL);
	uv_close((uv_handle_t *)&keeping->roam.leave, NULL);
	if (keeping->roam.netlink.fd < 0)
		return;
	uv_close((uv_handle_t *)&keeping->roam.poll, NULL);
	mf_netlink_close(&keeping->roam.netlink);
}
