// SPDX-License-Identifier: GPL-2.0-only
/* Peers, their engines, and what these want done; what the owner wants is sessions_want.c's. */
#include "ctl/sessions_parts.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/identity.h"
#include "ctl/key.h"

enum { PEERS_FIRST = 16 };

static const __u64 never = ~0ULL;

__u64 sessions_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

void sessions_chance(struct session_chance *chance)
{
	randombytes_buf(chance, sizeof(*chance));
}

static void tell(const struct sessions *sessions, void (*what)(void *, __u32), __u32 peer)
{
	if (what)
		what(sessions->settings.context, peer);
}

/* --- timers -------------------------------------------------------------------------- */

static void on_due(uv_timer_t *timer);

static void wind(struct sessions *sessions)
{
	const struct mf_due_entry *first = mf_due_first(&sessions->due);
	__u64 now_ms = sessions_now_ms();

	if (first)
		uv_timer_start(&sessions->timer, on_due, first->when_ms > now_ms ? first->when_ms - now_ms : 0, 0);
	else
		uv_timer_stop(&sessions->timer);
}

static void set_due(struct sessions *sessions, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];
	__u64 wake_ms = peer->session ? session_wake_ms(peer->session) : never;

	if (wake_ms == never)
		mf_due_drop(&sessions->due, number);
	else
		mf_due_set(&sessions->due, number, wake_ms);
}

/* Where there are many, the sweep may not have come by for longer than a session may be idle: then it is looked at first. */
static void tick(struct sessions *sessions, __u32 number, __u64 now_ms)
{
	struct session_actions actions;
	struct session_chance chance;

	if (session_is_idle(sessions->peer[number].session, now_ms))
		sessions_loader_traffic(sessions, number);
	sessions_chance(&chance);
	session_tick(sessions->peer[number].session, now_ms, &chance, &actions);
	sodium_memzero(&chance, sizeof(chance));
	sessions_carry_out(sessions, number, &actions, 0);
}

/* No more at once than there are: one whose engine wants to be woken at once again waits for the next turn. */
static void on_due(uv_timer_t *timer)
{
	struct sessions *sessions = timer->data;
	__u64 now_ms = sessions_now_ms();
	const struct mf_due_entry *first;

	for (__u32 i = 0; i < SESSIONS_BATCH; i++) {
		first = mf_due_first(&sessions->due);
		if (!first || first->when_ms > now_ms)
			break;
		tick(sessions, first->id, now_ms);
	}
	wind(sessions);
}

static void on_sweep(uv_timer_t *timer)
{
	struct sessions *sessions = timer->data;

	if (sessions->begun || sessions->looks)
		sessions_loader_sweep(sessions);
}

/* --- engines ------------------------------------------------------------------------- */

struct session *sessions_of(struct sessions *sessions, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];
	const struct static_peer *fixed = peer->fixed;
	struct session_settings settings = {
		.end = {
			.own_private = fixed ? fixed->own_private : sessions->settings.private_key,
			.own_public = fixed ? fixed->own_public : sessions->settings.public_key,
			.peer_public = peer->public_key,
			.shared = peer->shared,
		},
		.prefix = fixed ? fixed->local : sessions->settings.prefix,
		.rotation_ms = peer->rotation_ms ? peer->rotation_ms : sessions->settings.rotation_ms,
		.lifetime_s = sessions->settings.lifetime_s,
		.idle_ms = sessions->settings.idle_ms,
		.period_s = sessions->settings.period_s,
		.firewall = sessions->settings.firewall,
		.encap = peer->encap,
		.padding = peer->padding,
		.keep = peer->keep,
	};

	if (peer->session)
		return peer->session;
	peer->session = key_pool_take(&sessions->engines);
	if (!peer->session)
		return NULL;
	sessions_inner_own(sessions, number, settings.inner_own);
	sessions_inner_peer(peer, settings.inner_peer);
	session_init(peer->session, &settings);
	sessions->begun++;
	return peer->session;
}

