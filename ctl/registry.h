/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may be introduced: the peers of the configuration of whom only the public key is known, and a directory of
 * public key files.
 */
#ifndef MAYFLY_CTL_REGISTRY_H
#define MAYFLY_CTL_REGISTRY_H

#include "ctl/config.h"
#include "ctl/key.h"
#include "ctl/rendezvous.h"

enum { REGISTRY_MOST = 100000 };

struct registered {
	char name[MF_NAME_BYTES];
	__u8 public_key[KEY_PUBLIC_BYTES];
	__u32 number; /* whoever uses the registry numbers its entries; ~0: not yet */
	__u8 known;    /* bits of its own, which stay with number and pair */
	__u8 refused;  /* and which do not */
};

/* By public key, each once, and no two of one name. */
struct registry {
	struct registered *entry;
	struct rendezvous_pair *pair; /* of the same index; secret memory */
	size_t count;
	size_t wrong; /* files that hold no key, each said */
};

/*
 * Reads what the configuration and its directory name. `old` (or NULL): whom it knows already keeps name, number and pair.
 * 0, or -errno and `why`; then there is nothing to close.
 */
int registry_load(struct registry *registry, const struct config *config, const __u8 private_key[static KEY_PRIVATE_BYTES],
		  const __u8 public_key[static KEY_PUBLIC_BYTES], const struct registry *old,
		  char why[static SAY_BYTES]);
void registry_close(struct registry *registry); /* all zero is fine */

/*
 * Whether the directory can be read, and written by nobody else. How many files in it hold no key, each said; or -errno and
 * `why`.
 */
int registry_check_directory(const char *path, char why[static SAY_BYTES]);

/* Index of the entry with this key, or -1. */
ssize_t registry_find(const struct registry *registry, const __u8 public_key[static KEY_PUBLIC_BYTES]);

#endif
