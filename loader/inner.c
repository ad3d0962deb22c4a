// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps everything that knows inner prefixes in step. A prefix comes in with the prefilter first and goes
 * out with it last, so that the packet path never finds less than it looks for.
 */
#include "loader/inner.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "loader/check.h"
#include "loader/instance.h"
#include "loader/node.h"
#include "loader/prefix.h"
#include "loader/route.h"
#include "loader/twin.h"

static const __u32 one = 1;

static struct mf_lpm_key key_of(const struct mf_prefix *prefix)
{
	struct mf_lpm_key key = { .length = prefix->length };

	memcpy(key.address, prefix->address, 16);
	return key;
}

static struct mf_pair_key pair_of(__u32 id, const struct mf_prefix *prefix)
{
	struct mf_pair_key key = { .length = 32 + prefix->length, .association = id };

	memcpy(key.address, prefix->address, 16);
	return key;
}

static int map_of(const struct mf_instance *instance, enum mf_map map)
{
	return instance->object.map[map];
}

/* `by`: 1 or -1. Tells the programs only where a bit changes. */
static int prefilter_count(struct mf_instance *instance, const struct mf_prefix *prefix, int by)
{
	struct mf_associations *all = &instance->associations;
	unsigned int first = prefix->address[0], last = first, changed = 0;

	if (prefix->length < 8)
		last = first | 0xff >> prefix->length;
	for (unsigned int byte = first; byte <= last; byte++) {
		changed |= !all->first[byte];
		all->first[byte] += by;
		changed |= !all->first[byte];
	}
	if (mf_prefix_is_ipv4(prefix)) {
		changed |= !all->ipv4;
		all->ipv4 += by;
		changed |= !all->ipv4;
	}
	return changed ? mf_node_publish(instance) : 0;
}

static int is_among(const struct mf_prefix *prefix, const struct mf_prefix *list, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (mf_prefix_same(prefix, &list[i]))
			return 1;
	return 0;
}

/* An association that has not all of this end's prefixes is held to its own by mf_pair. */
static int own_set(struct mf_instance *instance, __u32 id, int own)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_seed seed;
	int error = 0;

	if (own == !!(entry->association.flags & MF_ASSOC_OWN_PREFIXES))
		return 0;
	error = bpf_map_lookup_elem(map_of(instance, MF_MAP_SEED), &id, &seed);
	for (unsigned int i = 0; own && !error && i < seed.local_count; i++) {
		struct mf_pair_key key = pair_of(id, &seed.local_prefix[i]);

		error = bpf_map_update_elem(map_of(instance, MF_MAP_PAIR), &key, &one, BPF_ANY);
	}
	if (error)
		goto out;
	entry->association.flags ^= MF_ASSOC_OWN_PREFIXES;
	error = mf_association_publish(instance, id);
	for (unsigned int i = 0; !own && i < seed.local_count; i++) {
		struct mf_pair_key key = pair_of(id, &seed.local_prefix[i]);

		bpf_map_delete_elem(map_of(instance, MF_MAP_PAIR), &key);
	}
out:
	sodium_memzero(&seed, sizeof(seed));
	return error;
}

/* `locals`: how many prefixes this end has, or will have in a moment. */
static int own_refresh(struct mf_instance *instance, __u32 locals)
{
	const struct mf_associations *all = &instance->associations;
	int error = 0;

	for (__u32 id = 0; !error && id < all->limit; id++)
		if (all->entry[id].association.generation)
			error = own_set(instance, id, all->entry[id].local_count != locals);
	return error;
}

static int local_add(struct mf_instance *instance, const struct mf_prefix *prefix)
{
	struct mf_lpm_key key = key_of(prefix);
	int error = own_refresh(instance, instance->associations.locals.used + 1);

	if (!error)
		error = prefilter_count(instance, prefix, 1);
	if (!error)
		error = bpf_map_update_elem(map_of(instance, MF_MAP_LOCAL), &key, &one, BPF_ANY);
	return error;
}