static void forget(struct sessions *sessions, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];

	if (!peer->session)
		return;
	mf_due_drop(&sessions->due, number);
	key_pool_give(&sessions->engines, peer->session);
	peer->session = NULL;
	memset(peer->traffic, 0, sizeof(peer->traffic));
	peer->looked_ms = 0;
	peer->looked_at = peer->said = peer->heard = 0;
	peer->sealed = 0;
	sessions->begun--;
}

/* Until when one that has ended is remembered: its budget, and what it has been asked, as long as that may come again. */
static __u64 remembered_ms(const struct sessions_peer *peer)
{
	__u64 until_ms = peer->replay_ms;

	for (int i = 0; i < SESSION_BUDGETS; i++)
		if (peer->session->budget_ms[i] > until_ms)
			until_ms = peer->session->budget_ms[i];
	return until_ms;
}

static void settle(struct sessions *sessions, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];
	bool over = peer->session && peer->session->state == SESSION_NONE && session_wake_ms(peer->session) == never;

	if (over && remembered_ms(peer) <= sessions_now_ms())
		forget(sessions, number);
	else if (over)
		mf_due_set(&sessions->due, number, remembered_ms(peer));
	else
		set_due(sessions, number);
}

/* A request is heard in three periods at the most, and its introduction may be of the longest step, too (docs/PROTOCOL.md 7). */
static void remember(struct sessions *sessions, __u32 number)
{
	const struct sessions_settings *settings = &sessions->settings;
	__u32 period_s = settings->period_most_s > settings->period_s ? settings->period_most_s : settings->period_s;

	sessions->peer[number].replay_ms = sessions_now_ms() + 3000ULL * period_s;
}

static bool is_waited_for(enum session_state state)
{
	return state == SESSION_NONE || state == SESSION_ASKING || state == SESSION_CONFIRMING;
}

static void tell_change(struct sessions *sessions, __u32 number, bool changed)
{
	struct sessions_peer *peer = &sessions->peer[number];
	enum session_state state = peer->session ? peer->session->state : SESSION_NONE;

	if (!changed && state == peer->told)
		return;
	if (state != peer->told && !(peer->keep && is_waited_for(state) && is_waited_for(peer->told)))
		peer->told_ms = sessions_now_ms();
	peer->told = state;
	tell(sessions, sessions->settings.owner->changed, number);
}

/* false: the loader has not taken an association, what follows of the actions makes no sense. */
static bool carry_out_one(struct sessions *sessions, __u32 number, const struct session_action *action,
			  const struct seal_keys *keys, bool *changed)
{
	const struct sessions_owner *owner = sessions->settings.owner;

	switch (action->kind) {
	case SESSION_SEND:
		sessions_socket_send(sessions, number, action);
		break;
	case SESSION_ADD:
		remember(sessions, number);
		return !sessions_loader_add(sessions, number, action->association, keys);
	case SESSION_CHANGE:
		return !sessions_loader_change(sessions, number, action->association);
	case SESSION_LEAD:
		sessions_loader_lead(sessions, number, action->letter);
		break;
	case SESSION_DELETE:
		sessions_loader_delete(sessions, number, action->letter);
		break;
	case SESSION_STANDS:
		sessions->handshakes++;
		*changed = true;
		break;
	case SESSION_ENDED:
		sessions->peer[number].ended = action->reason;
		sessions->peer[number].association = SESSIONS_NO_ASSOCIATION; /* the loader may give its id to another one */
		*changed = true;
		break;
	case SESSION_LOST:
		tell(sessions, owner->lost, number); /* first: that nothing is left of one that never stood is no end */
		tell_change(sessions, number, true);
		break;
	case SESSION_INTRODUCED:
		tell(sessions, owner->introduced, number);
		break;
	}
	return true;
}

void sessions_not_added(struct sessions *sessions, __u32 number)
{
	struct session_actions after;

	session_failed(sessions->peer[number].session, sessions_now_ms(), &after);
	sessions_carry_out(sessions, number, &after, 0);
}

