/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cutter: a veth pair that frames of `encap` with a checksum pass on their way out. On the way into the near
 * end (DEVICE-to) the kernel cuts large frames and finishes checksums; at the far end (DEVICE-in) programs stand.
 */
#ifndef MAYFLY_LOADER_CUTTER_H
#define MAYFLY_LOADER_CUTTER_H

#include "loader/control.h"

struct mf_instance;

/* Makes the pair, up and quiet, programs attached. -EEXIST: somebody has an interface of that name. */
int mf_cutter_create(struct mf_instance *instance);

/* Finds the pair that an earlier loader made. -ENODEV: gone; -EEXIST: it is somebody else's. */
int mf_cutter_find(struct mf_instance *instance);

void mf_cutter_delete(struct mf_instance *instance);

/* Attaches or detaches the fast out path by what the NIC can do now. */
void mf_cutter_refresh(struct mf_instance *instance);

/* Lets packets of `mtu` bytes pass. */
int mf_cutter_mtu(struct mf_instance *instance, __u32 mtu);

#endif
