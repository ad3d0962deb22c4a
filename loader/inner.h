/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inner prefixes: mf_local, mf_remote, mf_pair, the prefilter bits of mf_node, and the routes into the device.
 */
#ifndef MAYFLY_LOADER_INNER_H
#define MAYFLY_LOADER_INNER_H

#include "loader/association.h"

/*
 * Makes the prefixes of `to` those of association `id`, which had those of `from`; either may be NULL. What both
 * have is not touched. On failure the prefixes of `from` stand.
 */
int mf_inner_change(struct mf_instance *instance, __u32 id, const struct mf_seed *from, const struct mf_seed *to);

/* One more, one fewer user of an inner prefix of this end. */
int mf_inner_use(struct mf_instance *instance, const struct mf_prefix *prefix);
void mf_inner_release(struct mf_instance *instance, const struct mf_prefix *prefix);

/*
 * Offset in struct mf_message of the first remote prefix that another association than `id` (-1: any) has, or
 * that is this end's; 0: none.
 */
__u16 mf_inner_conflict(const struct mf_instance *instance, int id, const struct mf_assoc_config *config);

/* Puts routes again, with the MTU of now; of generations (loader/twin.h) only the leader's. */
int mf_inner_route(struct mf_instance *instance, __u32 id, const struct mf_seed *seed);

/* Generation `id` leads from now on. It is about to go: another one takes over, if there is one, without a gap. */
int mf_inner_lead(struct mf_instance *instance, __u32 id);
void mf_inner_yield(struct mf_instance *instance, __u32 id);

/* Bytes of the largest inner packet to `prefix`, NULL: the association's largest of all. */
__u32 mf_inner_mtu(const struct mf_association *association, __u32 outer_mtu, const struct mf_prefix *prefix);

#endif
