// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status of node, associations and verdicts. Keys never leave mf_seed.
 */
#include "loader/status.h"

#include <errno.h>
#include <string.h>

#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/introduction.h"
#include "loader/keeper.h"
#include "loader/napi.h"
#include "loader/offload.h"

#define NEVER_MS (~0ULL)
#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

/* Flags that a configuration may have; the others are the loader's own findings. */
enum {
	FLAGS_OF_CONFIG = MF_ASSOC_ZERO_CHECKSUM | MF_ASSOC_OPENS | MF_ASSOC_FOLLOWS | MF_ASSOC_LISTENS | MF_ASSOC_ROAMS |
			  MF_ASSOC_CONTROL,
};

/* MF_AUTO: not known. */
static __u8 choice_of(int found)
{
	return found < 0 ? MF_AUTO : found ? MF_YES : MF_NO;
}

void mf_status_node(struct mf_instance *instance, struct mf_node_status *status)
{
	memset(status, 0, sizeof(*status));
	memcpy(status->nic, instance->options->interface, sizeof(status->nic));
	if (!instance->running)
		return;
	status->config = instance->record.config;
	status->nic_ifindex = instance->nic.ifindex;
	status->nic_mtu = instance->nic.mtu;
	status->attached = 1;
	status->in_xdp = instance->in_xdp;
	status->out_xdp = instance->out_xdp;
	status->tc = instance->attach.tc;
	status->clock = instance->clock.state;
	status->adopted = instance->adopted;
	status->gro = choice_of(mf_offload_get(instance->socket_fd, instance->nic.name, MF_OFFLOAD_GRO));
	status->threaded = choice_of(mf_napi_threaded(instance->nic.name));
	status->clock_error_ns = instance->clock.error_ns;
	status->associations = instance->associations.count;
	status->ring_capacity = instance->associations.rings.slots;
	status->ring_used = status->ring_capacity - instance->associations.rings.free;
	status->hops = instance->associations.hops;
}

static void config_read(struct mf_assoc_config *config, const struct mf_seed *seed,
			const struct mf_association *association)
{
	memcpy(config->name, seed->name, sizeof(config->name));
	memcpy(config->seed_local, seed->seed_local, sizeof(config->seed_local));
	memcpy(config->seed_remote, seed->seed_remote, sizeof(config->seed_remote));
	config->local = seed->local;
	config->remote = seed->remote;
	config->rotation_ms = association->rotation_ms;
	config->carriage = association->carriage;
	config->flags = association->flags & FLAGS_OF_CONFIG;
	config->local_port = association->local_port;
	config->remote_port = association->remote_port;
	config->local_count = seed->local_count;
	config->remote_count = seed->remote_count;
	config->shares = association->shares;
	config->padding = association->padding;
	memcpy(config->local_prefix, seed->local_prefix, sizeof(config->local_prefix));
	memcpy(config->remote_prefix, seed->remote_prefix, sizeof(config->remote_prefix));
}

static void slot_read(struct mf_instance *instance, const struct mf_entry *entry, struct mf_assoc_status *status)
{
	struct mf_schedule schedule = mf_entry_schedule(entry);
	const struct mf_slot *ring = instance->object.slots + entry->association.ring_base, *slot;
	__u64 current = mf_slot_index(&schedule, mf_clock_now_ms(&instance->clock));

	status->index = current;
	status->start_ms = mf_slot_start(&schedule, current);
	status->hops = current > entry->first_index ? current - entry->first_index : 0;
	slot = mf_keeper_slot(&entry->association, ring, current);
	if (!slot)
		return;
	memcpy(status->local, slot->local, sizeof(status->local));
	memcpy(status->remote, slot->remote, sizeof(status->remote));
	status->local_port = slot->local_port;
	status->remote_port = slot->remote_port;
}

static void path_read(const struct mf_instance *instance, __u32 id, struct mf_assoc_status *status)
{
	const struct mf_association *association = &instance->associations.entry[id].association;
	const struct mf_assoc_state *state = &instance->object.state[id];
	__u64 now_ns = instance->clock.monotonic_ns;

	status->path_mtu = association->link_mtu;
	if (state->path_mtu && state->path_mtu < association->link_mtu && now_ns < state->path_mtu_ns)
		status->path_mtu = state->path_mtu;
	status->inner_mtu = mf_inner_mtu(association, status->path_mtu, NULL);
	status->heard_index = state->heard_index;
	status->heard_age_ms = NEVER_MS;
	if (state->heard_ns)
		status->heard_age_ms = now_ns > state->heard_ns ? (now_ns - state->heard_ns) / NS_PER_MS : 0;
}

/* Where a client is, as the programs see it: its prefix completes the address of the slot. */
static void peer_read(const struct mf_instance *instance, __u32 id, struct mf_assoc_status *status)
{
	const struct mf_assoc_state *state = &instance->object.state[id];

	status->clients = mf_introduction_clients(&instance->associations, id);
	if (!(status->config.flags & MF_ASSOC_ROAMS) ||
	    (__u64)instance->clock.monotonic_ns >= state->heard_ns + MF_PEER_HOLD_S * NS_PER_S)
		return;
	memcpy(status->peer_prefix, &state->peer_prefix, sizeof(status->peer_prefix));
	memcpy(status->remote, status->peer_prefix, sizeof(status->peer_prefix));
}

static int traffic_read(const struct mf_instance *instance, __u32 id, struct mf_assoc_status *status)
{
	enum { OUT_PACKETS, OUT_BYTES, IN_PACKETS, IN_BYTES, WORDS = sizeof(struct mf_traffic) / sizeof(__u64) };
	__u64 sum[WORDS];
	int error = mf_object_sum(&instance->object, MF_MAP_TRAFFIC, id, sum, WORDS);

	if (error)
		return error;
	status->out_packets = sum[OUT_PACKETS];
	status->out_bytes = sum[OUT_BYTES];
	status->in_packets = sum[IN_PACKETS];
	status->in_bytes = sum[IN_BYTES];
	return 0;
}

static int status_read(struct mf_instance *instance, __u32 id, struct mf_assoc_status *status)
{
	const struct mf_entry *entry = &instance->associations.entry[id];

	memset(status, 0, sizeof(*status));
	status->id = id;
	status->generation = entry->association.generation;
	status->added_ms = entry->added_ms;
	status->sealed = instance->object.seal[id].sent;
	status->alone = entry->association.shares && !entry->twin;
	config_read(&status->config, &instance->object.seed[id], &entry->association);
	slot_read(instance, entry, status);
	path_read(instance, id, status);
	peer_read(instance, id, status);
	return traffic_read(instance, id, status);
}

int mf_status_association(struct mf_instance *instance, __u32 id, struct mf_assoc_status *status)
{
	const struct mf_associations *all = &instance->associations;

	for (; id < all->limit; id++)
		if (all->entry[id].association.generation)
			return status_read(instance, id, status);
	return -ENOENT;
}

int mf_status_counters(struct mf_instance *instance, struct mf_counters *counters)
{
	int error = 0;

	for (__u32 verdict = 0; !error && verdict < MF_VERDICT_ROOM; verdict++)
		error = mf_object_sum(&instance->object, MF_MAP_VERDICT, verdict, &counters->verdict[verdict], 1);
	return error;
}
