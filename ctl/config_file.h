/* SPDX-License-Identifier: GPL-2.0-only */
/* The files around a configuration: itself, the node's private key, the keys K of its peers. */
#ifndef MAYFLY_CTL_CONFIG_FILE_H
#define MAYFLY_CTL_CONFIG_FILE_H

#include "ctl/config.h"
#include "ctl/key.h"

/* The keys K by number of the peer, in secret memory. */
struct config_keys {
	__u8 (*key)[KEY_HOP_BYTES];
};

/* A name without "/" that is no file here means /etc/mayfly/NAME.conf. Returns `path`. */
char *config_file_resolve(char path[static CONFIG_PATH_BYTES], const char *argument);

/* Reads and parses, no more: what does not need keys or defaults. 0, or -errno and `why`. */
int config_file_parse(struct config *config, const char *argument, char why[static SAY_BYTES]);

/* Likewise, and completes with the public key of the node; `node_public` is all zero if it has none. */
int config_file_read(struct config *config, __u8 node_public[static KEY_PUBLIC_BYTES], const char *argument,
		     char why[static SAY_BYTES]);

/* The same of a node that hops: with Prefix = auto it stays in the prefix `present` while it can (nic_prefix_find()). */
int config_file_read_in(struct config *config, __u8 node_public[static KEY_PUBLIC_BYTES], const char *argument,
			const struct mf_template *present, char why[static SAY_BYTES]);

/* Reads every K. Two peers whose addresses would be the same are refused. 0, or -errno and `why`. */
int config_keys_read(struct config_keys *keys, const struct config *config, char why[static SAY_BYTES]);
void config_keys_close(struct config_keys *keys); /* wipes; all zero is fine */

#endif
