// SPDX-License-Identifier: GPL-2.0-only
/* Defaults and values of the keys about the rendezvous. Nothing is resolved or opened here. */
#include "ctl/config_rendezvous.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "ctl/parse.h"

/* Well known, run by different people: one of them may go. */
static const struct config_bootstrap public_nodes[] = {
	{ "router.bittorrent.com", 6881 },
	{ "dht.transmissionbt.com", 6881 },
	{ "router.utorrent.com", 6881 },
	{ "dht.libtorrent.org", 25401 },
};

void config_rendezvous_init(struct config_rendezvous *rendezvous)
{
	memset(rendezvous, 0, sizeof(*rendezvous));
	rendezvous->period_ms = RENDEZVOUS_PERIOD_DEFAULT_S * 1000;
	rendezvous->form = RENDEZVOUS_NATIVE;
	rendezvous->two_stage = CONFIG_TWO_STAGE_DEFAULT;
}

void config_rendezvous_complete(struct config_rendezvous *rendezvous)
{
	if (rendezvous->bootstrap.count)
		return;
	rendezvous->bootstrap.count = sizeof(public_nodes) / sizeof(*public_nodes);
	memcpy(rendezvous->bootstrap.node, public_nodes, sizeof(public_nodes));
}

static bool is_redis(const char *value)
{
	static const char *const schemes[] = { "redis://", "rediss://", "unix:", "redis+unix:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (!strncasecmp(value, schemes[i], strlen(schemes[i])))
			return true;
	return false;
}

int config_parse_store(void *field, const char *value)
{
	struct config_rendezvous *rendezvous = NULL;
	__typeof__(rendezvous->store) *store = field;

	if (!strcasecmp(value, "dht")) {
		store->kind = CONFIG_STORE_DHT;
	} else if (!strcasecmp(value, "announce")) {
		store->kind = CONFIG_STORE_ANNOUNCE;
	} else if (is_redis(value)) {
		if (strlen(value) >= sizeof(store->redis))
			return -ERANGE;
		store->kind = CONFIG_STORE_REDIS;
		strcpy(store->redis, value);
	} else {
		return -EINVAL;
	}
	return 0;
}

static bool is_host(const char *host, size_t length)
{
	if (!length || length >= CONFIG_HOST_BYTES || *host == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)host[i]) && !strchr("._-", host[i]))
			return false;
	return true;
}

static bool is_bracketed(const char *host, size_t length)
{
	char text[CONFIG_HOST_BYTES];
	__u8 address[16];

	if (length < 4 || length >= sizeof(text) || *host != '[' || host[length - 1] != ']')
		return false;
	memcpy(text, host + 1, length - 2);
	text[length - 2] = 0;
	return strchr(text, ':') && !parse_address(text, address);
}

int config_parse_bootstrap(void *field, const char *value)
{
	struct config_rendezvous *rendezvous = NULL;
	__typeof__(rendezvous->bootstrap) *list = field;
	const char *colon = strrchr(value, ':');
	size_t length = colon ? (size_t)(colon - value) : 0;
	struct config_bootstrap node = { 0 };
	__u64 port;

	if (list->count == CONFIG_BOOTSTRAP_MOST)
		return -E2BIG;
	if (!colon || parse_number(colon + 1, 1, 65535, &port))
		return -EINVAL;
	if (is_bracketed(value, length))
		memcpy(node.host, value + 1, length - 2);
	else if (is_host(value, length))
		memcpy(node.host, value, length);
	else
		return -EINVAL;
	node.port = (__u16)port;
	list->node[list->count++] = node;
	return 0;
}

int config_parse_period(void *field, const char *value)
{
	__u32 ms;
	int error = parse_duration_ms(value, &ms);

	if (error)
		return error;
	if (ms % 1000 || ms < RENDEZVOUS_PERIOD_MIN_S * 1000 || ms > RENDEZVOUS_PERIOD_MAX_S * 1000)
		return -ERANGE;
	*(__u32 *)field = ms;
	return 0;
}

struct word {
	const char *name;
	int value;
};

static int find_word(const struct word *words, const char *value)
{
	for (; words->name; words++)
		if (!strcasecmp(words->name, value))
			return words->value;
	return -EINVAL;
}

int config_parse_form(void *field, const char *value)
{
	static const struct word words[] = {
		{ "native", RENDEZVOUS_NATIVE }, { "full", RENDEZVOUS_FULL }, { "compact", RENDEZVOUS_COMPACT }, { 0 },
	};
	int found = find_word(words, value);

	if (found >= 0)
		*(enum rendezvous_form *)field = (enum rendezvous_form)found;
	return found < 0 ? found : 0;
}

int config_parse_dht_family(void *field, const char *value)
{
	static const struct word words[] = {
		{ "any", CONFIG_DHT_ANY }, { "ipv4", CONFIG_DHT_IPV4 }, { "ipv6", CONFIG_DHT_IPV6 }, { 0 },
	};
	int found = find_word(words, value);

	if (found >= 0)
		*(enum config_dht_family *)field = (enum config_dht_family)found;
	return found < 0 ? found : 0;
}

int config_parse_two_stage(void *field, const char *value)
{
	__u64 clients;
	int error = parse_number(value, 0, 1000000, &clients);

	if (!error)
		*(__u32 *)field = (__u32)clients;
	return error;
}
