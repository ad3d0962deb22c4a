/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small set of addresses, and a BPF hash made equal to it.
 */
#ifndef MAYFLY_LOADER_ADDRESS_SET_H
#define MAYFLY_LOADER_ADDRESS_SET_H

#include <linux/types.h>

enum { MF_ADDRESS_SET_MAX = 1024 };

struct mf_address_set {
	__u32 count;
	__u8 address[MF_ADDRESS_SET_MAX][16];
};

/* Once each; what does not fit is left out. */
void mf_address_set_add(struct mf_address_set *set, const __u8 address[static 16]);
int mf_address_set_has(const struct mf_address_set *set, const __u8 address[static 16]);

/* Puts in what is missing, then takes out what is too much. */
int mf_address_set_apply(const struct mf_address_set *set, int map_fd);

#endif
