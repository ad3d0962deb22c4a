// SPDX-License-Identifier: GPL-2.0-only
/* Prefixes that the node leaves, as soon as no session hops in them any more. */
#include <string.h>

#include "ctl/sessions.h"

bool sessions_same_prefix(const struct mf_template *one, const struct mf_template *other)
{
	return one->prefix_length == other->prefix_length && !memcmp(one->base, other->base, sizeof(one->base));
}

static bool is_wanted(const struct config_templates *wanted, const struct mf_template *prefix)
{
	for (unsigned int i = 0; i < wanted->count; i++)
		if (sessions_same_prefix(&wanted->template[i], prefix))
			return true;
	return false;
}

static bool hops_in(const struct session_generation *generation, const struct mf_template *prefix)
{
	return generation->association.letter && sessions_same_prefix(&generation->association.local, prefix);
}

static bool is_used(const struct sessions *sessions, const struct mf_template *prefix)
{
	for (__u32 i = 0; i < sessions->peers; i++) {
		const struct session *session = sessions->peer[i].session;

		if (session && (hops_in(&session->present, prefix) || hops_in(&session->coming, prefix) ||
				hops_in(&session->going, prefix)))
			return true;
	}
	return false;
}

bool sessions_leave_prefixes(struct sessions *sessions, const struct config_templates *wanted)
{
	struct mf_message message = { .type = MF_NODE_GET };
	struct client *loader = sessions->settings.loader;
	unsigned int kept = 0, unwanted = 0;
	struct mf_node_config config;

	if (client_ask_again(loader, &message))
		return true;
	config = message.node_status.config;
	for (unsigned int i = 0; i < config.templates; i++) {
		bool stays = is_wanted(wanted, &config.template[i]);

		if (!stays && !is_used(sessions, &config.template[i]))
			continue;
		unwanted += !stays;
		config.template[kept++] = config.template[i];
	}
	if (kept == config.templates || !kept)
		return unwanted > 0;
	memset(&config.template[kept], 0, (config.templates - kept) * sizeof(config.template[0]));
	config.templates = (__u8)kept;
	message = (struct mf_message){ .type = MF_NODE_SET, .node_config = config };
	return client_ask_again(loader, &message) || unwanted;
}
