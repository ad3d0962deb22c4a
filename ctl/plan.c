// SPDX-License-Identifier: GPL-2.0-only
/*
 * The difference between configuration and loader. Pure. The loader never tells a key: whether
 * it has ours shows in the addresses and ports that it stands at.
 */
#include "ctl/plan.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/wanted.h"
#include "loader/slot.h"

static const size_t none = ~(size_t)0;

struct holding {
	const struct mf_prefix *prefix;
	size_t holder; /* present association */
};

/* All arrays by number of the present association, but match: by that of the peer. */
struct matching {
	const struct config *config;
	const struct snapshot *present;
	const struct mf_assoc_status **by_name;
	struct holding *holdings; /* by prefix */
	size_t holding_count;
	size_t *match; /* present association of the same name, or none */
	bool *kept, *replaced;
};

static int compare_status_names(const void *one, const void *other)
{
	const struct mf_assoc_status *const *a = one, *const *b = other;

	return strncmp((*a)->config.name, (*b)->config.name, MF_NAME_BYTES);
}

static int compare_prefixes(const struct mf_prefix *one, const struct mf_prefix *other)
{
	int order = memcmp(one->address, other->address, 16);

	return order ? order : one->length - other->length;
}

static int compare_holdings(const void *one, const void *other)
{
	return compare_prefixes(((const struct holding *)one)->prefix, ((const struct holding *)other)->prefix);
}

static size_t find_by_name(const struct matching *matching, const char *name)
{
	size_t low = 0, high = matching->present->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(matching->by_name[middle]->config.name, name, MF_NAME_BYTES);

		if (!order)
			return (size_t)(matching->by_name[middle] - matching->present->associations);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return none;
}

static void close_matching(struct matching *matching)
{
	free(matching->by_name);
	free(matching->holdings);
	free(matching->match);
	free(matching->kept);
	free(matching->replaced);
}

static int open_matching(struct matching *matching, const struct config *config, const struct snapshot *present)
{
	size_t count = present->count;

	*matching = (struct matching){
		.config = config,
		.present = present,
		.by_name = calloc(count + 1, sizeof(*matching->by_name)),
		.holdings = calloc(count * MF_ASSOC_PREFIXES + 1, sizeof(*matching->holdings)),
		.match = calloc(config->peer_count + 1, sizeof(*matching->match)),
		.kept = calloc(count + 1, sizeof(*matching->kept)),
		.replaced = calloc(count + 1, sizeof(*matching->replaced)),
	};
	if (matching->by_name && matching->holdings && matching->match && matching->kept && matching->replaced)
		return 0;
	close_matching(matching);
	return -ENOMEM;
}

static void match_names(struct matching *matching)
{
	const struct snapshot *present = matching->present;

	for (size_t i = 0; i < present->count; i++)
		matching->by_name[i] = &present->associations[i];
	qsort(matching->by_name, present->count, sizeof(*matching->by_name), compare_status_names);
	for (size_t i = 0; i < matching->config->peer_count; i++) {
		matching->match[i] = find_by_name(matching, matching->config->peers[i].name);
		if (matching->match[i] != none)
			matching->kept[matching->match[i]] = true;
	}
}

static void gather_holdings(struct matching *matching)
{
	for (size_t i = 0; i < matching->present->count; i++) {
		const struct mf_assoc_config *config = &matching->present->associations[i].config;

		for (unsigned int j = 0; j < config->remote_count && j < MF_ASSOC_PREFIXES; j++)
			matching->holdings[matching->holding_count++] =
				(struct holding){ &config->remote_prefix[j], i };
	}
	qsort(matching->holdings, matching->holding_count, sizeof(*matching->holdings), compare_holdings);
}

/* Who hands a prefix over to another peer must let go of it first: it is deleted, and added at the end. */
static void replace_givers(struct matching *matching)
{
	for (size_t i = 0; i < matching->config->peer_count; i++) {
		const struct config_prefixes *wanted = &matching->config->peers[i].addresses;

		for (unsigned int j = 0; j < wanted->count; j++) {
			const struct holding key = { .prefix = &wanted->prefix[j] };
			const struct holding *held = bsearch(&key, matching->holdings, matching->holding_count,
							     sizeof(key), compare_holdings);

			if (held && held->holder != matching->match[i])
				matching->replaced[held->holder] = true;
		}
	}
}

