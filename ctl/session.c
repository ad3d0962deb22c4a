// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a session: generations that follow each other, what is due when, and the end. How two ends agree is
 * session_handshake.c's, what they tell each other afterwards session_notice.c's.
 */
#include "ctl/session.h"

#include <sodium.h>
#include <string.h>

#include "ctl/session_parts.h"

static const __u64 never = ~0ULL;

/* --- actions ------------------------------------------------------------------------- */

struct session_action *session_act(struct session_turn *turn, enum session_action_kind kind)
{
	static struct session_action lost; /* no call has so many: better one too few than a stray write */
	struct session_actions *actions = turn->actions;
	struct session_action *action = actions->count < SESSION_ACTIONS ? &actions->action[actions->count++] : &lost;

	*action = (struct session_action){ .kind = kind };
	return action;
}

void session_send(struct session_turn *turn, bool by_introduction, const __u8 *message, size_t bytes)
{
	struct session_action *action = session_act(turn, SESSION_SEND);

	action->by_introduction = by_introduction;
	action->bytes = (__u32)bytes;
	memcpy(action->message, message, bytes);
}

void session_delete(struct session_turn *turn, struct session_generation *generation)
{
	if (generation->association.letter)
		session_act(turn, SESSION_DELETE)->letter = generation->association.letter;
	sodium_memzero(generation, sizeof(*generation));
}

/* --- generations --------------------------------------------------------------------- */

char session_letter(const struct session *session)
{
	for (char letter = 'a'; letter < 'a' + SESSION_GENERATIONS; letter++)
		if (session->present.association.letter != letter && session->coming.association.letter != letter &&
		    session->going.association.letter != letter)
			return letter;
	return 0;
}

__u64 session_grace_ms(const struct session_generation *generation)
{
	return SESSION_GRACE_MS + 3ULL * generation->association.rotation_ms;
}

void session_succeed(struct session_turn *turn, struct session_generation *fresh, __u64 until_ms)
{
	struct session *session = turn->session;
	struct session_generation next = *fresh;

	sodium_memzero(fresh, sizeof(*fresh));
	session_delete(turn, &session->going);
	session->going = session->present;
	session->going.until_ms = until_ms;
	session->present = next;
	sodium_memzero(&next, sizeof(next));
}

void session_stand(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->state = SESSION_UP;
	session->handshake_ms = turn->now_ms;
	if (!session->stands_ms)
		session->stands_ms = turn->now_ms;
	if (session->going.association.letter)
		session->going.until_ms = turn->now_ms + session_grace_ms(&session->going);
	session_act(turn, SESSION_STANDS);
	session_act(turn, SESSION_INTRODUCED);
}

void session_end(struct session_turn *turn, enum session_reason reason)
{
	struct session *session = turn->session;
	struct session_settings settings = session->settings;
	__u32 period_s = session->peer_period_s;

	session_delete(turn, &session->coming);
	session_delete(turn, &session->going);
	session_delete(turn, &session->present);
	sodium_memzero(&session->asked, sizeof(session->asked));
	sodium_memzero(&session->answered, sizeof(session->answered));
	memset(&session->said, 0, sizeof(session->said));
	session->settings = settings;
	session->peer_period_s = period_s;
	session->state = SESSION_NONE;
	session->stands_ms = session->handshake_ms = session->heard_ms = session->sent_ms = session->kept_ms = 0;
	session_act(turn, SESSION_ENDED)->reason = reason;
}

void session_lose(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->asked.active = session->said.active = false;
	session->state = session->present.association.letter ? SESSION_SILENT : SESSION_NONE;
	session_act(turn, SESSION_LOST);
}

__u64 session_again_ms(const struct session_turn *turn, __u32 tries)
{
	__u64 wait_ms = (__u64)SESSION_RETRY_FIRST_MS << (tries > 6 ? 6 : tries);

	return turn->now_ms + wait_ms * 3 / 4 + wait_ms * turn->chance->other[7] / 512;
}

