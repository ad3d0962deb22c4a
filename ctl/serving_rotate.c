// SPDX-License-Identifier: GPL-2.0-only
/*
 * What levels mean for sessions: rotations, and the period of introductions that they are told. A session that strangers look
 * for changes at once, the others a share of them a turn, since each of them is a handshake.
 */
#include "ctl/serving.h"
#include "ctl/sessions_level.h"

static __u32 wanted_ms(const struct serving *serving, __u32 peer)
{
	__u32 configured_ms = peer < serving->of_sessions ? serving->of_session[peer].rotation_ms : 0;

	if (serving->sessions.peer[peer].fixed)
		configured_ms = serving->sessions.peer[peer].fixed->rotation_ms;
	if (!configured_ms)
		configured_ms = serving->sessions.settings.rotation_ms;
	return level_rotation_ms(sessions_level_of(&serving->sessions, serving_levels(serving), peer), configured_ms);
}

static void rotate(struct serving *serving, __u32 peer)
{
	bool another = sessions_level_take(&serving->sessions, serving_levels(serving), peer);

	sessions_rotate(&serving->sessions, peer, wanted_ms(serving, peer));
	sessions_remind(&serving->sessions, peer);
	if (another)
		sessions_tell_changed(&serving->tell, peer);
}

static void on_turn(uv_timer_t *timer)
{
	struct serving *serving = timer->data;
	struct sessions *sessions = &serving->sessions;
	__u32 share = spread_share(&serving->spread, sessions->peers), peer;

	for (__u32 i = 0; sessions->open && i < share && spread_next(&serving->spread, sessions->peers, &peer); i++)
		if (sessions->peer[peer].used)
			rotate(serving, peer);
	if (!sessions->open || !serving->spread.left)
		uv_timer_stop(timer);
}

/* Whoever has no session is asked for nothing. */
static bool is_at_once(const struct serving *serving, __u32 peer)
{
	return !serving->sessions.peer[peer].session ||
	       sessions_level_is_urgent(&serving->sessions, serving_levels(serving), peer);
}

void serving_level_sessions(struct serving *serving)
{
	struct sessions *sessions = &serving->sessions;

	if (!sessions->open)
		return;
	for (__u32 i = 0; i < sessions->peers; i++)
		if (sessions->peer[i].used && is_at_once(serving, i))
			rotate(serving, i);
	spread_begin(&serving->spread, sessions->peers);
	uv_timer_start(&serving->rotating, on_turn, SPREAD_TURN_MS, SPREAD_TURN_MS);
}
