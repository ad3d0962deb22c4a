/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Introductions: which association listens for which clients. Clients that several have are twins (loader/twin.h).
 */
#ifndef MAYFLY_LOADER_INTRODUCTION_H
#define MAYFLY_LOADER_INTRODUCTION_H

#include "loader/association.h"

enum { MF_INTRODUCTION = MF_ASSOC_LISTENS | MF_ASSOC_ROAMS };

/*
 * May `association` with `seed` be added (`id` -1), or `id` become that? 0, and also for what neither listens nor roams;
 * -ENOLINK: nobody listens for this client; -EUSERS: clients need the listener as it is; -EEXIST: another association
 * listens so already, or is this client; -ENOSPC: MF_LISTENERS do.
 */
int mf_introduction_check(const struct mf_instance *instance, int id, const struct mf_association *association,
			  const struct mf_seed *seed);

/* Association `id` has come (seed and mf_entry stand), or is about to go. */
void mf_introduction_join(struct mf_instance *instance, __u32 id);
void mf_introduction_leave(struct mf_instance *instance, __u32 id);

/*
 * Around a change that mf_introduction_check() allows: a client is counted anew, a listener stays one and keeps its
 * clients.
 */
void mf_introduction_change_begin(struct mf_instance *instance, __u32 id);
void mf_introduction_change_end(struct mf_instance *instance, __u32 id);

/* Clients that roam with listener `id`; 0 also for any other association. */
__u32 mf_introduction_clients(const struct mf_associations *all, __u32 id);

/* Finds listeners and counts clients anew, from what mf_assoc and mf_seed say. */
void mf_introduction_recall(struct mf_instance *instance);

#endif
