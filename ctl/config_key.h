/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of configuration keys: what each is called, how its value is read and where it goes. */
#ifndef MAYFLY_CTL_CONFIG_KEY_H
#define MAYFLY_CTL_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>

struct config_key {
	const char *name;
	int (*parse)(void *field, const char *value); /* 0 or -errno; a list takes one item a call */
	size_t offset; /* in struct config_node or struct config_peer */
	bool list;     /* items apart by commas */
	bool quiet;    /* the value is not repeated in messages: it may be a secret put there by mistake */
	const char *expected;
};

struct config_key_table {
	const struct config_key *keys;
	unsigned int count;
};

extern const struct config_key_table config_node_keys; /* by enum config_node_key */
extern const struct config_key_table config_peer_keys; /* by enum config_peer_key */

/* Number of the key of this name, in any case, or -ENOENT. */
int config_key_find(const struct config_key_table *table, const char *name);

/* The name that was probably meant, or NULL. */
const char *config_key_suggest(const struct config_key_table *table, const char *name);

#endif
