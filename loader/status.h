/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the loader tells of itself, read from the maps at the moment of asking.
 */
#ifndef MAYFLY_LOADER_STATUS_H
#define MAYFLY_LOADER_STATUS_H

#include "loader/control.h"

struct mf_instance;

void mf_status_node(struct mf_instance *instance, struct mf_node_status *status);

/* The first association from `id` on. -ENOENT: there is none. */
int mf_status_association(struct mf_instance *instance, __u32 id, struct mf_assoc_status *status);

int mf_status_counters(struct mf_instance *instance, struct mf_counters *counters);

#endif
