// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two messages to a new generation of a session: US 10,243,733 columns 13 and 14, in Noise KK (docs/PROTOCOL.md 9.2).
 * Nothing of a request is believed before it has been opened, and nothing kept of one that does not open.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/session_parts.h"

/* --- budgets ------------------------------------------------------------------------- */

bool session_may_spend(struct session *session, enum session_budget budget, __u64 now_ms)
{
	const __u64 one_ms = budget == SESSION_ANSWERS ? SESSION_RESPONSE_MS : SESSION_BUDGET_MS;
	const __u64 burst_ms = SESSION_BUDGET_BURST * one_ms;
	__u64 *whole_ms = &session->budget_ms[budget];

	if (*whole_ms < now_ms || *whole_ms > now_ms + burst_ms)
		*whole_ms = now_ms;
	if (*whole_ms + one_ms > now_ms + burst_ms) {
		session->refused[SESSION_OVER_BUDGET]++;
		return false;
	}
	*whole_ms += one_ms;
	return true;
}

/* --- both ---------------------------------------------------------------------------- */

static __u8 own_flags(const struct session *session)
{
	return (session->settings.firewall ? SESSION_BEHIND_FIREWALL : 0) |
	       (session->settings.encap ? SESSION_ENCAP_WILL_DO : 0);
}

/* What the flags of both ends make of it. */
static void take_flags(struct session_generation *generation, const struct session *session, bool own_encap, __u8 peer)
{
	struct session_association *association = &generation->association;

	generation->peer_encap = (peer & SESSION_ENCAP_WILL_DO) != 0;
	association->carriage = own_encap && generation->peer_encap ? MF_CARRIAGE_ENCAP : MF_CARRIAGE_SEALED;
	association->padding = session->settings.padding;
	association->flags = (session->settings.firewall ? MF_ASSOC_OPENS : 0) |
			     (peer & SESSION_BEHIND_FIREWALL ? MF_ASSOC_FOLLOWS : 0);
}

/* --- initiator ----------------------------------------------------------------------- */

static void fill_request(const struct session *session, __u8 plain[static SESSION_REQUEST_PLAIN])
{
	struct session_request request = {
		.client_id = session_client_id(session->settings.end.own_public),
		.prefix = session->asked.prefix,
		.flags = own_flags(session),
	};

	memcpy(request.seed, session->asked.seed, sizeof(request.seed));
	memcpy(request.inner, session->settings.inner_own, sizeof(request.inner));
	session_request_write(plain, &request);
}

/* 0 or -EBADMSG: the peer's key is none. */
static int write_request(struct session_turn *turn, const __u8 key[static 16], __u32 period)
{
	struct session *session = turn->session;
	const struct noise_end *end = &session->settings.end;
	struct session_header header = { SESSION_REQUEST, period };
	__u8 prologue[SESSION_PROLOGUE_BYTES], plain[SESSION_REQUEST_PLAIN];
	int error;

	session_prologue(prologue, key, end->own_public, end->peer_public);
	fill_request(session, plain);
	session_header_write(session->asked.message, &header);
	error = noise_write_request(&session->asked.noise, end, prologue, sizeof(prologue), turn->chance->ephemeral, plain,
				    sizeof(plain), session->asked.message + SESSION_HEADER_BYTES);
	sodium_memzero(prologue, sizeof(prologue));
	sodium_memzero(plain, sizeof(plain));
	return error;
}

void session_ask(struct session_turn *turn, const struct session_way *way)
{
	struct session *session = turn->session;
	bool stands = session->present.association.letter && session->state != SESSION_CONFIRMING;

	sodium_memzero(&session->asked, sizeof(session->asked));
	memcpy(session->asked.seed, turn->chance->seed, sizeof(session->asked.seed));
	session->asked.prefix = session->settings.prefix;
	session->asked.encap = session->settings.encap;
	session->asked.by_introduction = way != NULL;
	if (write_request(turn, way ? way->key : session->present.association.key, way ? way->period : 0)) {
		session_lose(turn);
		return;
	}
	session->asked.active = true;
	session->asked.again_ms = session_again_ms(turn, 0);
	if (session->state != SESSION_CONFIRMING)
		session->state = stands ? SESSION_RENEWING : SESSION_ASKING;
	session_send(turn, session->asked.by_introduction, session->asked.message, SESSION_REQUEST_BYTES);
}

