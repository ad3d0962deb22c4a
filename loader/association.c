// SPDX-License-Identifier: GPL-2.0-only
/*
 * Associations come, change and go in an order in which the packet path never sees half of one:
 * ring, live entries, mf_assoc, inner prefixes; and back the other way.
 */
#include "loader/association.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "loader/check.h"
#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/introduction.h"
#include "loader/prefix.h"
#include "loader/seal.h"

int mf_associations_open(struct mf_associations *all, __u32 capacity, __u32 ring_slots)
{
	int error = 0;

	*all = (struct mf_associations){ .capacity = capacity, .generation = randombytes_random() };
	all->entry = aligned_alloc(_Alignof(struct mf_entry), capacity * sizeof(*all->entry));
	if (all->entry)
		memset(all->entry, 0, capacity * sizeof(*all->entry));
	if (!all->entry || mf_table_open(&all->names, MF_NAME_BYTES) ||
	    mf_table_open(&all->locals, sizeof(struct mf_prefix)) || mf_table_open(&all->twins, 16) ||
	    mf_ring_space_open(&all->rings, ring_slots) || mf_due_open(&all->due, capacity))
		error = -ENOMEM;
	if (error)
		mf_associations_close(all);
	return error;
}

void mf_associations_close(struct mf_associations *all)
{
	free(all->entry);
	mf_table_close(&all->names);
	mf_table_close(&all->locals);
	mf_table_close(&all->twins);
	mf_ring_space_close(&all->rings);
	mf_due_close(&all->due);
	*all = (struct mf_associations){ 0 };
}

int mf_association_find(const struct mf_associations *all, const char name[static MF_NAME_BYTES])
{
	const __u32 *id = mf_table_find(&all->names, name);

	return id ? (int)*id : -1;
}

int mf_association_publish(struct mf_instance *instance, __u32 id)
{
	instance->stale |= MF_STALE_ASSOCIATIONS;
	return bpf_map_update_elem(instance->object.map[MF_MAP_ASSOC], &id,
				   &instance->associations.entry[id].association, BPF_ANY);
}

static void pace_with(struct mf_instance *instance, const struct mf_association *association)
{
	if (!instance->shortest_ms || association->rotation_ms < instance->shortest_ms)
		instance->shortest_ms = association->rotation_ms;
}

void mf_association_pace(struct mf_instance *instance)
{
	const struct mf_associations *all = &instance->associations;

	instance->shortest_ms = 0;
	for (__u32 id = 0; id < all->limit; id++)
		if (all->entry[id].association.generation)
			pace_with(instance, &all->entry[id].association);
}

static int seed_write(const struct mf_instance *instance, __u32 id, const struct mf_seed *seed)
{
	return bpf_map_update_elem(instance->object.map[MF_MAP_SEED], &id, seed, BPF_ANY);
}

static void seed_from_config(struct mf_seed *seed, const struct mf_assoc_config *config, __u64 added_ms)
{
	memset(seed, 0, sizeof(*seed));
	memcpy(seed->key, config->key, sizeof(seed->key));
	memcpy(seed->seed_local, config->seed_local, sizeof(seed->seed_local));
	memcpy(seed->seed_remote, config->seed_remote, sizeof(seed->seed_remote));
	seed->local = config->local;
	seed->remote = config->remote;
	memcpy(seed->name, config->name, sizeof(seed->name));
	seed->added_ms = added_ms;
	seed->senders = 1;
	seed->local_count = config->local_count;
	seed->remote_count = config->remote_count;
	memcpy(seed->local_prefix, config->local_prefix, sizeof(seed->local_prefix));
	memcpy(seed->remote_prefix, config->remote_prefix, sizeof(seed->remote_prefix));
}

static void host_pair_set(struct mf_association *association, const struct mf_assoc_config *config)
{
	const struct mf_prefix *local = mf_prefix_first_host(config->local_prefix, config->local_count);
	const struct mf_prefix *remote = mf_prefix_first_host(config->remote_prefix, config->remote_count);

	if (!local || !remote)
		return;
	association->flags |= MF_ASSOC_HOST_PAIR;
	memcpy(association->inner_local, local->address, 16);
	memcpy(association->inner_remote, remote->address, 16);
	association->inner_sum = mf_address_sum(local->address) + mf_address_sum(remote->address);
}

