/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device that a person sees: a macvlan (private) on the NIC. It comes and goes with the NIC.
 */
#ifndef MAYFLY_LOADER_DEVICE_H
#define MAYFLY_LOADER_DEVICE_H

#include "loader/control.h"
#include "loader/link.h"

struct mf_instance;

/*
 * Makes it on the NIC and tells the programs; quiet and down. -EEXIST: somebody has an interface of that name;
 * -EMEDIUMTYPE: no macvlan can stand on this NIC. Says why.
 */
int mf_device_create(struct mf_instance *instance);

/* Why none can stand on a NIC where that is so. */
enum mf_unfit mf_device_unfit(const struct mf_link *nic);

/* Up and with IPv6, once the NIC's programs stand: before, what it says would leave as it is. */
int mf_device_raise(struct mf_instance *instance);

/* Finds what an earlier loader made. -ENODEV: gone, or not on this NIC any more. */
int mf_device_find(struct mf_instance *instance);

/* Deletes whatever has its name, if it is ours. */
void mf_device_delete(struct mf_instance *instance);

/* Deletes this instance's devices under whatever names, where no record tells of them. How many. */
int mf_device_delete_strays(struct mf_instance *instance);

/* The largest inner packet of any association. */
__u32 mf_device_wanted_mtu(const struct mf_instance *instance);

/* Gives device and cutter that MTU. */
int mf_device_mtu(struct mf_instance *instance);

/* Inner addresses of the device: those of `to` instead of those of `from` (NULL: none). */
int mf_device_addresses(struct mf_instance *instance, const struct mf_node_config *from,
			const struct mf_node_config *to);

/* Puts the node's inner addresses on a device made again. */
void mf_device_restore(struct mf_instance *instance);

/* What is being made: its names are free, and whatever has them from then on is ours, though no alias says so yet. */
enum { MF_MADE_CUTTER = 1 << 0, MF_MADE_DEVICE = 1 << 1 };

/*
 * Of device and cutter: what their alias says; whether a name is free (said if not); what is being made, or 0 once
 * its alias stands or nothing was made; an interface of MF_MADE_* `made` by name, -EEXIST: not this instance's.
 */
void mf_device_alias(const struct mf_instance *instance, char alias[static MF_LINK_ALIAS_BYTES]);
int mf_device_name_free(struct mf_instance *instance, const char *name);
int mf_device_making(struct mf_instance *instance, __u8 made);
int mf_device_claim(struct mf_instance *instance, const char *name, __u8 made, struct mf_link *link);

#endif
