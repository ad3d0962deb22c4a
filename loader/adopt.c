// SPDX-License-Identifier: GPL-2.0-only
/*
 * A loader follows one that died: maps, links and devices are found by their pins and names, the new programs
 * take the place of the old ones each in one step, and what the maps say becomes our memory again.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "loader/cutter.h"
#include "loader/device.h"
#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/introduction.h"
#include "loader/log.h"
#include "loader/nic.h"
#include "loader/node.h"
#include "loader/prefix.h"
#include "loader/reports.h"
#include "loader/watch.h"

static int map_of(const struct mf_instance *instance, enum mf_map map)
{
	return instance->object.map[map];
}

/* Its map was made anew: nothing may be sealed with what is there instead of keys. */
static int is_keyless(const struct mf_seal *seal)
{
	return sodium_is_zero((const __u8 *)seal->out.key, sizeof(seal->out.key));
}

/* One id of mf_assoc. Adding that was cut short before mf_assoc knew of it is undone: seed and keys are wiped. */
static int recall(struct mf_instance *instance, __u32 id)
{
	static const struct mf_seed nothing;
	struct mf_association association;
	struct mf_seed seed;
	int error = bpf_map_lookup_elem(map_of(instance, MF_MAP_ASSOC), &id, &association);

	if (!error)
		error = bpf_map_lookup_elem(map_of(instance, MF_MAP_SEED), &id, &seed);
	if (error)
		return error;
	if (association.carriage == MF_CARRIAGE_SEALED && is_keyless(&instance->object.seal[id])) {
		memset(&association, 0, sizeof(association));
		error = bpf_map_update_elem(map_of(instance, MF_MAP_ASSOC), &id, &association, BPF_ANY);
	}
	if (error)
		return error;
	if (association.rotation_ms && seed.name[0])
		error = mf_association_recall(instance, id, &association, &seed);
	else
		sodium_memzero(&instance->object.seal[id], sizeof(instance->object.seal[id]));
	if (!association.rotation_ms && seed.name[0])
		error = bpf_map_update_elem(map_of(instance, MF_MAP_SEED), &id, &nothing, BPF_ANY);
	sodium_memzero(&seed, sizeof(seed));
	return error;
}

static int recall_prefixes(struct mf_instance *instance, __u32 id)
{
	struct mf_seed seed;
	int error = bpf_map_lookup_elem(map_of(instance, MF_MAP_SEED), &id, &seed);

	if (!error)
		error = mf_inner_change(instance, id, NULL, &seed);
	if (error)
		mf_log(MF_LOG_ERROR, "%.32s: inner prefixes cannot be taken over: %s", seed.name, strerror(-error));
	sodium_memzero(&seed, sizeof(seed));
	return 0;
}

static int recall_all(struct mf_instance *instance)
{
	/* One more than programs know of: a loader may have died over adding it. */
	__u32 id, limit = instance->object.clock->associations + 1;
	int error = 0;

	if (limit > instance->object.capacity)
		limit = instance->object.capacity;

	for (id = 0; !error && id < limit; id++)
		error = recall(instance, id);
	if (!error)
		error = mf_device_addresses(instance, NULL, &instance->record.config);
	for (id = 0; !error && id < instance->associations.limit; id++)
		if (instance->associations.entry[id].association.generation)
			error = recall_prefixes(instance, id);
	mf_introduction_recall(instance);
	instance->object.clock->associations = instance->associations.limit;
	return error;
}

/* Does this slot stand in mf_live rightly? The timer may be one slot further than kept_index says. */
static int slot_is_kept(const void *context, const struct mf_slot *slot)
{
	const struct mf_instance *instance = context;
	const struct mf_associations *all = &instance->associations;
	__u64 kept_index;

	if (slot->association >= all->limit || !all->entry[slot->association].association.generation)
		return 0;
	kept_index = __atomic_load_n(&instance->object.state[slot->association].kept_index, __ATOMIC_ACQUIRE);
	return slot->index <= kept_index + 1 && slot->index + MF_LIVE_PER_ASSOC > kept_index;
}

static void recall_lent(struct mf_instance *instance)
{
	int fd = map_of(instance, MF_MAP_LENT), error;
	__u8 key[16], next[16];
	struct mf_loan loan;

	error = bpf_map_get_next_key(fd, NULL, key);
	while (!error) {
		error = bpf_map_get_next_key(fd, key, next);
		if (!bpf_map_lookup_elem(fd, key, &loan))
			mf_lend_recall(instance, key, loan.until_ms);
		memcpy(key, next, sizeof(key));
	}
}

/* Is `key` of mf_remote still one of the prefixes of the association that it leads to? */
static int remote_is_right(const struct mf_instance *instance, const struct mf_lpm_key *key, __u32 id)
{
	struct mf_prefix prefix = { .length = key->length };
	struct mf_seed seed;
	int right = 0;

	memcpy(prefix.address, key->address, 16);
	if (id >= instance->associations.limit || bpf_map_lookup_elem(map_of(instance, MF_MAP_SEED), &id, &seed))
		return 0;
	for (unsigned int i = 0; i < seed.remote_count; i++)
		right |= mf_prefix_same(&prefix, &seed.remote_prefix[i]);
	sodium_memzero(&seed, sizeof(seed));
	return right;
}