/* All but generation and ring. Held to its own prefixes until loader/inner.c has looked at them. */
static struct mf_association from_config(const struct mf_instance *instance, const struct mf_assoc_config *config)
{
	struct mf_association association = {
		.carriage = config->carriage,
		.flags = config->flags | MF_ASSOC_OWN_PREFIXES,
		.link_mtu = mf_seal_mtu(config->carriage, instance->nic.mtu),
		.rotation_ms = config->rotation_ms,
		.phase_ms = mf_slot_phase(config->key, config->rotation_ms),
		.local_port = config->local_port,
		.remote_port = config->remote_port,
		.shares = config->shares,
		.padding = config->padding,
	};

	if (config->carriage == MF_CARRIAGE_SEALED)
		association.sealing = MF_SEAL_BYTES + (config->padding ? MF_PADDING_LEAST : 0);
	host_pair_set(&association, config);
	return association;
}

static __u32 generation_next(struct mf_associations *all)
{
	if (!++all->generation)
		++all->generation;
	return all->generation;
}

static int id_free(struct mf_associations *all)
{
	while (all->free_from < all->capacity && all->entry[all->free_from].association.generation)
		all->free_from += 1;
	return all->free_from < all->capacity ? (int)all->free_from : -ENOSPC;
}

/* One of the node's templates? */
static int template_is_ours(const struct mf_instance *instance, const struct mf_template *template)
{
	const struct mf_node_config *config = &instance->record.config;

	for (unsigned int i = 0; i < config->templates; i++)
		if (!memcmp(template, &config->template[i], sizeof(*template)))
			return 1;
	return 0;
}

static int ring_get(struct mf_instance *instance, struct mf_association *association)
{
	struct mf_associations *all = &instance->associations;
	__u32 wanted = mf_ring_wanted(instance->record.config.look_ahead_ms, association->rotation_ms);
	struct mf_ring_extent ring;
	int error = mf_ring_take(&all->rings, wanted, all->capacity - all->count - 1, &ring);

	if (error)
		return error;
	memset(instance->object.slots + ring.base, 0, ring.slots * sizeof(struct mf_slot));
	association->ring_base = ring.base;
	association->ring_slots = ring.slots;
	return 0;
}

static void ring_put(struct mf_instance *instance, const struct mf_association *association)
{
	struct mf_ring_extent ring = { association->ring_base, association->ring_slots };

	memset(instance->object.slots + ring.base, 0, ring.slots * sizeof(struct mf_slot));
	mf_ring_give(&instance->associations.rings, &ring);
}

static void entry_begin(struct mf_entry *entry, const struct mf_seed *seed)
{
	struct mf_schedule schedule = mf_entry_schedule(entry);

	memcpy(entry->name, seed->name, sizeof(entry->name));
	entry->added_ms = seed->added_ms;
	entry->first_index = mf_slot_index(&schedule, seed->added_ms);
	entry->seen_index = 0;
	entry->filled_index = 0;
	entry->local_count = seed->local_count;
}

/* Ring, live entries, mf_assoc. The entry's association is complete but for its ring's contents. */
static int begin(struct mf_instance *instance, __u32 id, const struct mf_seed *seed)
{
	struct mf_associations *all = &instance->associations;
	struct mf_entry *entry = &all->entry[id];
	__u64 now_ms = mf_clock_now_ms(&instance->clock);
	int error = seed_write(instance, id, seed);

	entry_begin(entry, seed);
	entry->in_ns = instance->clock.monotonic_ns;
	pace_with(instance, &entry->association);
	if (!error)
		error = mf_keep_start(instance, id, now_ms);
	if (error)
		return error;
	if (id >= all->limit) {
		all->limit = id + 1;
		instance->object.clock->associations = all->limit;
	}
	error = mf_association_publish(instance, id);
	if (!error)
		mf_due_set(&all->due, id, now_ms);
	return error;
}

static int add_with_seed(struct mf_instance *instance, __u32 id, const struct mf_association *association,
			 const struct mf_seed *seed)
{
	struct mf_associations *all = &instance->associations;
	int error;

	memset(&all->entry[id], 0, sizeof(all->entry[id]));
	memset(&instance->object.state[id], 0, sizeof(instance->object.state[id]));
	mf_object_clear(&instance->object, MF_MAP_TRAFFIC, id, sizeof(struct mf_traffic));
	all->entry[id].association = *association;
	all->count += 1;
	error = mf_table_put(&all->names, seed->name, id);
	if (!error)
		error = begin(instance, id, seed);
	if (!error)
		error = mf_inner_change(instance, id, NULL, seed);
	if (error)
		mf_association_remove(instance, id, seed);
	else
		mf_introduction_join(instance, id);
	return error;
}

