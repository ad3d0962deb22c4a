// SPDX-License-Identifier: GPL-2.0-only
/*
 * Defaults, and what the values of one section say together. Pure: the node's public key is
 * given, no file is read. What several sections say together is in config_overlap.c.
 */
#include "ctl/config.h"

#include <string.h>

#include "ctl/format.h"
#include "ctl/identity.h"
#include "ctl/parse.h"

/* Where a person looks for the reason: the line of the key, or that of the section if it is a default. */
static unsigned int node_line(const struct config *config, enum config_node_key key)
{
	unsigned int line = config->node.line_of[key];

	return line ? line : config->node.line;
}

static unsigned int peer_line(const struct config_peer *peer, enum config_peer_key key)
{
	unsigned int line = peer->line_of[key];

	return line ? line : peer->line;
}

static bool is_same_template(const struct mf_template *one, const struct mf_template *other)
{
	return one->prefix_length == other->prefix_length && !memcmp(one->base, other->base, 16);
}

static int complete_node_mode(struct config *config, char why[static SAY_BYTES])
{
	struct config_node *node = &config->node;

	if (!node->line_of[NODE_DARK])
		node->dark = node->mode == MF_MODE_ROUTED;
	if (node->mode == MF_MODE_ON_LINK)
		return 0;
	if (node->line_of[NODE_ROUTER])
		return config_wrong(config, node->line_of[NODE_ROUTER], why,
				    "found Router in routed mode, expected it with Mode = on-link only");
	if (node->line_of[NODE_ON_LINK_PEERS])
		return config_wrong(config, node->line_of[NODE_ON_LINK_PEERS], why,
				    "found OnLinkPeers in routed mode, expected it with Mode = on-link only");
	return 0;
}

static int complete_node_addresses(struct config *config, const __u8 *node_public, char why[static SAY_BYTES])
{
	struct config_prefixes *addresses = &config->node.addresses;

	if (addresses->count)
		return 0;
	if (!node_public)
		return config_wrong(config, config->node.line, why,
				    "found neither PrivateKeyFile nor Address in [Node], expected one of them");
	identity_address(addresses->prefix[0].address, node_public);
	addresses->prefix[0].length = 128;
	addresses->count = 1;
	return 0;
}

static int complete_node(struct config *config, const __u8 *node_public, char why[static SAY_BYTES])
{
	struct config_node *node = &config->node;
	int error;

	if (!node->line)
		return config_wrong(config, 1, why, "found no [Node], expected one");
	if (!node->line_of[NODE_INTERFACE])
		return config_wrong(config, node->line, why, "found no Interface in [Node], expected one");
	if (!node->line_of[NODE_PREFIX])
		return config_wrong(config, node->line, why, "found no Prefix in [Node], expected one");
	if (!strcmp(node->interface, node->device))
		return config_wrong(config, node_line(config, NODE_DEVICE), why,
				    "found Device and Interface both called %s, expected a new name for Device",
				    node->device);
	error = complete_node_mode(config, why);
	return error ? error : complete_node_addresses(config, node_public, why);
}

static void complete_peer_name(const struct config *config, struct config_peer *peer)
{
	if (!peer->line_of[PEER_NAME])
		snprintf(peer->name, sizeof(peer->name), "peer%zu", (size_t)(peer - config->peers) + 1);
}

static int require_peer_key(const struct config *config, const struct config_peer *peer, enum config_peer_key key,
			    const char *name, char why[static SAY_BYTES])
{
	if (peer->line_of[key])
		return 0;
	return config_wrong(config, peer->line, why, "found no %s for peer %s, expected one", name, peer->name);
}

static int complete_peer_seeds(const struct config *config, struct config_peer *peer, const __u8 *node_public,
			       char why[static SAY_BYTES])
{
	if (!peer->line_of[PEER_LOCAL_SEED]) {
		if (!node_public)
			return config_wrong(config, peer->line, why,
					    "found neither LocalSeed for peer %s nor PrivateKeyFile in [Node], "
					    "expected one of them", peer->name);
		identity_seed(peer->seed_local, node_public);
	}
	if (!peer->line_of[PEER_REMOTE_SEED]) {
		if (!peer->line_of[PEER_PUBLIC_KEY])
			return config_wrong(config, peer->line, why,
					    "found neither RemoteSeed nor PublicKey for peer %s, "
					    "expected one of them", peer->name);
		identity_seed(peer->seed_remote, peer->public_key);
	}
	if (!memcmp(peer->seed_local, peer->seed_remote, sizeof(peer->seed_local)))
		return config_wrong(config, peer_line(peer, PEER_REMOTE_SEED), why,
				    "found the same seed for both ends of peer %s, expected two", peer->name);
	return 0;
}

static int complete_peer_prefix(const struct config *config, struct config_peer *peer, char why[static SAY_BYTES])
{
	const struct config_templates *ours = &config->node.prefixes;
	char text[FORMAT_PREFIX];

	if (!peer->line_of[PEER_LOCAL_PREFIX])
		peer->local_prefix = ours->template[0];
	for (unsigned int i = 0; i < ours->count; i++)
		if (is_same_template(&ours->template[i], &peer->local_prefix))
			return 0;
	return config_wrong(config, peer->line_of[PEER_LOCAL_PREFIX], why,
			    "found LocalPrefix = %s, expected one of the prefixes of [Node]",
			    format_template(text, &peer->local_prefix));
}

