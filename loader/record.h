/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an instance is and what it has to put back when it goes, kept in the pinned one-entry map `mf_config`,
 * so that a loader that follows a dead one needs to be told nothing.
 */
#ifndef MAYFLY_LOADER_RECORD_H
#define MAYFLY_LOADER_RECORD_H

#include "loader/control.h"

enum { MF_RECORD_VERSION = 3, MF_RECORD_GATEWAYS = 16 };

/* A neighbour entry of the NIC's that is kept resolved. */
struct mf_record_gateway {
	__u8 address[16];
	__u8 made; /* by us; else it was there and is only let go of */
	__u8 pad[3];
};

struct mf_record {
	__u32 version;
	__u32 complete;         /* 0: NODE_SET was cut short; what is there is to be taken down */
	struct mf_node_config config;
	__u32 nic;              /* ifindex of the NIC that the next fields are about; 0: none */
	__u8 gro_before;        /* enum mf_choice; AUTO: not touched */
	__u8 allmulti_before;   /* enum mf_choice; AUTO: not touched */
	__u8 device_made;       /* MF_MADE_*: interfaces with its names are ours, though no alias says so yet */
	__u8 threaded_before;   /* enum mf_choice; AUTO: not touched */
	__u32 gateways;
	struct mf_record_gateway gateway[MF_RECORD_GATEWAYS];
};

/* Makes the map and pins it at `path`. The file descriptor, or -errno. */
int mf_record_create(const char *path);

/* Opens a pinned one. -ENOENT: there is none; -EPROTO: it is of another version. */
int mf_record_open(const char *path, struct mf_record *record);

int mf_record_write(int fd, const struct mf_record *record);

#endif