static int refuse(struct mf_trouble *trouble, __u16 field, int error)
{
	*trouble = (struct mf_trouble){ field, error };
	return -1;
}

/* 0, or what does not go with what is there. */
static __u16 find_conflict(const struct mf_instance *instance, int id, const struct mf_assoc_config *config)
{
	if (!template_is_ours(instance, &config->local))
		return MF_FIELD(assoc_config.local);
	if (id >= 0 && (config->flags ^ instance->associations.entry[id].association.flags) & MF_INTRODUCTION)
		return MF_FIELD(assoc_config.flags);
	if (id >= 0 && config->shares != instance->associations.entry[id].association.shares)
		return MF_FIELD(assoc_config.shares);
	if (id >= 0) {
		__u16 field = mf_seal_conflict(&instance->object.seal[id], &instance->associations.entry[id].association,
					    config);

		if (field)
			return field;
	}
	return mf_inner_conflict(instance, id, config);
}

int mf_association_add(struct mf_instance *instance, const struct mf_assoc_config *config,
		       struct mf_trouble *trouble)
{
	struct mf_associations *all = &instance->associations;
	struct mf_association association = from_config(instance, config);
	__u16 field = find_conflict(instance, -1, config);
	struct mf_seed seed;
	int error, id;

	if (mf_association_find(all, config->name) >= 0)
		return refuse(trouble, 0, -EEXIST);
	if (field)
		return refuse(trouble, field, 0);
	id = id_free(all);
	if (id < 0)
		return refuse(trouble, 0, id);
	seed_from_config(&seed, config, mf_clock_now_ms(&instance->clock));
	error = mf_introduction_check(instance, -1, &association, &seed);
	if (!error)
		error = ring_get(instance, &association);
	if (!error) {
		association.generation = generation_next(all);
		mf_seal_begin(&instance->object.seal[id], config);
		error = add_with_seed(instance, id, &association, &seed);
	}
	sodium_memzero(&seed, sizeof(seed));
	return error ? refuse(trouble, 0, error) : id;
}

int mf_association_recall(struct mf_instance *instance, __u32 id, const struct mf_association *association,
			  const struct mf_seed *seed)
{
	struct mf_associations *all = &instance->associations;
	struct mf_ring_extent ring = { association->ring_base, association->ring_slots };
	struct mf_entry *entry = &all->entry[id];
	int error = mf_ring_claim(&all->rings, &ring);

	if (!error)
		error = mf_table_put(&all->names, seed->name, id);
	if (error)
		return error;
	entry->association = *association;
	entry_begin(entry, seed);
	all->count += 1;
	if (id >= all->limit)
		all->limit = id + 1;
	if (!association->generation) {
		instance->object.state[id].kept_index = 0;
		entry->association.generation = generation_next(all);
		error = mf_association_publish(instance, id);
	}
	mf_due_set(&all->due, id, 0);
	return error;
}

/* mf_assoc first says that there is none, so that no packet meets what goes next. */
void mf_association_remove(struct mf_instance *instance, __u32 id, const struct mf_seed *seed)
{
	struct mf_associations *all = &instance->associations;
	struct mf_entry *entry = &all->entry[id];
	struct mf_association old = entry->association;
	static const struct mf_seed nothing;

	memset(&entry->association, 0, sizeof(entry->association));
	mf_association_publish(instance, id);
	mf_keep_purge(instance, id, &old);
	memset(&instance->object.state[id], 0, sizeof(instance->object.state[id]));
	mf_due_drop(&all->due, id);
	mf_table_drop(&all->names, seed->name);
	ring_put(instance, &old);
	seed_write(instance, id, &nothing);
	mf_seal_end(&instance->object.seal[id]);
	memset(entry, 0, sizeof(*entry));
	all->count -= 1;
	if (id < all->free_from)
		all->free_from = id;
}

int mf_association_delete(struct mf_instance *instance, const char name[static MF_NAME_BYTES])
{
	int id = mf_association_find(&instance->associations, name), error;
	__u32 key = id;
	struct mf_seed seed;

	if (id < 0)
		return -ENOENT;
	if (mf_introduction_clients(&instance->associations, id))
		return -EUSERS;
	error = bpf_map_lookup_elem(instance->object.map[MF_MAP_SEED], &key, &seed);
	if (error)
		return error;
	mf_introduction_leave(instance, id);
	mf_inner_yield(instance, id);
	/* Before the rest: the way in leads no client here any more (bpf/decap.h). */
	instance->associations.entry[id].association.generation = 0;
	mf_association_publish(instance, id);
	mf_inner_change(instance, id, &seed, NULL);
	mf_association_remove(instance, id, &seed);
	sodium_memzero(&seed, sizeof(seed));
	return 0;
}

