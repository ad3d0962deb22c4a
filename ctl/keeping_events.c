// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the loader reports, on a line of its own: packets for peers on demand, and what strangers do, which is told of
 * sessions. How fast these hop is the other end's to say.
 */
#include <errno.h>

#include "ctl/keeping.h"
#include "ctl/sessions_level.h"

enum { AGAIN_MS = 1000, TICK_MS = 5000 /* levels fall by themselves */ };

static void on_again(uv_timer_t *timer);

static void hang_up(struct keeping *keeping)
{
	if (keeping->events.polled)
		uv_close((uv_handle_t *)&keeping->events.poll, NULL);
	keeping->events.polled = false;
	client_close(&keeping->events.loader);
}

/* --- levels -------------------------------------------------------------------------- */

static void tell_levels(struct keeping *keeping)
{
	for (__u32 i = 0; keeping->sessions.open && i < keeping->sessions.peers; i++)
		if (keeping->sessions.peer[i].used &&
		    sessions_level_take(&keeping->sessions, &keeping->events.levels, i))
			sessions_tell_changed(&keeping->tell, i);
}

static void on_tick(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;

	if (level_tick(&keeping->events.levels, sessions_now_ms()))
		tell_levels(keeping);
}

void keeping_level_follow(struct keeping *keeping, __u32 peer)
{
	sessions_level_follow(&keeping->sessions, &keeping->events.levels, peer);
	sessions_level_take(&keeping->sessions, &keeping->events.levels, peer);
}

void keeping_level_words(void *context, __u32 peer, const char **level, const char **why)
{
	const struct keeping *keeping = context;

	sessions_level_words(&keeping->sessions, &keeping->events.levels, peer, sessions_now_ms(), level, why);
}

void keeping_status(void *context, struct rendezvous_status *status)
{
	const struct keeping *keeping = context;
	const struct levels *levels = &keeping->events.levels;
	char words[LEVEL_WORDS];

	snprintf(status->level, sizeof(status->level), "%s", level_name(level_of_node(levels)));
	snprintf(status->level_why, sizeof(status->level_why), "%s", level_why(words, levels, sessions_now_ms()));
	status->period_s = keeping->config.node.rendezvous.period_ms / 1000;
}

/* --- the line ------------------------------------------------------------------------ */

static void take(struct keeping *keeping, const struct mf_event *event)
{
	board_fill_event(&keeping->page.fill, event);
	if (sessions_level_hear(&keeping->sessions, &keeping->events.levels, event, sessions_now_ms()))
		tell_levels(keeping);
	if (event->kind == MF_EVENT_NO_ASSOCIATION && keeping->connecting.lookups)
		connecting_packet(&keeping->connecting, event->destination);
}

/* false: nothing waits any more. */
static bool take_one(struct keeping *keeping)
{
	struct mf_event event;
	int error = client_take_event(&keeping->events.loader, &event);

	if (error == -EAGAIN)
		return false;
	if (error) {
		hang_up(keeping);
		uv_timer_start(&keeping->events.again, on_again, AGAIN_MS, 0);
		return false;
	}
	take(keeping, &event);
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
	int error = client_open(&keeping->events.loader, keeping->loader.path, why);

	if (error)
		return error;
	client_be_patient(&keeping->events.loader, KEEPING_PATIENCE_S);
	error = client_ask(&keeping->events.loader, &message);
	if (!error)
		error = uv_poll_init(&keeping->loop, &keeping->events.poll, keeping->events.loader.fd);
	if (error)
		return error;
	keeping->events.poll.data = keeping;
	keeping->events.polled = true;
	return uv_poll_start(&keeping->events.poll, UV_READABLE, on_readable);
}

static void on_again(uv_timer_t *timer)
{
	struct keeping *keeping = timer->data;

	if (keeping->events.polled)
		return;
	if (subscribe(keeping)) {
		hang_up(keeping);
		uv_timer_start(&keeping->events.again, on_again, AGAIN_MS, 0);
	}
}

void keeping_events_open(struct keeping *keeping)
{
	level_init(&keeping->events.levels, LEVEL_AUTO, sessions_now_ms());
	uv_timer_init(&keeping->loop, &keeping->events.again);
	uv_timer_init(&keeping->loop, &keeping->events.tick);
	keeping->events.again.data = keeping->events.tick.data = keeping;
	uv_timer_start(&keeping->events.tick, on_tick, TICK_MS, TICK_MS);
	on_again(&keeping->events.again);
}

void keeping_events_close(struct keeping *keeping)
{
	hang_up(keeping);
	uv_close((uv_handle_t *)&keeping->events.again, NULL);
	uv_close((uv_handle_t *)&keeping->events.tick, NULL);
}
