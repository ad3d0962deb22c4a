/* SPDX-License-Identifier: GPL-2.0-only */
/* Which network an interface is in: what Prefix = auto means. */
#ifndef MAYFLY_CTL_NIC_PREFIX_H
#define MAYFLY_CTL_NIC_PREFIX_H

#include "bpf/abi.h"
#include "ctl/say.h"
#include "loader/netlink.h"

/*
 * The /64 of the interface's first global IPv6 address that is neither deprecated nor in fc00::/7; of a temporary one only
 * if there is no other. `present` (NULL: none): stays as long as the interface has any such address in it.
 * 0; -EADDRNOTAVAIL: it has none; another -errno; and `why`.
 */
int nic_prefix_find(const char *nic, const struct mf_template *present, struct mf_template *prefix,
		    char why[static SAY_BYTES]);

/* A socket that becomes readable when addresses change: mf_netlink_events() empties it. 0 or -errno. */
int nic_prefix_watch(struct mf_netlink *netlink);

/* How good an address is as that: 0: not at all. For tests, like what follows. */
unsigned int nic_prefix_rank(const __u8 address[static 16], __u8 scope, __u32 flags, __u32 preferred_s);

/* The best so far; begin with all zero but `present`. */
struct nic_prefix_choice {
	const struct mf_template *present; /* NULL: none */
	unsigned int rank;                 /* 0: nothing yet */
	__u8 address[16];
};

void nic_prefix_choose(struct nic_prefix_choice *choice, const __u8 address[static 16], unsigned int rank);

#endif
