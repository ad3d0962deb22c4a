// SPDX-License-Identifier: GPL-2.0-only
/* Peers of a file whose packets are sealed: what they need, and what goes with sessions alone or not at all. Pure. */
#include "ctl/config.h"

#include "ctl/config_key.h"
#include "ctl/parse.h"
#include "ctl/rendezvous.h"

bool config_is_one_v6_host(const struct config_prefixes *list)
{
	return list->count == 1 && list->prefix[0].length == 128 && !prefix_is_v4(&list->prefix[0]);
}

size_t config_count_met(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->meet_count; i++)
		count += !config->meets[i].is_static;
	return count;
}

static int wrong(const struct config *config, const struct config_peer *peer, enum config_peer_key key,
		 char why[static SAY_BYTES], const char *expected)
{
	unsigned int line = peer->line_of[key];

	return config_wrong(config, line ? line : peer->line, why, "found %s for peer %s, who has a KeyFile and Carriage = "
			    "sealed, expected %s", config_peer_keys.keys[key].name, peer->name, expected);
}

static int check_excluded(const struct config *config, const struct config_peer *peer, char why[static SAY_BYTES])
{
	static const struct {
		enum config_peer_key key;
		const char *expected;
	} excluded[] = {
		{ PEER_PORT, "it with rewrite only" },
		{ PEER_PEER_PORT, "it with rewrite only" },
		{ PEER_ZERO_CHECKSUM, "it with encap only" },
		{ PEER_CONNECT, "no such setting: its session is kept by both ends, always" },
		{ PEER_IDLE_TIMEOUT, "no such setting: its session is kept by both ends, always" },
	};

	for (size_t i = 0; i < sizeof(excluded) / sizeof(*excluded); i++)
		if (peer->line_of[excluded[i].key])
			return wrong(config, peer, excluded[i].key, why, excluded[i].expected);
	return 0;
}

/* Session messages go between two hosts, and say the prefix of either in 16 bytes. */
int config_check_static(const struct config *config, const struct config_peer *peer, bool has_private_key,
			char why[static SAY_BYTES])
{
	int error = check_excluded(config, peer, why);

	if (error)
		return error;
	if (peer->line_of[PEER_PUBLIC_KEY] && !has_private_key)
		return wrong(config, peer, PEER_PUBLIC_KEY, why, "PrivateKeyFile in [Node] as well (keys of both ends), or no "
			     "PublicKey at either end (keys that follow from KeyFile)");
	if (!config_is_one_v6_host(&peer->addresses))
		return wrong(config, peer, PEER_ADDRESS, why, "one IPv6 host such as fd00::2; networks need encap");
	if (!config_is_one_v6_host(&peer->local_addresses))
		return wrong(config, peer, PEER_LOCAL_ADDRESS, why, "one IPv6 host of this node; networks need encap");
	if (rendezvous_check_prefix(&peer->prefix))
		return wrong(config, peer, PEER_PREFIX, why, "a routed unicast prefix, /48 or longer");
	if (rendezvous_check_prefix(&peer->local_prefix))
		return wrong(config, peer, PEER_LOCAL_PREFIX, why, "a routed unicast prefix, /48 or longer");
	return 0;
}
