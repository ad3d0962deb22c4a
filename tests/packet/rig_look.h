/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test reads out of an end's maps, and puts there.
 */
#ifndef MAYFLY_TESTS_PACKET_RIG_LOOK_H
#define MAYFLY_TESTS_PACKET_RIG_LOOK_H

#include "tests/packet/rig.h"

/* Index of the slot of now, and the slot at `ahead` from it. */
__u64 rig_index(const struct rig *rig, enum deal id);
struct mf_slot *rig_slot(const struct rig *rig, enum deal id, int ahead);

/* Another address for the peer in one slot; the checksum that the slot brings follows. */
void rig_slot_move(struct rig *rig, enum deal id, int ahead, const char *remote);

/* What the keeper would: current - 2 ... current + 2 into mf_live, nothing else of `id` there. */
void rig_keep(struct rig *rig, enum deal id);

/* The slot that mf_live leads to from `address`, NULL: none; whether that slot of an association is what it finds. */
const struct mf_slot *rig_live_get(const struct rig *rig, const __u8 *address);
int rig_live_has(const struct rig *rig, const struct mf_slot *slot);
__u32 rig_live_count(const struct rig *rig);
void rig_live_clear(struct rig *rig);
void rig_live_drop(struct rig *rig, enum deal id);      /* all of this association */
void rig_live_fill(struct rig *rig, __u32 place);       /* every free entry leads to this place of mf_slots (plus 1) */
void rig_live_unfill(struct rig *rig, __u32 place);     /* and is free again */
/* Fills both buckets of `slot` with other slots, which are given. */
void rig_live_crowd(struct rig *rig, const struct mf_slot *slot, const struct mf_slot *others[]);
struct mf_live_key rig_live_key(const struct rig *rig, const __u8 *address);

/* Lent to a local socket. */
void rig_lend(struct rig *rig, const __u8 *address, const struct mf_loan *loan);

/* Addresses of the host itself in a hopping prefix, and routers that may solicit. */
void rig_own_set(struct rig *rig, struct address address);
void rig_router_set(struct rig *rig, struct address address);

/* Inner prefixes of a peer; the programs' kept routes are forgotten, as the loader does. */
void rig_remote_add(struct rig *rig, struct address prefix, __u32 length, enum deal id);
void rig_remote_drop(struct rig *rig, struct address prefix, __u32 length);

/* The keeper's own count. */
struct keeper_seen {
	__u64 beats, hops, refused;
};
struct keeper_seen rig_keeper(struct rig *rig);

/* Starts the programs' clock at rig->now_ms, for what runs by itself; and what it shows now. */
void rig_clock_set(struct rig *rig);
__u64 rig_clock_get(const struct rig *rig);
__u32 rig_tick_ns(void);

/* Forgets what the programs keep on each CPU: traffic, next hops that the FIB gave, budget for events. */
void rig_cpus_forget(struct rig *rig);
struct mf_traffic rig_traffic(struct rig *rig, enum deal id);

/* Empties the ring buffer: how many events there were, and the last one. */
int rig_event(struct rig *rig, struct mf_event *event);
int rig_probe(struct rig *rig, const __u8 *source, struct mf_probe *probe);

#endif
