// SPDX-License-Identifier: GPL-2.0-only
/* Control messages from the configuration. Pure. */
#include "ctl/wanted.h"

#include <string.h>

void wanted_node(struct mf_node_config *request, const struct config_node *node)
{
	memset(request, 0, sizeof(*request));
	memcpy(request->device, node->device, sizeof(request->device));
	memcpy(request->template, node->prefixes.template, sizeof(request->template));
	request->templates = (__u8)node->prefixes.count;
	request->mode = (__u8)node->mode;
	request->dark = node->dark ? MF_YES : MF_NO;
	request->on_link_peers = node->on_link_peers ? MF_YES : MF_NO;
	request->threaded = node->threaded_napi ? MF_YES : MF_NO;
	request->router_count = (__u8)node->routers.count;
	memcpy(request->router, node->routers.address, sizeof(request->router));
	request->address_count = (__u8)node->addresses.count;
	memcpy(request->address, node->addresses.prefix, sizeof(request->address));
	request->look_ahead_ms = node->look_ahead_ms;
	request->capacity = node->capacity;
}

void wanted_association(struct mf_assoc_config *request, const struct config_peer *peer, const __u8 *key)
{
	memset(request, 0, sizeof(*request));
	memcpy(request->name, peer->name, sizeof(request->name));
	if (key)
		memcpy(request->key, key, sizeof(request->key));
	memcpy(request->seed_local, peer->seed_local, sizeof(request->seed_local));
	memcpy(request->seed_remote, peer->seed_remote, sizeof(request->seed_remote));
	request->local = peer->local_prefix;
	request->remote = peer->prefix;
	request->rotation_ms = peer->rotation_ms;
	request->carriage = (__u8)peer->carriage;
	request->flags = (__u8)(peer->firewall | (peer->zero_checksum ? MF_ASSOC_ZERO_CHECKSUM : 0));
	request->local_port = peer->port;
	request->remote_port = peer->peer_port;
	request->local_count = (__u8)peer->local_addresses.count;
	request->remote_count = (__u8)peer->addresses.count;
	memcpy(request->local_prefix, peer->local_addresses.prefix, sizeof(request->local_prefix));
	memcpy(request->remote_prefix, peer->addresses.prefix, sizeof(request->remote_prefix));
}

const char *wanted_type_name(unsigned int type)
{
	switch (type) {
	case MF_NODE_SET: return "set the node up";
	case MF_NODE_GET: return "tell its state";
	case MF_NODE_CLEAR: return "take the node down";
	case MF_ASSOC_ADD: return "add the association";
	case MF_ASSOC_CHANGE: return "change the association";
	case MF_ASSOC_DELETE: return "delete the association";
	case MF_ASSOC_NEXT: return "list its associations";
	case MF_COUNTERS_GET: return "tell its counters";
	case MF_SUBSCRIBE: return "report events";
	case MF_LEND_ADDRESS: return "lend an address";
	case MF_ASSOC_LEAD: return "lead by the association";
	case MF_ASSOC_FIND: return "find the association";
	case MF_SOCKET_GET: return "give a socket for session messages";
	default: return "do an unknown thing";
	}
}

struct field {
	size_t offset, size;
	const char *name;
};

#define FIELD(member, words) { offsetof(struct mf_message, member), sizeof(((struct mf_message *)0)->member), words }
#define NODE_FIELD(member, words) FIELD(node_config.member, words)
#define ASSOC_FIELD(member, words) FIELD(assoc_config.member, words)

static const struct field node_fields[] = {
	NODE_FIELD(device, "Device"),
	NODE_FIELD(template, "Prefix"),
	NODE_FIELD(templates, "number of Prefixes"),
	NODE_FIELD(mode, "Mode"),
	NODE_FIELD(dark, "Dark"),
	NODE_FIELD(on_link_peers, "OnLinkPeers"),
	NODE_FIELD(threaded, "ThreadedNapi"),
	NODE_FIELD(router_count, "number of Routers"),
	NODE_FIELD(address_count, "number of Addresses"),
	NODE_FIELD(look_ahead_ms, "LookAhead"),
	NODE_FIELD(capacity, "Capacity"),
	NODE_FIELD(ring_slots, "room for slots (LookAhead, Capacity)"),
	NODE_FIELD(router, "Router"),
	NODE_FIELD(address, "Address"),
	{ 0 },
};

static const struct field assoc_fields[] = {
	ASSOC_FIELD(name, "Name"),
	ASSOC_FIELD(key, "KeyFile"),
	ASSOC_FIELD(seed_local, "LocalSeed"),
	ASSOC_FIELD(seed_remote, "RemoteSeed"),
	ASSOC_FIELD(local, "LocalPrefix"),
	ASSOC_FIELD(remote, "Prefix"),
	ASSOC_FIELD(rotation_ms, "Rotation"),
	ASSOC_FIELD(carriage, "Carriage"),
	ASSOC_FIELD(flags, "Firewall or ZeroChecksum"),
	ASSOC_FIELD(local_port, "Port"),
	ASSOC_FIELD(remote_port, "PeerPort"),
	ASSOC_FIELD(local_count, "number of LocalAddresses"),
	ASSOC_FIELD(remote_count, "number of Addresses"),
	ASSOC_FIELD(shares, "sharing of its Address"),
	ASSOC_FIELD(padding, "Padding"),
	ASSOC_FIELD(seal_out, "what is sealed with"),
	ASSOC_FIELD(seal_in, "what is opened with"),
	ASSOC_FIELD(local_prefix, "LocalAddress"),
	ASSOC_FIELD(remote_prefix, "Address"),
	{ 0 },
};

const char *wanted_field_name(unsigned int type, unsigned int offset)
{
	const struct field *field = type == MF_NODE_SET ? node_fields : assoc_fields;

	for (; field->name; field++)
		if (offset >= field->offset && offset < field->offset + field->size)
			return field->name;
	return "an unnamed value";
}