/* --- what is due --------------------------------------------------------------------- */

static bool is_up(const struct session *session)
{
	return session->present.association.letter && session->state != SESSION_CONFIRMING;
}

/* What is going is kept for ever only while nobody knows whether what follows it stands. */
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
	const struct session_generation *present = &session->present;
	__u64 last = session->heard_ms;

	if (present->initiator && session->settings.keep)
		return never;
	if (present->initiator && session->sent_ms > last)
		last = session->sent_ms;
	if (last < session->handshake_ms)
		last = session->handshake_ms;
	return last + idle_ms(session);
}

/* Something was sent, and nothing has come back for long; or it is time to say something. */
static __u64 ping_at_ms(const struct session *session)
{
	__u64 heard = session->heard_ms > session->handshake_ms ? session->heard_ms : session->handshake_ms;
	__u64 at = never;

	if (!session->present.initiator || session->said.active || session->asked.active)
		return never;
	if (session->sent_ms > heard)
		at = heard + SESSION_SILENCE_MS;
	if (session->settings.keep && heard + SESSION_KEEP_MS < at)
		at = heard + SESSION_KEEP_MS;
	return at > session->kept_ms + SESSION_SILENCE_MS ? at : session->kept_ms + SESSION_SILENCE_MS;
}

static bool may_ask(const struct session *session)
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

static void say_goodbye(struct session_turn *turn, enum session_reason reason)
{
	struct session_notice notice = { .id = SESSION_TEARDOWN, .reason = reason };

	if (is_up(turn->session))
		session_notify(turn, &notice);
	session_end(turn, reason);
}

/* Its time is over: an initiator asks for another one, a responder has waited long enough for that. */
static void expire(struct session_turn *turn)
{
	struct session *session = turn->session;

	if (may_ask(session))
		session_ask(turn, NULL);
	else if (!session->present.initiator)
		say_goodbye(turn, SESSION_EXPIRED);
}

static void tick_present(struct session_turn *turn)
{
	struct session *session = turn->session;

	if (is_up(session) && turn->now_ms >= idle_at_ms(session))
		say_goodbye(turn, SESSION_IDLE);
	if (is_up(session) && is_over(&session->present, turn->now_ms))
		expire(turn);
	if (session->state == SESSION_UP && turn->now_ms >= ping_at_ms(session))
		ping(turn);
}

void session_tick(struct session *session, __u64 now_ms, const struct session_chance *chance,
		  struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, chance, actions };

	actions->count = 0;
	if (is_over(&session->coming, now_ms)) {
		session_delete(&turn, &session->coming);
		session->answered.valid = false;
	}
	if (is_over(&session->going, now_ms))
		session_delete(&turn, &session->going);
	if (session->asked.active && now_ms >= session->asked.again_ms)
		session_ask_again(&turn);
	if (session->said.active && now_ms >= session->said.again_ms)
		session_say_again(&turn);
	tick_present(&turn);
}

static void earlier(__u64 *wake_ms, __u64 at_ms)
{
	if (at_ms < *wake_ms)
		*wake_ms = at_ms;
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
	if (is_up(session) && present->until_ms && (may_ask(session) || !present->initiator))
		earlier(&wake_ms, present->until_ms);
	return wake_ms;
}

/* --- from outside -------------------------------------------------------------------- */

void session_init(struct session *session, const struct session_settings *settings)
{
	memset(session, 0, sizeof(*session));
	session->settings = *settings;
}

void session_wipe(struct session *session)
{
	sodium_memzero(session, sizeof(*session));
}

void session_connect(struct session *session, const struct session_way *way, __u64 now_ms,
		     const struct session_chance *chance, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, chance, actions };

	actions->count = 0;
	session_ask(&turn, way);
}

enum session_look session_look(struct session *session, const __u8 *message, size_t bytes, __u64 now_ms)
{
	const __u64 burst_ms = (__u64)SESSION_BUDGET_BURST * SESSION_BUDGET_MS;
	struct session_header header;

