/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a stateful firewall stands before us, each slot is opened from inside while traffic is expected.
 */
#ifndef MAYFLY_LOADER_OPENER_H
#define MAYFLY_LOADER_OPENER_H

#include <linux/types.h>

struct mf_instance;

/* A slot of association `id` begins: asks the out path to open it if the association OPENS and is in use. */
void mf_opener_slot(struct mf_instance *instance, __u32 id);

#endif