static bool waits(struct sessions *sessions, __u32 number, struct session_actions *actions, unsigned int at)
{
	if (actions->action[at].kind != SESSION_ADD || !sessions_add_later(sessions, number, actions, at))
		return false;
	remember(sessions, number);
	return true;
}

void sessions_carry_out(struct sessions *sessions, __u32 number, struct session_actions *actions, unsigned int from)
{
	bool changed = false;

	for (unsigned int i = from; i < actions->count; i++) {
		if (!changed && waits(sessions, number, actions, i))
			return;
		if (carry_out_one(sessions, number, &actions->action[i], &actions->keys, &changed))
			continue;
		sessions_not_added(sessions, number);
		break;
	}
	sodium_memzero(actions, sizeof(*actions));
	tell_change(sessions, number, changed);
	if (sessions->peer[number].session)
		settle(sessions, number);
	wind(sessions);
}

/* --- peers --------------------------------------------------------------------------- */

static int make_room(struct sessions *sessions)
{
	__u32 room = sessions->room ? 2 * sessions->room : PEERS_FIRST;
	struct sessions_peer *more = reallocarray(sessions->peer, room, sizeof(*more));
	struct mf_due due, before = sessions->due;

	if (!more)
		return -ENOMEM;
	sessions->peer = more;
	if (mf_due_open(&due, room))
		return -ENOMEM;
	for (__u32 i = 0; i < before.count; i++)
		mf_due_set(&due, before.heap[i].id, before.heap[i].when_ms);
	mf_due_close(&before);
	sessions->due = due;
	sessions->room = room;
	return 0;
}

/* The engines know a peer's key by where it stands. */
static void point_again(struct sessions *sessions)
{
	for (__u32 i = 0; i < sessions->peers; i++)
		if (sessions->peer[i].session)
			sessions->peer[i].session->settings.end.peer_public = sessions->peer[i].public_key;
}

static int free_number(struct sessions *sessions)
{
	for (__u32 i = sessions->first_free; i < sessions->peers; i++)
		if (!sessions->peer[i].used)
			return (int)i;
	if (sessions->peers == sessions->room) {
		if (make_room(sessions))
			return -ENOMEM;
		point_again(sessions);
	}
	return (int)sessions->peers++;
}

/* Somebody who had this name before may still have associations that are called by it. */
static void choose_stem(struct sessions *sessions, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];
	char mark[9];

	for (__u32 i = 0; i < sessions->peers; i++) {
		if (i == number || strcmp(sessions->peer[i].stem, peer->name))
			continue;
		sodium_bin2hex(mark, sizeof(mark), peer->public_key, 4);
		snprintf(peer->stem, sizeof(peer->stem), "%.18s~%s", peer->name, mark);
		return;
	}
}

int sessions_put(struct sessions *sessions, const char *name, const __u8 public_key[static 32], const __u8 *shared,
		 const struct static_peer *fixed)
{
	struct sessions_peer *peer;
	int number;

	if (sessions_find(sessions, public_key) != SESSIONS_NONE ||
	    (fixed && sessions_find_inner(sessions, fixed->inner_peer) != SESSIONS_NONE))
		return -EEXIST;
	number = free_number(sessions);
	if (number < 0)
		return number;
	peer = &sessions->peer[number];
	*peer = (struct sessions_peer){
		.used = true, .shared = shared, .fixed = fixed, .told_ms = sessions_now_ms(),
		.encap = sessions->settings.encap, .padding = sessions->settings.padding,
		.association = SESSIONS_NO_ASSOCIATION, .scored = SESSIONS_NO_ASSOCIATION,
	};
	for (int i = 0; i < SESSION_GENERATIONS; i++)
		peer->generation[i] = SESSIONS_NO_ASSOCIATION;
	snprintf(peer->name, sizeof(peer->name), "%s", name);
	memcpy(peer->public_key, public_key, sizeof(peer->public_key));
	if (sessions->renamed)
		choose_stem(sessions, (__u32)number);
	if (sessions_know(sessions, peer, (__u32)number)) {
		sessions_unknow(sessions, peer);
		peer->used = false;
		return -ENOMEM;
	}
	sessions->first_free = (__u32)number + 1;
	return number;
}