	if (session_header_read(message, bytes, &header))
		return SESSION_LOOK_DROP;
	if (header.kind != SESSION_REQUEST)
		return SESSION_LOOK_FINE;
	if (session_is_answered(session, message))
		return SESSION_LOOK_AGAIN;
	if (session_is_seen(session, message)) {
		session->refused[SESSION_SEEN_BEFORE]++;
		return SESSION_LOOK_DROP;
	}
	if (session->budget_ms < now_ms || session->budget_ms > now_ms + burst_ms)
		session->budget_ms = now_ms;
	if (session->budget_ms + SESSION_BUDGET_MS > now_ms + burst_ms) {
		session->refused[SESSION_OVER_BUDGET]++;
		return SESSION_LOOK_DROP;
	}
	session->budget_ms += SESSION_BUDGET_MS;
	return SESSION_LOOK_COSTLY;
}

void session_receive(struct session *session, bool by_introduction, const struct session_way *way, const __u8 *message,
		     size_t bytes, __u64 now_ms, const struct session_chance *chance, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, chance, actions };
	struct session_header header;

	actions->count = 0;
	if (session_header_read(message, bytes, &header))
		return;
	if (header.kind == SESSION_REQUEST && session_is_answered(session, message))
		session_send(&turn, session->answered.by_introduction, session->answered.message, SESSION_RESPONSE_BYTES);
	else if (header.kind == SESSION_REQUEST)
		session_take_request(&turn, by_introduction, way, message);
	else if (header.kind == SESSION_RESPONSE)
		session_take_response(&turn, &header, by_introduction, message);
	else if (!by_introduction)
		session_take_sealed(&turn, &header, message);
}

void session_traffic(struct session *session, __u64 heard_ms, __u64 sent_ms)
{
	if (heard_ms > session->heard_ms)
		session->heard_ms = heard_ms;
	if (sent_ms > session->sent_ms)
		session->sent_ms = sent_ms;
}

/* The newest one was not taken: what stood before it goes on. */
void session_failed(struct session *session, __u64 now_ms, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, NULL, actions };

	actions->count = 0;
	if (session->state == SESSION_CONFIRMING) {
		sodium_memzero(&session->present, sizeof(session->present));
		session->present = session->going;
		session->present.until_ms = 0;
		sodium_memzero(&session->going, sizeof(session->going));
		session_lose(&turn);
		return;
	}
	sodium_memzero(&session->coming, sizeof(session->coming));
	session->answered.valid = false;
	session->seen_at = (session->seen_at + SESSION_SEEN - 1) % SESSION_SEEN;
	memset(&session->seen[session->seen_at], 0, sizeof(session->seen[0]));
}

void session_renew(struct session *session, enum session_reason reason, __u64 now_ms,
		   const struct session_chance *chance, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, chance, actions };
	struct session_notice notice = {
		.id = SESSION_RENEW,
		.reason = reason,
		.period_s = session->settings.period_s,
	};

	actions->count = 0;
	if (may_ask(session))
		session_ask(&turn, NULL);
	else if (session->state == SESSION_UP && !session->present.initiator)
		session_say(&turn, &notice);
}

void session_close(struct session *session, enum session_reason reason, __u64 now_ms, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, NULL, actions };

	actions->count = 0;
	say_goodbye(&turn, reason);
}

void session_adopt(struct session *session, const struct session_association *association, __u64 now_ms)
{
	session->present = (struct session_generation){ .association = *association, .deaf = true, .since_ms = now_ms };
	session->state = SESSION_UP;
	session->stands_ms = session->handshake_ms = now_ms;
}

const char *session_state_name(enum session_state state)
{
	switch (state) {
	case SESSION_NONE: return "none";
	case SESSION_ASKING: return "asking";
	case SESSION_CONFIRMING: return "confirming";
	case SESSION_UP: return "up";
	case SESSION_RENEWING: return "renewing";
	case SESSION_SILENT: return "silent";
	}
	return "unknown";
}
