// SPDX-License-Identifier: GPL-2.0-only
/*
 * What two ends of a session tell each other in it: sealed under the keys of its handshake, counted, each once
 * (docs/PROTOCOL.md 9.3).
 */
#include <sodium.h>
#include <string.h>

#include "ctl/session_parts.h"

enum { WINDOW = 64, COUNTER_BYTES = 8 };

/* --- counters ------------------------------------------------------------------------ */

static void put_counter(__u8 bytes[static COUNTER_BYTES], __u64 counter)
{
	for (int i = 0; i < COUNTER_BYTES; i++)
		bytes[i] = (__u8)(counter >> (56 - 8 * i));
}

static __u64 get_counter(const __u8 bytes[static COUNTER_BYTES])
{
	__u64 counter = 0;

	for (int i = 0; i < COUNTER_BYTES; i++)
		counter = counter << 8 | bytes[i];
	return counter;
}

static bool is_fresh(const struct session_generation *generation, __u64 counter)
{
	if (counter >= generation->heard)
		return counter != ~0ULL;
	return generation->heard - counter <= WINDOW &&
	       !(generation->heard_mask >> (generation->heard - 1 - counter) & 1);
}

static void note(struct session_generation *generation, __u64 counter)
{
	__u64 by;

	if (counter < generation->heard) {
		generation->heard_mask |= 1ULL << (generation->heard - 1 - counter);
		return;
	}
	by = counter + 1 - generation->heard;
	generation->heard_mask = (by < WINDOW ? generation->heard_mask << by : 0) | 1;
	generation->heard = counter + 1;
}

static __u32 index_of(const struct session_generation *generation)
{
	const __u8 *hash = generation->keys.hash;

	return (__u32)hash[0] << 24 | (__u32)hash[1] << 16 | (__u32)hash[2] << 8 | hash[3];
}

/* --- out ----------------------------------------------------------------------------- */

void session_notify(struct session_turn *turn, const struct session_notice *notice)
{
	struct session_generation *present = &turn->session->present;
	__u8 message[SESSION_SEALED_BYTES], plain[SESSION_NOTICE_PLAIN];
	struct session_header header = { SESSION_SEALED, index_of(present) };

	if (present->deaf)
		return;
	session_header_write(message, &header);
	put_counter(message + SESSION_HEADER_BYTES, present->sent);
	session_notice_write(plain, notice);
	noise_seal(present->initiator ? present->keys.to_responder : present->keys.to_initiator, present->sent++, plain,
		   sizeof(plain), message + SESSION_HEADER_BYTES + COUNTER_BYTES);
	session_send(turn, false, message, sizeof(message));
}

void session_say(struct session_turn *turn, const struct session_notice *notice)
{
	struct session *session = turn->session;

	session->said.notice = *notice;
	session->said.active = true;
	session->said.tries = 0;
	session->said.again_ms = session_again_ms(turn, 0);
	session_notify(turn, notice);
}

/* Not of a renewal: the peer has to ask for it some day. */
static void give_up(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->said.active = false;
	if (session->said.notice.id == SESSION_CONFIRM)
		session_go_back(turn);
	else
		session_lose(turn);
}

void session_say_again(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->said.tries++;
	if (session->said.notice.id != SESSION_RENEW && session->said.tries >= SESSION_TRIES) {
		give_up(turn);
		return;
	}
	session->said.again_ms = session_again_ms(turn, session->said.tries);
	session_notify(turn, &session->said.notice);
}

static bool is_as_now(const struct session *session)
{
	const struct session_association *association = &session->present.association;

	return session_suits(session) && association->rotation_ms == session->settings.rotation_ms &&
	       !memcmp(&association->local, &session->settings.prefix, sizeof(association->local)) &&
	       session->present.told_period_s == session->settings.period_s;
}

bool session_may_remind(const struct session *session)
{
	const struct session_generation *present = &session->present, *coming = &session->coming;
	bool has_asked = coming->association.letter && !coming->superseded;

	return session->state == SESSION_UP && !present->initiator && !present->deaf && !session->said.active && !has_asked;
}

static enum session_reason reason_to_renew(const struct session *session)
{
	if (session->present.association.rotation_ms != session->settings.rotation_ms)
		return SESSION_LEVEL;
	return session_suits(session) ? SESSION_MOVED : SESSION_EXPIRED;
}

void session_remind(struct session_turn *turn)
{
	struct session *session = turn->session;
	struct session_notice notice = { .id = SESSION_RENEW, .period_s = session->settings.period_s };

	if (!session_may_remind(session) || is_as_now(session))
		return;
	notice.reason = reason_to_renew(session);
	session_say(turn, &notice);
}

