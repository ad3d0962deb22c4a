// SPDX-License-Identifier: GPL-2.0-only
/* Addresses that come and go: which one has is found out by looking, when it has been quiet for a moment. */
#include "ctl/prefix_watch.h"

#include "ctl/nic_prefix.h"
#include "ctl/sessions.h"

enum { LOOK_MS = 200 /* an interface that changes networks says several things at once */ };

static int pass_over(const struct nlmsghdr *message, void *context)
{
	(void)message;
	(void)context;
	return 0;
}

static void on_look(uv_timer_t *timer)
{
	struct prefix_watch *watch = timer->data;

	watch->changed(watch->context);
}

static void on_addresses(uv_poll_t *poll, int status, int events)
{
	struct prefix_watch *watch = poll->data;

	(void)status;
	(void)events;
	mf_netlink_events(&watch->netlink, pass_over, NULL);
	uv_timer_start(&watch->look, on_look, LOOK_MS, 0);
}

void prefix_watch_open(struct prefix_watch *watch, uv_loop_t *loop, void (*changed)(void *context), void *context)
{
	*watch = (struct prefix_watch){ .netlink.fd = -1, .changed = changed, .context = context, .open = true };
	uv_timer_init(loop, &watch->look);
	watch->look.data = watch;
}

int prefix_watch_begin(struct prefix_watch *watch)
{
	int error;

	if (watch->netlink.fd >= 0)
		return 0;
	error = nic_prefix_watch(&watch->netlink);
	if (error)
		return error;
	uv_poll_init(uv_handle_get_loop((uv_handle_t *)&watch->look), &watch->poll, watch->netlink.fd);
	watch->poll.data = watch;
	return uv_poll_start(&watch->poll, UV_READABLE, on_addresses);
}

void prefix_watch_close(struct prefix_watch *watch)
{
	if (!watch->open)
		return;
	watch->open = false;
	uv_close((uv_handle_t *)&watch->look, NULL);
	if (watch->netlink.fd < 0)
		return;
	uv_close((uv_handle_t *)&watch->poll, NULL);
	mf_netlink_close(&watch->netlink);
}

bool prefix_watch_is_elsewhere(const char *nic, const struct mf_template *present)
{
	struct mf_template prefix;
	char why[SAY_BYTES];

	return !nic_prefix_find(nic, present, &prefix, why) && !sessions_same_prefix(&prefix, present);
}
