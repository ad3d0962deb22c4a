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

static bool is_same(const struct mf_template *one, const struct mf_template *other)
{
	return one->prefix_length == other->prefix_length && !memcmp(one->base, other->base, 16);
}

static bool is_wanted(const struct keeping *keeping, const struct mf_template *prefix)
{
	const struct config_templates *wanted = &keeping->config.node.prefixes;

	for (unsigned int i = 0; i < wanted->count; i++)
		if (is_same(&wanted->template[i], prefix))
			return true;
	return false;
}

static bool hops_in(const struct session_generation *generation, const struct mf_template *prefix)
{
	return generation->association.letter && is_same(&generation->association.local, prefix);
}

static bool is_used(const struct keeping *keeping, const struct mf_template *prefix)
{
	for (__u32 i = 0; i < keeping->sessions.peers; i++) {
		const struct session *session = keeping->sessions.peer[i].session;

		if (session && (hops_in(&session->present, prefix) || hops_in(&session->coming, prefix) ||
				hops_in(&session->going, prefix)))
			return true;
	}
	return false;
}

/* Prefixes that nobody wants or uses go. true: some are left that will. */
static bool leave_prefixes(struct keeping *keeping)
{
	struct mf_message message = { .type = MF_NODE_GET };
	struct mf_node_config config;
	unsigned int kept = 0, unwanted = 0;

	if (client_ask_again(&keeping->loader, &message))
		return true;
	config = message.node_status.config;
	for (unsigned int i = 0; i < config.templates; i++) {
		bool wanted = is_wanted(keeping, &config.template[i]);

		if (!wanted && !is_used(keeping, &config.template[i]))
			continue;
		unwanted += !wanted;
		config.template[kept++] = config.template[i];
	}
	if (kept == config.templates || !kept)
		return unwanted > 0;
	memset(&config.template[kept], 0, (config.templates - kept) * sizeof(config.template[0]));
	config.templates = (__u8)kept;
	message = (struct mf_message){ .type = MF_NODE_SET, .node_config = config };
	return client_ask_again(&keeping->loader, &message) || unwanted;
}

static void on_leave(uv_timer_t *timer)
{
	if (!leave_prefixes(timer->data))
		uv_timer_stop(timer);
}

static void take_prefix(struct keeping *keeping)
{
	const struct mf_template *prefix = &keeping->config.node.prefixes.template[0];

	if (is_same(prefix, &keeping->prefix) || !keeping->connecting.lookups)
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
	if (nic_prefix_find(keeping->config.node.interface, &prefix, why) || is_same(&prefix, &keeping->prefix))
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
