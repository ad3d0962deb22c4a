// SPDX-License-Identifier: GPL-2.0-only
/*
 * show --json. The fields are promised in mayflyctl(8): new ones may come, those that are
 * there keep name, unit and meaning.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <string.h>

#include "ctl/format.h"
#include "ctl/sessions_ask.h"
#include "ctl/show.h"
#include "ctl/verdict.h"

enum { SCHEMA_VERSION = 1 };

static json_t *number(__u64 value)
{
	return json_integer((json_int_t)value);
}

static json_t *text(const char *value, size_t most)
{
	return json_stringn(value, strnlen(value, most));
}

static json_t *prefixes(const struct mf_prefix *list, unsigned int count)
{
	json_t *array = json_array();
	char one[FORMAT_PREFIX];

	for (unsigned int i = 0; i < count && i < MF_ASSOC_PREFIXES; i++)
		json_array_append_new(array, json_string(format_prefix(one, &list[i])));
	return array;
}

static json_t *templates(const struct mf_template *list, unsigned int count)
{
	json_t *array = json_array();
	char one[FORMAT_PREFIX];

	for (unsigned int i = 0; i < count && i < MF_HOPPING_PREFIXES; i++)
		json_array_append_new(array, json_string(format_template(one, &list[i])));
	return array;
}

static json_t *routers(const struct mf_node_config *config)
{
	json_t *array = json_array();
	char one[FORMAT_ADDRESS];

	for (unsigned int i = 0; i < config->router_count && i < MF_ROUTERS; i++)
		json_array_append_new(array, json_string(format_address(one, config->router[i])));
	return array;
}

static json_t *endpoint(const __u8 address[static 16], __be16 port)
{
	char one[FORMAT_ADDRESS];

	return json_pack("{s:s, s:i}", "address", format_address(one, address), "port", (int)ntohs(port));
}

static void put_node_config(json_t *object, const struct mf_node_config *config)
{
	bool dark = config->dark == MF_YES || (config->dark == MF_AUTO && config->mode == MF_MODE_ROUTED);

	json_object_set_new(object, "device", text(config->device, MF_DEVICE_BYTES));
	json_object_set_new(object, "addresses", prefixes(config->address, config->address_count));
	json_object_set_new(object, "prefixes", templates(config->template, config->templates));
	json_object_set_new(object, "mode", json_string(format_mode(config->mode)));
	json_object_set_new(object, "dark", json_boolean(dark));
	json_object_set_new(object, "on_link_peers", json_boolean(config->on_link_peers == MF_YES));
	json_object_set_new(object, "routers", routers(config));
	json_object_set_new(object, "look_ahead_ms", number(config->look_ahead_ms));
	json_object_set_new(object, "capacity", number(config->capacity));
}

static json_t *node_object(const struct snapshot *snapshot)
{
	const struct mf_node_status *node = &snapshot->node;
	json_t *object = json_object();

	json_object_set_new(object, "interface", text(node->nic, MF_DEVICE_BYTES));
	json_object_set_new(object, "interface_mtu", number(node->nic_mtu));
	json_object_set_new(object, "attached", json_boolean(node->attached));
	if (!node->attached)
		return object;
	put_node_config(object, &node->config);
	json_object_set_new(object, "in", json_string(format_hook(node->in_xdp)));
	json_object_set_new(object, "out", json_string(format_hook(node->out_xdp)));
	json_object_set_new(object, "tc", json_string(format_hook(node->tc)));
	json_object_set_new(object, "receive_offload", json_boolean(node->gro == MF_YES));
	json_object_set_new(object, "threaded_napi", json_boolean(node->threaded == MF_YES));
	json_object_set_new(object, "adopted", json_boolean(node->adopted));
	json_object_set_new(object, "clock", json_string(format_clock(node->clock)));
	json_object_set_new(object, "clock_error_ns", json_integer(node->clock_error_ns));
	json_object_set_new(object, "time_ms", number(snapshot->now_ms));
	json_object_set_new(object, "associations", number(node->associations));
	json_object_set_new(object, "ring_used", number(node->ring_used));
	json_object_set_new(object, "ring_capacity", number(node->ring_capacity));
	json_object_set_new(object, "hops", number(node->hops));
	return object;
}

static void put_assoc_config(json_t *object, const struct mf_assoc_config *config)
{
	char prefix[FORMAT_PREFIX];

	json_object_set_new(object, "local_addresses", prefixes(config->local_prefix, config->local_count));
	json_object_set_new(object, "remote_addresses", prefixes(config->remote_prefix, config->remote_count));
	json_object_set_new(object, "local_prefix", json_string(format_template(prefix, &config->local)));
	if (config->flags & (MF_ASSOC_LISTENS | MF_ASSOC_ROAMS))
		json_object_set_new(object, "remote_prefix", json_null());
	else
		json_object_set_new(object, "remote_prefix", json_string(format_template(prefix, &config->remote)));
	json_object_set_new(object, "rotation_ms", number(config->rotation_ms));
	json_object_set_new(object, "carriage", json_string(format_carriage(config->carriage)));
	json_object_set_new(object, "encrypted", json_boolean(config->carriage == MF_CARRIAGE_SEALED));
	json_object_set_new(object, "padding", json_string(format_padding(config->padding)));
	json_object_set_new(object, "zero_checksum", json_boolean(config->flags & MF_ASSOC_ZERO_CHECKSUM));
	json_object_set_new(object, "opens", json_boolean(config->flags & MF_ASSOC_OPENS));
	json_object_set_new(object, "follows", json_boolean(config->flags & MF_ASSOC_FOLLOWS));
}

static json_t *peer_prefix(const struct mf_assoc_status *status)
{
	char text[FORMAT_PREFIX];
	const char *prefix = show_peer_prefix(text, status);

	return prefix ? json_string(prefix) : json_null();
}

static json_t *text_or_null(const char *value)
{
	return value && *value ? json_string(value) : json_null();
}

static json_t *number_or_null(__u64 value)
{
	return value == SESSIONS_UNKNOWN ? json_null() : number(value);
}

/* What is not in the loader is null as long as nobody tells. */
static json_t *session_object(const struct snapshot *snapshot, const struct mf_assoc_status *status)
{
	const struct sessions_line *line = show_session(snapshot, status);
	json_t *object = json_object();
	char peer[MF_NAME_BYTES];

	show_session_peer(peer, snapshot, status);
	json_object_set_new(object, "peer", json_string(peer));
	json_object_set_new(object, "public_key", text_or_null(line ? line->public_key : NULL));
	json_object_set_new(object, "keeper", text_or_null(line ? line->keeper : NULL));
	json_object_set_new(object, "generation", text_or_null(show_generation(snapshot, status)));
	json_object_set_new(object, "state", text_or_null(line ? line->state : NULL));
	json_object_set_new(object, "role", text_or_null(line ? line->role : NULL));
	json_object_set_new(object, "since_ms", number_or_null(line ? line->since_ms : SESSIONS_UNKNOWN));
	json_object_set_new(object, "handshake_age_ms",
			    number_or_null(line ? line->handshake_age_ms : SESSIONS_UNKNOWN));
	json_object_set_new(object, "level", text_or_null(line ? line->level : NULL));
	json_object_set_new(object, "why", text_or_null(line ? line->why : NULL));
	return object;
}