void session_ask_again(struct session_turn *turn)
{
	struct session *session = turn->session;

	if (++session->asked.tries >= SESSION_TRIES) {
		session_lose(turn);
		return;
	}
	session->asked.again_ms = session_again_ms(turn, session->asked.tries);
	session_send(turn, session->asked.by_introduction, session->asked.message, SESSION_REQUEST_BYTES);
}

static void join(struct session_generation *generation, const struct session *session,
		 const struct session_response *response)
{
	struct session_association *association = &generation->association;

	association->letter = session_letter(session);
	association->local = session->asked.prefix;
	association->remote = response->prefix;
	association->rotation_ms = response->rotation_ms;
	take_flags(generation, session, session->asked.encap, response->flags);
	memcpy(association->key, response->key, sizeof(association->key));
	memcpy(association->seed_local, session->asked.seed, sizeof(association->seed_local));
	memcpy(association->seed_remote, response->seed, sizeof(association->seed_remote));
}

/*
 * Room for another generation. What is not confirmed stays heard, whichever end asked for it, because the peer may send
 * in it; but it is over: two ends that each take up the other's offer would never meet.
 */
static void make_room(struct session_turn *turn)
{
	struct session *session = turn->session;

	session->answered.valid = false;
	if (session->state == SESSION_CONFIRMING) {
		session_delete(turn, &session->coming);
		session->coming = session->present;
		session->coming.until_ms = turn->now_ms + SESSION_CONFIRM_MS;
		sodium_memzero(&session->present, sizeof(session->present));
	} else {
		session_delete(turn, &session->going);
	}
	session->coming.superseded = session->coming.association.letter != 0;
}

/* The responder hears it already: packets may go out in it at once. What stood is heard until it is confirmed. */
static void enter(struct session_turn *turn, struct session_generation *fresh)
{
	static const struct session_notice confirm = { .id = SESSION_CONFIRM };
	struct session *session = turn->session;

	if (session->state != SESSION_CONFIRMING)
		session->going = session->present;
	session->going.until_ms = 0;
	session->present = *fresh;
	session->state = SESSION_CONFIRMING;
	session_add(turn, &session->present);
	session_act(turn, SESSION_LEAD)->letter = session->present.association.letter;
	session_say(turn, &confirm);
}

/* 60 to 93 % of it: before the responder's end, and those that began together not all at once. */
static __u64 lifetime_ms(const struct session_turn *turn, const struct session_response *response,
			 const struct session_association *association)
{
	__u64 lifetime_s = response->lifetime_s ? response->lifetime_s : session_lifetime_s(turn->session, association);

	return lifetime_s * (600 + turn->chance->other[6] * 129ULL / 100);
}

void session_take_response(struct session_turn *turn, const struct session_header *header, bool by_introduction,
			   const __u8 *message)
{
	struct session *session = turn->session;
	struct session_generation fresh = { .initiator = true, .since_ms = turn->now_ms };
	__u8 plain[SESSION_RESPONSE_PLAIN];
	struct session_response response;
	struct session_header asked;

	if (!session->asked.active || by_introduction != session->asked.by_introduction ||
	    session_header_read(session->asked.message, SESSION_REQUEST_BYTES, &asked) || asked.number != header->number ||
	    !session_may_spend(session, SESSION_ANSWERS, turn->now_ms))
		return;
	if (noise_read_response(&session->asked.noise, &session->settings.end, message + SESSION_HEADER_BYTES,
				SESSION_RESPONSE_BYTES - SESSION_HEADER_BYTES, plain, &fresh.keys) ||
	    session_response_read(plain, &response)) {
		session->refused[SESSION_NOT_AUTHENTIC]++;
	} else {
		make_room(turn);
		join(&fresh, session, &response);
		fresh.expires_ms = turn->now_ms + lifetime_ms(turn, &response, &fresh.association);
		if (response.period_s)
			session->peer_period_s = response.period_s;
		sodium_memzero(&session->asked, sizeof(session->asked));
		enter(turn, &fresh);
	}
	sodium_memzero(&fresh, sizeof(fresh));
	sodium_memzero(plain, sizeof(plain));
	sodium_memzero(&response, sizeof(response));
}