static void sweep_remote(const struct mf_instance *instance)
{
	int fd = map_of(instance, MF_MAP_REMOTE), error;
	struct mf_lpm_key key, next;
	__u32 id;

	error = bpf_map_get_next_key(fd, NULL, &key);
	while (!error) {
		error = bpf_map_get_next_key(fd, &key, &next);
		if (!bpf_map_lookup_elem(fd, &key, &id) && !remote_is_right(instance, &key, id))
			bpf_map_delete_elem(fd, &key);
		key = next;
	}
}

static void sweep_local(const struct mf_instance *instance)
{
	int fd = map_of(instance, MF_MAP_LOCAL), error;
	struct mf_lpm_key key, next;

	error = bpf_map_get_next_key(fd, NULL, &key);
	while (!error) {
		struct mf_prefix prefix = { .length = key.length };

		error = bpf_map_get_next_key(fd, &key, &next);
		memcpy(prefix.address, key.address, 16);
		if (!mf_table_find(&instance->associations.locals, &prefix))
			bpf_map_delete_elem(fd, &key);
		key = next;
	}
}

static int device_adopt(struct mf_instance *instance)
{
	int error = instance->device.ifindex ? 0 : mf_device_create(instance);

	if (!error)
		error = mf_nic_attach(instance);
	return error ? error : mf_device_raise(instance);
}

/* Somebody may have deleted the device, or the NIC may have gone, while nobody looked. */
static int hooks_adopt(struct mf_instance *instance)
{
	int error;

	mf_attach_init(&instance->attach, &instance->pins, &instance->object, &instance->netlink,
		       instance->options);
	mf_attach_adopt(&instance->attach);
	mf_nic_find(instance);
	if (mf_cutter_find(instance)) {
		mf_cutter_delete(instance);
		error = mf_cutter_create(instance);
		if (error)
			return error;
	}
	if (mf_device_find(instance))
		mf_device_delete(instance);
	if (instance->record.nic && instance->record.nic != (__u32)instance->nic.ifindex)
		mf_nic_forget(instance);
	return instance->nic.ifindex ? device_adopt(instance) : 0;
}

static int owned_before(const struct mf_instance *instance)
{
	struct mf_node node;
	__u32 zero = 0;

	return !bpf_map_lookup_elem(instance->object.map[MF_MAP_NODE], &zero, &node) && node.flags & MF_NODE_OWN;
}

static int maps_adopt(struct mf_instance *instance)
{
	const struct mf_node_config *config = &instance->record.config;
	struct mf_clock_sample sample;
	int error = mf_object_open(&instance->object, &instance->pins, config->capacity, config->ring_slots);

	if (error)
		return error;
	mf_clock_read(&sample, instance->options->clock_ahead_ms);
	mf_clock_adopt(&instance->clock, &sample, instance->object.clock->offset_ns);
	instance->owns = owned_before(instance);
	return mf_associations_open(&instance->associations, config->capacity, config->ring_slots);
}

static int take_over(struct mf_instance *instance)
{
	int error = maps_adopt(instance);

	if (!error)
		error = hooks_adopt(instance);
	if (!error)
		error = recall_all(instance);
	recall_lent(instance);
	if (!error)
		error = mf_node_publish(instance);
	if (!error)
		error = mf_object_arm(&instance->object);
	if (!error)
		error = mf_reports_open(instance);
	if (error)
		return error;
	mf_cutter_refresh(instance);
	mf_live_sweep(&instance->object.live, slot_is_kept, instance);
	sweep_remote(instance);
	sweep_local(instance);
	return 0;
}

static const char *name_failure(int error)
{
	return error == -EPROTO ? "it is of another version" : strerror(-error);
}

/* What cannot be taken over once cannot be the next time: somebody has to give it up. The error, or 0: it is gone. */
static int give_up(struct mf_instance *instance, int error)
{
	if (instance->options->replace) {
		mf_log(MF_LOG_WARNING, "%s: what an earlier loader left cannot be taken over (%s) and is taken down: "
		       "the node has to be brought up again", instance->pins.directory, name_failure(error));
		mf_node_detach(instance);
		return 0;
	}
	mf_log(MF_LOG_ERROR, "%s: what an earlier loader left cannot be taken over (%s); it goes on for the look-ahead. "
	       "To start anew: mayfly-loader --interface %s --bpffs %s --detach", instance->pins.directory,
	       name_failure(error), instance->options->interface, instance->pins.parent);
	return error;
}

int mf_node_adopt(struct mf_instance *instance)
{
	char path[MF_PIN_PATH_BYTES];
	int error;

	if (!mf_pins_exist(&instance->pins)) {
		mf_node_sweep(instance);
		return 0;
	}
	error = mf_pins_open(&instance->pins);
	if (error == -EBUSY)
		mf_log(MF_LOG_ERROR, "%s: another mayfly-loader has it", instance->pins.directory);
	if (error)
		return error;
	mf_pins_path(&instance->pins, path, "mf_config");
	instance->record_fd = mf_record_open(path, &instance->record);
	if (instance->record_fd == -EPROTO)
		return give_up(instance, -EPROTO);
	if (instance->record_fd < 0 || !instance->record.complete) {
		mf_node_detach(instance); /* setting up was cut short */
		return 0;
	}
	error = take_over(instance);
	if (error)
		return give_up(instance, error);
	instance->running = instance->adopted = 1;
	instance->stale = MF_STALE_ALL;
	mf_watch_refresh(instance);
	mf_node_beat(instance);
	mf_log(MF_LOG_NOTICE, "%s: taken over from an earlier loader, %u associations", instance->options->interface,
	       instance->associations.count);
	return 1;
}
