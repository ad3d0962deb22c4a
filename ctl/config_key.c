// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every configuration key, in one table a section, with the small parsers that check the bounds
 * of one value. What two values say together is checked in config_check.c.
 */
#include "ctl/config_key.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "ctl/config.h"
#include "ctl/key.h"
#include "ctl/parse.h"
#include "ctl/rendezvous.h"

static int copy_text(char *field, size_t size, const char *value)
{
	size_t length = strlen(value);

	if (!length || length >= size)
		return -ERANGE;
	memset(field, 0, size);
	memcpy(field, value, length);
	return 0;
}

static bool is_name(const char *value)
{
	if (!isalnum((unsigned char)*value))
		return false;
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && !strchr("._-", *value))
			return false;
	return true;
}

static int parse_interface(void *field, const char *value)
{
	return is_name(value) ? copy_text(field, MF_DEVICE_BYTES, value) : -EINVAL;
}

/* No dots: the name is also one component of a path under /proc/sys. */
static int parse_device(void *field, const char *value)
{
	if (strchr(value, '.'))
		return -EINVAL;
	return strlen(value) <= CONFIG_DEVICE_MOST ? parse_interface(field, value) : -ERANGE;
}

static int parse_name(void *field, const char *value)
{
	return is_name(value) ? copy_text(field, MF_NAME_BYTES, value) : -EINVAL;
}

static int parse_path(void *field, const char *value)
{
	return *value == '/' ? copy_text(field, CONFIG_PATH_BYTES, value) : -EINVAL;
}

static int parse_public_key(void *field, const char *value)
{
	__u8 key[KEY_PUBLIC_BYTES];
	int error = parse_base64(value, key, sizeof(key));

	if (!error && key_is_low_order(key))
		return -EKEYREJECTED;
	if (!error)
		memcpy(field, key, sizeof(key));
	return error;
}

static int parse_seed(void *field, const char *value)
{
	return parse_hex(value, field, 8);
}

static int parse_flag(void *field, const char *value)
{
	return parse_yes_no(value, field);
}

static int parse_mode(void *field, const char *value)
{
	enum mf_node_mode *mode = field;

	if (!strcasecmp(value, "routed"))
		*mode = MF_MODE_ROUTED;
	else if (!strcasecmp(value, "on-link"))
		*mode = MF_MODE_ON_LINK;
	else
		return -EINVAL;
	return 0;
}

/* What handshakes agree on. */
static int parse_carriage_of_sessions(void *field, const char *value)
{
	enum mf_carriage *carriage = field;

	if (!strcasecmp(value, "sealed"))
		*carriage = MF_CARRIAGE_SEALED;
	else if (!strcasecmp(value, "encap"))
		*carriage = MF_CARRIAGE_ENCAP;
	else
		return -EINVAL;
	return 0;
}

static int parse_carriage(void *field, const char *value)
{
	if (strcasecmp(value, "rewrite"))
		return parse_carriage_of_sessions(field, value);
	*(enum mf_carriage *)field = MF_CARRIAGE_REWRITE;
	return 0;
}

