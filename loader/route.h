/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses and routes: inner ones put on the device, outer ones read from the kernel.
 */
#ifndef MAYFLY_LOADER_ROUTE_H
#define MAYFLY_LOADER_ROUTE_H

#include "loader/netlink.h"
#include "bpf/abi.h"

/* Marks our routes, so that a person sees whose they are (`ip route` shows "proto 109"). */
enum { MF_ROUTE_PROTOCOL = 109 };

int mf_address_put(struct mf_netlink *netlink, int ifindex, const struct mf_prefix *address);
int mf_address_drop(struct mf_netlink *netlink, int ifindex, const struct mf_prefix *address);

typedef void mf_address_visitor(const __u8 address[static 16], int ifindex, void *context);
/* Every IPv6 address of this host. */
int mf_address_each(struct mf_netlink *netlink, mf_address_visitor *visitor, void *context);

/*
 * A route of inner prefix `to` through the device; `source` may be NULL. `flags`: NLM_F_EXCL refuses where
 * somebody has a route for the very prefix already, NLM_F_REPLACE changes ours.
 */
int mf_route_put(struct mf_netlink *netlink, int ifindex, __u16 flags, const struct mf_prefix *to, __u32 mtu,
		 const __u8 *source);
int mf_route_drop(struct mf_netlink *netlink, int ifindex, const struct mf_prefix *to);

/* What becomes of our own routes is no event: the kernel keeps it from this socket, which then wakes nobody up. 0 or -errno. */
int mf_route_hide_own(const struct mf_netlink *events);

/* Makes one hopping address local, though no interface has it, so that a socket may hear there. -EEXIST: it is already. */
int mf_route_local_put(struct mf_netlink *netlink, const __u8 address[static 16]);
int mf_route_local_drop(struct mf_netlink *netlink, const __u8 address[static 16]);

typedef void mf_gateway_visitor(const __u8 gateway[static 16], void *context);
/* Every IPv6 gateway that some route through interface `ifindex` names; one may come several times. */
int mf_route_gateways(struct mf_netlink *netlink, int ifindex, mf_gateway_visitor *visitor, void *context);

#endif
