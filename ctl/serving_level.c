// SPDX-License-Identifier: GPL-2.0-only
/*
 * What strangers do, heard on a line of its own to the loader, and what serve does about it: the policy is level.c's. On
 * the same line come packets for peers that are connected to on demand. A loader that has gone is connected to anew after
 * a pause; levels fall by themselves meanwhile.
 */
#include <errno.h>
#include <stdlib.h>

#include "ctl/format.h"
#include "ctl/serving.h"
#include "ctl/sessions_level.h"

enum { EVENTS = 256 /* before the loop has its turn */ };

struct serving_level {
	struct levels levels;
	enum level said;
	struct client line; /* subscribed; fd -1: none */
	uv_poll_t poll;
	bool polls;         /* the handle is the loop's */
	__u64 again_ms;
};

struct levels *serving_levels(const struct serving *serving)
{
	return &serving->level->levels;
}

/* --- what follows -------------------------------------------------------------------- */

static void say(struct serving *serving, __u64 now_ms)
{
	char words[LEVEL_WORDS], period[FORMAT_AMOUNT];

	say_note("level %s; an introduction every %s", level_why(words, &serving->level->levels, now_ms),
		 format_period(period, serving_period_s(serving) * 1000ULL));
}

/* Without memory it stays as it is, and is tried again at the next turn. */
static void follow_period(struct serving *serving)
{
	__u32 configured_s = serving->config.node.rendezvous.period_ms / 1000;
	__u32 period_s = level_period_s(level_of_node(&serving->level->levels), configured_s);

	if (period_s != serving_period_s(serving) && !serving_set_period(serving, period_s))
		sessions_period(&serving->sessions, period_s);
}

void serving_level_changed(struct serving *serving)
{
	enum level level = level_of_node(&serving->level->levels);

	follow_period(serving);
	serving_level_sessions(serving);
	if (level == serving->level->said)
		return;
	serving->level->said = level;
	say(serving, serving_now_ms());
}

void serving_level_choose(struct serving *serving, enum level manual)
{
	serving->config.node.level = manual;
	if (level_set_manual(&serving->level->levels, manual, serving_now_ms()))
		serving_level_changed(serving);
}

void serving_level_tell(const struct serving *serving, struct rendezvous_status *status)
{
	const struct levels *levels = &serving->level->levels;
	char words[LEVEL_WORDS];

	snprintf(status->level, sizeof(status->level), "%s", level_name(level_of_node(levels)));
	snprintf(status->level_why, sizeof(status->level_why), "%s", level_why(words, levels, status->written_ms));
	status->level_since_ms = level_since_ms(levels);
}

/* --- events -------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct serving *serving = handle->data;

	serving->level->polls = false;
}

static void hang_up(struct serving *serving)
{
	struct serving_level *level = serving->level;

	if (level->polls && !uv_is_closing((uv_handle_t *)&level->poll)) {
		uv_poll_stop(&level->poll);
		uv_close((uv_handle_t *)&level->poll, on_closed);
	}
	client_close(&level->line);
	level->again_ms = serving_now_ms() + SERVING_AGAIN_MS;
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	struct serving *serving = poll->data;
	__u64 now_ms = serving_now_ms();
	struct mf_event event;
	bool changed = false;
	int error = status;

	(void)events;
	for (int i = 0; i < EVENTS && !error; i++) {
		error = client_take_event(&serving->level->line, &event);
		if (error)
			break;
		board_fill_event(&serving->page.fill, &event);
		changed |= sessions_level_hear(&serving->sessions, &serving->level->levels, &event, now_ms);
		if (event.kind == MF_EVENT_NO_ASSOCIATION && serving->connecting.lookups)
			connecting_packet(&serving->connecting, event.destination);
	}
	if (error && error != -EAGAIN && error != -EINTR)
		hang_up(serving);
	if (!changed)
		return;
	serving_level_changed(serving);
	serving_work(serving);
}

static int subscribe(struct serving *serving)
{
	struct mf_message message = { .type = MF_SUBSCRIBE };
	struct client *line = &serving->level->line;
	char why[SAY_BYTES];
	int error = client_open(line, serving->loader.path, why);

	if (error)
		return error;
	client_be_patient(line, SERVING_PATIENCE_S);
	return client_ask(line, &message);
}

static void listen_to_loader(struct serving *serving)
{
	struct serving_level *level = serving->level;

	if (subscribe(serving) || uv_poll_init(&serving->loop, &level->poll, level->line.fd)) {
		hang_up(serving);
		return;
	}
	level->polls = true;
	level->poll.data = serving;
	uv_poll_start(&level->poll, UV_READABLE, on_events);
}

void serving_level_turn(struct serving *serving, __u64 now_ms)
{
	struct serving_level *level = serving->level;
	bool pauses = now_ms < level->again_ms && level->again_ms - now_ms <= SERVING_AGAIN_MS;

	if (*serving->loader.path && !level->polls && !pauses && !serving->silent)
		listen_to_loader(serving);
	if (level_tick(&level->levels, now_ms))
		serving_level_changed(serving);
	follow_period(serving);
}

int serving_level_open(struct serving *serving)
{
	struct serving_level *level = calloc(1, sizeof(*level));

	if (!level)
		return -ENOMEM;
	level_init(&level->levels, serving->config.node.level, serving_now_ms());
	level->said = level_of_node(&level->levels);
	level->line.fd = -1;
	serving->level = level;
	follow_period(serving);
	return 0;
}

void serving_level_close(struct serving *serving)
{
	if (serving->level)
		hang_up(serving);
}

void serving_level_free(struct serving *serving)
{
	free(serving->level);
	serving->level = NULL;
}
