/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device that a person sees (a veth) and its inside end, where the out programs stand.
 */
#ifndef MAYFLY_LOADER_DEVICE_H
#define MAYFLY_LOADER_DEVICE_H

#include "loader/control.h"

struct mf_instance;

/* Makes the pair, up and quiet, programs attached. -EEXIST: somebody has an interface of that name. */
int mf_device_create(struct mf_instance *instance);

/* Finds the pair that an earlier loader made. -ENODEV: gone. */
int mf_device_find(struct mf_instance *instance);

void mf_device_delete(struct mf_instance *instance);

/* Deletes a pair of this instance's under whatever name, where no record tells of it. */
void mf_device_delete_strays(struct mf_instance *instance);

/*
 * Whole: large frames pass, by tc alone. Otherwise the stack segments on the device, and XDP takes the frames
 * where the NIC can.
 */
int mf_device_mode(struct mf_instance *instance, int whole);

/* Attaches or detaches the fast out path by what the NIC can do now. */
void mf_device_out_refresh(struct mf_instance *instance);

/* MTU of the device: the largest inner packet of any association. */
int mf_device_mtu(struct mf_instance *instance);

/* Inner addresses of the device: those of `to` instead of those of `from` (NULL: none). */
int mf_device_addresses(struct mf_instance *instance, const struct mf_node_config *from,
			const struct mf_node_config *to);

#endif