static bool has_template(const struct config_node *node, const struct mf_template *template)
{
	for (unsigned int i = 0; i < node->prefixes.count; i++)
		if (!memcmp(&node->prefixes.template[i], template, sizeof(*template)))
			return true;
	return false;
}

/* Who hops in a prefix that the node gives up must leave it before, and come back behind the new one. */
static void replace_homeless(struct matching *matching)
{
	for (size_t i = 0; i < matching->present->count; i++)
		if (!has_template(&matching->config->node, &matching->present->associations[i].config.local))
			matching->replaced[i] = true;
}

static unsigned int node_differences(const struct mf_node_config *wanted, const struct mf_node_config *present)
{
	unsigned int differences = 0;

	if (strncmp(wanted->device, present->device, sizeof(wanted->device)))
		differences |= PLAN_DEVICE;
	if (wanted->templates != present->templates ||
	    memcmp(wanted->template, present->template, sizeof(wanted->template)))
		differences |= PLAN_NODE_PREFIX;
	if (wanted->mode != present->mode || wanted->dark != present->dark ||
	    (wanted->on_link_peers == MF_YES) != (present->on_link_peers == MF_YES))
		differences |= PLAN_MODE;
	if ((wanted->threaded == MF_YES) != (present->threaded == MF_YES))
		differences |= PLAN_THREADED;
	if (wanted->router_count != present->router_count ||
	    memcmp(wanted->router, present->router, sizeof(wanted->router)))
		differences |= PLAN_ROUTER;
	if (wanted->address_count != present->address_count ||
	    memcmp(wanted->address, present->address, sizeof(wanted->address)))
		differences |= PLAN_NODE_ADDRESS;
	if (wanted->look_ahead_ms != present->look_ahead_ms)
		differences |= PLAN_LOOK_AHEAD;
	if (wanted->capacity != present->capacity)
		differences |= PLAN_CAPACITY;
	return differences;
}

static bool stands_where_key_puts_it(const struct mf_assoc_status *status, const __u8 key[static KEY_HOP_BYTES])
{
	struct mf_schedule schedule = { .rotation_ms = status->config.rotation_ms };
	struct mf_seed seed = { .local = status->config.local, .remote = status->config.remote };
	struct mf_slot slot;

	if (!schedule.rotation_ms)
		return false;
	memcpy(seed.key, key, KEY_HOP_BYTES);
	memcpy(seed.seed_local, status->config.seed_local, sizeof(seed.seed_local));
	memcpy(seed.seed_remote, status->config.seed_remote, sizeof(seed.seed_remote));
	schedule.phase_ms = mf_slot_phase(key, schedule.rotation_ms);
	mf_slot_fill(&slot, &seed, &schedule, status->index);
	sodium_memzero(&seed, sizeof(seed));
	return slot.start_ms == status->start_ms && !memcmp(slot.local, status->local, 16) &&
	       !memcmp(slot.remote, status->remote, 16) && slot.local_port == status->local_port &&
	       slot.remote_port == status->remote_port;
}

static unsigned int inner_differences(const struct mf_assoc_config *wanted, const struct mf_assoc_config *present)
{
	unsigned int differences = 0;

	if (wanted->local_count != present->local_count ||
	    memcmp(wanted->local_prefix, present->local_prefix, sizeof(wanted->local_prefix)))
		differences |= PLAN_LOCAL_ADDRESS;
	if (wanted->remote_count != present->remote_count ||
	    memcmp(wanted->remote_prefix, present->remote_prefix, sizeof(wanted->remote_prefix)))
		differences |= PLAN_ADDRESS;
	return differences;
}

static unsigned int association_differences(const struct config_peer *peer, const __u8 key[static KEY_HOP_BYTES],
					    const struct mf_assoc_status *status)
{
	const struct mf_assoc_config *present = &status->config;
	struct mf_assoc_config wanted;
	unsigned int differences;

	wanted_association(&wanted, peer, NULL);
	differences = inner_differences(&wanted, present);
	if (memcmp(wanted.seed_local, present->seed_local, sizeof(wanted.seed_local)) ||
	    memcmp(wanted.seed_remote, present->seed_remote, sizeof(wanted.seed_remote)))
		differences |= PLAN_SEED;
	if (memcmp(&wanted.local, &present->local, sizeof(wanted.local)))
		differences |= PLAN_LOCAL_PREFIX;
	if (memcmp(&wanted.remote, &present->remote, sizeof(wanted.remote)))
		differences |= PLAN_PREFIX;
	if (wanted.rotation_ms != present->rotation_ms)
		differences |= PLAN_ROTATION;
	if (wanted.carriage != present->carriage)
		differences |= PLAN_CARRIAGE;
	if ((wanted.flags ^ present->flags) & ~MF_ASSOC_HOST_PAIR)
		differences |= PLAN_FLAGS;
	if (wanted.local_port != present->local_port || wanted.remote_port != present->remote_port)
		differences |= PLAN_PORT;
	if (!stands_where_key_puts_it(status, key))
		differences |= PLAN_KEY;
	return differences;
}

