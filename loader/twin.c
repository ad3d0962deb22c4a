// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of twins, and the one entry of mf_remote that each ring has. Routes and everything else that knows an inner
 * prefix are left to loader/inner.c.
 */
#include "loader/twin.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "loader/instance.h"

static struct mf_lpm_key key_of(const __u8 host[static 16])
{
	struct mf_lpm_key key = { .length = 128 };

	memcpy(key.address, host, 16);
	return key;
}

static enum mf_twin_kind kind_of(const struct mf_associations *all, __u32 id)
{
	const struct mf_association *association = &all->entry[id].association;

	return mf_twin_kind(association->flags, association->shares);
}

int mf_twin_is(const struct mf_associations *all, __u32 id, enum mf_twin_kind kind, const __u8 host[static 16])
{
	const struct mf_association *association = id < all->limit ? &all->entry[id].association : NULL;

	return kind && association && association->generation && kind_of(all, id) == kind &&
	       !memcmp(association->inner_remote, host, 16);
}

/* Not asked of mf_remote: the way in goes on writing it, also while an earlier loader's state is taken over. */
int mf_twin_other(const struct mf_associations *all, __u32 id, const __u8 host[static 16])
{
	enum mf_twin_kind kind = kind_of(all, id);
	const __u32 *other = kind ? mf_table_find(&all->twins, host) : NULL;

	return other && mf_twin_is(all, *other, kind, host) ? (int)*other : -1;
}

void mf_twin_join(struct mf_associations *all, __u32 id, __u32 other)
{
	struct mf_entry *entry = &all->entry[id], *there = &all->entry[other];

	if (entry->twin || id == other)
		return;
	entry->twin = there->twin ? there->twin : other + 1;
	there->twin = id + 1;
}

int mf_twin_leave(struct mf_associations *all, __u32 id)
{
	struct mf_entry *entry = &all->entry[id], *before;
	__u32 next = entry->twin, steps = 0;

	entry->twin = 0;
	if (!next || next == id + 1)
		return -1;
	for (before = &all->entry[next - 1]; before->twin && before->twin != id + 1; before = &all->entry[before->twin - 1])
		if (++steps == all->capacity)
			return next - 1; /* no ring of ours: it is left as it is */
	before->twin = before == &all->entry[next - 1] ? 0 : next;
	return next - 1;
}

void mf_twin_forget(struct mf_instance *instance)
{
	__atomic_add_fetch(&instance->object.clock->epoch, 1, __ATOMIC_RELEASE);
}

/* The entry of mf_remote; -1: there is none. */
static int leads(const struct mf_instance *instance, const struct mf_lpm_key *key)
{
	__u32 id;

	return bpf_map_lookup_elem(instance->object.map[MF_MAP_REMOTE], key, &id) ? -1 : (int)id;
}

static int lead(struct mf_instance *instance, const struct mf_lpm_key *key, __u32 id)
{
	return bpf_map_update_elem(instance->object.map[MF_MAP_REMOTE], key, &id, BPF_ANY);
}

int mf_twin_leader(const struct mf_instance *instance, const __u8 address[static 16])
{
	const struct mf_associations *all = &instance->associations;
	struct mf_lpm_key key = key_of(address);
	int id = leads(instance, &key);

	return id >= 0 && (__u32)id < all->limit && all->entry[id].association.generation ? id : -1;
}

int mf_twin_first(struct mf_instance *instance, __u32 id, const __u8 host[static 16])
{
	struct mf_associations *all = &instance->associations;
	enum mf_twin_kind kind = kind_of(all, id);
	struct mf_lpm_key key = key_of(host);
	int error, before;

	if (kind) {
		error = mf_table_put(&all->twins, host, id);
		if (error)
			return error;
		before = instance->running ? -1 : leads(instance, &key);
		if (before >= 0 && mf_twin_is(all, before, kind, host))
			return 0;
	}
	return lead(instance, &key, id);
}

/*
 * mf_remote leads to `to` where it led to `id`. The way in may have been about to write `id` again while it was looked
 * at; by the second look mf_assoc has long said that `id` is gone, and nobody begins to write it.
 */
static void lead_elsewhere(struct mf_instance *instance, const struct mf_lpm_key *key, __u32 id, __u32 to)
{
	for (int look = 0; look < 2; look++)
		if (leads(instance, key) == (int)id)
			lead(instance, key, to);
}

int mf_twin_part(struct mf_instance *instance, __u32 id, const __u8 host[static 16])
{
	struct mf_table *twins = &instance->associations.twins;
	int other = mf_twin_leave(&instance->associations, id);
	__u32 *known = mf_table_find(twins, host);
	struct mf_lpm_key key = key_of(host);

	if (known && *known == id && other >= 0)
		*known = other;
	else if (known && *known == id)
		mf_table_drop(twins, host);
	if (other < 0)
		return 0;
	lead_elsewhere(instance, &key, id, other);
	mf_twin_forget(instance);
	return 1;
}

int mf_twin_lead(struct mf_instance *instance, __u32 id)
{
	struct mf_lpm_key key = key_of(instance->associations.entry[id].association.inner_remote);
	int error = lead(instance, &key, id);

	if (!error)
		mf_twin_forget(instance);
	return error;
}
