// SPDX-License-Identifier: GPL-2.0-only
/* What is due in a session, and when: to ask again, to say again, to look for the other end, to have new keys, to end. */
#include <string.h>

#include "ctl/session_parts.h"

static const __u64 never = ~0ULL;

static bool is_up(const struct session *session)
{
	return session->present.association.letter && session->state != SESSION_CONFIRMING;
}

static bool is_over(const struct session_generation *generation, __u64 now_ms)
{
	return generation->association.letter && generation->until_ms && now_ms >= generation->until_ms;
}

static __u64 idle_ms(const struct session *session)
{
	return session->settings.idle_ms ? session->settings.idle_ms : SESSION_IDLE_DEFAULT_MS;
}

/* Since when there has been nothing to do for it. An initiator that keeps its session always has. */
static __u64 idle_at_ms(const struct session *session)
{
	if (session->present.initiator && session->settings.keep)
		return never;
	return session->used_ms + idle_ms(session);
}

bool session_is_idle(const struct session *session, __u64 now_ms)
{
	return is_up(session) && now_ms >= idle_at_ms(session);
}

static __u64 later(__u64 one_ms, __u64 other_ms)
{
	return one_ms > other_ms ? one_ms : other_ms;
}

static void earlier(__u64 *wake_ms, __u64 at_ms)
{
	if (at_ms < *wake_ms)
		*wake_ms = at_ms;
}

/*
 * Something was sent, and nothing has come back for long; or it is time to say something, because the session is kept,
 * or because the other end, which ends what it does not hear of, has been heard since this one last spoke.
 */
static __u64 ping_at_ms(const struct session *session)
{
	__u64 heard = later(session->heard_ms, session->handshake_ms);
	__u64 spoke = later(session->sent_ms, later(session->kept_ms, session->handshake_ms));
	__u64 at = never;

	if (!session->present.initiator || session->said.active || session->asked.active)
		return never;
	if (session->sent_ms > heard)
		at = heard + SESSION_SILENCE_MS;
	if (session->settings.keep)
		earlier(&at, heard + SESSION_KEEP_MS);
	if (session->settings.keep || heard > spoke + SESSION_SILENCE_MS) /* no mere answer */
		earlier(&at, spoke + SESSION_KEEP_MS);
	return later(at, session->kept_ms + SESSION_SILENCE_MS);
}

bool session_may_ask(const struct session *session)
{
	return session->state == SESSION_UP && session->present.initiator && !session->asked.active;
}

static void ping(struct session_turn *turn)
{
	struct session_notice notice = { .id = SESSION_PING };

	turn->session->kept_ms = turn->now_ms;
	memcpy(notice.echo, turn->chance->other, sizeof(notice.echo));
	session_say(turn, &notice);
}

void session_say_goodbye(struct session_turn *turn, enum session_reason reason)
{
	struct session_notice notice = { .id = SESSION_TEARDOWN, .reason = reason };

	if (turn->session->present.association.letter)
		session_notify(turn, &notice);
	session_end(turn, reason);
}

/* Its time is over: an initiator asks for another one, a responder has waited long enough for that. */
static void expire(struct session_turn *turn)
{
	struct session *session = turn->session;

	if (!session_refuses(session) && session_may_ask(session))
		session_ask(turn, NULL);
	else if (session_refuses(session) || !session->present.initiator)
		session_say_goodbye(turn, SESSION_EXPIRED);
}

static bool is_expired(const struct session_generation *present, __u64 now_ms)
{
	return present->expires_ms && now_ms >= present->expires_ms;
}

static void tick_present(struct session_turn *turn)
{
	struct session *session = turn->session;

	if (session_is_idle(session, turn->now_ms))
		session_say_goodbye(turn, SESSION_IDLE);
	if ((is_up(session) || session_refuses(session)) && is_expired(&session->present, turn->now_ms))
		expire(turn);
	if (!session_suits(session) && session_may_ask(session))
		session_ask(turn, NULL);
	if (session->present.worn)
		session_remind(turn);
	if (session->state == SESSION_UP && turn->now_ms >= ping_at_ms(session))
		ping(turn);
}

void session_tick(struct session *session, __u64 now_ms, const struct session_chance *chance,
		  struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, chance, actions };

	actions->count = 0;
	if (is_over(&session->coming, now_ms)) {
		session_withdraw(&turn);
		session_remind(&turn);
	}
	if (is_over(&session->going, now_ms))
		session_delete(&turn, &session->going);
	if (session->asked.active && now_ms >= session->asked.again_ms)
		session_ask_again(&turn);
	if (session->said.active && now_ms >= session->said.again_ms)
		session_say_again(&turn);
	tick_present(&turn);
}

__u64 session_wake_ms(const struct session *session)
{
	const struct session_generation *present = &session->present;
	__u64 wake_ms = never;

	if (session->coming.association.letter)
		earlier(&wake_ms, session->coming.until_ms);
	if (session->going.association.letter && session->going.until_ms)
		earlier(&wake_ms, session->going.until_ms);
	if (session->asked.active)
		earlier(&wake_ms, session->asked.again_ms);
	if (session->said.active)
		earlier(&wake_ms, session->said.again_ms);
	if (is_up(session))
		earlier(&wake_ms, idle_at_ms(session));
	if (session->state == SESSION_UP)
		earlier(&wake_ms, ping_at_ms(session));
	if (is_up(session) && present->expires_ms && (session_may_ask(session) || !present->initiator))
		earlier(&wake_ms, present->expires_ms);
	if ((!session_suits(session) && session_may_ask(session)) || (present->worn && session_may_remind(session)))
		wake_ms = 0;
	if (session_refuses(session) && present->expires_ms)
		earlier(&wake_ms, present->expires_ms);
	return wake_ms;
}
