/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On-link mode: tells the routers of the link our addresses before they are used (RFC 9131).
 */
#ifndef MAYFLY_LOADER_ANNOUNCE_H
#define MAYFLY_LOADER_ANNOUNCE_H

#include <linux/types.h>

struct mf_instance;

/*
 * Slot `current` of association `id` begins: announces the address of the next one (of this one too if it is
 * the first).
 */
void mf_announce_slot(const struct mf_instance *instance, __u32 id, __u64 current);

/* Bytes of an advertisement with its Ethernet header. */
enum { MF_ANNOUNCE_BYTES = 86 };

/* Builds the unsolicited advertisement of `address` at `mac`. */
void mf_announce_build(__u8 frame[static MF_ANNOUNCE_BYTES], const __u8 address[static 16], const __u8 mac[static 6]);

#endif
