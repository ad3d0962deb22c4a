/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One instance: what its modules work on together. Each part belongs to the module whose header defines it.
 */
#ifndef MAYFLY_LOADER_INSTANCE_H
#define MAYFLY_LOADER_INSTANCE_H

#include "loader/association.h"
#include "loader/attach.h"
#include "loader/clock.h"
#include "loader/feature.h"
#include "loader/keep.h"
#include "loader/lend.h"
#include "loader/link.h"
#include "loader/object.h"
#include "loader/options.h"
#include "loader/pins.h"
#include "loader/record.h"
#include "loader/reports.h"

/* What has to be looked at again: events say no more than this. */
enum mf_stale {
	MF_STALE_LINKS = 1 << 0,
	MF_STALE_ADDRESSES = 1 << 1,
	MF_STALE_ROUTES = 1 << 2,
	MF_STALE_ASSOCIATIONS = 1 << 3, /* what follows from all of them together: MTU, lease */
	MF_STALE_ALL = (1 << 4) - 1,
};

struct ring_buffer;

struct mf_instance {
	const struct mf_options *options;
	/* Open as long as the process lives. */
	struct mf_pins pins;
	struct mf_netlink netlink;
	struct mf_netlink events;
	struct mf_feature feature;
	int socket_fd; /* for ethtool's ioctl */
	int packet_fd; /* AF_PACKET, bound to nothing: sends what is told where */
	mf_reports_handler *report; /* who hears what programs report */
	void *report_context;

	/* From NODE_SET or adoption until NODE_CLEAR. */
	int running;
	int adopted;
	int record_fd;
	struct mf_record record;
	struct mf_object object;
	struct mf_attach attach;
	struct mf_link nic;    /* ifindex 0: gone */
	struct mf_link device; /* ifindex 0: gone with the NIC */
	struct mf_link cutter; /* near end */
	struct mf_link inside; /* its far end */
	__u8 in_xdp, out_xdp;  /* enum mf_hook_mode */
	__u8 out_refused;      /* XDP out was tried in vain, and that was said */
	int device_number;     /* ifindex that the device has, or had before its NIC was gone; 0: none yet */
	int pins_error;        /* why pins that were removed cannot be made again, so that it is said once; 0: they stand */
	int device_error;      /* why the device could not be made, so that it is said once; 0: it was */
	int refused_nic;       /* ifindex of the NIC that was back but could not be attached to; 0: none */
	__s64 cutter_again_ns; /* when making the cutter is tried again after it failed (CLOCK_MONOTONIC) */
	__s64 again_ns;        /* when that is tried again (CLOCK_MONOTONIC) */
	__u8 owns;             /* mf_own is not empty */
	struct mf_clock_engine clock;
	struct mf_associations associations;
	struct mf_keep keep;
	struct mf_lent lent;
	struct ring_buffer *reports; /* mf_events */
	__u32 stale;           /* enum mf_stale */
	__s64 hooks_checked_ns; /* when the kernel was last asked whether the programs stand */
	__s64 checked_ns;      /* when the surroundings were last looked at unasked */
	__s64 gathered_ns;     /* when all associations were last looked at together */
	__u32 shortest_ms;     /* rotation period of the fastest association */
	__u32 mtu_next;        /* next id that has yet to learn the NIC's MTU */
	__u8 gateway_mac[MF_RECORD_GATEWAYS][6];
	__u32 gateway_macs;
	int unguarded;         /* last interface that no guard could be put on, so that it is said once */
};

/* Opens what lives as long as the process. Needs privileges that are given up later. */
int mf_instance_open(struct mf_instance *instance, const struct mf_options *options);
void mf_instance_close(struct mf_instance *instance);

static inline int mf_instance_is_on_link(const struct mf_instance *instance)
{
	return instance->record.config.mode == MF_MODE_ON_LINK;
}

#endif
