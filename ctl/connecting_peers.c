// SPDX-License-Identifier: GPL-2.0-only
/* Whom the configuration wants connected to: peers come, go and change. */
#include "ctl/connecting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/connecting_way.h"
#include "ctl/key.h"

bool connecting_wants(const struct config_peer *peer, bool by_default)
{
	return peer->connect == CONNECT_DEFAULT ? by_default || peer->is_static : peer->connect != CONNECT_NO;
}

static void await(const struct connecting *connecting, struct connecting_peer *peer)
{
	if (!peer->plan.keep && peer->plan.state == CONNECTING_RESTS)
		connecting_tell(connecting, peer, CONNECTING_AWAITED, 0, NULL);
}

/* Of a peer that the owner of sessions has removed the number may be another's by now. */
static void let_keep(const struct connecting *connecting, const struct connecting_peer *peer, bool keep)
{
	struct sessions_peer *there = &connecting->settings.sessions->peer[peer->number];

	if (memcmp(there->public_key, peer->public_key, sizeof(there->public_key)))
		return;
	there->keep = keep;
	if (there->session)
		there->session->settings.keep = keep;
}

static void drop(struct connecting *connecting, size_t index)
{
	struct connecting_peer *peer = &connecting->peer[index];

	connecting_way_leave(connecting, peer);
	let_keep(connecting, peer, false);
	if (peer->ours)
		sessions_remove(connecting->settings.sessions, peer->number, SESSION_CLOSED);
	key_secret_free(peer->secret);
	connecting->peer[index] = connecting->peer[--connecting->peers];
}

static struct connecting_peer *find(const struct connecting *connecting, const __u8 public_key[static 32])
{
	for (size_t i = 0; i < connecting->peers; i++)
		if (!memcmp(connecting->peer[i].public_key, public_key, 32))
			return &connecting->peer[i];
	return NULL;
}

static struct connecting_peer *find_static(const struct connecting *connecting, const char *name)
{
	for (size_t i = 0; i < connecting->peers; i++)
		if (connecting->peer[i].is_static && !strcmp(connecting->peer[i].name, name))
			return &connecting->peer[i];
	return NULL;
}

static struct connecting_peer *find_from(const struct connecting *connecting, const struct config_peer *from)
{
	return from->is_static ? find_static(connecting, from->name) : find(connecting, from->public_key);
}

static int join_static(struct connecting *connecting, struct connecting_peer *peer, char why[static SAY_BYTES])
{
	int number = sessions_add_static(connecting->settings.sessions, peer->name, connecting_static_fixed(peer),
					 connecting_way_shared(peer), why);

	if (number < 0)
		return number;
	peer->number = (__u32)number;
	peer->ours = true;
	return 0;
}

static int join_sessions(struct connecting *connecting, struct connecting_peer *peer, char why[static SAY_BYTES])
{
	struct sessions *sessions = connecting->settings.sessions;
	int number = sessions_find(sessions, peer->public_key);

	if (number < 0) {
		number = sessions_add(sessions, peer->name, peer->public_key, connecting_way_shared(peer));
		peer->ours = true;
	}
	if (number < 0)
		return say_why(why, number, "no memory for the session with %s", peer->name);
	peer->number = (__u32)number;
	return 0;
}

static int add(struct connecting *connecting, const struct config_peer *from, char why[static SAY_BYTES])
{
	struct connecting_peer *more = reallocarray(connecting->peer, connecting->peers + 1, sizeof(*more)), *peer;
	int error;

	if (!more)
		return say_why(why, -ENOMEM, "no memory for %s", from->name);
	connecting->peer = more;
	peer = &more[connecting->peers];
	*peer = (struct connecting_peer){ .seen = true, .tag = ++connecting->tags, .is_static = from->is_static };
	snprintf(peer->name, sizeof(peer->name), "%s", from->name);
	memcpy(peer->public_key, from->public_key, sizeof(peer->public_key));
	error = peer->is_static ? connecting_static_pair(connecting, peer, from, why) :
				  connecting_way_pair(connecting, peer, why);
	if (!error)
		error = peer->is_static ? join_static(connecting, peer, why) : join_sessions(connecting, peer, why);
	if (error) {
		key_secret_free(peer->secret);
		return error;
	}
	connecting->peers++;
	if (peer->is_static)
		connecting_plan_begin_known(&peer->plan, sessions_now_ms());
	else
		connecting_plan_begin(&peer->plan, from->connect != CONNECT_ON_DEMAND, sessions_now_ms());
	let_keep(connecting, peer, peer->plan.keep); /* told of before it is found, too */
	await(connecting, peer);
	return 0;
}

