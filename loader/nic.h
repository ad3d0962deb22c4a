/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The NIC: in programs, receive offload, all-multicast, and what it knows of its neighbourhood.
 */
#ifndef MAYFLY_LOADER_NIC_H
#define MAYFLY_LOADER_NIC_H

#include <linux/types.h>

struct mf_instance;

/* Looks the NIC up by its name; ifindex 0 in instance->nic where it is gone. */
void mf_nic_find(struct mf_instance *instance);

/* Attaches everything that belongs at the NIC. Doing it again after a change does no harm. */
int mf_nic_attach(struct mf_instance *instance);

/* Takes everything off and puts back what was before. */
void mf_nic_detach(struct mf_instance *instance);

/* The NIC that the record tells of went away: nothing is there to be put back. */
void mf_nic_forget(struct mf_instance *instance);

/* All-multicast by the node's mode. */
void mf_nic_mode(struct mf_instance *instance);

/* Threaded NAPI by the node's choice. */
void mf_nic_threads(struct mf_instance *instance);

/* mf_own from the host's addresses; gateways and mf_router from its routes. */
void mf_nic_own_refresh(struct mf_instance *instance);
void mf_nic_gateways_refresh(struct mf_instance *instance);

/* Is this neighbour (link-layer address NULL: unknown) one of the gateways, by whatever name? */
int mf_nic_is_router(const struct mf_instance *instance, const __u8 address[static 16], const __u8 *mac);

#endif
