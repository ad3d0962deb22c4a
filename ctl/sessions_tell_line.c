// SPDX-License-Identifier: GPL-2.0-only
/* What is told of a session: taken from its engine, without anything secret. */
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "ctl/identity.h"
#include "ctl/sessions_tell.h"

#define PUT(to, text) snprintf(to, sizeof(to), "%s", text)

static __u64 unix_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

/* 0: never. */
static __u64 age_of(__u64 now_ms, __u64 then_ms)
{
	if (!then_ms)
		return SESSIONS_UNKNOWN;
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

static void put_name(char name[static MF_NAME_BYTES], const struct sessions_peer *peer,
		     const struct session_generation *generation)
{
	if (generation->association.letter)
		sessions_name(name, peer, generation->association.letter);
}

static void put_present(struct sessions_line *line, const struct sessions_peer *peer, __u64 now_ms)
{
	const struct session *session = peer->session;
	const struct session_generation *present = &session->present;
	__u64 age_ms = age_of(now_ms, session->stands_ms);

	if (!present->association.letter)
		return;
	line->rotation_ms = present->association.rotation_ms;
	line->handshake_age_ms = age_of(now_ms, session->handshake_ms);
	if (age_ms != SESSIONS_UNKNOWN)
		line->since_ms = unix_now_ms() - age_ms;
	PUT(line->carriage, format_carriage(present->association.carriage));
	if (present->association.carriage == MF_CARRIAGE_SEALED)
		line->sealed_packets = peer->sealed;
	if (present->expires_ms)
		line->lifetime_left_s = present->expires_ms > now_ms ? (present->expires_ms - now_ms) / 1000 : 0;
	PUT(line->role, present->initiator ? "initiator" : "responder");
}

/* Before there is a generation, who asks is the initiator. */
static void put_session(struct sessions_line *line, const struct sessions_peer *peer, __u64 now_ms)
{
	const struct session *session = peer->session;

	if (session->asked.active || session->state == SESSION_CONFIRMING)
		PUT(line->role, "initiator");
	put_name(line->association, peer, &session->present);
	put_name(line->coming, peer, &session->coming);
	put_name(line->going, peer, &session->going);
	put_present(line, peer, now_ms);
	line->idle_ms = age_of(now_ms, session->heard_ms);
	memcpy(line->traffic, peer->traffic, sizeof(line->traffic));
	memcpy(line->refused, session->refused, sizeof(line->refused));
}

static void put_level(struct sessions_line *line, const struct sessions_tell *tell, __u32 peer)
{
	const char *level = NULL, *why = NULL;

	if (!tell->level)
		return;
	tell->level(tell->context, peer, &level, &why);
	if (level)
		PUT(line->level, level);
	if (why)
		PUT(line->why, why);
}

void sessions_tell_line(const struct sessions_tell *tell, __u32 number, const char *event, struct sessions_line *line)
{
	const struct sessions_peer *peer = &tell->sessions->peer[number];
	__u64 now_ms = sessions_now_ms();
	__u8 address[16];

	sessions_line_init(line, event);
	PUT(line->peer, peer->name);
	sodium_bin2base64(line->public_key, sizeof(line->public_key), peer->public_key, sizeof(peer->public_key),
			  sodium_base64_VARIANT_ORIGINAL);
	sessions_inner_peer(peer, address);
	format_address(line->inner, address);
	PUT(line->state, session_state_name(peer->session ? peer->session->state : SESSION_NONE));
	line->state_age_ms = age_of(now_ms, peer->told_ms);
	if (peer->keep)
		PUT(line->role, "initiator");
	if (peer->session)
		put_session(line, peer, now_ms);
	if (peer->ended != SESSION_NO_REASON)
		PUT(line->ended, session_reason_name(peer->ended));
	put_level(line, tell, number);
}
