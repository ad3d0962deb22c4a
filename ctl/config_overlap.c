// SPDX-License-Identifier: GPL-2.0-only
/*
 * What several sections say together: names are unique, no two peers have the same inner
 * prefix, inner and hopping prefixes keep apart. Sorted, so that 100,000 peers take no longer
 * than reading them.
 */
#include "ctl/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/format.h"
#include "ctl/parse.h"

static int compare_names(const void *one, const void *other)
{
	const struct config_peer *const *a = one, *const *b = other;
	int order = strcmp((*a)->name, (*b)->name);

	return order ? order : ((*a)->line > (*b)->line) - ((*a)->line < (*b)->line);
}

int config_check_names(const struct config *config, char why[static SAY_BYTES])
{
	size_t count = config->peer_count + config->meet_count;
	const struct config_peer **sorted = calloc(count + 1, sizeof(*sorted));
	int error = 0;

	if (!sorted)
		return say_why(why, -ENOMEM, "no memory for %zu peers", count);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &config->peers[i];
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (size_t i = 1; !error && i < count; i++)
		if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
			error = config_wrong(config, sorted[i]->line, why,
					     "found a second peer called %s (the first is on line %u), "
					     "expected another Name", sorted[i]->name, sorted[i - 1]->line);
	free(sorted);
	return error;
}

enum use { USE_LOCAL_HOP, USE_PEER_HOP, USE_LOCAL_INNER, USE_PEER_INNER };

struct entry {
	struct mf_prefix prefix;
	enum use use;
	const struct config_peer *peer; /* NULL: the node */
};

struct entries {
	struct entry *entry;
	size_t count;
};

static bool is_hop(const struct entry *entry)
{
	return entry->use == USE_LOCAL_HOP || entry->use == USE_PEER_HOP;
}

static unsigned int line_of_entry(const struct config *config, const struct entry *entry)
{
	static const enum config_peer_key keys[] = {
		[USE_PEER_HOP] = PEER_PREFIX, [USE_LOCAL_INNER] = PEER_LOCAL_ADDRESS, [USE_PEER_INNER] = PEER_ADDRESS,
	};
	unsigned int line;

	if (entry->peer) {
		line = entry->peer->line_of[keys[entry->use]];
		return line ? line : entry->peer->line;
	}
	line = config->node.line_of[entry->use == USE_LOCAL_HOP ? NODE_PREFIX : NODE_ADDRESS];
	return line ? line : config->node.line;
}

static void add_template(struct entries *entries, const struct mf_template *template, enum use use,
			 const struct config_peer *peer)
{
	struct entry *entry = &entries->entry[entries->count++];

	*entry = (struct entry){ .use = use, .peer = peer, .prefix.length = template->prefix_length };
	memcpy(entry->prefix.address, template->base, 16);
}

/* Addresses of the device stand for the host alone, whatever their on-link length. */
static void add_prefixes(struct entries *entries, const struct config_prefixes *list, enum use use,
			 const struct config_peer *peer)
{
	for (unsigned int i = 0; i < list->count; i++) {
		struct entry *entry = &entries->entry[entries->count++];

		*entry = (struct entry){ .prefix = list->prefix[i], .use = use, .peer = peer };
		if (!peer)
			entry->prefix.length = 128;
	}
}

static int gather(struct entries *entries, const struct config *config)
{
	size_t room = MF_HOPPING_PREFIXES + MF_ASSOC_PREFIXES +
		      (config->peer_count + config->meet_count) * (1 + 2 * MF_ASSOC_PREFIXES);

	entries->count = 0;
	entries->entry = reallocarray(NULL, room, sizeof(*entries->entry));
	if (!entries->entry)
		return -ENOMEM;
	for (unsigned int i = 0; i < config->node.prefixes.count; i++)
		add_template(entries, &config->node.prefixes.template[i], USE_LOCAL_HOP, NULL);
	add_prefixes(entries, &config->node.addresses, USE_LOCAL_INNER, NULL);
	for (size_t i = 0; i < config->peer_count; i++) {
		const struct config_peer *peer = &config->peers[i];

		add_template(entries, &peer->prefix, USE_PEER_HOP, peer);
		add_prefixes(entries, &peer->local_addresses, USE_LOCAL_INNER, peer);
		add_prefixes(entries, &peer->addresses, USE_PEER_INNER, peer);
	}
	for (size_t i = 0; i < config->meet_count; i++) {
		const struct config_peer *peer = &config->meets[i];

		add_prefixes(entries, &peer->addresses, USE_PEER_INNER, peer);
		if (!peer->is_static)
			continue;
		add_template(entries, &peer->prefix, USE_PEER_HOP, peer);
		add_prefixes(entries, &peer->local_addresses, USE_LOCAL_INNER, peer);
	}
	return 0;
}

