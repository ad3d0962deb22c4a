// SPDX-License-Identifier: GPL-2.0-only
/*
 * Metrics. How many series there are does not depend on how many sessions: labels are verdicts, programs, states, roles,
 * levels and the like, never a peer.
 */
#include "page/render.h"

#include "ctl/verdict.h"

static void head(struct text *text, const char *name, const char *type, const char *help)
{
	text_print(text, "# HELP mayfly_%s %s\n# TYPE mayfly_%s %s\n", name, help, name, type);
}

static void value(struct text *text, const char *name, const char *label, const char *word, double number)
{
	text_print(text, "mayfly_%s", name);
	if (label) {
		text_print(text, "{%s=", label);
		text_add_label(text, word);
		text_add(text, "}");
	}
	text_print(text, " %.17g\n", number);
}

static void one(struct text *text, const char *name, const char *type, const char *help, double number)
{
	head(text, name, type, help);
	value(text, name, NULL, NULL, number);
}

static double seconds(__u64 ms)
{
	return (double)ms / 1000;
}

/* --- the node ------------------------------------------------------------------------ */

static void add_build(struct text *text, const struct view *view)
{
	head(text, "build_info", "gauge", "Version of mayflyctl, and whether it serves or keeps its own sessions (up).");
	text_add(text, "mayfly_build_info{version=");
	text_add_label(text, view->node.version);
	text_print(text, ",command=\"%s\",interface=", view->node.serves ? "serve" : "up");
	text_add_label(text, view->node.nic);
	text_add(text, "} 1\n");
}

static void add_programs(struct text *text, const struct board_node *node)
{
	const struct {
		const char *name;
		__u8 hook;
	} programs[] = { { "in", node->in_xdp }, { "out", node->out_xdp }, { "tc", node->tc } };

	head(text, "program_attached", "gauge", "Whether a program of the data plane is attached, and where.");
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		text_print(text, "mayfly_program_attached{program=\"%s\",hook=\"%s\"} %d\n", programs[i].name,
			   format_hook(programs[i].hook), node->attached && programs[i].hook != MF_HOOK_NONE);
}

static void add_node(struct text *text, const struct view *view)
{
	const struct board_node *node = &view->node;

	one(text, "start_time_seconds", "gauge", "When the process that keeps the sessions began, Unix time.",
	    seconds(node->begun_ms));
	one(text, "written_timestamp_seconds", "gauge", "When it last wrote these figures, Unix time.", seconds(node->written_ms));
	one(text, "node_attached", "gauge", "Whether the node is up in the loader, and the loader answers.", node->attached);
	add_programs(text, node);
	one(text, "associations", "gauge", "Associations in the loader, introductions and their clients among them.",
	    node->associations);
	one(text, "association_capacity", "gauge", "Associations that there is room for.", node->capacity);
	one(text, "ring_slots_used", "gauge", "Slots of all rings that are in use.", node->ring_used);
	one(text, "ring_slots_capacity", "gauge", "Slots of all rings.", node->ring_capacity);
	one(text, "hops_total", "counter", "Slots passed, all associations, since the loader began.", (double)node->hops);
	one(text, "clock_error_seconds", "gauge", "System clock minus the programs' clock.", (double)node->clock_error_ns / 1e9);
	head(text, "clock", "gauge", "What the programs' clock does: 1 for the present state.");
	for (unsigned int state = MF_CLOCK_FOLLOWS; state <= MF_CLOCK_HOLDS; state++)
		value(text, "clock", "state", format_clock(state), node->clock == state);
}

/* --- packets ------------------------------------------------------------------------- */

static void add_packets(struct text *text, const struct board_node *node)
{
	static const char *const directions[] = { "out", "in" };

	head(text, "packets_total", "counter", "Packets by what became of them, as in mayflyctl show.");
	for (unsigned int i = 0; i < MF_VERDICTS; i++)
		value(text, "packets_total", "verdict", verdict_name(i), (double)node->verdict[i]);
	head(text, "traffic_bytes_total", "counter", "Inner bytes of sessions and static peers, as far as they have been looked at.");
	for (int i = 0; i < 2; i++)
		value(text, "traffic_bytes_total", "direction", directions[i], (double)node->traffic[2 * i + 1]);
	head(text, "traffic_packets_total", "counter", "Inner packets likewise.");
	for (int i = 0; i < 2; i++)
		value(text, "traffic_packets_total", "direction", directions[i], (double)node->traffic[2 * i]);
}

/* --- sessions ------------------------------------------------------------------------ */

