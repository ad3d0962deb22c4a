// SPDX-License-Identifier: GPL-2.0-only
/* show: the node, then a block for every association, then what became of packets; for people. */
#include "ctl/show.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/sessions_ask.h"
#include "ctl/verdict.h"
#include "ctl/wrap.h"

static struct show_style choose_style(void)
{
	static const struct show_style colours = { "\033[1;32m", "\033[1;33m", "\033[1m", "\033[33m", "\033[0m" };
	static const struct show_style none = { "", "", "", "", "" };

	return say_in_colour(STDOUT_FILENO) ? colours : none;
}

__u64 show_slot_age_ms(const struct mf_assoc_status *status, __u64 now_ms)
{
	return now_ms > status->start_ms ? now_ms - status->start_ms : 0;
}

__u64 show_slot_left_ms(const struct mf_assoc_status *status, __u64 now_ms)
{
	__u64 age_ms = show_slot_age_ms(status, now_ms);

	return age_ms < status->config.rotation_ms ? status->config.rotation_ms - age_ms : 0;
}

bool show_peer_is_unknown(const struct mf_assoc_status *status)
{
	static const __u8 none[sizeof(status->peer_prefix)];

	return status->config.flags & MF_ASSOC_LISTENS ||
	       (status->config.flags & MF_ASSOC_ROAMS && !memcmp(status->peer_prefix, none, sizeof(none)));
}

const char *show_peer_prefix(char text[static FORMAT_PREFIX], const struct mf_assoc_status *status)
{
	struct mf_prefix prefix = { .length = 64 };

	if (!(status->config.flags & MF_ASSOC_ROAMS) || show_peer_is_unknown(status))
		return NULL;
	memcpy(prefix.address, status->peer_prefix, sizeof(status->peer_prefix));
	return format_prefix(text, &prefix);
}

void show_label(const struct show_style *style, const char *label)
{
	printf("  %s%s:%s ", style->label, label, style->plain);
}

static void print_node_prefixes(const struct show_style *style, const struct mf_node_config *config)
{
	char prefix[FORMAT_PREFIX];

	show_label(style, "hopping in");
	for (unsigned int i = 0; i < config->templates && i < MF_HOPPING_PREFIXES; i++)
		printf("%s%s", i ? ", " : "", format_template(prefix, &config->template[i]));
	printf(" (%s%s)\n", format_mode(config->mode),
	       config->dark == MF_YES || (config->dark == MF_AUTO && config->mode == MF_MODE_ROUTED) ? ", dark" : "");
}

static void print_node_addresses(const struct show_style *style, const struct mf_node_config *config)
{
	struct mf_prefix hosts[MF_ASSOC_PREFIXES];
	char prefixes[FORMAT_PREFIXES];
	unsigned int count = config->address_count < MF_ASSOC_PREFIXES ? config->address_count : MF_ASSOC_PREFIXES;

	memcpy(hosts, config->address, sizeof(hosts));
	for (unsigned int i = 0; i < count; i++)
		hosts[i].length = 128;
	show_label(style, "inner addresses");
	puts(format_prefixes(prefixes, hosts, count));
}

static void print_clock(const struct show_style *style, const struct mf_node_status *node)
{
	__s64 error_ns = node->clock_error_ns < 0 ? -node->clock_error_ns : node->clock_error_ns;

	show_label(style, "clock");
	if (node->clock == MF_CLOCK_FOLLOWS)
		printf("follows the system clock (%.1f ms apart)\n", (double)error_ns / 1e6);
	else if (node->clock == MF_CLOCK_SLEWS)
		printf("%sslews to the system clock, %.1f ms to go%s\n", style->alarm, (double)error_ns / 1e6,
		       style->plain);
	else
		printf("%sholds: the system clock jumped by %.1f s and must stand for 10 s to be believed%s\n",
		       style->alarm, (double)error_ns / 1e9, style->plain);
}

static void print_hooks(const struct show_style *style, const struct mf_node_status *node)
{
	show_label(style, "attached");
	if (node->in_xdp == MF_XDP_GENERIC)
		printf("in %s%s (the driver has no native XDP)%s", style->alarm, format_hook(node->in_xdp),
		       style->plain);
	else
		printf("in %s", format_hook(node->in_xdp));
	printf(", out %s (%s)\n", node->out_xdp == MF_HOOK_NONE ? "tc alone" : format_hook(node->out_xdp),
	       format_hook(node->tc));
	show_label(style, "receives");
	printf("%s%s\n", node->gro == MF_NO ? "packet by packet (receive offload is off)" : "with receive offload",
	       node->threaded == MF_YES ? ", in threads" : "");
}

static void print_node(const struct show_style *style, const struct snapshot *snapshot)
{
	const struct mf_node_status *node = &snapshot->node;
	char first[FORMAT_AMOUNT], second[FORMAT_AMOUNT], third[FORMAT_AMOUNT];

	printf("%sinterface%s: %s%.*s%s on %.*s\n", style->heading, style->plain, style->heading, MF_DEVICE_BYTES,
	       node->config.device, style->plain, MF_DEVICE_BYTES, node->nic);
	print_node_addresses(style, &node->config);
	print_node_prefixes(style, &node->config);
	print_hooks(style, node);
	print_clock(style, node);
	show_label(style, "associations");
	printf("%s of %s, look-ahead %s\n", format_count(first, node->associations),
	       format_count(second, node->config.capacity), format_period(third, node->config.look_ahead_ms));
	show_label(style, "hops");
	puts(format_count(first, node->hops));
}