int mf_inner_use(struct mf_instance *instance, const struct mf_prefix *prefix)
{
	struct mf_table *locals = &instance->associations.locals;
	__u32 *users = mf_table_find(locals, prefix);
	int error;

	if (users) {
		*users += 1;
		return 0;
	}
	error = local_add(instance, prefix);
	return error ? error : mf_table_put(locals, prefix, 1);
}

void mf_inner_release(struct mf_instance *instance, const struct mf_prefix *prefix)
{
	struct mf_table *locals = &instance->associations.locals;
	__u32 *users = mf_table_find(locals, prefix);
	struct mf_lpm_key key = key_of(prefix);

	if (!users || --*users)
		return;
	mf_table_drop(locals, prefix);
	bpf_map_delete_elem(map_of(instance, MF_MAP_LOCAL), &key);
	prefilter_count(instance, prefix, -1);
	own_refresh(instance, locals->used);
}

/* First address of the device that lies in a local prefix of the same family; NULL: the kernel chooses. */
static const __u8 *source_for(const struct mf_instance *instance, const struct mf_seed *seed,
			      const struct mf_prefix *to)
{
	const struct mf_node_config *config = &instance->record.config;

	for (unsigned int i = 0; i < seed->local_count; i++)
		for (unsigned int j = 0; j < config->address_count; j++)
			if (mf_prefix_has(&seed->local_prefix[i], config->address[j].address) &&
			    mf_prefix_is_ipv4(&seed->local_prefix[i]) == mf_prefix_is_ipv4(to))
				return config->address[j].address;
	return NULL;
}

__u32 mf_inner_mtu(const struct mf_association *association, __u32 outer_mtu, const struct mf_prefix *prefix)
{
	/* Large frames stay whole under ZERO_CHECKSUM, and so do their inner headers. */
	int pair = association->flags & MF_ASSOC_HOST_PAIR && !(association->flags & MF_ASSOC_ZERO_CHECKSUM) &&
		   (!prefix || (mf_prefix_is_host(prefix) && !memcmp(prefix->address, association->inner_remote, 16)));
	__u32 overhead = 0;

	if (association->carriage != MF_CARRIAGE_REWRITE)
		overhead = pair ? MF_ENCAP_HOST_BYTES : MF_ENCAP_WHOLE_BYTES;
	overhead += association->sealing;
	return outer_mtu < MF_INNER_MTU_MIN + overhead ? MF_INNER_MTU_MIN : outer_mtu - overhead;
}

static int route_put(struct mf_instance *instance, __u32 id, __u16 flags, const struct mf_seed *seed,
		     const struct mf_prefix *to)
{
	const struct mf_association *association = &instance->associations.entry[id].association;

	if (!instance->device.ifindex)
		return 0; /* gone with the NIC; all routes are put when it is back */
	return mf_route_put(&instance->netlink, instance->device.ifindex, flags, to,
			    mf_inner_mtu(association, association->link_mtu, to), source_for(instance, seed, to));
}

/* Of twins that are generations, the one that leads has the route. */
static int has_route(const struct mf_instance *instance, __u32 id)
{
	const struct mf_association *association = &instance->associations.entry[id].association;

	return !association->shares || mf_twin_leader(instance, association->inner_remote) == (int)id;
}

int mf_inner_route(struct mf_instance *instance, __u32 id, const struct mf_seed *seed)
{
	int error = 0;

	for (unsigned int i = 0; !error && has_route(instance, id) && i < seed->remote_count; i++)
		error = route_put(instance, id, NLM_F_REPLACE, seed, &seed->remote_prefix[i]);
	return error;
}

/* Is the route to their common host the same for both? */
static int same_route(const struct mf_instance *instance, __u32 one, __u32 other)
{
	const struct mf_entry *entry = instance->associations.entry;
	const struct mf_seed *seed = instance->object.seed;
	const struct mf_prefix *host = &seed[one].remote_prefix[0];

	return mf_inner_mtu(&entry[one].association, entry[one].association.link_mtu, host) ==
	       mf_inner_mtu(&entry[other].association, entry[other].association.link_mtu, host) &&
	       source_for(instance, &seed[one], host) == source_for(instance, &seed[other], host);
}

