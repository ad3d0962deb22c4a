// SPDX-License-Identifier: GPL-2.0-only
/* Sessions of a server: every registered client may have one, begun by the introduction that it has found. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/handover.h"
#include "ctl/serving.h"
#include "ctl/sessions_level.h"

static int introduction_key(void *owner, __u32 period, __u8 key[static 16])
{
	const struct introduction *introduction = serving_introduction(owner, period);

	if (!introduction)
		return -ENOENT;
	memcpy(key, introduction->key, sizeof(introduction->key));
	return 0;
}

/* --- what sessions say --------------------------------------------------------------- */

static void say_level(void *context, __u32 peer, const char **level, const char **why)
{
	const struct serving *serving = context;

	sessions_level_words(&serving->sessions, serving_levels(serving), peer, serving_now_ms(), level, why);
}

static void changed(void *context, __u32 peer)
{
	struct serving *serving = context;

	sessions_level_follow(&serving->sessions, serving_levels(serving), peer);
	serving_log(serving, peer);
	connecting_changed(&serving->connecting, peer);
	sessions_tell_changed(&serving->tell, peer);
	board_fill_peer(&serving->page.fill, peer);
}

static void looked(void *context, const struct mf_assoc_status *status, __u32 peer)
{
	struct serving *serving = context;

	board_fill_looked(&serving->page.fill, status, peer);
}

static void lost(void *context, __u32 peer)
{
	struct serving *serving = context;

	connecting_lost(&serving->connecting, peer);
}

static void introduced(void *context, __u32 peer)
{
	struct serving *serving = context;

	connecting_introduced(&serving->connecting, peer);
}

static const struct sessions_owner owner = {
	.introduction = introduction_key, .lost = lost, .introduced = introduced, .changed = changed,
	.looked = looked,
};

static int open_tell(struct serving *serving, char why[static SAY_BYTES])
{
	char path[SESSIONS_TELL_PATH];
	int error;

	sessions_tell_path(path, serving->loader.path, SESSIONS_SERVE);
	error = sessions_tell_open(&serving->tell, &serving->sessions, &serving->loop, path, why);
	serving->tell.level = say_level;
	serving->tell.context = serving;
	return error;
}

static void tell_status(void *context, struct rendezvous_status *status)
{
	const struct serving *serving = context;

	*status = serving->status;
}

static void told(void *context, const struct connecting_news *news)
{
	struct serving *serving = context;

	board_fill_lookup(&serving->page.fill, news);
}

/* That nobody can look at it is no reason not to serve. */
void serving_open_page(struct serving *serving)
{
	const struct config_node *node = &serving->config.node;
	const struct board_settings settings = {
		.sessions = &serving->sessions, .loader = &serving->loader, .serves = true,
		.public_key = serving->public_key, .status = tell_status, .context = serving,
	};
	char why[SAY_BYTES];

	if (!serving->sessions.open)
		return;
	if (page_open(&serving->page, &serving->loop, &node->listen, &node->listen_names, &settings, why))
		say_error("%s", why);
	serving->sessions.looks = serving->page.open;
	if (serving->page.open)
		say_note("page and metrics at %s", node->listen.text);
}

static int open_connecting(struct serving *serving, char why[static SAY_BYTES])
{
	struct connecting_settings settings = {
		.loop = &serving->loop,
		.sessions = &serving->sessions,
		.loader = &serving->loader,
		.rendezvous = &serving->config.node.rendezvous,
		.private_key = serving->private_key,
		.public_key = serving->public_key,
		.prefix = serving->node.prefix,
		.nodes_path = *serving->nodes ? serving->nodes : NULL,
		.told = told,
		.context = serving,
	};

	return connecting_open(&serving->connecting, &settings, why);
}

void serving_connect(struct serving *serving, const struct config *config)
{
	char why[SAY_BYTES];

	if (serving->connecting.lookups && connecting_take(&serving->connecting, config, why))
		say_error("%s", why);
}

void serving_settle_sessions(struct serving *serving, const struct config *config)
{
	const struct config_node *node = &config->node;

	if (!serving->sessions.open)
		return;
	sessions_settle(&serving->sessions, node->idle_ms, node->firewall);
	for (size_t i = 0; i < config->meet_count; i++) {
		int number = sessions_find(&serving->sessions, config->meets[i].public_key);

		if (number >= 0)
			sessions_rename(&serving->sessions, (__u32)number, config->meets[i].name);
	}
}

void serving_adopt_sessions(struct serving *serving)
{
	char why[SAY_BYTES];

	if (!serving->sessions.open)
		return;
	handover_take(serving->loader.path, &serving->config);
	serving_connect(serving, &serving->config);
	if (sessions_adopt(&serving->sessions, why))
		say_note("sessions of an earlier serve stay as they are: %s", why);
	connecting_adopted(&serving->connecting);
}

