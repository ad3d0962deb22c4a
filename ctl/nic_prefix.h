/* SPDX-License-Identifier: GPL-2.0-only */
/* Which network an interface is in: what Prefix = auto means. */
#ifndef MAYFLY_CTL_NIC_PREFIX_H
#define MAYFLY_CTL_NIC_PREFIX_H

#include "bpf/abi.h"
#include "ctl/say.h"
#include "loader/netlink.h"

/*
 * The /64 of the interface's first global IPv6 address that is neither deprecated nor in fc00::/7; of a temporary one only
 * if there is no other. 0; -EADDRNOTAVAIL: it has none; another -errno; and `why`.
 */
int nic_prefix_find(const char *nic, struct mf_template *prefix, char why[static SAY_BYTES]);

/* A socket that becomes readable when addresses change: mf_netlink_events() empties it. 0 or -errno. */
int nic_prefix_watch(struct mf_netlink *netlink);

/* How good an address is as that: 0: not at all. For tests. */
unsigned int nic_prefix_rank(const __u8 address[static 16], __u8 scope, __u32 flags, __u32 preferred_s);

#endif