int sessions_add(struct sessions *sessions, const char *name, const __u8 public_key[static 32], const __u8 *shared)
{
	return sessions_put(sessions, name, public_key, shared, NULL);
}

void sessions_share(struct sessions *sessions, __u32 number, const __u8 *shared)
{
	struct sessions_peer *peer = &sessions->peer[number];

	peer->shared = shared;
	if (peer->session)
		peer->session->settings.end.shared = shared;
}

void sessions_rename(struct sessions *sessions, __u32 number, const char *name)
{
	struct sessions_peer *peer = &sessions->peer[number];

	if (!strcmp(peer->name, name))
		return;
	if (!*peer->stem)
		memcpy(peer->stem, peer->name, sizeof(peer->stem));
	snprintf(peer->name, sizeof(peer->name), "%s", name);
	sessions->renamed = true;
}

void sessions_remove(struct sessions *sessions, __u32 number, enum session_reason reason)
{
	struct sessions_peer *peer = &sessions->peer[number];

	sessions_end(sessions, number, reason);
	forget(sessions, number);
	sessions_unknow(sessions, peer);
	memset(peer, 0, sizeof(*peer));
	if (number < sessions->first_free)
		sessions->first_free = number;
}

/* --- beginning and end --------------------------------------------------------------- */

static void wind_clocks(struct sessions *sessions)
{
	uv_loop_t *loop = sessions->settings.loop;

	uv_timer_init(loop, &sessions->timer);
	uv_timer_init(loop, &sessions->sweep_timer);
	sessions->timer.data = sessions->sweep_timer.data = sessions;
	uv_timer_start(&sessions->sweep_timer, on_sweep, SESSIONS_SWEEP_MS, SESSIONS_SWEEP_MS);
	sessions->open = true;
}

int sessions_open(struct sessions *sessions, const struct sessions_settings *settings, char why[static SAY_BYTES])
{
	int error = 0;

	*sessions = (struct sessions){ .settings = *settings, .socket = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 }, { .fd = -1 } } };
	sessions->engines.size = sizeof(struct session);
	sessions->secret = key_secret_new(sizeof(*sessions->secret));
	identity_address(sessions->inner, settings->public_key);
	identity_introduction(sessions->introduction, settings->public_key);
	identity_visitor(sessions->visitor, settings->public_key);
	if (mf_table_open(&sessions->by_inner, 16) || mf_table_open(&sessions->by_introduction, 16) ||
	    mf_table_open(&sessions->by_visitor, 16) || make_room(sessions) || !sessions->secret ||
	    sessions_adding_open(sessions))
		error = say_why(why, -ENOMEM, "no memory for sessions");
	for (enum sessions_place place = 0; !error && place < SESSIONS_STATIC; place++)
		error = sessions_socket_open(sessions, place, why);
	if (error)
		sessions_close(sessions);
	else
		wind_clocks(sessions);
	return error;
}

void sessions_close(struct sessions *sessions)
{
	for (__u32 i = 0; i < sessions->peers; i++)
		forget(sessions, i);
	for (int place = 0; place < SESSIONS_PLACES; place++)
		sessions_socket_close(&sessions->socket[place]);
	if (sessions->open) {
		uv_close((uv_handle_t *)&sessions->timer, NULL);
		uv_close((uv_handle_t *)&sessions->sweep_timer, NULL);
	}
	sessions->open = false;
	mf_table_close(&sessions->by_inner);
	mf_table_close(&sessions->by_introduction);
	mf_table_close(&sessions->by_visitor);
	mf_due_close(&sessions->due);
	key_pool_close(&sessions->engines);
	sessions_adding_close(sessions);
	key_secret_free(sessions->secret);
	sessions->secret = NULL;
	free(sessions->by_association);
	sessions->by_association = NULL;
	sessions->associations = 0;
	free(sessions->peer);
	sessions->peer = NULL;
	sessions->peers = sessions->room = 0;
}
