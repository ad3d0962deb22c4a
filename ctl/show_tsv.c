// SPDX-License-Identifier: GPL-2.0-only
/*
 * dump: a line for the node, one for every association, one for every verdict; the first
 * column says which. mayflyctl(8) promises the columns; new ones come at the end.
 */
#include <arpa/inet.h>
#include <string.h>

#include "ctl/format.h"
#include "ctl/sessions_ask.h"
#include "ctl/show.h"
#include "ctl/verdict.h"

/* Lists within a column are apart by commas without a space. */
static void print_prefixes(const struct mf_prefix *list, unsigned int count)
{
	char one[FORMAT_PREFIX];

	putchar('\t');
	for (unsigned int i = 0; i < count && i < MF_ASSOC_PREFIXES; i++)
		printf("%s%s", i ? "," : "", format_prefix(one, &list[i]));
}

static void print_templates(const struct mf_template *list, unsigned int count)
{
	char one[FORMAT_PREFIX];

	putchar('\t');
	for (unsigned int i = 0; i < count && i < MF_HOPPING_PREFIXES; i++)
		printf("%s%s", i ? "," : "", format_template(one, &list[i]));
}

static void print_node(const struct snapshot *snapshot)
{
	const struct mf_node_status *node = &snapshot->node;

	printf("node\t%.*s\t%s", MF_DEVICE_BYTES, node->nic, node->attached ? "up" : "idle");
	if (node->attached) {
		printf("\t%.*s\t%s", MF_DEVICE_BYTES, node->config.device, format_mode(node->config.mode));
		print_templates(node->config.template, node->config.templates);
		print_prefixes(node->config.address, node->config.address_count);
		printf("\t%s\t%s\t%s\t%s\t%lld\t%llu\t%u\t%u\t%llu", format_hook(node->in_xdp),
		       format_hook(node->out_xdp), format_hook(node->tc), format_clock(node->clock),
		       node->clock_error_ns, snapshot->now_ms, node->associations, node->config.capacity,
		       node->hops);
	}
	putchar('\n');
}

/* Peer, generation, state, age of the handshake. */
static void print_session(const struct snapshot *snapshot, const struct mf_assoc_status *status)
{
	const struct sessions_line *line = show_session(snapshot, status);
	const char *generation = show_generation(snapshot, status);
	char peer[MF_NAME_BYTES] = "-";

	if (status->config.shares)
		show_session_peer(peer, snapshot, status);
	printf("\t%s\t%s\t%s", peer, generation ? generation : "-", line ? line->state : "-");
	if (line && line->handshake_age_ms != SESSIONS_UNKNOWN)
		printf("\t%llu", line->handshake_age_ms);
	else
		printf("\t-");
}

static void print_association(const struct snapshot *snapshot, const struct mf_assoc_status *status)
{
	const struct mf_assoc_config *config = &status->config;
	char local[FORMAT_ADDRESS], remote[FORMAT_ADDRESS], text[FORMAT_PREFIX];
	const char *prefix;

	printf("association\t%.*s\t%u\t%u\t%s\t%u", MF_NAME_BYTES, config->name, status->id, status->generation,
	       format_carriage(config->carriage), config->rotation_ms);
	print_prefixes(config->local_prefix, config->local_count);
	print_prefixes(config->remote_prefix, config->remote_count);
	printf("\t%llu\t%llu\t%s\t%u\t%s\t%u\t%llu", status->index, status->start_ms,
	       format_address(local, status->local), ntohs(status->local_port),
	       format_address(remote, status->remote), ntohs(status->remote_port), status->hops);
	if (status->heard_age_ms == ~0ULL)
		printf("\tnever");
	else
		printf("\t%llu", status->heard_age_ms);
	printf("\t%llu\t%llu\t%llu\t%llu\t%u\t%u", status->in_packets, status->in_bytes, status->out_packets,
	       status->out_bytes, status->inner_mtu, status->path_mtu);
	prefix = show_peer_prefix(text, status);
	printf("\t%s\t%s\t%u", show_role(config), prefix ? prefix : "-", status->clients);
	print_session(snapshot, status);
	putchar('\n');
}

void show_tsv(const struct snapshot *snapshot)
{
	print_node(snapshot);
	if (!snapshot->node.attached)
		return;
	for (size_t i = 0; i < snapshot->count; i++)
		print_association(snapshot, &snapshot->associations[i]);
	for (unsigned int i = 0; i < MF_VERDICTS; i++)
		printf("verdict\t%s\t%llu\n", verdict_name(i), snapshot->counters.verdict[i]);
}
