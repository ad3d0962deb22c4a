// SPDX-License-Identifier: GPL-2.0-only
/* What happens to peers that are connected to; the way there is connecting_way.c's, who they are connecting_peers.c's. */
#include "ctl/connecting.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/connecting_way.h"
#include "ctl/identity.h"
#include "ctl/key.h"

enum { TELL_AGAIN_MS = 600000 };

static const char silent[] = "it does not answer: does its mayflyctl serve still run (one that was started anew is found again "
	"by itself), and does UDP pass to and from the hopping prefixes of both ends?";

static const char static_silent[] = "it does not answer: is mayflyctl up there, with the same KeyFile, Rotation, seeds and prefixes "
	"(and PublicKey at both ends or at neither), and does UDP pass to and from the hopping prefixes of both ends?";

static __u8 chance(void)
{
	return (__u8)randombytes_uniform(256);
}

static const struct session *session_of(const struct connecting *connecting, const struct connecting_peer *peer)
{
	return connecting->settings.sessions->peer[peer->number].session;
}

/*
 * Agreed on by this process, and answered. What an earlier one has left is heard, but says nothing; and one that is asked for
 * anew by an introduction has to be answered there first, since nobody may be left at the other end of what it has.
 */
static bool has_session(const struct connecting *connecting, const struct connecting_peer *peer)
{
	const struct session *session = session_of(connecting, peer);
	bool stands = session && (session->state == SESSION_UP ||
				  (session->state == SESSION_RENEWING && !session->asked.by_introduction));

	return stands && !session->present.deaf;
}

/* Tries follow each other for as long as a peer is away: of each kind one is told of, and another one after a while. */
static bool is_told_already(struct connecting_peer *peer, enum connecting_word word)
{
	__u64 now_ms = sessions_now_ms();
	bool told;

	if (now_ms - peer->told_ms >= TELL_AGAIN_MS || word == CONNECTING_STANDING || word == CONNECTING_OVER ||
	    word == CONNECTING_AWAITED) {
		peer->told = 0;
		peer->told_ms = now_ms;
	}
	told = peer->told & 1U << word;
	peer->told |= 1U << word;
	return told;
}

void connecting_tell(const struct connecting *connecting, struct connecting_peer *peer, enum connecting_word word,
		     __u64 us, const char *text)
{
	struct connecting_news news = { .name = peer->name, .word = word, .us = us, .text = text };

	if (peer->is_static)
		memcpy(news.address, connecting_static_fixed(peer)->inner_peer, sizeof(news.address));
	else
		identity_address(news.address, peer->public_key);
	if (text)
		snprintf(peer->why, sizeof(peer->why), "%s", text);
	if (connecting->settings.told && !is_told_already(peer, word))
		connecting->settings.told(connecting->settings.context, &news);
}

/* --- what is due --------------------------------------------------------------------- */

static void on_due(uv_timer_t *timer);

static void wind(struct connecting *connecting)
{
	__u64 wake_ms = ~0ULL, now_ms = sessions_now_ms();

	for (size_t i = 0; i < connecting->peers; i++) {
		__u64 at_ms = connecting_plan_wake_ms(&connecting->peer[i].plan);

		/* Without room for a lookup it is the end of one that goes on. */
		if (at_ms < wake_ms && (at_ms > now_ms || lookups_have_room(connecting->lookups)))
			wake_ms = at_ms;
	}
	if (wake_ms == ~0ULL)
		uv_timer_stop(&connecting->timer);
	else
		uv_timer_start(&connecting->timer, on_due, wake_ms > now_ms ? wake_ms - now_ms : 0, 0);
}

void connecting_soon(struct connecting *connecting)
{
	uv_timer_start(&connecting->timer, on_due, 0, 0);
}

static void step(struct connecting *connecting, struct connecting_peer *peer)
{
	if (peer->plan.state == CONNECTING_WAITS && has_session(connecting, peer) && !peer->moves)
		connecting_plan_stands(&peer->plan, sessions_now_ms()); /* the other end was faster */
	switch (connecting_plan_next(&peer->plan, lookups_have_room(connecting->lookups), sessions_now_ms(),
				     (__u64)time(NULL))) {
	case CONNECTING_LOOK:
		if (connecting_way_look(connecting, peer))
			connecting_plan_not_found(&peer->plan, sessions_now_ms(), chance());
		break;
	case CONNECTING_ASK:
		peer->moves = false;
		if (peer->is_static ? connecting_static_ask(connecting, peer) : connecting_way_ask(connecting, peer))
			connecting_plan_lost(&peer->plan, sessions_now_ms(), chance());
		break;
	case CONNECTING_NOTHING:
		break;
	}
}

static void on_due(uv_timer_t *timer)
{
	struct connecting *connecting = timer->data;

	for (size_t i = 0; i < connecting->peers; i++)
		step(connecting, &connecting->peer[i]);
	wind(connecting);
}

/* --- what happens -------------------------------------------------------------------- */

static struct connecting_peer *by_number(const struct connecting *connecting, __u32 number)
{
	for (size_t i = 0; i < connecting->peers; i++)
		if (connecting->peer[i].number == number)
			return &connecting->peer[i];
	return NULL;
}

/* What is to be known of it, beside that it was found; NULL: nothing. */
static const char *caveat(const struct meeting *meeting, const struct meeting_lookup *best)
{
	return best->dead ? "no other than the one that did not answer" : meeting_clock(meeting);
}

