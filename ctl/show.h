/* SPDX-License-Identifier: GPL-2.0-only */
/* One snapshot on stdout, in the three forms that show and dump have. */
#ifndef MAYFLY_CTL_SHOW_H
#define MAYFLY_CTL_SHOW_H

#include <stdbool.h>

#include "ctl/format.h"
#include "ctl/snapshot.h"

/* `name`: only the association of this name; NULL: all. It exists. */
void show_text(const struct snapshot *snapshot, const char *name);
void show_json(const struct snapshot *snapshot, const char *name);
void show_tsv(const struct snapshot *snapshot);

/* How serve and meet stand, where they left a status. */
void show_rendezvous_text(const struct snapshot *snapshot);
struct json_t *show_rendezvous_object(const struct snapshot *snapshot); /* NULL: neither did */

/* No address of the other end can be shown: an introduction, or a client that has not been heard of late. */
bool show_peer_is_unknown(const struct mf_assoc_status *status);

/* The /64 that a client was last heard from; NULL: unknown, or not one that roams. */
const char *show_peer_prefix(char text[static FORMAT_PREFIX], const struct mf_assoc_status *status);

/* Into the current slot, and left of it; by the clock of the programs. */
__u64 show_slot_age_ms(const struct mf_assoc_status *status, __u64 now_ms);
__u64 show_slot_left_ms(const struct mf_assoc_status *status, __u64 now_ms);

#endif