/* --- responder ----------------------------------------------------------------------- */

/* Nobody but the peer can have a request remembered: some bytes of its ephemeral key tell them apart. */
static __u32 mark_of(const __u8 *request)
{
	__u32 mark;

	memcpy(&mark, request + SESSION_HEADER_BYTES, sizeof(mark));
	return mark;
}

bool session_is_answered(const struct session *session, const __u8 *request)
{
	return session->answered.valid && !memcmp(session->answered.request, request, SESSION_REQUEST_BYTES);
}

bool session_is_seen(const struct session *session, const __u8 *request)
{
	for (int i = 0; i < SESSION_SEEN; i++)
		if (session->seen[i] == mark_of(request))
			return true;
	return false;
}

static void remember(struct session *session, const __u8 *request)
{
	session->seen[session->seen_at] = mark_of(request);
	session->seen_at = (session->seen_at + 1) % SESSION_SEEN;
}

static int open_with(const struct session *session, const __u8 *key, const __u8 *message,
		     struct noise_handshake *handshake, struct session_request *request)
{
	const struct noise_end *end = &session->settings.end;
	__u8 prologue[SESSION_PROLOGUE_BYTES], plain[SESSION_REQUEST_PLAIN];
	int error;

	session_prologue(prologue, key, end->peer_public, end->own_public);
	error = noise_read_request(handshake, end, prologue, sizeof(prologue), message + SESSION_HEADER_BYTES,
				   SESSION_REQUEST_BYTES - SESSION_HEADER_BYTES, plain);
	if (!error)
		error = session_request_read(plain, request);
	sodium_memzero(prologue, sizeof(prologue));
	sodium_memzero(plain, sizeof(plain));
	return error;
}

/* Inside a session, under its K. An initiator asks there only when it has heard from this end in it. */
static int open_inside(const struct session *session, const __u8 *message, struct noise_handshake *handshake,
		       struct session_request *request)
{
	const struct session_generation *present = &session->present;

	if (!present->association.letter || present->deaf)
		return -EBADMSG;
	return open_with(session, present->association.key, message, handshake, request);
}

/*
 * A client is believed to be where its request has come from, and the response goes there: the first message in the new
 * association shows that it was received. Inside a session whose packets are sealed the response goes where the newest
 * authentic packet has come from, and the first message in the new association has to come from where the request says:
 * the way in hears nobody from elsewhere before. Inside any other nobody moves.
 */
static bool is_where_it_says(const struct session *session, const struct session_request *request,
			     const struct session_way *way, bool by_introduction)
{
	if (by_introduction)
		return !memcmp(request->prefix.base, way->prefix, sizeof(way->prefix));
	return session->present.association.carriage == MF_CARRIAGE_SEALED ||
	       !memcmp(&request->prefix, &session->present.association.remote, sizeof(request->prefix));
}

static bool names_the_peer(const struct session *session, const struct session_request *request)
{
	return request->client_id == session_client_id(session->settings.end.peer_public) &&
	       !memcmp(request->inner, session->settings.inner_peer, sizeof(request->inner));
}

/* Both have asked: the request of the one with the lower public key counts. */
static bool is_ours_to_wait(const struct session *session)
{
	const struct noise_end *end = &session->settings.end;

	return session->asked.active && memcmp(end->own_public, end->peer_public, NOISE_KEY_BYTES) < 0;
}

/* The other one is there, and waits for this end's request: it may have come to nobody when it was said last. */
static void insist(struct session_turn *turn)
{
	const struct session *session = turn->session;

	session_send(turn, session->asked.by_introduction, session->asked.message, SESSION_REQUEST_BYTES);
}

