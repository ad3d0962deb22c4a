/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The node: an instance set up, changed, taken over from a dead loader, taken down.
 */
#ifndef MAYFLY_LOADER_NODE_H
#define MAYFLY_LOADER_NODE_H

#include "loader/association.h"

/* Sets up, or changes what differs. -1 and *trouble; then nothing has changed. */
int mf_node_set(struct mf_instance *instance, const struct mf_node_config *config, struct mf_trouble *trouble);

/* Detaches, deletes, puts back, leaves nothing. An instance that is not running has nothing to do. */
void mf_node_clear(struct mf_instance *instance);

/* Says that everything goes on: the end of a loader that another one follows. */
void mf_node_leave(const struct mf_instance *instance);

/*
 * Takes over what is pinned. 0: nothing is, or --replace has taken it down; 1: running; -errno: something is that cannot
 * be taken over (said).
 */
int mf_node_adopt(struct mf_instance *instance);

/* Devices of an earlier loader whose pins were removed: they go, unless another program keeps the NIC. Only where no pins are. */
void mf_node_sweep(struct mf_instance *instance);

/* Takes down whatever is pinned, even of another version. -EBUSY: another loader has it (said). */
int mf_node_detach(struct mf_instance *instance);

/* Writes mf_node. */
int mf_node_publish(struct mf_instance *instance);

/* Looks at the kernel's clocks and tells the programs; renews the lease. */
void mf_node_beat(struct mf_instance *instance);

/* For how long a beat relieves the timer of its work. */
__u32 mf_node_lease_ms(const struct mf_instance *instance);

#endif