static void on_looked(void *context, __u64 tag, const struct meeting *meeting, const char *why)
{
	struct connecting *connecting = context;
	const struct meeting_lookup *best = meeting ? meeting_best(meeting) : NULL;
	char words[MEETING_WORDS];

	for (size_t i = 0; i < connecting->peers; i++) {
		struct connecting_peer *peer = &connecting->peer[i];

		if (peer->tag != tag || peer->plan.state != CONNECTING_LOOKS)
			continue;
		if (best) {
			connecting_way_remember(peer, &best->offer);
			connecting_tell(connecting, peer, CONNECTING_FOUND, best->result.took_ms * 1000ULL, caveat(meeting, best));
			connecting_plan_found(&peer->plan, best->offer.period, meeting->period_s, sessions_now_ms());
		} else {
			connecting_tell(connecting, peer, CONNECTING_MISSING, 0, meeting ? meeting_why(words, meeting) : why);
			connecting_plan_not_found(&peer->plan, sessions_now_ms(), chance());
		}
	}
	connecting_soon(connecting);
}

void connecting_lost(struct connecting *connecting, __u32 number)
{
	struct connecting_peer *peer = by_number(connecting, number);

	if (!peer)
		return;
	if (!peer->is_static && peer->plan.state == CONNECTING_ASKS && !peer->plan.wanted)
		connecting_way_in_vain(peer);
	peer->asked_ns = 0;
	connecting_tell(connecting, peer, CONNECTING_SILENT, 0, peer->is_static ? static_silent : silent);
	connecting_plan_lost(&peer->plan, sessions_now_ms(), chance());
	connecting_soon(connecting);
}

void connecting_introduced(struct connecting *connecting, __u32 number)
{
	struct connecting_peer *peer = by_number(connecting, number);

	if (peer && !peer->is_static)
		connecting_way_leave(connecting, peer);
}

static void note_stands(struct connecting *connecting, struct connecting_peer *peer)
{
	__u64 us = peer->asked_ns ? (uv_hrtime() - peer->asked_ns) / 1000 : 0;
	bool news = peer->plan.state != CONNECTING_STANDS;

	peer->asked_ns = 0;
	*peer->why = 0;
	connecting_way_answered(peer);
	connecting_plan_stands(&peer->plan, sessions_now_ms());
	if (news)
		connecting_tell(connecting, peer, CONNECTING_STANDING, us, NULL);
}

void connecting_changed(struct connecting *connecting, __u32 number)
{
	struct connecting_peer *peer = by_number(connecting, number);
	const struct session *session = peer ? session_of(connecting, peer) : NULL;
	enum session_reason reason;

	if (!session)
		return;
	if (session->state == SESSION_NONE) {
		reason = connecting->settings.sessions->peer[number].ended;
		if (peer->plan.state == CONNECTING_STANDS)
			connecting_tell(connecting, peer, CONNECTING_OVER, 0, session_reason_name(reason));
		connecting_plan_ended(&peer->plan, sessions_now_ms(), chance());
	} else if (has_session(connecting, peer)) {
		note_stands(connecting, peer);
	}
	connecting_soon(connecting);
}

void connecting_packet(struct connecting *connecting, const __u8 destination[static 16])
{
	int number = sessions_find_inner(connecting->settings.sessions, destination);
	struct connecting_peer *peer = number < 0 ? NULL : by_number(connecting, (__u32)number);

	if (!peer || peer->plan.state != CONNECTING_RESTS)
		return;
	connecting_plan_want(&peer->plan, sessions_now_ms());
	connecting_soon(connecting);
}

void connecting_move(struct connecting *connecting, const struct mf_template *prefix)
{
	connecting->settings.prefix = *prefix;
	sessions_move(connecting->settings.sessions, prefix);
	for (size_t i = 0; i < connecting->peers; i++) {
		struct connecting_peer *peer = &connecting->peer[i];
		const struct session *session = session_of(connecting, peer);

		if (!session || session->state == SESSION_NONE || peer->is_static)
			continue;
		peer->moves = !sessions_comes_along(connecting->settings.sessions, peer->number);
		if (peer->moves)
			connecting_plan_want(&peer->plan, sessions_now_ms());
	}
	connecting_soon(connecting);
}

void connecting_count(const struct connecting *connecting, size_t *kept, size_t *standing)
{
	*kept = *standing = 0;
	for (size_t i = 0; i < connecting->peers; i++) {
		*kept += connecting->peer[i].plan.keep;
		*standing += connecting->peer[i].plan.keep && has_session(connecting, &connecting->peer[i]);
	}
}

void connecting_adopted(struct connecting *connecting)
{
	for (size_t i = 0; i < connecting->peers; i++)
		if (session_of(connecting, &connecting->peer[i]) && connecting->peer[i].plan.state == CONNECTING_RESTS)
			connecting_plan_want(&connecting->peer[i].plan, sessions_now_ms());
	connecting_soon(connecting);
}

/* --- beginning and end --------------------------------------------------------------- */

int connecting_open(struct connecting *connecting, const struct connecting_settings *settings,
		    char why[static SAY_BYTES])
{
	*connecting = (struct connecting){ .settings = *settings };
	connecting->lookups = lookups_new(settings->loop, on_looked, connecting);
	if (!connecting->lookups)
		return say_why(why, -ENOMEM, "no memory for lookups");
	uv_timer_init(settings->loop, &connecting->timer);
	connecting->timer.data = connecting;
	return 0;
}

void connecting_leave(struct connecting *connecting)
{
	for (size_t i = 0; i < connecting->peers; i++)
		connecting_way_leave(connecting, &connecting->peer[i]);
}

void connecting_close(struct connecting *connecting)
{
	if (!connecting->lookups)
		return;
	lookups_close(connecting->lookups);
	connecting->lookups = NULL;
	uv_close((uv_handle_t *)&connecting->timer, NULL);
	for (size_t i = 0; i < connecting->peers; i++)
		key_secret_free(connecting->peer[i].secret);
	free(connecting->peer);
	connecting->peer = NULL;
	connecting->peers = 0;
}