static struct plan_step *add_step(struct plan *plan, enum plan_kind kind, const char *name)
{
	struct plan_step *step = &plan->step[plan->count++];

	*step = (struct plan_step){ .kind = kind, .name = name };
	return step;
}

static void plan_deletions(struct plan *plan, const struct matching *matching)
{
	for (size_t i = 0; i < matching->present->count; i++)
		if (!matching->kept[i] || matching->replaced[i])
			add_step(plan, PLAN_DELETE, matching->present->associations[i].config.name)->replaces =
				matching->kept[i];
}

static void plan_node(struct plan *plan, const struct matching *matching)
{
	const struct mf_node_status *node = &matching->present->node;
	struct mf_node_config wanted;
	unsigned int differences = 0;

	wanted_node(&wanted, &matching->config->node);
	if (node->attached)
		differences = node_differences(&wanted, &node->config);
	if (!node->attached || differences)
		add_step(plan, PLAN_NODE, NULL)->differences = differences;
}

static void plan_changes(struct plan *plan, const struct matching *matching, const struct config_keys *keys)
{
	for (size_t i = 0; i < matching->config->peer_count; i++) {
		const struct config_peer *peer = &matching->config->peers[i];
		size_t match = matching->match[i];
		unsigned int differences;
		struct plan_step *step;

		if (match == none || matching->replaced[match])
			continue;
		differences = association_differences(peer, keys->key[i], &matching->present->associations[match]);
		if (!differences) {
			plan->untouched++;
			continue;
		}
		step = add_step(plan, PLAN_CHANGE, peer->name);
		step->peer = i;
		step->differences = differences;
	}
}

static void plan_additions(struct plan *plan, const struct matching *matching)
{
	for (size_t i = 0; i < matching->config->peer_count; i++) {
		size_t match = matching->match[i];
		struct plan_step *step;

		if (match != none && !matching->replaced[match])
			continue;
		step = add_step(plan, PLAN_ADD, matching->config->peers[i].name);
		step->peer = i;
		step->replaces = match != none;
	}
}

int plan_make(struct plan *plan, const struct config *config, const struct config_keys *keys,
	      const struct snapshot *present)
{
	struct plan value = { .step = calloc(config->peer_count + present->count + 1, sizeof(*value.step)) };
	struct matching matching;

	if (!value.step)
		return -ENOMEM;
	if (open_matching(&matching, config, present)) {
		plan_close(&value);
		return -ENOMEM;
	}
	match_names(&matching);
	gather_holdings(&matching);
	replace_givers(&matching);
	replace_homeless(&matching);
	plan_deletions(&value, &matching);
	plan_node(&value, &matching);
	plan_changes(&value, &matching, keys);
	plan_additions(&value, &matching);
	close_matching(&matching);
	*plan = value;
	return 0;
}

void plan_close(struct plan *plan)
{
	free(plan->step);
	plan->step = NULL;
	plan->count = 0;
}

char *plan_difference_words(char words[static PLAN_WORDS_BYTES], unsigned int differences)
{
	static const char *const names[PLAN_DIFFERENCES] = {
		"Device", "Prefix", "Mode or Dark", "Router", "Address", "LookAhead", "Capacity", "key", "seeds",
		"LocalPrefix", "Prefix", "Rotation", "Carriage", "Firewall or ZeroChecksum", "ports", "LocalAddress",
		"Address", "ThreadedNapi",
	};
	size_t used = 0;

	words[0] = 0;
	for (unsigned int i = 0; i < PLAN_DIFFERENCES; i++)
		if (differences & 1U << i && used < PLAN_WORDS_BYTES)
			used += (size_t)snprintf(words + used, PLAN_WORDS_BYTES - used, "%s%s", used ? ", " : "",
						 names[i]);
	return words;
}
