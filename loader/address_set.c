// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of addresses for mf_own and mf_router.
 */
#include "loader/address_set.h"

#include <bpf/bpf.h>
#include <string.h>

int mf_address_set_has(const struct mf_address_set *set, const __u8 address[static 16])
{
	for (__u32 i = 0; i < set->count; i++)
		if (!memcmp(set->address[i], address, 16))
			return 1;
	return 0;
}

void mf_address_set_add(struct mf_address_set *set, const __u8 address[static 16])
{
	if (set->count < MF_ADDRESS_SET_MAX && !mf_address_set_has(set, address))
		memcpy(set->address[set->count++], address, 16);
}

/* The keys of the map that are not in the set. */
static void find_spare(const struct mf_address_set *set, int map_fd, struct mf_address_set *spare)
{
	__u8 key[16];
	int error = bpf_map_get_next_key(map_fd, NULL, key);

	spare->count = 0;
	while (!error && spare->count < MF_ADDRESS_SET_MAX) {
		if (!mf_address_set_has(set, key))
			memcpy(spare->address[spare->count++], key, 16);
		error = bpf_map_get_next_key(map_fd, key, key);
	}
}

int mf_address_set_apply(const struct mf_address_set *set, int map_fd)
{
	static const __u32 one = 1;
	struct mf_address_set spare;
	int error = 0;

	find_spare(set, map_fd, &spare);
	for (__u32 i = 0; !error && i < set->count; i++)
		error = bpf_map_update_elem(map_fd, set->address[i], &one, BPF_ANY);
	for (__u32 i = 0; i < spare.count; i++)
		bpf_map_delete_elem(map_fd, spare.address[i]);
	return error;
}