int serving_open_sessions(struct serving *serving, char why[static SAY_BYTES])
{
	struct sessions_settings settings = {
		.loop = &serving->loop,
		.loader = &serving->loader,
		.private_key = serving->private_key,
		.public_key = serving->public_key,
		.prefix = serving->node.prefix,
		.rotation_ms = CONFIG_ROTATION_DEFAULT_MS,
		.period_s = serving_period_s(serving),
		.period_most_s = serving->config.node.rendezvous.period_ms / 1000,
		.idle_ms = serving->config.node.idle_ms,
		.firewall = serving->config.node.firewall,
		.encap = serving->config.node.carriage == MF_CARRIAGE_ENCAP,
		.padding = (__u8)serving->config.node.padding,
		.owner = &owner,
		.context = serving,
	};
	int error;

	if (!*serving->loader.path)
		return 0;
	error = sessions_open(&serving->sessions, &settings, why);
	if (!error)
		error = open_connecting(serving, why);
	return error ? error : open_tell(serving, why);
}

void serving_close_sessions(struct serving *serving)
{
	page_close(&serving->page);
	sessions_tell_close(&serving->tell);
	if (serving->connecting.lookups && !serving->leaves)
		connecting_leave(&serving->connecting);
	connecting_close(&serving->connecting);
	if (serving->sessions.open)
		sessions_close(&serving->sessions);
	free(serving->of_session);
	serving->of_session = NULL;
	serving->of_sessions = 0;
}

/* --- who may have one ---------------------------------------------------------------- */

static int make_room(struct serving *serving, __u32 peer)
{
	__u32 room = serving->of_sessions;
	struct serving_client *more;

	if (peer < room)
		return 0;
	room = 2 * peer + 16;
	more = reallocarray(serving->of_session, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + serving->of_sessions, 0, (room - serving->of_sessions) * sizeof(*more));
	serving->of_session = more;
	serving->of_sessions = room;
	return 0;
}

/* A client that is new, or whose secret has moved with the registry. */
static int take_client(struct serving *serving, size_t index)
{
	const struct registered *entry = &serving->registry.entry[index];
	const __u8 *shared = serving->registry.pair[index].shared;
	int number = sessions_find(&serving->sessions, entry->public_key);

	if (number >= 0) {
		sessions_share(&serving->sessions, (__u32)number, shared);
		return 0;
	}
	number = sessions_add(&serving->sessions, entry->name, entry->public_key, shared);
	if (number < 0)
		return number;
	if (make_room(serving, (__u32)number)) {
		sessions_remove(&serving->sessions, (__u32)number, SESSION_REMOVED);
		return -ENOMEM;
	}
	serving->of_session[number] = (struct serving_client){ .rotation_ms = CONFIG_ROTATION_DEFAULT_MS };
	return 0;
}

/* Rotations that the configuration names; clients of a directory have the default. */
static void take_rotations(const struct serving *serving)
{
	for (size_t i = 0; i < serving->config.meet_count; i++) {
		const struct config_peer *peer = &serving->config.meets[i];
		int number = sessions_find(&serving->sessions, peer->public_key);

		if (number >= 0 && (__u32)number < serving->of_sessions)
			serving->of_session[number].rotation_ms = peer->rotation_ms;
	}
}

/* Of who is in a directory the node says it, of others their own section; each session is told once. */
void serving_carry(struct serving *serving, const struct config *config)
{
	struct sessions *sessions = &serving->sessions;

	if (!sessions->open)
		return;
	sessions->settings.encap = config->node.carriage == MF_CARRIAGE_ENCAP;
	sessions->settings.padding = (__u8)config->node.padding;
	for (__u32 i = 0; i < serving->of_sessions; i++)
		serving->of_session[i].section = NULL;
	for (size_t i = 0; i < config->meet_count; i++) {
		int number = sessions_find(sessions, config->meets[i].public_key);

		if (number >= 0 && (__u32)number < serving->of_sessions)
			serving->of_session[number].section = &config->meets[i];
	}
	for (__u32 i = 0; i < sessions->peers && i < serving->of_sessions; i++) {
		const struct config_peer *section = serving->of_session[i].section;

		if (sessions->peer[i].used && !sessions->peer[i].fixed)
			sessions_carry(sessions, i, (section ? section->carriage : config->node.carriage) == MF_CARRIAGE_ENCAP,
				       (__u8)(section ? section->padding : config->node.padding));
	}
}

void serving_take_sessions(struct serving *serving)
{
	if (!serving->sessions.open)
		return;
	for (size_t i = 0; i < serving->registry.count; i++)
		if (take_client(serving, i))
			say_error("%s: no memory for its sessions", serving->registry.entry[i].name);
	take_rotations(serving);
	serving_level_sessions(serving);
}

void serving_take_leave(struct serving *serving)
{
	if (!serving->sessions.open)
		return;
	say_note("the node is taken down: sessions end");
	sessions_end_all(&serving->sessions, SESSION_CLOSED);
}

void serving_end_session(struct serving *serving, const __u8 public_key[static KEY_PUBLIC_BYTES])
{
	int number = serving->sessions.open ? sessions_find(&serving->sessions, public_key) : SESSIONS_NONE;

	if (number >= 0)
		sessions_remove(&serving->sessions, (__u32)number, SESSION_REMOVED);
}
