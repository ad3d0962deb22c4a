// SPDX-License-Identifier: GPL-2.0-only
/* What the owner wants of sessions: begun, renewed because something of this end has changed, ended, forgotten with the loader. */
#include <sodium.h>
#include <string.h>

#include "ctl/sessions_parts.h"

void sessions_connect(struct sessions *sessions, __u32 number, const struct session_way *way, bool keep)
{
	struct session *session;
	struct session_actions actions;
	struct session_chance chance;

	sessions_add_for(sessions, number);
	sessions->peer[number].keep = keep;
	session = sessions_of(sessions, number);
	if (!session)
		return;
	session->settings.keep = keep;
	if (!sessions->peer[number].fixed)
		session->settings.prefix = sessions->settings.prefix;
	sessions_chance(&chance);
	session_connect(session, way, sessions_now_ms(), &chance, &actions);
	sodium_memzero(&chance, sizeof(chance));
	sessions_carry_out(sessions, number, &actions, 0);
}

static void renew(struct sessions *sessions, __u32 number, enum session_reason reason)
{
	struct session *session;
	struct session_actions actions;
	struct session_chance chance;

	sessions_add_for(sessions, number);
	session = sessions->peer[number].session;
	if (!session)
		return; /* what was being added ended it */
	sessions_chance(&chance);
	session_renew(session, reason, sessions_now_ms(), &chance, &actions);
	sodium_memzero(&chance, sizeof(chance));
	sessions_carry_out(sessions, number, &actions, 0);
}

void sessions_rotate(struct sessions *sessions, __u32 number, __u32 rotation_ms)
{
	struct sessions_peer *peer = &sessions->peer[number];
	__u32 wanted = rotation_ms ? rotation_ms : sessions->settings.rotation_ms;

	peer->rotation_ms = rotation_ms;
	if (!peer->session || peer->session->settings.rotation_ms == wanted)
		return;
	peer->session->settings.rotation_ms = wanted;
	if (!peer->session->present.initiator && peer->session->present.association.rotation_ms != wanted)
		renew(sessions, number, SESSION_LEVEL);
}

void sessions_carry(struct sessions *sessions, __u32 number, bool encap, __u8 padding)
{
	struct sessions_peer *peer = &sessions->peer[number];

	if (peer->encap == encap && peer->padding == padding)
		return;
	peer->encap = encap;
	peer->padding = padding;
	if (!peer->session)
		return;
	peer->session->settings.encap = encap;
	peer->session->settings.padding = padding;
	renew(sessions, number, SESSION_NO_REASON); /* even if nothing follows: the other end is to know it */
}

void sessions_period(struct sessions *sessions, __u32 period_s)
{
	sessions->settings.period_s = period_s;
	for (__u32 i = 0; i < sessions->peers; i++)
		if (sessions->peer[i].session)
			sessions->peer[i].session->settings.period_s = period_s;
}

/* One that is sealed has new keys, and with them the word, within two minutes. */
void sessions_remind(struct sessions *sessions, __u32 number)
{
	const struct session *session = sessions->peer[number].session;

	if (session && !session->present.initiator && !session->said.active &&
	    session->present.association.carriage == MF_CARRIAGE_ENCAP && session->present.told_period_s &&
	    session->present.told_period_s != session->settings.period_s)
		renew(sessions, number, SESSION_LEVEL);
}

void sessions_settle(struct sessions *sessions, __u32 idle_ms, bool firewall)
{
	bool renews = sessions->settings.firewall != firewall;

	sessions->settings.idle_ms = idle_ms;
	sessions->settings.firewall = firewall;
	for (__u32 i = 0; i < sessions->peers; i++) {
		struct session *session = sessions->peer[i].session;

		if (!session)
			continue;
		session->settings.idle_ms = idle_ms;
		session->settings.firewall = firewall;
		if (renews)
			renew(sessions, i, SESSION_MOVED);
	}
}

static void move(struct sessions *sessions, __u32 number)
{
	struct session *session;
	struct session_actions actions;
	struct session_chance chance;

	sessions_add_for(sessions, number);
	session = sessions->peer[number].session;
	if (!session)
		return; /* what was being added ended it */
	sessions_chance(&chance);
	if (session_move(session, &sessions->settings.prefix, sessions_now_ms(), &chance, &actions))
		sessions_carry_out(sessions, number, &actions, 0);
	else if (!session->present.initiator)
		renew(sessions, number, SESSION_MOVED);
	sodium_memzero(&chance, sizeof(chance));
}

void sessions_move(struct sessions *sessions, const struct mf_template *prefix)
{
	sessions->settings.prefix = *prefix;
	for (__u32 i = 0; i < sessions->peers; i++)
		if (sessions->peer[i].session && !sessions->peer[i].fixed)
			move(sessions, i);
}

bool sessions_comes_along(const struct sessions *sessions, __u32 number)
{
	const struct session *session = sessions->peer[number].session;

	return session && session->present.initiator &&
	       sessions_same_prefix(&session->present.association.local, &sessions->settings.prefix);
}

void sessions_end(struct sessions *sessions, __u32 number, enum session_reason reason)
{
	struct sessions_peer *peer = &sessions->peer[number];
	struct session_actions actions;

	sessions_add_for(sessions, number);
	if (!peer->session || peer->session->state == SESSION_NONE)
		return;
	session_close(peer->session, reason, sessions_now_ms(), &actions);
	sessions_carry_out(sessions, number, &actions, 0);
}

void sessions_end_all(struct sessions *sessions, enum session_reason reason)
{
	for (__u32 i = 0; i < sessions->peers; i++)
		sessions_end(sessions, i, reason);
}

/* --- after the loader was ------------------------------------------------------------ */

static bool is_own(const struct session *session)
{
	return session->asked.active || session->present.initiator;
}

/* Lost first: the owner is to begin again at once, what ends is left alone for a while. */
void sessions_forgotten(struct sessions *sessions)
{
	sessions_sockets_renew(sessions);
	for (__u32 i = 0; i < sessions->peers; i++) {
		const struct session *session = sessions->peer[i].session;

		if (!session || session->state == SESSION_NONE)
			continue;
		if (is_own(session) && sessions->settings.owner->lost)
			sessions->settings.owner->lost(sessions->settings.context, i);
		sessions_end(sessions, i, SESSION_CLOSED);
	}
}