int mf_inner_lead(struct mf_instance *instance, __u32 id)
{
	int before = mf_twin_leader(instance, instance->associations.entry[id].association.inner_remote);
	int error = before == (int)id ? 0 : mf_twin_lead(instance, id);

	if (error || before < 0 || same_route(instance, id, before))
		return error;
	return mf_inner_route(instance, id, &instance->object.seed[id]);
}

void mf_inner_yield(struct mf_instance *instance, __u32 id)
{
	const struct mf_entry *entry = &instance->associations.entry[id];

	if (entry->association.shares && entry->twin && has_route(instance, id))
		mf_inner_lead(instance, entry->twin - 1);
}

static void remote_drop(struct mf_instance *instance, __u32 id, const struct mf_prefix *prefix)
{
	struct mf_lpm_key key = key_of(prefix);

	if (mf_twin_part(instance, id, prefix->address))
		return;
	bpf_map_delete_elem(map_of(instance, MF_MAP_REMOTE), &key);
	mf_twin_forget(instance);
	prefilter_count(instance, prefix, -1);
	if (instance->device.ifindex)
		mf_route_drop(&instance->netlink, instance->device.ifindex, prefix);
}

static int remote_put(struct mf_instance *instance, __u32 id, const struct mf_prefix *prefix)
{
	struct mf_lpm_key key = key_of(prefix);

	if (mf_prefix_is_host(prefix))
		return mf_twin_first(instance, id, prefix->address);
	return bpf_map_update_elem(map_of(instance, MF_MAP_REMOTE), &key, &id, BPF_ANY);
}

static int remote_add(struct mf_instance *instance, __u32 id, const struct mf_seed *seed,
		      const struct mf_prefix *prefix)
{
	int other = mf_twin_other(&instance->associations, id, prefix->address);
	/* While an earlier loader's state is taken over the route may be there already: ours then. */
	int error;

	if (other >= 0) {
		mf_twin_join(&instance->associations, id, other);
		return 0;
	}
	error = route_put(instance, id, instance->running ? NLM_F_EXCL : NLM_F_REPLACE, seed, prefix);
	if (error)
		return error == -EEXIST ? -EADDRINUSE : error;
	error = prefilter_count(instance, prefix, 1);
	if (!error)
		error = remote_put(instance, id, prefix);
	if (error)
		remote_drop(instance, id, prefix);
	else
		mf_twin_forget(instance);
	return error;
}

static int pair_put(struct mf_instance *instance, __u32 id, const struct mf_prefix *prefix)
{
	struct mf_pair_key key = pair_of(id, prefix);

	return bpf_map_update_elem(map_of(instance, MF_MAP_PAIR), &key, &one, BPF_ANY);
}

static void local_drop(struct mf_instance *instance, __u32 id, const struct mf_prefix *prefix)
{
	struct mf_pair_key key = pair_of(id, prefix);

	bpf_map_delete_elem(map_of(instance, MF_MAP_PAIR), &key);
	mf_inner_release(instance, prefix);
}

/* Whatever `list` has beyond `others`, taken out again up to `count`. */
static void locals_drop(struct mf_instance *instance, __u32 id, const struct mf_prefix *list, unsigned int count,
			const struct mf_seed *others)
{
	for (unsigned int i = 0; i < count; i++)
		if (!others || !is_among(&list[i], others->local_prefix, others->local_count))
			local_drop(instance, id, &list[i]);
}

static void remotes_drop(struct mf_instance *instance, __u32 id, const struct mf_prefix *list, unsigned int count,
			 const struct mf_seed *others)
{
	for (unsigned int i = 0; i < count; i++)
		if (!others || !is_among(&list[i], others->remote_prefix, others->remote_count))
			remote_drop(instance, id, &list[i]);
}