static json_t *association_object(const struct snapshot *snapshot, const struct mf_assoc_status *status)
{
	__u64 now_ms = snapshot->now_ms;
	bool heard = status->heard_age_ms != ~0ULL;
	json_t *object = json_object();

	json_object_set_new(object, "name", text(status->config.name, MF_NAME_BYTES));
	json_object_set_new(object, "id", number(status->id));
	json_object_set_new(object, "generation", number(status->generation));
	put_assoc_config(object, &status->config);
	json_object_set_new(object, "local", endpoint(status->local, status->local_port));
	json_object_set_new(object, "remote", show_peer_is_unknown(status) ? json_null() :
			    endpoint(status->remote, status->remote_port));
	json_object_set_new(object, "slot", number(status->index));
	json_object_set_new(object, "slot_start_ms", number(status->start_ms));
	json_object_set_new(object, "slot_age_ms", number(show_slot_age_ms(status, now_ms)));
	json_object_set_new(object, "slot_left_ms", number(show_slot_left_ms(status, now_ms)));
	json_object_set_new(object, "hops", number(status->hops));
	json_object_set_new(object, "added_ms", number(status->added_ms));
	json_object_set_new(object, "inner_mtu", number(status->inner_mtu));
	json_object_set_new(object, "path_mtu", number(status->path_mtu));
	json_object_set_new(object, "heard_age_ms", heard ? number(status->heard_age_ms) : json_null());
	json_object_set_new(object, "heard_slot", heard ? number(status->heard_index) : json_null());
	json_object_set_new(object, "out_packets", number(status->out_packets));
	json_object_set_new(object, "out_bytes", number(status->out_bytes));
	json_object_set_new(object, "in_packets", number(status->in_packets));
	json_object_set_new(object, "in_bytes", number(status->in_bytes));
	json_object_set_new(object, "sealed_packets", status->config.carriage == MF_CARRIAGE_SEALED ? number(status->sealed) :
			    json_null());
	json_object_set_new(object, "role", json_string(show_role(&status->config)));
	json_object_set_new(object, "peer_prefix", peer_prefix(status));
	json_object_set_new(object, "clients", number(status->clients));
	json_object_set_new(object, "session",
			    status->config.shares ? session_object(snapshot, status) : json_null());
	return object;
}

static json_t *verdict_object(const struct mf_counters *counters)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < MF_VERDICTS; i++)
		json_object_set_new(object, verdict_name(i), number(counters->verdict[i]));
	return object;
}

void show_json(const struct snapshot *snapshot, const char *name)
{
	json_t *root = json_object(), *associations = json_array(), *rendezvous = show_rendezvous_object(snapshot);

	for (size_t i = 0; i < snapshot->count; i++)
		if (!name || show_is_named(snapshot, &snapshot->associations[i], name))
			json_array_append_new(associations, association_object(snapshot, &snapshot->associations[i]));
	json_object_set_new(root, "version", json_integer(SCHEMA_VERSION));
	json_object_set_new(root, "node", node_object(snapshot));
	json_object_set_new(root, "associations", associations);
	if (rendezvous)
		json_object_set_new(root, "rendezvous", rendezvous);
	json_object_set_new(root, "verdict", verdict_object(&snapshot->counters));
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(root);
}
