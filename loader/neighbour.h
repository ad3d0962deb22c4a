/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Neighbour entries of the NIC's gateways, kept resolved by the kernel (NTF_EXT_MANAGED, Linux 5.16).
 */
#ifndef MAYFLY_LOADER_NEIGHBOUR_H
#define MAYFLY_LOADER_NEIGHBOUR_H

#include "loader/netlink.h"

/*
 * Has the kernel keep `address` resolved. *made: there was no entry before. 1: somebody else cares for it (a static or
 * managed entry), and it was left alone.
 */
int mf_neighbour_manage(struct mf_netlink *netlink, int ifindex, const __u8 address[static 16], int *made);

/* Lets go of it; removes the entry if we made it. */
void mf_neighbour_release(struct mf_netlink *netlink, int ifindex, const __u8 address[static 16], int made);

typedef void mf_neighbour_visitor(const __u8 address[static 16], const __u8 mac[static 6], void *context);
/* Every IPv6 neighbour of the interface whose link-layer address is known. */
int mf_neighbour_each(struct mf_netlink *netlink, int ifindex, mf_neighbour_visitor *visitor, void *context);

/* The neighbour that a message is about: 0, or -EBADMSG. *mac NULL: not known. */
int mf_neighbour_read(const struct nlmsghdr *message, int *ifindex, const __u8 **address, const __u8 **mac);

#endif
