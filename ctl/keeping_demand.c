// SPDX-License-Identifier: GPL-2.0-only
/* Peers on demand: the loader reports packets that no association takes, on a line of its own. */
#include <errno.h>

#include "ctl/keeping.h"

enum { AGAIN_MS = 1000 };

static void on_again(uv_timer_t *timer);

static void hang_up(struct keeping *keeping)
{
	if (keeping->demand.polled)
		uv_close((uv_handle_t *)&keeping->demand.poll, NULL);
	keeping->demand.polled = false;
	client_close(&keeping->demand.loader);
}

/* false: nothing waits any more. */
static bool take_one(struct keeping *keeping)
{
	struct mf_event event;
	int error = client_take_event(&keeping->demand.loader, &event);

	if (error == -EAGAIN)
		return false;
	if (error) {
		hang_up(keeping);
		uv_timer_start(&keeping->demand.again, on_again, AGAIN_MS, 0);
		return false;
	}
	if (event.kind == MF_EVENT_NO_ASSOCIATION && keeping->connecting.lookups)
		connecting_packet(&keeping->connecting, event.destination);
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct keeping *keeping = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < SESSIONS_BATCH && take_one(keeping); i++)
		;
}

static int subscribe(struct keeping *keeping)
{
	struct mf_message message = { .type = MF_SUBSCRIBE };
	char why[SAY_BYTES];
	int error = client_open(&keeping->demand.loader, keeping->loader.path, why);

	if (error)
		return error;
	client_be_patient(&keeping->demand.loader, KEEPING_PATIENCE_S);
	error = client_ask(&keeping->demand.loader, &message);
	if (!error)
		error = uv_poll_init(&keeping->loop, &keeping->demand.poll, keeping->demand.loader.fd);
	if (error)
		return error;
	keeping->demand.poll.data = keeping;
	keeping->demand.polled = true;
	return uv_poll_start(&keeping->demand.poll, UV_READABLE, on_readable);
}

static void on_again(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;

	if (!keeping->demand.wanted || keeping->demand.polled)
		return;
	if (subscribe(keeping)) {
		hang_up(keeping);
		uv_timer_start(&keeping->demand.again, on_again, AGAIN_MS, 0);
	}
}

void keeping_demand_take(struct keeping *keeping)
{
	keeping->demand.wanted = false;
	for (size_t i = 0; i < keeping->config.meet_count; i++)
		keeping->demand.wanted |= keeping->config.meets[i].connect == CONNECT_ON_DEMAND;
	if (keeping->demand.wanted)
		on_again(&keeping->demand.again);
	else
		hang_up(keeping);
}

void keeping_demand_open(struct keeping *keeping)
{
	uv_timer_init(&keeping->loop, &keeping->demand.again);
	keeping->demand.again.data = keeping;
	keeping_demand_take(keeping);
}

void keeping_demand_close(struct keeping *keeping)
{
	keeping->demand.wanted = false;
	hang_up(keeping);
	uv_close((uv_handle_t *)&keeping->demand.again, NULL);
}
