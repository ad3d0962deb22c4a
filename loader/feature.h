/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a NIC's driver can do for XDP, asked from the `netdev` generic netlink family (Linux 6.3).
 */
#ifndef MAYFLY_LOADER_FEATURE_H
#define MAYFLY_LOADER_FEATURE_H

#include "loader/netlink.h"

struct mf_feature {
	struct mf_netlink netlink; /* requests */
	struct mf_netlink events;  /* fd readable: some NIC's features changed */
	__u16 family;              /* 0: this kernel does not say */
};

/* Always gives a usable object; without the family nothing is known. */
void mf_feature_open(struct mf_feature *feature);
void mf_feature_close(struct mf_feature *feature);

/* Does the driver take frames redirected from another interface (ndo_xdp_xmit)? Unknown means no. */
int mf_feature_takes_frames(struct mf_feature *feature, int ifindex);

/* Reads pending events away. */
void mf_feature_drain(struct mf_feature *feature);

#endif
