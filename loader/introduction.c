// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bookkeeping of introductions. Listeners are few and stand in a list; a client finds its own by key, seed, template
 * and rotation, which are never copied out of mf_seed.
 */
#include "loader/introduction.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "loader/instance.h"
#include "loader/log.h"

/* Would packets for the one be heard at the other's addresses? */
static int same_addresses(const struct mf_seed *one, const struct mf_seed *other)
{
	return !sodium_memcmp(one->key, other->key, sizeof(one->key)) &&
	       !memcmp(one->seed_local, other->seed_local, sizeof(one->seed_local)) &&
	       !memcmp(&one->local, &other->local, sizeof(one->local));
}

/* Where in the list; -1: not there. */
static int listener_of(const struct mf_instance *instance, __u32 rotation_ms, const struct mf_seed *seed)
{
	const struct mf_associations *all = &instance->associations;

	for (__u32 i = 0; i < all->listeners; i++) {
		__u32 id = all->listener[i].id;

		if (all->entry[id].association.rotation_ms == rotation_ms &&
		    same_addresses(&instance->object.seed[id], seed))
			return i;
	}
	return -1;
}

static int listener_at(const struct mf_associations *all, __u32 id)
{
	for (__u32 i = 0; i < all->listeners; i++)
		if (all->listener[i].id == id)
			return i;
	return -1;
}

/* Two clients of one seed would be heard as each other: does the slot of now stand in mf_live already? */
static int client_is_known(const struct mf_instance *instance, int id, const struct mf_association *association,
			   const struct mf_seed *seed)
{
	struct mf_schedule schedule = { association->rotation_ms, association->phase_ms };
	const struct mf_live *live = &instance->object.live;
	struct mf_slot slot;
	__u32 position;

	mf_slot_fill(&slot, seed, &schedule, mf_slot_index(&schedule, mf_clock_now_ms(&instance->clock)));
	position = mf_live_find_same(live, &slot);
	return position != MF_LIVE_NOWHERE && (int)live->slot[position].association != id;
}

static int check_listener(const struct mf_instance *instance, int id, const struct mf_association *association,
			  const struct mf_seed *seed)
{
	const struct mf_associations *all = &instance->associations;
	int same = listener_of(instance, association->rotation_ms, seed);
	int before = id < 0 ? -1 : listener_at(all, id);

	if (same >= 0 && same != before)
		return -EEXIST;
	if (before >= 0 && same < 0 && all->listener[before].clients)
		return -EUSERS;
	return before < 0 && all->listeners == MF_LISTENERS ? -ENOSPC : 0;
}

int mf_introduction_check(const struct mf_instance *instance, int id, const struct mf_association *association,
			  const struct mf_seed *seed)
{
	if (association->flags & MF_ASSOC_LISTENS)
		return check_listener(instance, id, association, seed);
	if (!(association->flags & MF_ASSOC_ROAMS))
		return 0;
	if (listener_of(instance, association->rotation_ms, seed) < 0)
		return -ENOLINK;
	return client_is_known(instance, id, association, seed) ? -EEXIST : 0;
}

/* `by`: 1 or -1. */
static void clients_count(struct mf_instance *instance, __u32 id, int by)
{
	struct mf_associations *all = &instance->associations;
	int at = listener_of(instance, all->entry[id].association.rotation_ms, &instance->object.seed[id]);

	if (at >= 0 && (by > 0 || all->listener[at].clients))
		all->listener[at].clients += by;
	else if (by > 0)
		mf_log(MF_LOG_ERROR, "%.32s: nobody listens for this client; delete and add it again",
		       instance->object.seed[id].name);
}

void mf_introduction_join(struct mf_instance *instance, __u32 id)
{
	struct mf_associations *all = &instance->associations;
	__u8 flags = all->entry[id].association.flags;

	if (flags & MF_ASSOC_LISTENS && all->listeners < MF_LISTENERS)
		all->listener[all->listeners++] = (struct mf_listener){ .id = id };
	else if (flags & MF_ASSOC_ROAMS)
		clients_count(instance, id, 1);
}

void mf_introduction_leave(struct mf_instance *instance, __u32 id)
{
	struct mf_associations *all = &instance->associations;
	__u8 flags = all->entry[id].association.flags;
	int at = listener_at(all, id);

	if (at >= 0)
		all->listener[at] = all->listener[--all->listeners];
	else if (flags & MF_ASSOC_ROAMS)
		clients_count(instance, id, -1);
}

void mf_introduction_change_begin(struct mf_instance *instance, __u32 id)
{
	if (!(instance->associations.entry[id].association.flags & MF_ASSOC_LISTENS))
		mf_introduction_leave(instance, id);
}

void mf_introduction_change_end(struct mf_instance *instance, __u32 id)
{
	if (!(instance->associations.entry[id].association.flags & MF_ASSOC_LISTENS))
		mf_introduction_join(instance, id);
}

__u32 mf_introduction_clients(const struct mf_associations *all, __u32 id)
{
	int at = listener_at(all, id);

	return at < 0 ? 0 : all->listener[at].clients;
}

static void join_all(struct mf_instance *instance, __u8 flag)
{
	const struct mf_associations *all = &instance->associations;

	for (__u32 id = 0; id < all->limit; id++)
		if (all->entry[id].association.generation && all->entry[id].association.flags & flag)
			mf_introduction_join(instance, id);
}

void mf_introduction_recall(struct mf_instance *instance)
{
	instance->associations.listeners = 0;
	join_all(instance, MF_ASSOC_LISTENS);
	join_all(instance, MF_ASSOC_ROAMS);
}