/* --- in ------------------------------------------------------------------------------ */

/* The generation that this is of, opened; NULL: of none, not authentic, or heard already. */
static struct session_generation *open_notice(struct session *session, __u32 index, const __u8 *message,
					      struct session_notice *notice)
{
	struct session_generation *all[] = { &session->present, &session->coming, &session->going };
	__u64 counter = get_counter(message + SESSION_HEADER_BYTES);
	const __u8 *sealed = message + SESSION_HEADER_BYTES + COUNTER_BYTES;
	__u8 plain[SESSION_NOTICE_PLAIN];

	for (int i = 0; i < SESSION_GENERATIONS; i++) {
		struct session_generation *one = all[i];

		if (!one->association.letter || one->deaf || index_of(one) != index || !is_fresh(one, counter) ||
		    noise_open(one->initiator ? one->keys.to_initiator : one->keys.to_responder, counter, sealed,
			       SESSION_NOTICE_PLAIN + NOISE_TAG_BYTES, plain))
			continue;
		note(one, counter);
		return session_notice_read(plain, notice) ? NULL : one;
	}
	return NULL;
}

/* What this end has asked for itself is settled, unless it is to move. */
static void stop_asking(struct session *session)
{
	if (!memcmp(&session->asked.prefix, &session->present.association.local, sizeof(session->asked.prefix)))
		sodium_memzero(&session->asked, sizeof(session->asked));
}

/* It leads. What stood is heard for a while, but what this end has never had confirmed nobody sends in. */
static void succeed(struct session_turn *turn)
{
	struct session *session = turn->session;
	struct session_generation before = session->present;

	session->present = session->coming;
	session->present.until_ms = 0;
	sodium_memzero(&session->coming, sizeof(session->coming));
	session_act(turn, SESSION_LEAD)->letter = session->present.association.letter;
	if (session->state != SESSION_CONFIRMING) {
		session_delete(turn, &session->going);
		session->going = before;
		sodium_memzero(&before, sizeof(before));
	}
	session_delete(turn, &before);
}

/* The first authentic message in what this end has offered: it replaces what stood. */
static void promote(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->said.active = false;
	succeed(turn);
	session->present.expires_ms = turn->now_ms + 1200ULL * session_lifetime_s(session, &session->present.association);
	stop_asking(session);
	session_stand(turn);
}

static void take_renew(struct session_turn *turn, const struct session_notice *notice)
{
	struct session *session = turn->session;

	if (notice->period_s)
		session->peer_period_s = notice->period_s;
	if (session->state == SESSION_UP && session->present.initiator && !session->asked.active)
		session_ask(turn, NULL);
}

static void take(struct session_turn *turn, const struct session_notice *notice)
{
	struct session_notice reply = { .id = SESSION_CONFIRMED };

	switch (notice->id) {
	case SESSION_TEARDOWN:
		session_end(turn, notice->reason);
		break;
	case SESSION_CONFIRM:
		session_notify(turn, &reply);
		break;
	case SESSION_RENEW:
		take_renew(turn, notice);
		break;
	case SESSION_PING:
		turn->session->used_ms = turn->now_ms;
		reply = *notice;
		reply.id = SESSION_PONG;
		session_notify(turn, &reply);
		break;
	case SESSION_CONFIRMED:
	case SESSION_PONG:
		break;
	}
}

/* Whoever can seal this is there. */
static void hear(struct session_turn *turn)
{
	struct session *session = turn->session;
	enum session_notice_id said = session->said.notice.id;

	if (session->said.active && (said == SESSION_PING || said == SESSION_CONFIRM))
		session->said.active = false;
	if (session->state == SESSION_CONFIRMING)
		session_stand(turn);
	else if (session->state == SESSION_SILENT)
		session->state = SESSION_UP;
}

/* The peer leaves it: all that is left to do is to hear it no more. */
static void take_outside(struct session_turn *turn, struct session_generation *of, const struct session_notice *notice)
{
	if (notice->id == SESSION_TEARDOWN)
		session_delete(turn, of);
}

void session_take_sealed(struct session_turn *turn, const struct session_header *header, const __u8 *message)
{
	struct session *session = turn->session;
	struct session_notice notice;
	struct session_generation *of = open_notice(session, header->number, message, &notice);

	if (!of) {
		session->refused[SESSION_NOT_AUTHENTIC]++;
		return;
	}
	session->heard_ms = turn->now_ms;
	if (of == &session->going || of->superseded) {
		take_outside(turn, of, &notice);
		return;
	}
	if (of == &session->coming)
		promote(turn);
	else
		hear(turn);
	take(turn, &notice);
	session_remind(turn);
}
