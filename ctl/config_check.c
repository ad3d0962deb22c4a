// SPDX-License-Identifier: GPL-2.0-only
/*
 * Defaults, and what the values of one section say together. Pure: the node's public key is
 * given, no file is read. What several sections say together is in config_overlap.c.
 */
#include "ctl/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/config_key.h"
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

	if (node->prefixes.automatic && !node->line_of[NODE_MODE])
		node->mode = MF_MODE_ON_LINK;
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

/* Who has nothing at all is most likely to be met: a PublicKey is all that it takes. */
static int require_some_key(const struct config *config, const struct config_peer *peer, char why[static SAY_BYTES])
{
	if (peer->line_of[PEER_PUBLIC_KEY] || peer->line_of[PEER_PREFIX] || peer->line_of[PEER_KEY_FILE])
		return 0;
	return config_wrong(config, peer->line, why, "found no PublicKey for peer %s, expected one (a peer to meet), or Prefix "
			    "and KeyFile (a peer of a file)", peer->name);
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

/* The node's own addresses, each as a host; between hosts alone it is the first IPv6 one. */
static void default_local_addresses(const struct config *config, struct config_peer *peer)
{
	const struct config_prefixes *from = &config->node.addresses;
	struct config_prefixes *to = &peer->local_addresses;
	bool hosts = peer->carriage != MF_CARRIAGE_ENCAP;

	for (unsigned int i = 0; i < from->count; i++) {
		if (hosts && (to->count || prefix_is_v4(&from->prefix[i])))
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

/* rewrite has no room for inner addresses in the packet, so there can be but one pair of them. */
static int check_peer_rewrite(const struct config *config, const struct config_peer *peer, char why[static SAY_BYTES])
{
	if (peer->line_of[PEER_ZERO_CHECKSUM])
		return config_wrong(config, peer->line_of[PEER_ZERO_CHECKSUM], why,
				    "found ZeroChecksum with Carriage = rewrite, expected it with encap only");
	if (!config_is_one_v6_host(&peer->addresses))
		return config_wrong(config, peer_line(peer, PEER_ADDRESS), why,
				    "found other inner prefixes than one IPv6 host for peer %s, "
				    "expected just one such as fd00::2 with Carriage = rewrite", peer->name);
	if (!config_is_one_v6_host(&peer->local_addresses))
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

/* Somebody to meet is known by the public key and nothing else: what would be agreed on is found out. */
static bool is_rendezvous(const struct config_peer *peer)
{
	return peer->line_of[PEER_PUBLIC_KEY] && !peer->line_of[PEER_PREFIX] && !peer->line_of[PEER_KEY_FILE];
}

/* What is sealed with comes from a handshake, which the association of the file carries. */
static bool is_static(const struct config_peer *peer)
{
	return peer->carriage == MF_CARRIAGE_SEALED && !is_rendezvous(peer);
}

static int check_meet(const struct config *config, const struct config_peer *peer, char why[static SAY_BYTES])
{
	static const enum config_peer_key agreed[] = {
		PEER_ADDRESS, PEER_LOCAL_ADDRESS, PEER_LOCAL_SEED, PEER_REMOTE_SEED, PEER_ROTATION,
		PEER_ZERO_CHECKSUM, PEER_PORT, PEER_PEER_PORT,
	};

	for (size_t i = 0; i < sizeof(agreed) / sizeof(*agreed); i++)
		if (peer->line_of[agreed[i]])
			return config_wrong(config, peer->line_of[agreed[i]], why,
					    "found %s for peer %s, of whom only the PublicKey is known, expected "
					    "Prefix and KeyFile as well, or no such setting",
					    config_peer_keys.keys[agreed[i]].name, peer->name);
	if (peer->carriage == MF_CARRIAGE_REWRITE)
		return config_wrong(config, peer->line_of[PEER_CARRIAGE], why,
				    "found Carriage = rewrite for peer %s, of whom only the PublicKey is known, expected "
				    "sealed or encap", peer->name);
	return 0;
}

/* What it does not say of sessions the node says. */
static void complete_carriage(const struct config *config, struct config_peer *peer)
{
	if (!peer->line_of[PEER_CARRIAGE])
		peer->carriage = config->node.carriage;
	if (!peer->line_of[PEER_PADDING])
		peer->padding = config->node.padding;
}

static int complete_meet(const struct config *config, struct config_peer *peer, const __u8 *node_public,
			 char why[static SAY_BYTES])
{
	int error = check_meet(config, peer, why);

	complete_carriage(config, peer);
	if (!error && !node_public)
		error = config_wrong(config, peer->line, why,
				     "found neither Prefix and KeyFile for peer %s nor PrivateKeyFile in [Node], "
				     "expected those (a peer of a file) or this (a peer to meet)", peer->name);
	if (!error)
		error = complete_peer_addresses(config, peer, node_public, why);
	return error ? error : complete_peer_prefix(config, peer, why);
}

/* Sessions are for peers that are met. */
static int check_no_session(const struct config *config, const struct config_peer *peer, char why[static SAY_BYTES])
{
	static const enum config_peer_key keys[] = { PEER_CONNECT, PEER_IDLE_TIMEOUT, PEER_PADDING };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (peer->line_of[keys[i]])
			return config_wrong(config, peer->line_of[keys[i]], why,
					    "found %s for peer %s, who has a KeyFile, expected it for a peer with a PublicKey "
					    "alone", config_peer_keys.keys[keys[i]].name, peer->name);
	return 0;
}

static int complete_peer(const struct config *config, struct config_peer *peer, const __u8 *node_public,
			 char why[static SAY_BYTES])
{
	int error = peer->is_static ? 0 : check_no_session(config, peer, why);

	if (!error)
		error = require_some_key(config, peer, why);
	if (!error)
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
	if (peer->is_static)
		return config_check_static(config, peer, node_public != NULL, why);
	return peer->carriage == MF_CARRIAGE_REWRITE ? check_peer_rewrite(config, peer, why) :
						       check_peer_encap(config, peer, why);
}

static int complete_static(const struct config *config, struct config_peer *peer, const __u8 *node_public,
			   char why[static SAY_BYTES])
{
	complete_carriage(config, peer);
	return complete_peer(config, peer, node_public, why);
}

/* Puts those that have sessions behind the others, both as they stand in the file. */
static int part_peers(struct config *config, char why[static SAY_BYTES])
{
	size_t count = config->peer_count, kept = 0, met = 0;
	struct config_peer *meets = reallocarray(NULL, count + 1, sizeof(*meets));

	if (!meets)
		return say_why(why, -ENOMEM, "no memory for %zu peers", count);
	for (size_t i = 0; i < count; i++) {
		complete_peer_name(config, &config->peers[i]);
		config->peers[i].is_static = is_static(&config->peers[i]);
		if (config->peers[i].is_static || is_rendezvous(&config->peers[i]))
			meets[met++] = config->peers[i];
		else if (kept++ != i)
			config->peers[kept - 1] = config->peers[i];
	}
	if (met)
		memcpy(config->peers + kept, meets, met * sizeof(*meets));
	free(meets);
	config->peer_count = kept;
	config->meets = count ? config->peers + kept : NULL;
	config->meet_count = met;
	return 0;
}

/* What is wrong with the addresses in Store is found when it is opened. */
static void complete_store(struct config *config)
{
	struct config_rendezvous *rendezvous = &config->node.rendezvous;
	unsigned int line = config->node.line_of[NODE_STORE];

	if (line)
		snprintf(rendezvous->store_where, sizeof(rendezvous->store_where), "%s:%u", config->file, line);
}

/* Ports say no more than 256 bytes, slowly: the short forms are what is announced. */
static int complete_form(struct config *config, char why[static SAY_BYTES])
{
	struct config_rendezvous *rendezvous = &config->node.rendezvous;

	if (rendezvous->store.kind != CONFIG_STORE_ANNOUNCE)
		return 0;
	if (!config->node.line_of[NODE_FORM])
		rendezvous->form = RENDEZVOUS_FULL;
	if (rendezvous->form == RENDEZVOUS_NATIVE)
		return config_wrong(config, config->node.line_of[NODE_FORM], why,
				    "found Form = native with Store = announce, expected full or compact");
	return 0;
}

/* What queries leave from is one more prefix to the loader: dark, but for what it lends. */
static int complete_publish_prefix(struct config *config, char why[static SAY_BYTES])
{
	const struct mf_template *publish = &config->node.rendezvous.publish_prefix;
	struct config_templates *prefixes = &config->node.prefixes;

	if (!publish->prefix_length)
		return 0;
	for (unsigned int i = 0; i < prefixes->count; i++)
		if (is_same_template(&prefixes->template[i], publish))
			return 0;
	if (prefixes->count == MF_HOPPING_PREFIXES)
		return config_wrong(config, config->node.line_of[NODE_PUBLISH_PREFIX], why,
				    "found PublishPrefix besides %u prefixes, expected room for it: at most %u in all",
				    prefixes->count, MF_HOPPING_PREFIXES);
	prefixes->template[prefixes->count++] = *publish;
	return 0;
}

static int add_own_address(struct config *config, const __u8 own[static 16], __u8 length, char why[static SAY_BYTES])
{
	struct config_prefixes *addresses = &config->node.addresses;
	unsigned int i = 0;

	while (i < addresses->count && memcmp(addresses->prefix[i].address, own, 16))
		i++;
	if (i == MF_ASSOC_PREFIXES)
		return config_wrong(config, config->node.line_of[NODE_ADDRESS], why,
				    "found %d addresses, expected room for the three of this node's key, by which it is met",
				    addresses->count);
	if (i == addresses->count)
		addresses->prefix[addresses->count++].length = length;
	memcpy(addresses->prefix[i].address, own, 16);
	if (addresses->prefix[i].length > length)
		addresses->prefix[i].length = length;
	return 0;
}

/*
 * Whoever has sessions needs the host that introductions lead to; and what is for a static peer goes nowhere but to the device
 * while there is none, wherever addresses are not as configured. Whoever meets knows each other by keys: the addresses that follow from this node's are on the device in any case, and
 * all such addresses behind it: a packet for a peer without a session begins one (on demand) or is lost, but never leaves in the
 * clear. The kernel takes the last one of equals as source of what it sends there, which must be the stable one.
 */
static int complete_meeting_addresses(struct config *config, const __u8 *node_public, char why[static SAY_BYTES])
{
	static void (*const address_of[])(__u8 *, const __u8 *) = { identity_introduction, identity_visitor, identity_address };
	static const __u8 nobody[32];
	__u8 own[16];
	int error = 0;

	if (!node_public || (!config_count_met(config) && !*config->node.rendezvous.clients)) {
		if (!config->meet_count)
			return 0;
		if (!config->node.line_of[NODE_ADDRESS])
			config->node.addresses.prefix[0].length = CONFIG_OWN_LENGTH;
		identity_introduction(own, node_public ? node_public : nobody);
		return add_own_address(config, own, 128, why);
	}
	if (!config->node.line_of[NODE_ADDRESS])
		config->node.addresses.count = 0;
	for (int i = 0; !error && i < 3; i++) {
		address_of[i](own, node_public);
		error = add_own_address(config, own, CONFIG_OWN_LENGTH, why);
	}
	return error;
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

	config_rendezvous_complete(&config->node.rendezvous);
	complete_store(config);
	if (!error)
		error = complete_form(config, why);
	if (!error)
		error = complete_publish_prefix(config, why);
	if (!error)
		error = part_peers(config, why);
	for (size_t i = 0; !error && i < config->peer_count; i++)
		error = complete_peer(config, &config->peers[i], node_public, why);
	for (size_t i = 0; !error && i < config->meet_count; i++)
		error = config->meets[i].is_static ? complete_static(config, &config->meets[i], node_public, why) :
						     complete_meet(config, &config->meets[i], node_public, why);
	if (!error)
		error = complete_meeting_addresses(config, node_public, why);
	if (!error)
		error = complete_capacity(config, why);
	if (!error)
		error = config_check_names(config, why);
	if (!error)
		error = config_check_overlaps(config, why);
	return error;
}