static int locals_add(struct mf_instance *instance, __u32 id, const struct mf_seed *from, const struct mf_seed *to)
{
	for (unsigned int i = 0; i < to->local_count; i++) {
		int error;

		if (from && is_among(&to->local_prefix[i], from->local_prefix, from->local_count))
			continue;
		error = mf_inner_use(instance, &to->local_prefix[i]);
		if (error) {
			locals_drop(instance, id, to->local_prefix, i, from);
			return error;
		}
	}
	return 0;
}

static int remotes_add(struct mf_instance *instance, __u32 id, const struct mf_seed *from, const struct mf_seed *to)
{
	for (unsigned int i = 0; i < to->remote_count; i++) {
		int error;

		if (from && is_among(&to->remote_prefix[i], from->remote_prefix, from->remote_count))
			continue;
		error = remote_add(instance, id, to, &to->remote_prefix[i]);
		if (error) {
			remotes_drop(instance, id, to->remote_prefix, i, from);
			return error;
		}
	}
	return 0;
}

/* Its local prefixes have changed: is it to be held to its own, and to which? */
static int pairs_put(struct mf_instance *instance, __u32 id, const struct mf_seed *to)
{
	struct mf_entry *entry = &instance->associations.entry[id];
	int own = to->local_count != instance->associations.locals.used, error = 0;

	entry->local_count = to->local_count;
	for (unsigned int i = 0; own && !error && i < to->local_count; i++)
		error = pair_put(instance, id, &to->local_prefix[i]);
	return error ? error : own_set(instance, id, own);
}

int mf_inner_change(struct mf_instance *instance, __u32 id, const struct mf_seed *from, const struct mf_seed *to)
{
	int error = 0;

	if (to) {
		error = locals_add(instance, id, from, to);
		if (error)
			return error;
		error = pairs_put(instance, id, to);
		if (!error)
			error = remotes_add(instance, id, from, to);
		if (error) {
			locals_drop(instance, id, to->local_prefix, to->local_count, from);
			return error;
		}
	}
	if (from) {
		remotes_drop(instance, id, from->remote_prefix, from->remote_count, to);
		locals_drop(instance, id, from->local_prefix, from->local_count, to);
	}
	return 0;
}

/* The longest match of a prefix in mf_remote is the prefix itself if anybody has it. */
static int is_taken(const struct mf_instance *instance, int id, enum mf_twin_kind kind, const struct mf_prefix *prefix)
{
	const struct mf_associations *all = &instance->associations;
	struct mf_lpm_key key = key_of(prefix);
	struct mf_seed seed;
	__u32 other;
	int taken;

	/* It may be one of a ring, and stays in it. */
	if (kind && id >= 0)
		return !mf_twin_is(all, id, kind, prefix->address);

	if (mf_table_find(&all->locals, prefix))
		return 1;
	if (bpf_map_lookup_elem(map_of(instance, MF_MAP_REMOTE), &key, &other) || (int)other == id)
		return 0;
	if (mf_twin_is(all, other, kind, prefix->address))
		return 0;
	if (bpf_map_lookup_elem(map_of(instance, MF_MAP_SEED), &other, &seed))
		return 0;
	taken = is_among(prefix, seed.remote_prefix, seed.remote_count);
	sodium_memzero(&seed, sizeof(seed));
	return taken;
}

__u16 mf_inner_conflict(const struct mf_instance *instance, int id, const struct mf_assoc_config *config)
{
	enum mf_twin_kind kind = mf_twin_kind(config->flags, config->shares);

	for (unsigned int i = 0; i < config->remote_count; i++)
		if (is_taken(instance, id, kind, &config->remote_prefix[i]) ||
		    is_among(&config->remote_prefix[i], config->local_prefix, config->local_count))
			return MF_FIELD(assoc_config.remote_prefix[0]) + i * sizeof(struct mf_prefix);
	return 0;
}
