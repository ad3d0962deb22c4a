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
	struct session_actions *actions = turn->actions;
	struct session_action *action = &actions->action[actions->count];

	if (actions->count < SESSION_ACTIONS) /* no call has so many: better one too few than a stray write */
		actions->count++;
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

void session_add(struct session_turn *turn, const struct session_generation *generation)
{
	turn->session->added = generation->association.letter;
	session_act(turn, SESSION_ADD)->association = &generation->association;
}

void session_stand(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->state = session->asked.active ? SESSION_RENEWING : SESSION_UP;
	session->handshake_ms = turn->now_ms;
	if (!session->stands_ms)
		session->stands_ms = turn->now_ms;
	if (session->going.association.letter)
		session->going.until_ms = turn->now_ms + session_grace_ms(&session->going);
	session_act(turn, SESSION_STANDS);
	if (!session->asked.active)
		session_act(turn, SESSION_INTRODUCED);
}

/* The peer may have heard it confirmed, and send in it, though no answer has come. */
static void keep_vain(struct session_turn *turn, struct session_generation *vain)
{
	struct session *session = turn->session;

	if (session->coming.association.letter && !session->coming.superseded)
		return;
	session_delete(turn, &session->coming);
	session->coming = *vain;
	session->coming.superseded = true;
	session->coming.until_ms = turn->now_ms + SESSION_CONFIRM_MS;
	sodium_memzero(vain, sizeof(*vain));
}

void session_go_back(struct session_turn *turn)
{
	struct session *session = turn->session;
	struct session_generation vain = session->present;

	session->present = session->going;
	session->present.until_ms = 0;
	sodium_memzero(&session->going, sizeof(session->going));
	if (!session->present.association.letter && session->coming.superseded)
		session_delete(turn, &session->coming);
	if (session->present.association.letter)
		session_act(turn, SESSION_LEAD)->letter = session->present.association.letter;
	if (session->present.association.letter && vain.association.letter)
		keep_vain(turn, &vain);
	session_delete(turn, &vain);
	session->said.active = false;
	session->state = session->present.association.letter ? SESSION_RENEWING : SESSION_ASKING;
	if (!session->asked.active)
		session_lose(turn);
}

/* An end that gave way to the peer's request has nothing under way then. */
void session_withdraw(struct session_turn *turn)
{
	struct session *session = turn->session;
	bool waits = (session->state == SESSION_ASKING || session->state == SESSION_RENEWING) && !session->asked.active;

	session_delete(turn, &session->coming);
	session->answered.valid = false;
	if (waits)
		session_lose(turn);
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

	sodium_memzero(&session->asked, sizeof(session->asked));
	if (session->state == SESSION_CONFIRMING && session->said.active)
		return; /* that has its own end */
	session->said.active = false;
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

	if (turn->session->present.association.letter)
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

static bool is_expired(const struct session_generation *present, __u64 now_ms)
{
	return present->expires_ms && now_ms >= present->expires_ms;
}

static void tick_present(struct session_turn *turn)
{
	struct session *session = turn->session;

	if (is_up(session) && turn->now_ms >= idle_at_ms(session))
		say_goodbye(turn, SESSION_IDLE);
	if (is_up(session) && is_expired(&session->present, turn->now_ms))
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
	if (is_up(session) && present->expires_ms && (may_ask(session) || !present->initiator))
		earlier(&wake_ms, present->expires_ms);
	return wake_ms;
}

static bool has_moved(const struct session *session)
{
	return memcmp(&session->present.association.local, &session->settings.prefix, sizeof(session->settings.prefix));
}

/* What is under way in the session itself: whatever comes of it is said, and two requests could overtake each other. */
static bool is_settling(const struct session *session)
{
	return session->state == SESSION_CONFIRMING || (session->asked.active && !session->asked.by_introduction);
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
	if (!is_settling(session) || has_moved(session))
		session_ask(&turn, way);
}

enum session_look session_look(struct session *session, const __u8 *message, size_t bytes, __u64 now_ms)
{
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
	if (!header.number)
		return SESSION_LOOK_FINE;
	return session_may_spend(session, SESSION_BY_INTRODUCTION, now_ms) ? SESSION_LOOK_COSTLY : SESSION_LOOK_DROP;
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

/* The same request may come again, and be answered then. */
static void unsee(struct session *session)
{
	session->seen_at = (session->seen_at + SESSION_SEEN - 1) % SESSION_SEEN;
	session->seen[session->seen_at] = 0;
}

void session_failed(struct session *session, __u64 now_ms, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, NULL, actions };

	actions->count = 0;
	if (!session->added)
		return;
	if (session->added == session->coming.association.letter) {
		sodium_memzero(&session->coming, sizeof(session->coming));
		unsee(session);
		session_withdraw(&turn);
	} else if (session->added == session->present.association.letter && session->state == SESSION_CONFIRMING) {
		sodium_memzero(&session->present, sizeof(session->present));
		session_go_back(&turn);
	}
	session->added = 0;
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
	if (session->present.initiator && has_moved(session))
		session_act(&turn, SESSION_LOST);
	else if (may_ask(session))
		session_ask(&turn, NULL);
	else if (session->state == SESSION_UP && !session->present.initiator && !session->present.deaf)
		session_say(&turn, &notice);
}

void session_close(struct session *session, enum session_reason reason, __u64 now_ms, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, NULL, actions };

	actions->count = 0;
	say_goodbye(&turn, reason);
}

/* Which of several the peer sends in is not known. */
static void keep_hearing(struct session *session, __u64 now_ms)
{
	struct session_generation *place = session->going.association.letter ? &session->coming : &session->going;

	*place = session->present;
	place->superseded = place == &session->coming;
	place->until_ms = now_ms + SESSION_CONFIRM_MS;
}

void session_adopt(struct session *session, const struct session_association *association, __u64 now_ms)
{
	if (session->present.association.letter)
		keep_hearing(session, now_ms);
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