static void settle(const struct connecting *connecting, struct connecting_peer *peer, const struct config *config,
		   const struct config_peer *from)
{
	bool keep = from->connect != CONNECT_ON_DEMAND;
	__u8 flags = from->firewall | (config->node.firewall ? MF_ASSOC_OPENS : 0);
	bool stands = *peer->visitor && peer->flags == flags;

	peer->seen = true;
	peer->flags = flags;
	if (peer->is_static && !stands)
		connecting_static_stand(connecting, peer);
	peer->idle_ms = from->idle_ms ? from->idle_ms : config->node.idle_ms;
	connecting_way_patience(connecting, peer);
	sessions_carry(connecting->settings.sessions, peer->number, from->carriage == MF_CARRIAGE_ENCAP,
		       (__u8)from->padding);
	if (peer->plan.keep == keep)
		return;
	peer->plan.keep = keep;
	let_keep(connecting, peer, keep);
	if (keep && peer->plan.state == CONNECTING_RESTS)
		connecting_plan_want(&peer->plan, sessions_now_ms());
	await(connecting, peer);
}

/* First of all: whoever is new may have the name of one who has another now. */
static void rename_all(struct connecting *connecting, const struct config *config)
{
	for (size_t i = 0; i < config->meet_count; i++) {
		const struct config_peer *from = &config->meets[i];
		struct connecting_peer *peer = find(connecting, from->public_key);

		if (!peer || !strcmp(peer->name, from->name))
			continue;
		snprintf(peer->name, sizeof(peer->name), "%s", from->name);
		if (peer->ours)
			sessions_rename(connecting->settings.sessions, peer->number, from->name);
	}
}

/* One that was met so far. */
static bool has_static_of(const struct config *config, const __u8 public_key[static 32])
{
	for (size_t i = 0; i < config->meet_count; i++)
		if (config->meets[i].is_static && !memcmp(config->meets[i].public_key, public_key, 32))
			return true;
	return false;
}

/* A static peer of whom the file says something else is another one. First of all: what it had may be another's now. */
static void drop_changed(struct connecting *connecting, const struct config *config)
{
	for (size_t i = connecting->peers; i-- > 0;) {
		const struct config_peer *from = NULL;

		for (size_t j = 0; j < config->meet_count; j++)
			if (config->meets[j].is_static && !strcmp(config->meets[j].name, connecting->peer[i].name))
				from = &config->meets[j];
		if (connecting->peer[i].is_static ? !from || connecting_static_differs(connecting, &connecting->peer[i], from) :
						    has_static_of(config, connecting->peer[i].public_key))
			drop(connecting, i);
	}
}

int connecting_take(struct connecting *connecting, const struct config *config, char why[static SAY_BYTES])
{
	int error = 0;

	for (size_t i = 0; i < connecting->peers; i++)
		connecting->peer[i].seen = false;
	drop_changed(connecting, config);
	rename_all(connecting, config);
	for (size_t i = 0; !error && i < config->meet_count; i++) {
		const struct config_peer *from = &config->meets[i];

		if (!connecting_wants(from, connecting->settings.by_default))
			continue;
		if (!find_from(connecting, from))
			error = add(connecting, from, why);
		if (!error)
			settle(connecting, find_from(connecting, from), config, from);
	}
	for (size_t i = connecting->peers; !error && i-- > 0;)
		if (!connecting->peer[i].seen)
			drop(connecting, i);
	connecting_way_leave_earlier(connecting);
	connecting_soon(connecting);
	return error;
}