/* A listener has no other end; that of a client that roams is where it was last heard. */
static void print_there(const struct show_style *style, const struct mf_assoc_status *status)
{
	char there[FORMAT_ENDPOINT];

	if (status->config.flags & MF_ASSOC_LISTENS)
		return;
	show_label(style, "there now");
	if (show_peer_is_unknown(status))
		printf("%sunknown: the client has not been heard of late%s\n", style->alarm, style->plain);
	else
		puts(format_endpoint(there, status->remote, status->remote_port));
}

static void print_slot(const struct show_style *style, const struct mf_assoc_status *status, __u64 now_ms)
{
	char here[FORMAT_ENDPOINT], age[FORMAT_AMOUNT], left[FORMAT_AMOUNT];
	char period[FORMAT_AMOUNT], hops[FORMAT_AMOUNT];

	show_label(style, "here now");
	puts(format_endpoint(here, status->local, status->local_port));
	print_there(style, status);
	show_label(style, "slot");
	printf("%s old, next hop in %s (every %s), %s hop%s so far\n",
	       format_span(age, show_slot_age_ms(status, now_ms)),
	       format_span(left, show_slot_left_ms(status, now_ms)),
	       format_period(period, status->config.rotation_ms), format_count(hops, status->hops), format_plural(status->hops));
}

static void print_sealed(const struct mf_assoc_status *status)
{
	char count[FORMAT_AMOUNT];

	printf("sealed: encrypted and authenticated, %s packet%s by this key so far", format_count(count, status->sealed),
	       format_plural(status->sealed));
	if (status->config.padding)
		printf(", padded (%s)", format_padding(status->config.padding));
	putchar('\n');
}

static void print_carriage(const struct show_style *style, const struct mf_assoc_status *status)
{
	const struct mf_assoc_config *config = &status->config;

	show_label(style, "carriage");
	if (config->carriage == MF_CARRIAGE_SEALED)
		print_sealed(status);
	else
		printf("%s%s, %snot encrypted: hides where, not what%s\n", format_carriage(config->carriage),
		       config->flags & MF_ASSOC_ZERO_CHECKSUM ? " without checksum" : "", style->alarm, style->plain);
	if (config->flags & (MF_ASSOC_OPENS | MF_ASSOC_FOLLOWS)) {
		show_label(style, "firewall");
		printf("%s%s%s\n", config->flags & MF_ASSOC_OPENS ? "local, opens each slot" : "",
		       (config->flags & MF_ASSOC_OPENS) && (config->flags & MF_ASSOC_FOLLOWS) ? "; " : "",
		       config->flags & MF_ASSOC_FOLLOWS ? "at the peer, follows its slots" : "");
	}
}

static void print_traffic(const struct show_style *style, const struct mf_assoc_status *status)
{
	char in[FORMAT_AMOUNT], out[FORMAT_AMOUNT], in_count[FORMAT_AMOUNT], out_count[FORMAT_AMOUNT];
	char heard[FORMAT_AMOUNT];

	show_label(style, "last heard");
	if (status->heard_age_ms == ~0ULL)
		printf("%snever%s\n", style->alarm, style->plain);
	else
		printf("%s ago\n", format_span(heard, status->heard_age_ms));
	show_label(style, "transfer");
	printf("%s received (%s packet%s), %s sent (%s packet%s)\n", format_bytes(in, status->in_bytes),
	       format_count(in_count, status->in_packets), format_plural(status->in_packets),
	       format_bytes(out, status->out_bytes), format_count(out_count, status->out_packets),
	       format_plural(status->out_packets));
	show_label(style, "mtu");
	printf("%u inside", status->inner_mtu);
	if (status->path_mtu)
		printf(", %u on the way", status->path_mtu);
	putchar('\n');
}

static void print_level(const struct show_style *style, const struct sessions_line *line)
{
	char words[SESSIONS_LEVEL];

	show_label(style, "level");
	printf("%s%s%s\n", strcmp(line->level, "calm") ? style->alarm : "", sessions_line_level(words, line), style->plain);
}

/* How the session stands, and which of its generations this is. */
static void print_session(const struct show_style *style, const struct snapshot *snapshot,
			  const struct mf_assoc_status *status)
{
	const struct sessions_line *line = show_session(snapshot, status);
	const char *generation = show_generation(snapshot, status);
	bool stands = line && sessions_line_stands(line) && strcmp(line->state, "silent");
	char state[SHOW_STATE];

	show_label(style, "association");
	printf("%.*s%s%s\n", MF_NAME_BYTES, status->config.name, generation ? ", " : "", generation ? generation : "");
	show_label(style, "state");
	printf("%s%s%s", stands ? "" : style->alarm, show_session_state(state, snapshot, status), style->plain);
	if (line && *line->role)
		printf(", %s", strcmp(line->role, "initiator") ? "begun by the peer" : "begun by this end");
	putchar('\n');
	if (line && *line->level)
		print_level(style, line);
}