/* Does the new one need other slots, or live entries that say something else? */
static int is_other_generation(const struct mf_association *before, const struct mf_seed *old,
			       const struct mf_association *after, const struct mf_seed *new)
{
	return sodium_memcmp(old->key, new->key, sizeof(old->key)) ||
	       memcmp(old->seed_local, new->seed_local, sizeof(old->seed_local)) ||
	       memcmp(old->seed_remote, new->seed_remote, sizeof(old->seed_remote)) ||
	       memcmp(&old->local, &new->local, sizeof(old->local)) ||
	       memcmp(&old->remote, &new->remote, sizeof(old->remote)) ||
	       before->rotation_ms != after->rotation_ms || before->carriage != after->carriage;
}

/* Another rotation wants another ring; where there is no room for it the old one must do. */
static void ring_change(struct mf_instance *instance, const struct mf_association *before,
			struct mf_association *after)
{
	after->ring_base = before->ring_base;
	after->ring_slots = before->ring_slots;
	if (before->rotation_ms != after->rotation_ms && !ring_get(instance, after))
		ring_put(instance, before);
	else
		memset(instance->object.slots + after->ring_base, 0, after->ring_slots * sizeof(struct mf_slot));
}

/* All that is hidden while mf_assoc says that there is no association. */
static int renew(struct mf_instance *instance, __u32 id, struct mf_association *after, const struct mf_seed *new)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_association before = entry->association;

	entry->association.generation = 0;
	mf_association_publish(instance, id);
	mf_keep_purge(instance, id, &before);
	memset(&instance->object.state[id], 0, sizeof(instance->object.state[id]));
	ring_change(instance, &before, after);
	after->generation = 0;
	entry->association = *after;
	mf_association_publish(instance, id); /* killed from here on, the next loader completes it */
	entry->association.generation = generation_next(&instance->associations);
	return begin(instance, id, new);
}

/* Slots and mf_assoc, of the same generation or of a new one; not the inner prefixes. */
static int apply_slots(struct mf_instance *instance, __u32 id, const struct mf_seed *old,
		       struct mf_association *after, const struct mf_seed *new)
{
	struct mf_association *before = &instance->associations.entry[id].association;
	int error;

	after->flags = (after->flags & ~MF_ASSOC_OWN_PREFIXES) | (before->flags & MF_ASSOC_OWN_PREFIXES);
	if (is_other_generation(before, old, after, new)) {
		error = renew(instance, id, after, new);
	} else {
		after->generation = before->generation;
		after->ring_base = before->ring_base;
		after->ring_slots = before->ring_slots;
		*before = *after;
		error = seed_write(instance, id, new);
		if (!error)
			error = mf_association_publish(instance, id);
	}
	return error;
}

/* All of it, or back to what it was. */
static int apply_change(struct mf_instance *instance, __u32 id, const struct mf_seed *old,
			struct mf_association *after, const struct mf_seed *new)
{
	struct mf_association saved = instance->associations.entry[id].association;
	int error = apply_slots(instance, id, old, after, new);

	if (!error)
		error = mf_inner_change(instance, id, old, new);
	if (error) {
		apply_slots(instance, id, new, &saved, old);
		return error;
	}
	return mf_inner_route(instance, id, new);
}

int mf_association_change(struct mf_instance *instance, const struct mf_assoc_config *config,
			  struct mf_trouble *trouble)
{
	int id = mf_association_find(&instance->associations, config->name), error;
	struct mf_association after = from_config(instance, config);
	struct mf_seed old, new;
	__u32 key = id;
	__u16 field;

	if (id < 0)
		return refuse(trouble, 0, -ENOENT);
	field = find_conflict(instance, id, config);
	if (field)
		return refuse(trouble, field, 0);
	error = bpf_map_lookup_elem(instance->object.map[MF_MAP_SEED], &key, &old);
	if (error)
		return refuse(trouble, 0, error);
	seed_from_config(&new, config, old.added_ms);
	error = mf_introduction_check(instance, id, &after, &new);
	if (!error) {
		mf_introduction_change_begin(instance, id);
		error = apply_change(instance, id, &old, &after, &new);
		mf_introduction_change_end(instance, id);
	}
	sodium_memzero(&old, sizeof(old));
	sodium_memzero(&new, sizeof(new));
	return error ? refuse(trouble, 0, error) : id;
}
