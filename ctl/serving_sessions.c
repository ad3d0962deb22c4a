// SPDX-License-Identifier: GPL-2.0-only
/* Sessions of a server: every registered client may have one, begun by the introduction that it has found. */
#include <errno.h>
#include <string.h>

#include "ctl/serving.h"

static int introduction_key(void *owner, __u32 period, __u8 key[static 16])
{
	const struct introduction *introduction = serving_introduction(owner, period);

	if (!introduction)
		return -ENOENT;
	memcpy(key, introduction->key, sizeof(introduction->key));
	return 0;
}

static const struct sessions_owner owner = { .introduction = introduction_key };

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
		.owner = &owner,
		.context = serving,
	};

	if (!*serving->loader.path)
		return 0;
	return sessions_open(&serving->sessions, &settings, why);
}

void serving_close_sessions(struct serving *serving)
{
	if (serving->sessions.open)
		sessions_close(&serving->sessions);
}

/* Rotations that the configuration names; clients of a directory have the default. */
static void take_rotations(struct serving *serving)
{
	for (size_t i = 0; i < serving->config.meet_count; i++) {
		const struct config_peer *peer = &serving->config.meets[i];
		int number = sessions_find(&serving->sessions, peer->public_key);

		if (number >= 0)
			sessions_rotate(&serving->sessions, (__u32)number, peer->rotation_ms);
	}
}

void serving_take_sessions(struct serving *serving)
{
	const struct registry *registry = &serving->registry;

	if (!serving->sessions.open)
		return;
	for (size_t i = 0; i < registry->count; i++) {
		const struct registered *entry = &registry->entry[i];
		int number = sessions_find(&serving->sessions, entry->public_key);

		if (number < 0)
			number = sessions_add(&serving->sessions, entry->name, entry->public_key, registry->pair[i].shared);
		else
			sessions_share(&serving->sessions, (__u32)number, registry->pair[i].shared);
		if (number < 0)
			say_error("%s: no memory for its sessions", entry->name);
	}
	take_rotations(serving);
}

void serving_end_session(struct serving *serving, const __u8 public_key[static KEY_PUBLIC_BYTES])
{
	int number = serving->sessions.open ? sessions_find(&serving->sessions, public_key) : SESSIONS_NONE;

	if (number >= 0)
		sessions_remove(&serving->sessions, (__u32)number, SESSION_REMOVED);
}