static void print_heading(const struct show_style *style, const struct snapshot *snapshot,
			  const struct mf_assoc_status *status)
{
	const struct mf_assoc_config *config = &status->config;
	char peer[MF_NAME_BYTES];

	printf("%s%s%s: %s", style->peer, show_role(config), style->plain, style->peer);
	if (!config->shares) {
		printf("%.*s%s\n", MF_NAME_BYTES, config->name, style->plain);
		return;
	}
	show_session_peer(peer, snapshot, status);
	printf("%s%s\n", peer, style->plain);
	print_session(style, snapshot, status);
}

static void print_association(const struct show_style *style, const struct snapshot *snapshot,
			      const struct mf_assoc_status *status)
{
	const struct mf_assoc_config *config = &status->config;
	char local[FORMAT_PREFIXES], remote[FORMAT_PREFIXES], clients[FORMAT_AMOUNT];
	__u64 now_ms = snapshot->now_ms;

	print_heading(style, snapshot, status);
	if (config->flags & MF_ASSOC_LISTENS) {
		show_label(style, "clients");
		puts(format_count(clients, status->clients));
		print_slot(style, status, now_ms);
		return;
	}
	show_label(style, "inner");
	printf("%s", format_prefixes(remote, config->remote_prefix, config->remote_count));
	printf(" from %s\n", format_prefixes(local, config->local_prefix, config->local_count));
	print_slot(style, status, now_ms);
	print_traffic(style, status);
	print_carriage(style, status);
}

static void print_verdicts(const struct show_style *style, const struct mf_counters *counters)
{
	char count[FORMAT_AMOUNT];
	bool any = false;

	for (unsigned int i = 0; i < MF_VERDICT_ROOM; i++) {
		if (!counters->verdict[i])
			continue;
		if (!any)
			printf("\n%spackets%s:\n", style->heading, style->plain);
		any = true;
		printf("  %s%-22s %15s%s  %s\n", verdict_is_drop(i) ? style->alarm : "", verdict_name(i),
		       format_count(count, counters->verdict[i]), verdict_is_drop(i) ? style->plain : "", verdict_meaning(i));
	}
}

void show_text(const struct snapshot *snapshot, const char *name)
{
	struct show_style style = choose_style();
	bool any = false;

	if (!snapshot->node.attached) {
		printf("%sinterface%s: %.*s is not up (the loader waits): mayflyctl up FILE\n", style.heading,
		       style.plain, MF_DEVICE_BYTES, snapshot->node.nic);
		return;
	}
	if (!name)
		print_node(&style, snapshot);
	for (size_t i = 0; i < snapshot->count; i++) {
		if (name && !show_is_named(snapshot, &snapshot->associations[i], name))
			continue;
		if (!name || any)
			putchar('\n');
		any = true;
		print_association(&style, snapshot, &snapshot->associations[i]);
	}
	if (name)
		return;
	show_rendezvous_text(&style, snapshot);
	print_verdicts(&style, &snapshot->counters);
}

static int take_snapshot(const struct ctl *ctl, struct snapshot *snapshot, struct sessions_told *told)
{
	struct client client;
	char why[SAY_BYTES];
	int error;

	if (ctl_connect(ctl, NULL, &client))
		return CTL_FAILED;
	error = snapshot_take(snapshot, &client, why);
	client_close(&client);
	if (error)
		say_error("%s", why);
	else
		show_ask_sessions(snapshot, told, SIZE_MAX, SESSIONS_ASK_PATIENCE_MS);
	return error ? CTL_FAILED : 0;
}

static int show(const struct snapshot *snapshot, const char *name, bool json)
{
	struct wrap wrap;

	if (name && !show_has(snapshot, name)) {
		say_error("there is no association called %s", name);
		return CTL_FAILED;
	}
	if (json) {
		show_json(snapshot, name);
		return ctl_finish_output();
	}
	wrap_open(&wrap);
	show_text(snapshot, name);
	wrap_close(&wrap);
	return ctl_finish_output();
}

int command_show(const struct ctl *ctl, int argc, char **argv)
{
	struct sessions_told told;
	struct snapshot snapshot;
	int result;
	bool json;

	if (ctl_read_json(ctl, argc, argv, 1, &json))
		return CTL_USAGE;
	if (take_snapshot(ctl, &snapshot, &told))
		return CTL_FAILED;
	result = show(&snapshot, argv[optind], json);
	sessions_told_close(&told);
	snapshot_close(&snapshot);
	return result;
}

int command_dump(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	struct sessions_told told;
	struct snapshot snapshot;
	bool first = true;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1 || ctl_check_arguments(ctl, argc, 0, 0))
		return CTL_USAGE;
	if (take_snapshot(ctl, &snapshot, &told))
		return CTL_FAILED;
	show_tsv(&snapshot);
	sessions_told_close(&told);
	snapshot_close(&snapshot);
	return ctl_finish_output();
}
