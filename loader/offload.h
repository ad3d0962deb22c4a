/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offloads and driver names, through ethtool's ioctl.
 */
#ifndef MAYFLY_LOADER_OFFLOAD_H
#define MAYFLY_LOADER_OFFLOAD_H

enum mf_offload {
	MF_OFFLOAD_TX_CHECKSUM,
	MF_OFFLOAD_TSO,
	MF_OFFLOAD_GSO,
	MF_OFFLOAD_GRO,
	MF_OFFLOAD_TX_VLAN,
};

enum { MF_DRIVER_BYTES = 32 };

/* 0 or 1, or -errno. `fd`: any socket. */
int mf_offload_get(int fd, const char *name, enum mf_offload offload);
int mf_offload_set(int fd, const char *name, enum mf_offload offload, int on);

/* The driver's name, zero terminated; empty if it does not say. */
void mf_offload_driver(int fd, const char *name, char driver[static MF_DRIVER_BYTES]);

#endif
