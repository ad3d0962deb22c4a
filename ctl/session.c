// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a session: generations that follow each other, and the end. How two ends agree is session_handshake.c's,
 * what they tell each other afterwards session_notice.c's, what is due when session_due.c's.
 */
#include "ctl/session.h"

#include <sodium.h>
#include <string.h>

#include "ctl/session_parts.h"

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
	struct seal_keys *keys = &turn->actions->keys;

	sodium_memzero(keys, sizeof(*keys));
	if (generation->association.carriage == MF_CARRIAGE_SEALED)
		seal_keys_derive(keys, &generation->keys, generation->initiator);
	memset(&turn->session->left, 0, sizeof(turn->session->left));
	turn->session->added = generation->association.letter;
	session_act(turn, SESSION_ADD)->association = &generation->association;
}

/* --- what it is to be ---------------------------------------------------------------- */

__u32 session_lifetime_s(const struct session *session, const struct session_association *association)
{
	if (session->settings.lifetime_s)
		return session->settings.lifetime_s;
	return association->carriage == MF_CARRIAGE_SEALED ? SESSION_LIFETIME_SEALED_S : SESSION_LIFETIME_ENCAP_S;
}

__u8 session_carriage(const struct session *session, bool peer_encap)
{
	return session->settings.encap && peer_encap ? MF_CARRIAGE_ENCAP : MF_CARRIAGE_SEALED;
}

bool session_suits(const struct session *session)
{
	const struct session_generation *present = &session->present;

	return !present->worn && present->association.padding == session->settings.padding &&
	       present->association.carriage == session_carriage(session, present->peer_encap);
}

bool session_refuses(const struct session *session)
{
	const struct session_association *present = &session->present.association;

	return present->letter && present->carriage == MF_CARRIAGE_ENCAP && !session->settings.encap;
}

/* Who keeps back the messages that lead to a sealed one gains a minute in the clear by it, no lifetime. */
static void bound_refused(struct session *session, __u64 now_ms)
{
	__u64 *expires_ms = &session->present.expires_ms, most_ms = now_ms + SESSION_REFUSED_MS;

	if (session_refuses(session) && (!*expires_ms || *expires_ms > most_ms))
		*expires_ms = most_ms;
}

/* --- one after the other ------------------------------------------------------------- */

void session_stand(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->state = session->asked.active ? SESSION_RENEWING : SESSION_UP;
	session->handshake_ms = turn->now_ms;
	if (!session->stands_ms)
		session->stands_ms = session->used_ms = turn->now_ms;
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
	session->used_ms = 0;
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
	session->used_ms = now_ms;
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
	if (heard_ms > session->used_ms)
		session->used_ms = heard_ms;
	if (sent_ms > session->used_ms && session->present.initiator)
		session->used_ms = sent_ms;
}

void session_sealed(struct session *session, __u64 packets)
{
	if (packets >= SESSION_REKEY_PACKETS)
		session->present.worn = true;
}

/* The same request may come again, and be answered then. */
static void unsee(struct session *session)
{
	session->seen_at = (session->seen_at + SESSION_SEEN - 1) % SESSION_SEEN;
	session->seen[session->seen_at] = 0;
}

/* The loader has it where it was. */
static void stay(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->present.association.local = session->left;
	memset(&session->left, 0, sizeof(session->left));
	session_lose(turn);
}

void session_failed(struct session *session, __u64 now_ms, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, NULL, actions };

	actions->count = 0;
	if (session->left.prefix_length) {
		stay(&turn);
	} else if (!session->added) {
		return;
	} else if (session->added == session->coming.association.letter) {
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
	bound_refused(session, now_ms);
	if (session->present.initiator && has_moved(session))
		session_act(&turn, SESSION_LOST);
	else if (session_may_ask(session))
		session_ask(&turn, NULL);
	else if (session->state == SESSION_UP && !session->present.initiator && !session->present.deaf)
		session_say(&turn, &notice);
}

/* The other end knows a host by its identifiers, in whatever /64: these stay. */
static bool is_other_place(const struct mf_template *from, const struct mf_template *to)
{
	return from->hop_bits == to->hop_bits && !memcmp(from->base + 8, to->base + 8, 8);
}

/* What is not confirmed the other end may never have heard: it would not know this end from elsewhere. */
static bool may_move(const struct session *session, const struct mf_template *prefix)
{
	const struct session_generation *present = &session->present;

	return present->association.letter && present->initiator && !present->deaf &&
	       session->state != SESSION_CONFIRMING && present->association.carriage == MF_CARRIAGE_SEALED &&
	       is_other_place(&present->association.local, prefix);
}

bool session_move(struct session *session, const struct mf_template *prefix, __u64 now_ms,
		  const struct session_chance *chance, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, chance, actions };
	struct session_association *association = &session->present.association;

	actions->count = 0;
	session->settings.prefix = *prefix;
	if (!may_move(session, prefix))
		return false;
	session->added = 0;
	session->left = association->local;
	association->local = *prefix;
	session_act(&turn, SESSION_CHANGE)->association = association;
	session->said.active = false; /* from where it was */
	session_ask(&turn, NULL);
	return true;
}

void session_close(struct session *session, enum session_reason reason, __u64 now_ms, struct session_actions *actions)
{
	struct session_turn turn = { session, now_ms, NULL, actions };

	actions->count = 0;
	session_say_goodbye(&turn, reason);
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
	session->present.expires_ms = now_ms + 1200ULL * session_lifetime_s(session, association);
	bound_refused(session, now_ms);
	session->state = SESSION_UP;
	session->stands_ms = session->handshake_ms = session->used_ms = now_ms;
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
