/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces: what the kernel says of them, and the few changes the loader makes to them.
 */
#ifndef MAYFLY_LOADER_LINK_H
#define MAYFLY_LOADER_LINK_H

#include <net/if.h>

#include "loader/netlink.h"

/* Alias that marks the devices of every instance: guards of other instances stay off them. */
#define MF_LINK_ALIAS "mayfly"
enum { MF_LINK_ALIAS_BYTES = 32, MF_LINK_KIND_BYTES = 16 };

struct mf_link {
	int ifindex;
	__u32 flags; /* IFF_* */
	__u32 mtu;
	int loopback;
	int ethernet; /* frames are Ethernet's; not of lo, tun, ppp, WireGuard */
	int ours;    /* alias begins with MF_LINK_ALIAS */
	char alias[MF_LINK_ALIAS_BYTES]; /* cut short where it is longer */
	__u8 mac[6]; /* zero where the interface has none of this length */
	int lower;   /* ifindex of what it stands on; 0: nothing */
	char kind[MF_LINK_KIND_BYTES]; /* "veth", "macvlan"; empty: hardware. Cut short where it is longer */
	char name[IFNAMSIZ];
};

/* By name, or by ifindex where name is NULL. -ENODEV: no such interface. */
int mf_link_get(struct mf_netlink *netlink, const char *name, int ifindex, struct mf_link *link);

typedef void mf_link_visitor(const struct mf_link *link, void *context);
int mf_link_each(struct mf_netlink *netlink, mf_link_visitor *visitor, void *context);

int mf_link_create_veth(struct mf_netlink *netlink, const char *name, const char *peer, __u32 mtu);

/*
 * A macvlan on `lower`, private, with this link-layer address; down. `ifindex`: the number that it gets, 0: any.
 * -EBUSY: a bridge, bond or the like has `lower`, or somebody the number;
 * -EINVAL: no macvlan can stand on such an interface; -EOPNOTSUPP: the kernel has none.
 */
int mf_link_create_macvlan(struct mf_netlink *netlink, const char *name, int ifindex, int lower, const __u8 mac[static 6],
			   __u32 mtu);
int mf_link_delete(struct mf_netlink *netlink, int ifindex);
int mf_link_set_flags(struct mf_netlink *netlink, int ifindex, __u32 flags, __u32 mask);
int mf_link_set_mtu(struct mf_netlink *netlink, int ifindex, __u32 mtu);

/* No link-local address by itself, and `alias` as its alias. Before the interface goes up. */
int mf_link_set_quiet(struct mf_netlink *netlink, int ifindex, const char *alias);

#endif