static int parse_padding(void *field, const char *value)
{
	static const char *const names[] = {
		[MF_PADDING_NONE] = "none", [MF_PADDING_CLASSES] = "classes", [MF_PADDING_FULL] = "full",
	};

	for (unsigned int i = MF_PADDING_NONE; i <= MF_PADDING_FULL; i++) {
		if (!strcasecmp(value, names[i])) {
			*(enum mf_padding *)field = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_level(void *field, const char *value)
{
	for (unsigned int level = LEVEL_AUTO; level < LEVELS; level++) {
		if (!strcasecmp(value, level_name(level))) {
			*(enum level *)field = level;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_firewall(void *field, const char *value)
{
	static const struct {
		const char *name;
		__u8 flags;
	} places[] = {
		{ "none", 0 },
		{ "local", MF_ASSOC_OPENS },
		{ "peer", MF_ASSOC_FOLLOWS },
		{ "both", MF_ASSOC_OPENS | MF_ASSOC_FOLLOWS },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!strcasecmp(value, places[i].name)) {
			*(__u8 *)field = places[i].flags;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_port(void *field, const char *value)
{
	__u64 port;
	int error = parse_number(value, 1, 65535, &port);

	if (!error)
		*(__be16 *)field = htons((__u16)port);
	return error;
}

static int parse_span(__u32 *field, const char *value, __u32 least_ms, __u32 most_ms)
{
	__u32 ms;
	int error = parse_duration_ms(value, &ms);

	if (error)
		return error;
	if (ms < least_ms || ms > most_ms)
		return -ERANGE;
	*field = ms;
	return 0;
}

static int parse_rotation(void *field, const char *value)
{
	return parse_span(field, value, MF_ROTATION_MIN_MS, MF_ROTATION_MAX_MS);
}

static int parse_look_ahead(void *field, const char *value)
{
	return parse_span(field, value, MF_LOOK_AHEAD_MIN_MS, MF_LOOK_AHEAD_MAX_MS);
}

static int parse_idle(void *field, const char *value)
{
	return parse_span(field, value, CONFIG_IDLE_LEAST_MS, CONFIG_IDLE_MOST_MS);
}

static int parse_connect(void *field, const char *value)
{
	static const char *const names[] = {
		[CONNECT_YES] = "yes", [CONNECT_ON_DEMAND] = "on-demand", [CONNECT_NO] = "no",
	};

	for (unsigned int i = CONNECT_YES; i <= CONNECT_NO; i++) {
		if (!strcasecmp(value, names[i])) {
			*(enum config_connect *)field = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_capacity(void *field, const char *value)
{
	__u64 capacity;
	int error = parse_number(value, 1, MF_CAPACITY_MAX, &capacity);

	if (!error)
		*(__u32 *)field = (__u32)capacity;
	return error;
}

/* Where nothing is routed nobody hops: loopback, link-local, multicast, mapped IPv4. */
static int parse_one_template(void *field, const char *value)
{
	struct mf_template template;
	int error = parse_template(value, &template);

	if (!error && rendezvous_check_prefix(&template))
		return -ENETUNREACH;
	if (!error)
		memcpy(field, &template, sizeof(template));
	return error;
}

/* "auto" takes the place of the first one: it is known when the interface has been looked at. */
static int parse_templates(void *field, const char *value)
{
	struct config_templates *list = field;
	int error;

	if (!strcasecmp(value, "auto") && !list->count) {
		list->automatic = true;
		list->count = 1;
		return 0;
	}
	if (list->count == MF_HOPPING_PREFIXES)
		return -E2BIG;
	error = parse_one_template(&list->template[list->count], value);
	if (!error)
		list->count++;
	return error;
}

/* Neither the unspecified, nor loopback, link-local or multicast. */
static bool is_usable_inner(const struct mf_prefix *prefix)
{
	const __u8 *a = prefix->address;

	if (prefix_is_v4(prefix))
		return prefix->length >= 96 + CONFIG_INNER_LEAST_V4 && a[12] && a[12] != 127 && a[12] < 224 &&
		       !(a[12] == 169 && a[13] == 254);
	return prefix->length >= CONFIG_INNER_LEAST_V6 && (a[0] || a[1]) && a[0] != 0xff &&
	       !(a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

static int parse_inner(void *field, const char *value, bool host_bits)
{
	struct config_prefixes *list = field;
	struct mf_prefix prefix;
	int error = parse_prefix(value, &prefix);

	if (error)
		return error;
	if (list->count == MF_ASSOC_PREFIXES)
		return -E2BIG;
	if (!is_usable_inner(&prefix))
		return -ERANGE;
	if (!host_bits && prefix_has_host_bits(&prefix))
		return -EADDRNOTAVAIL;
	list->prefix[list->count++] = prefix;
	return 0;
}

static int parse_inner_prefixes(void *field, const char *value)
{
	return parse_inner(field, value, false);
}

/* An address of the device stands in its on-link prefix: fd00::1/64. */
static int parse_inner_addresses(void *field, const char *value)
{
	return parse_inner(field, value, true);
}

static int parse_routers(void *field, const char *value)
{
	struct config_routers *list = field;
	int error;

	if (list->count == MF_ROUTERS)
		return -E2BIG;
	if (!strchr(value, ':'))
		return -EINVAL;
	error = parse_address(value, list->address[list->count]);
	if (!error)
		list->count++;
	return error;
}

#define NODE(member) offsetof(struct config_node, member)
#define PEER(member) offsetof(struct config_peer, member)
#define YES_NO "yes or no"
#define INNER "inner addresses or prefixes such as fd00::2 or 10.9.0.0/24, at most 8, apart by commas; " \
	"not link-local or multicast, IPv6 /16 or longer, IPv4 /8 or longer"
#define SEED "16 hexadecimal digits"
#define PORT "a port, 1 to 65535"
#define PADDING "none, classes or full"
#define IDLE "a duration of 10s to 24h, such as 10m"
#define PREFIX "an IPv6 prefix of /48 to /112, such as 2001:db8:1::/64"

static const struct config_key node_keys[NODE_KEYS] = {
	[NODE_INTERFACE] = { "Interface", parse_interface, NODE(interface), .expected =
		"the name of the network interface, such as eth0" },
	[NODE_PRIVATE_KEY_FILE] = { "PrivateKeyFile", parse_path, NODE(private_key_file), .quiet = true, .expected =
		"the full path of a file made by mayflyctl genkey" },
	[NODE_PREFIX] = { "Prefix", parse_templates, NODE(prefixes), .list = true, .expected =
		"auto, or up to 4 IPv6 prefixes of /48 to /112, such as 2001:db8:1::/64" },
	[NODE_MODE] = { "Mode", parse_mode, NODE(mode), .expected = "routed or on-link" },
	[NODE_DARK] = { "Dark", parse_flag, NODE(dark), .expected = YES_NO },
	[NODE_ROUTER] = { "Router", parse_routers, NODE(routers), .list = true, .expected =
		"up to 8 IPv6 addresses of routers, such as fe80::1" },
	[NODE_THREADED_NAPI] = { "ThreadedNapi", parse_flag, NODE(threaded_napi), .expected = YES_NO },
	[NODE_ON_LINK_PEERS] = { "OnLinkPeers", parse_flag, NODE(on_link_peers), .expected = YES_NO },
	[NODE_ADDRESS] = { "Address", parse_inner_addresses, NODE(addresses), .list = true, .expected = INNER },
	[NODE_LOOK_AHEAD] = { "LookAhead", parse_look_ahead, NODE(look_ahead_ms), .expected =
		"a duration of 1s to 1h, such as 2m" },
	[NODE_CAPACITY] = { "Capacity", parse_capacity, NODE(capacity), .expected =
		"a number of associations, 1 to 1000000" },
	[NODE_DEVICE] = { "Device", parse_device, NODE(device), .expected =
		"a device name of at most 12 letters, digits and dashes, such as mayfly0" },
	[NODE_STORE] = { "Store", config_parse_store, NODE(rendezvous.store), .quiet = true, .expected =
		"dht, announce, or redis://HOST" },
	[NODE_BOOTSTRAP] = { "Bootstrap", config_parse_bootstrap, NODE(rendezvous.bootstrap), .list = true,
		.expected = "up to 16 nodes such as router.example.org:6881 or [2001:db8::1]:6881, apart by commas" },
	[NODE_PUBLISH_PREFIX] = { "PublishPrefix", parse_one_template, NODE(rendezvous.publish_prefix), .expected =
		PREFIX },
	[NODE_PERIOD] = { "Period", config_parse_period, NODE(rendezvous.period_ms), .expected =
		"a duration of 1s to 24h in whole seconds, such as 10m" },
	[NODE_CLIENTS] = { "Clients", parse_path, NODE(rendezvous.clients), .expected =
		"the full path of a directory of public key files" },
	[NODE_FORM] = { "Form", config_parse_form, NODE(rendezvous.form), .expected = "native, full or compact" },
	[NODE_DHT_FAMILY] = { "DhtFamily", config_parse_dht_family, NODE(rendezvous.family), .expected =
		"any, ipv4 or ipv6" },
	[NODE_TWO_STAGE] = { "TwoStage", config_parse_two_stage, NODE(rendezvous.two_stage), .expected =
		"a number of clients, 0 to 1000000" },
	[NODE_PRIVATE_NETWORK] = { "PrivateNetwork", parse_flag, NODE(rendezvous.private_network), .expected =
		YES_NO },
	[NODE_LEVEL] = { "Level", parse_level, NODE(level), .expected = "auto, calm, watched or attacked" },
	[NODE_FIREWALL] = { "Firewall", parse_flag, NODE(firewall), .expected = YES_NO },
	[NODE_IDLE_TIMEOUT] = { "IdleTimeout", parse_idle, NODE(idle_ms), .expected = IDLE },
	[NODE_CARRIAGE] = { "Carriage", parse_carriage_of_sessions, NODE(carriage), .expected =
		"sealed or encap, for sessions" },
	[NODE_LISTEN] = { "Listen", config_parse_listen, NODE(listen), .expected =
		"no, a local address and port such as [::1]:9808 (any other with the word anywhere behind it), or a socket's full path" },
	[NODE_LISTEN_NAME] = { "ListenName", config_parse_listen_name, NODE(listen_names), .list = true, .expected =
		"up to 8 names of hosts, apart by commas" },
	[NODE_PADDING] = { "Padding", parse_padding, NODE(padding), .expected = PADDING },
};

static const struct config_key peer_keys[PEER_KEYS] = {
	[PEER_NAME] = { "Name", parse_name, PEER(name), .expected =
		"a name of at most 31 letters, digits, dots, dashes and underscores" },
	[PEER_PUBLIC_KEY] = { "PublicKey", parse_public_key, PEER(public_key), .quiet = true, .expected =
		"32 bytes in base64, as mayflyctl pubkey prints them" },
	[PEER_ADDRESS] = { "Address", parse_inner_prefixes, PEER(addresses), .list = true, .expected = INNER },
	[PEER_LOCAL_ADDRESS] = { "LocalAddress", parse_inner_prefixes, PEER(local_addresses), .list = true,
		.expected = INNER },
	[PEER_PREFIX] = { "Prefix", parse_one_template, PEER(prefix), .expected = PREFIX },
	[PEER_LOCAL_PREFIX] = { "LocalPrefix", parse_one_template, PEER(local_prefix), .expected =
		"one of the prefixes of [Node]" },
	[PEER_KEY_FILE] = { "KeyFile", parse_path, PEER(key_file), .quiet = true, .expected =
		"the full path of a file made by mayflyctl genpsk" },
	[PEER_LOCAL_SEED] = { "LocalSeed", parse_seed, PEER(seed_local), .expected = SEED },
	[PEER_REMOTE_SEED] = { "RemoteSeed", parse_seed, PEER(seed_remote), .expected = SEED },
	[PEER_ROTATION] = { "Rotation", parse_rotation, PEER(rotation_ms), .expected =
		"a duration of 100ms to 1h, such as 3s" },
	[PEER_CARRIAGE] = { "Carriage", parse_carriage, PEER(carriage), .expected =
		"sealed, encap or rewrite" },
	[PEER_ZERO_CHECKSUM] = { "ZeroChecksum", parse_flag, PEER(zero_checksum), .expected = YES_NO },
	[PEER_FIREWALL] = { "Firewall", parse_firewall, PEER(firewall), .expected = "none, local, peer or both" },
	[PEER_PORT] = { "Port", parse_port, PEER(port), .expected = PORT },
	[PEER_PEER_PORT] = { "PeerPort", parse_port, PEER(peer_port), .expected = PORT },
	[PEER_CONNECT] = { "Connect", parse_connect, PEER(connect), .expected = "yes, on-demand or no" },
	[PEER_IDLE_TIMEOUT] = { "IdleTimeout", parse_idle, PEER(idle_ms), .expected = IDLE },
	[PEER_PADDING] = { "Padding", parse_padding, PEER(padding), .expected = PADDING },
};

const struct config_key_table config_node_keys = { node_keys, NODE_KEYS };
const struct config_key_table config_peer_keys = { peer_keys, PEER_KEYS };

int config_key_find(const struct config_key_table *table, const char *name)
{
	for (unsigned int i = 0; i < table->count; i++)
		if (!strcasecmp(table->keys[i].name, name))
			return (int)i;
	return -ENOENT;
}

/* Levenshtein's distance of two short words, case aside; one row is kept. */
static unsigned int distance(const char *a, const char *b)
{
	enum { MOST = 32 };
	unsigned int row[MOST + 1];
	size_t length = strlen(b);

	if (length > MOST || strlen(a) > MOST)
		return MOST;
	for (unsigned int j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned int i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= length; j++) {
			unsigned int change = diagonal + (tolower((unsigned char)a[i - 1]) !=
							  tolower((unsigned char)b[j - 1]));
			unsigned int step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = change < step ? change : step;
		}
	}
	return row[length];
}

const char *config_key_suggest(const struct config_key_table *table, const char *name)
{
	unsigned int best = 3; /* further off than that is no slip of the finger */
	const char *found = NULL;

	for (unsigned int i = 0; i < table->count; i++) {
		unsigned int apart = distance(name, table->keys[i].name);

		if (apart < best) {
			best = apart;
			found = table->keys[i].name;
		}
	}
	return found;
}
