/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table from fixed-size keys to numbers: names to association ids, prefixes to counts of users.
 * Keys come from our own control socket's trusted end; the hash is a plain FNV-1a.
 */
#ifndef MAYFLY_LOADER_TABLE_H
#define MAYFLY_LOADER_TABLE_H

#include <linux/types.h>

struct mf_table {
	__u32 key_bytes;
	__u32 places; /* power of two */
	__u32 used;
	__u8 *keys;
	__u32 *values;
	__u8 *states;
};

int mf_table_open(struct mf_table *table, __u32 key_bytes);
void mf_table_close(struct mf_table *table);

/* NULL: not there. The pointer holds until the next put or drop. */
__u32 *mf_table_find(const struct mf_table *table, const void *key);
int mf_table_put(struct mf_table *table, const void *key, __u32 value);
void mf_table_drop(struct mf_table *table, const void *key);

#endif