static void prepare(struct session_turn *turn, const struct session_request *request)
{
	struct session *session = turn->session;
	struct session_association *association = &session->coming.association;

	association->letter = session_letter(session);
	association->local = session->settings.prefix;
	association->remote = request->prefix;
	association->rotation_ms = session->settings.rotation_ms;
	take_flags(&session->coming, session, session->settings.encap, request->flags);
	memcpy(association->key, turn->chance->key, sizeof(association->key));
	memcpy(association->seed_local, turn->chance->seed, sizeof(association->seed_local));
	memcpy(association->seed_remote, request->seed, sizeof(association->seed_remote));
	session->coming.since_ms = turn->now_ms;
	session->coming.until_ms = turn->now_ms + SESSION_CONFIRM_MS;
	session->coming.told_period_s = session->settings.period_s;
}

static int write_response(struct session_turn *turn, struct noise_handshake *handshake, __u32 number)
{
	struct session *session = turn->session;
	const struct session_association *association = &session->coming.association;
	struct session_header header = { SESSION_RESPONSE, number };
	struct session_response response = {
		.rotation_ms = association->rotation_ms,
		.prefix = association->local,
		.flags = own_flags(session),
		.lifetime_s = session_lifetime_s(session, association),
		.period_s = session->settings.period_s,
	};
	__u8 plain[SESSION_RESPONSE_PLAIN];
	int error;

	memcpy(response.seed, association->seed_local, sizeof(response.seed));
	memcpy(response.key, association->key, sizeof(response.key));
	session_response_write(plain, &response);
	session_header_write(session->answered.message, &header);
	error = noise_write_response(handshake, &session->settings.end, turn->chance->ephemeral, plain, sizeof(plain),
				     session->answered.message + SESSION_HEADER_BYTES, &session->coming.keys);
	sodium_memzero(&response, sizeof(response));
	sodium_memzero(plain, sizeof(plain));
	return error;
}

static void answer(struct session_turn *turn, bool by_introduction, const __u8 *message,
		   struct noise_handshake *handshake, const struct session_request *request)
{
	struct session *session = turn->session;
	struct session_header header;

	sodium_memzero(&session->asked, sizeof(session->asked));
	session_delete(turn, &session->coming);
	session->answered.valid = false;
	if (by_introduction)
		session->used_ms = turn->now_ms;
	remember(session, message);
	prepare(turn, request);
	if (session_header_read(message, SESSION_REQUEST_BYTES, &header) ||
	    write_response(turn, handshake, header.number)) {
		sodium_memzero(&session->coming, sizeof(session->coming));
		return;
	}
	memcpy(session->answered.request, message, SESSION_REQUEST_BYTES);
	session->answered.by_introduction = by_introduction;
	session->answered.valid = true;
	session_add(turn, &session->coming);
	session_send(turn, by_introduction, session->answered.message, SESSION_RESPONSE_BYTES);
}

void session_take_request(struct session_turn *turn, bool by_introduction, const struct session_way *way,
			  const __u8 *message)
{
	struct session *session = turn->session;
	struct noise_handshake handshake;
	struct session_request request;
	struct session_header header;
	int error;

	if (session_header_read(message, SESSION_REQUEST_BYTES, &header) || by_introduction != (header.number != 0) ||
	    (by_introduction && (!way || way->period != header.number)) || session_is_seen(session, message) ||
	    (!by_introduction && !session_may_spend(session, SESSION_INSIDE, turn->now_ms)))
		return;
	if (by_introduction)
		error = open_with(session, way->key, message, &handshake, &request);
	else
		error = open_inside(session, message, &handshake, &request);
	if (error || !names_the_peer(session, &request))
		session->refused[SESSION_NOT_AUTHENTIC]++;
	else if (!is_where_it_says(session, &request, way, by_introduction))
		session->refused[SESSION_FROM_ELSEWHERE]++;
	else if (!is_ours_to_wait(session))
		answer(turn, by_introduction, message, &handshake, &request);
	else
		insist(turn);
	sodium_memzero(&handshake, sizeof(handshake));
	sodium_memzero(&request, sizeof(request));
}