/* The node's own addresses, each as a host; `rewrite` takes the first IPv6 one alone. */
static void default_local_addresses(const struct config *config, struct config_peer *peer)
{
	const struct config_prefixes *from = &config->node.addresses;
	struct config_prefixes *to = &peer->local_addresses;
	bool rewrite = peer->carriage == MF_CARRIAGE_REWRITE;

	for (unsigned int i = 0; i < from->count; i++) {
		if (rewrite && (to->count || prefix_is_v4(&from->prefix[i])))
			continue;
		to->prefix[to->count] = from->prefix[i];
		to->prefix[to->count++].length = 128;
	}
}

static int complete_peer_addresses(const struct config *config, struct config_peer *peer, const __u8 *node_public,
				   char why[static SAY_BYTES])
{
	if (!peer->addresses.count) {
		if (!peer->line_of[PEER_PUBLIC_KEY])
			return config_wrong(config, peer->line, why,
					    "found neither PublicKey nor Address for peer %s, expected one of them",
					    peer->name);
		identity_address(peer->addresses.prefix[0].address, peer->public_key);
		peer->addresses.prefix[0].length = 128;
		peer->addresses.count = 1;
	}
	if (node_public && peer->line_of[PEER_PUBLIC_KEY] && !memcmp(node_public, peer->public_key, 32))
		return config_wrong(config, peer->line_of[PEER_PUBLIC_KEY], why,
				    "found this node's own public key for peer %s, expected the peer's", peer->name);
	if (!peer->local_addresses.count)
		default_local_addresses(config, peer);
	return 0;
}

static bool is_one_v6_host(const struct config_prefixes *list)
{
	return list->count == 1 && list->prefix[0].length == 128 && !prefix_is_v4(&list->prefix[0]);
}

/* rewrite has no room for inner addresses in the packet, so there can be but one pair of them. */
static int check_peer_rewrite(const struct config *config, const struct config_peer *peer, char why[static SAY_BYTES])
{
	if (peer->line_of[PEER_ZERO_CHECKSUM])
		return config_wrong(config, peer->line_of[PEER_ZERO_CHECKSUM], why,
				    "found ZeroChecksum with Carriage = rewrite, expected it with encap only");
	if (!is_one_v6_host(&peer->addresses))
		return config_wrong(config, peer_line(peer, PEER_ADDRESS), why,
				    "found other inner prefixes than one IPv6 host for peer %s, "
				    "expected just one such as fd00::2 with Carriage = rewrite", peer->name);
	if (!is_one_v6_host(&peer->local_addresses))
		return config_wrong(config, peer_line(peer, PEER_LOCAL_ADDRESS), why,
				    "found other inner prefixes than one IPv6 host for this end of peer %s, "
				    "expected LocalAddress to be just one with Carriage = rewrite", peer->name);
	return 0;
}

static int check_peer_encap(const struct config *config, const struct config_peer *peer, char why[static SAY_BYTES])
{
	if (peer->line_of[PEER_PORT])
		return config_wrong(config, peer->line_of[PEER_PORT], why,
				    "found Port with Carriage = encap, expected it with rewrite only");
	if (peer->line_of[PEER_PEER_PORT])
		return config_wrong(config, peer->line_of[PEER_PEER_PORT], why,
				    "found PeerPort with Carriage = encap, expected it with rewrite only");
	return 0;
}

static int complete_peer(const struct config *config, struct config_peer *peer, const __u8 *node_public,
			 char why[static SAY_BYTES])
{
	int error;

	complete_peer_name(config, peer);
	error = require_peer_key(config, peer, PEER_PREFIX, "Prefix", why);
	if (!error)
		error = require_peer_key(config, peer, PEER_KEY_FILE, "KeyFile", why);
	if (!error)
		error = complete_peer_addresses(config, peer, node_public, why);
	if (!error)
		error = complete_peer_seeds(config, peer, node_public, why);
	if (!error)
		error = complete_peer_prefix(config, peer, why);
	if (error)
		return error;
	return peer->carriage == MF_CARRIAGE_REWRITE ? check_peer_rewrite(config, peer, why) :
						       check_peer_encap(config, peer, why);
}

/* By default in doubles, so that a reload seldom needs more than the node came up with. */
static int complete_capacity(struct config *config, char why[static SAY_BYTES])
{
	struct config_node *node = &config->node;

	if (!node->capacity)
		for (node->capacity = MF_CAPACITY_DEFAULT; node->capacity < config->peer_count;)
			node->capacity *= 2;
	if (node->capacity > MF_CAPACITY_MAX)
		node->capacity = MF_CAPACITY_MAX;
	if (config->peer_count > node->capacity)
		return config_wrong(config, node->line_of[NODE_CAPACITY], why,
				    "found Capacity = %u and %zu peers, expected room for all", node->capacity,
				    config->peer_count);
	return 0;
}

int config_complete(struct config *config, const __u8 *node_public, char why[static SAY_BYTES])
{
	int error = complete_node(config, node_public, why);

	for (size_t i = 0; !error && i < config->peer_count; i++)
		error = complete_peer(config, &config->peers[i], node_public, why);
	if (!error)
		error = complete_capacity(config, why);
	if (!error)
		error = config_check_names(config, why);
	if (!error)
		error = config_check_overlaps(config, why);
	return error;
}
