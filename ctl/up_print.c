// SPDX-License-Identifier: GPL-2.0-only
/* What up and reload say: each change, and in the end what the node is called by and who its peers are. */
#include <string.h>

#include "ctl/connecting.h"
#include "ctl/format.h"
#include "ctl/identity.h"
#include "ctl/up_parts.h"
#include "ctl/wrap.h"

enum { LIST_MOST = 40 }; /* associations, and peers to meet, that the summary names */

void up_print_step(const struct plan_step *step)
{
	static const char marks[] = { [PLAN_DELETE] = '-', [PLAN_NODE] = '~', [PLAN_CHANGE] = '~', [PLAN_ADD] = '+' };
	char words[PLAN_WORDS_BYTES];

	printf("  %c %s", marks[step->kind], step->name ? step->name : "node");
	if (step->differences)
		printf(": %s", plan_difference_words(words, step->differences));
	if (step->replaces)
		printf(" (replaced)");
	putchar('\n');
}

/* --- this node ----------------------------------------------------------------------- */

static bool is_of_key(const struct up_run *run, const __u8 address[static 16], void (*address_of)(__u8 *, const __u8 *))
{
	__u8 own[16];

	if (!run->config.node.line_of[NODE_PRIVATE_KEY_FILE])
		return false;
	address_of(own, run->public_key);
	return !memcmp(own, address, sizeof(own));
}

enum own { OWN_PLAIN, OWN_STABLE, OWN_INTRODUCTORY, OWN_KINDS };

static bool meets(const struct config *config)
{
	return config_count_met(config) || *config->node.rendezvous.clients;
}

/* All zero is the key of a node that has none. */
static bool is_introductory(const struct up_run *run, const __u8 address[static 16])
{
	__u8 own[16];

	identity_introduction(own, run->public_key);
	return !memcmp(own, address, sizeof(own));
}

/* Of the three that follow from the key of a node that meets, two are nobody's to send to. */
static enum own kind_of(const struct up_run *run, const __u8 address[static 16])
{
	if (is_introductory(run, address))
		return OWN_INTRODUCTORY;
	if (!meets(&run->config))
		return OWN_PLAIN;
	if (is_of_key(run, address, identity_address))
		return OWN_STABLE;
	return is_of_key(run, address, identity_visitor) ?
		OWN_INTRODUCTORY : OWN_PLAIN;
}

static void print_own(const struct up_run *run)
{
	static const char *const remarks[] = { "", "  (its key's: whom it meets reaches it here)", "  (for introductions alone)" };
	const struct config_prefixes *all = &run->config.node.addresses;
	struct config_prefixes hosts[OWN_KINDS] = { 0 };
	char prefixes[FORMAT_PREFIXES];
	const char *label = "this node";

	for (unsigned int i = 0; i < all->count; i++) {
		struct config_prefixes *of = &hosts[kind_of(run, all->prefix[i].address)];

		of->prefix[of->count] = all->prefix[i];
		of->prefix[of->count++].length = 128;
	}
	for (int kind = 0; kind < OWN_KINDS; kind++) {
		if (!hosts[kind].count)
			continue;
		printf("  %-12s %s%s\n", label, format_prefixes(prefixes, hosts[kind].prefix, hosts[kind].count), remarks[kind]);
		label = "";
	}
}

/* --- peers --------------------------------------------------------------------------- */

static void print_peers(const struct config *config)
{
	char prefixes[FORMAT_PREFIXES], period[FORMAT_AMOUNT];

	for (size_t i = 0; i < config->peer_count && i < LIST_MOST; i++) {
		const struct config_peer *peer = &config->peers[i];

		printf("  %-12s %s  (%s, hops every %s)\n", peer->name,
		       format_prefixes(prefixes, peer->addresses.prefix, peer->addresses.count),
		       format_carriage(peer->carriage), format_period(period, peer->rotation_ms));
	}
	if (config->peer_count > LIST_MOST)
		printf("  ... and %zu more\n", config->peer_count - LIST_MOST);
}

static const char *begun_by(const struct config_peer *peer, bool by_default)
{
	if (peer->is_static)
		return "sealed: reach it at this address once there is a session";
	if (!connecting_wants(peer, by_default))
		return "to be met: a session begins when it asks";
	return peer->connect == CONNECT_ON_DEMAND ? "to be met: the first packet to this address begins a session" :
						    "to be met: reach it at this address once there is a session";
}

static void print_meets(const struct up_run *run)
{
	const struct config *config = &run->config;
	char address[FORMAT_ADDRESS];

	for (size_t i = 0; i < config->meet_count && i < LIST_MOST; i++)
		printf("  %-12s %s  (%s)\n", config->meets[i].name,
		       format_address(address, config->meets[i].addresses.prefix[0].address),
		       begun_by(&config->meets[i], run->keeps));
	if (config->meet_count > LIST_MOST)
		printf("  ... and %zu more\n", config->meet_count - LIST_MOST);
}

/* --- all of it ----------------------------------------------------------------------- */

static void print_summary(const struct up_run *run)
{
	const struct config *config = &run->config;
	char count[FORMAT_AMOUNT], meets[FORMAT_AMOUNT], hop[FORMAT_PREFIX];
	size_t met = config_count_met(config);

	printf("%s is up on %s: %s association%s", config->node.device, config->node.interface,
	       format_count(count, config->peer_count), format_plural(config->peer_count));
	if (met)
		printf(", %s peer%s to meet", format_count(meets, met), format_plural(met));
	if (config->meet_count > met)
		printf(", %s sealed", format_count(meets, config->meet_count - met));
	printf(", hopping in %s%s\n", format_template(hop, &config->node.prefixes.template[0]),
	       config->node.prefixes.count > 1 ? " and others" : "");
	print_own(run);
	print_peers(config);
	print_meets(run);
}

/* Whom there is to meet is not the loader's to know: what has changed of them is found by who keeps their sessions. */
static void print_meets_again(const struct config *config)
{
	char count[FORMAT_AMOUNT];

	if (config->meet_count)
		printf("peers with sessions are read again by whoever keeps their sessions: %s\n",
		       format_count(count, config->meet_count));
}

void up_print_outcome(const struct up_run *run)
{
	char count[FORMAT_AMOUNT];
	struct wrap wrap;

	if (run->fresh) {
		wrap_open(&wrap);
		print_summary(run);
		wrap_close(&wrap);
		return;
	}
	if (!run->plan.count)
		printf("nothing to change in the loader: %s association%s of the file as before\n",
		       format_count(count, run->plan.untouched), format_plural(run->plan.untouched));
	else
		printf("%s reloaded, %s association%s left untouched\n", run->config.node.device,
		       format_count(count, run->plan.untouched), format_plural(run->plan.untouched));
	print_meets_again(&run->config);
}