/* By address, wider first, then as the file has them: what covers a prefix stands before it. */
static int compare_entries(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;
	int order = memcmp(a->prefix.address, b->prefix.address, 16);

	if (!order)
		order = a->prefix.length - b->prefix.length;
	if (!order)
		order = (int)a->use - (int)b->use;
	if (!order && a->peer != b->peer)
		order = a->peer < b->peer ? -1 : 1;
	return order;
}

/* Local prefixes are shared by any number of peers, and so are the prefixes that peers hop in. */
static bool may_stand_in(const struct config *config, const struct entry *outer, const struct entry *inner)
{
	bool same = outer->prefix.length == inner->prefix.length;

	if (is_hop(outer) != is_hop(inner))
		return false;
	if (!is_hop(outer))
		return !same || (outer->use == USE_LOCAL_INNER && inner->use == USE_LOCAL_INNER);
	if (outer->use == USE_LOCAL_HOP && inner->use == USE_LOCAL_HOP)
		return false;
	if (outer->use == USE_PEER_HOP && inner->use == USE_PEER_HOP)
		return true;
	return config->node.mode == MF_MODE_ON_LINK; /* a neighbour on the same link */
}

static const char *describe(char text[static 160], const struct entry *entry)
{
	static const char *const kinds[] = {
		[USE_LOCAL_HOP] = "the hopping prefix", [USE_PEER_HOP] = "the hopping prefix",
		[USE_LOCAL_INNER] = "the inner address", [USE_PEER_INNER] = "the inner prefix",
	};
	char prefix[FORMAT_PREFIX];

	format_prefix(prefix, &entry->prefix);
	if (!entry->peer)
		snprintf(text, 160, "%s %s of [Node]", kinds[entry->use], prefix);
	else
		snprintf(text, 160, "%s %s of %speer %s", kinds[entry->use], prefix,
			 entry->use == USE_LOCAL_INNER ? "this end for " : "", entry->peer->name);
	return text;
}

static int wrong_pair(const struct config *config, const struct entry *outer, const struct entry *inner,
		      char why[static SAY_BYTES])
{
	unsigned int first = line_of_entry(config, outer), second = line_of_entry(config, inner);
	char one[160], other[160];
	const char *expected = "prefixes that do not overlap";

	if (is_hop(outer) != is_hop(inner))
		expected = "inner and hopping prefixes to keep apart";
	else if (!is_hop(outer))
		expected = "each inner prefix once";
	describe(one, first > second ? outer : inner);
	describe(other, first > second ? inner : outer);
	return config_wrong(config, first > second ? first : second, why,
			    "found %s, which overlaps %s, expected %s", one, other, expected);
}

/* What covers the entry stands on the stack, widest at the bottom; at most one of each length and use. */
static int check_nesting(const struct config *config, const struct entries *entries, char why[static SAY_BYTES])
{
	const struct entry *stack[129 * 4];
	size_t depth = 0;

	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entry[i];

		while (depth && !prefix_covers(stack[depth - 1]->prefix.address, stack[depth - 1]->prefix.length,
					       entry->prefix.address))
			depth--;
		for (size_t below = 0; below < depth; below++)
			if (!may_stand_in(config, stack[below], entry))
				return wrong_pair(config, stack[below], entry, why);
		if (!depth || stack[depth - 1]->use != entry->use ||
		    stack[depth - 1]->prefix.length != entry->prefix.length)
			stack[depth++] = entry;
	}
	return 0;
}

int config_check_overlaps(const struct config *config, char why[static SAY_BYTES])
{
	struct entries entries;
	int error = gather(&entries, config);

	if (error)
		return say_why(why, error, "no memory for %zu peers", config->peer_count);
	qsort(entries.entry, entries.count, sizeof(*entries.entry), compare_entries);
	error = check_nesting(config, &entries, why);
	free(entries.entry);
	return error;
}