static void add_sessions(struct text *text, const struct board_node *node)
{
	static const char *const roles[BOARD_ROLES] = { "none", "initiator", "responder" };

	head(text, "sessions", "gauge", "Sessions by state; up, renewing and silent stand.");
	for (unsigned int i = 0; i < BOARD_STATES; i++)
		value(text, "sessions", "state", node->state_name[i], node->states[i]);
	head(text, "sessions_by_role", "gauge", "Sessions by the role of this end.");
	for (unsigned int i = BOARD_INITIATOR; i < BOARD_ROLES; i++)
		value(text, "sessions_by_role", "role", roles[i], node->roles[i]);
	head(text, "sessions_by_carriage", "gauge", "Sessions by how their packets travel.");
	for (unsigned int i = MF_CARRIAGE_ENCAP; i < BOARD_CARRIAGES; i++)
		value(text, "sessions_by_carriage", "carriage", format_carriage(i), node->carriages[i]);
	head(text, "sessions_by_level", "gauge", "Sessions by how much strangers look for them.");
	for (unsigned int i = LEVEL_CALM; i < LEVELS; i++)
		value(text, "sessions_by_level", "level", node->level_name[i], node->levels[i]);
	one(text, "handshakes_total", "counter", "Handshakes after which a session stood.", (double)node->handshakes);
	one(text, "session_messages_dropped_total", "counter",
	    "Session messages that no peer has sent, and requests that were not read in time to answer.", (double)node->dropped);
}

/* --- strangers ----------------------------------------------------------------------- */

static void add_strangers(struct text *text, const struct board_node *node)
{
	head(text, "probes_total", "counter", "Probes of strangers that the programs have reported, by kind.");
	value(text, "probes_total", "kind", "random", (double)node->events[MF_EVENT_PROBE_RANDOM]);
	value(text, "probes_total", "kind", "expired", (double)node->events[MF_EVENT_PROBE_EXPIRED]);
	one(text, "events_suppressed_total", "counter", "Events that were not reported, because there were too many.",
	    (double)node->suppressed);
	head(text, "level", "gauge", "How much strangers look for this node: 1 for the present level.");
	for (unsigned int i = LEVEL_CALM; i < LEVELS; i++)
		value(text, "level", "level", node->level_name[i], !strcmp(node->status.level, node->level_name[i]));
}

/* --- the rendezvous ------------------------------------------------------------------ */

static void add_publications(struct text *text, const struct rendezvous_status *status)
{
	one(text, "rendezvous_clients", "gauge", "Registered clients.", status->clients);
	head(text, "rendezvous_published", "gauge", "Clients whose introduction of the period stands.");
	value(text, "rendezvous_published", "period", "current", status->current);
	value(text, "rendezvous_published", "period", "next", status->next);
	one(text, "rendezvous_failing", "gauge", "Introductions that were last put in vain.", status->failing);
	one(text, "rendezvous_period_seconds", "gauge", "How long an introduction holds.", status->period_s);
	one(text, "rendezvous_last_publication_timestamp_seconds", "gauge", "When one was last put, Unix time; 0: never.",
	    seconds(status->publication.at_ms));
	one(text, "rendezvous_last_publication_duration_seconds", "gauge", "How long that took.",
	    seconds(status->publication.took_ms));
	one(text, "rendezvous_last_publication_holders", "gauge", "Nodes or servers that hold it.", status->publication.holders);
	one(text, "rendezvous_last_failure_timestamp_seconds", "gauge", "When one was last put in vain, Unix time; 0: never.",
	    seconds(status->failure.at_ms));
	head(text, "dht_nodes", "gauge", "Good DHT nodes that are known.");
	value(text, "dht_nodes", "family", "ipv6", status->ipv6_nodes);
	value(text, "dht_nodes", "family", "ipv4", status->ipv4_nodes);
	one(text, "dht_bootstrap_names", "gauge", "Bootstrap nodes that the configuration names.", status->bootstrap_named);
	one(text, "dht_bootstrap_addresses", "gauge", "Addresses that were found for them.", status->bootstrap_resolved);
}

static void add_lookups(struct text *text, const struct board_lookup *lookup)
{
	one(text, "rendezvous_lookups_total", "counter", "Lookups of peers' introductions that have ended.", lookup->count);
	one(text, "rendezvous_last_lookup_timestamp_seconds", "gauge", "When the last one ended, Unix time; 0: never.",
	    seconds(lookup->at_ms));
	one(text, "rendezvous_last_lookup_found", "gauge", "Whether it found something.", lookup->found);
}

/* --- the page itself ----------------------------------------------------------------- */

static void add_page(struct text *text, const struct view *view)
{
	static const char *const paths[] = { "other", "page", "metrics", "events", "refused" };

	one(text, "page_connections", "gauge", "Connections to this page.", view->connections);
	one(text, "page_streams", "gauge", "Of those, streams of events.", view->streams);
	head(text, "page_requests_total", "counter", "Requests by what they were for.");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		value(text, "page_requests_total", "path", paths[i], (double)view->requests[i]);
}

void render_metrics(struct text *text, const struct view *view)
{
	add_build(text, view);
	add_node(text, view);
	add_packets(text, &view->node);
	add_sessions(text, &view->node);
	add_strangers(text, &view->node);
	if (view->node.serves)
		add_publications(text, &view->node.status);
	add_lookups(text, &view->node.lookup);
	add_page(text, view);
}
