/* SPDX-License-Identifier: GPL-2.0-only */
/* One snapshot on stdout, in the three forms that show and dump have. */
#ifndef MAYFLY_CTL_SHOW_H
#define MAYFLY_CTL_SHOW_H

#include <stdbool.h>

#include "ctl/format.h"
#include "ctl/snapshot.h"

struct sessions_line;
struct sessions_told;

/* `name`: only the association of this name, or those of this peer's session; NULL: all. It exists. */
void show_text(const struct snapshot *snapshot, const char *name);
void show_json(const struct snapshot *snapshot, const char *name);
void show_tsv(const struct snapshot *snapshot);

/* What begins and ends colours, all "" without them; and the beginning of a line. */
struct show_style {
	const char *heading, *peer, *label, *alarm, *plain;
};

void show_label(const struct show_style *style, const char *label);

/* How serve and meet stand, where they left a status. */
void show_rendezvous_text(const struct show_style *style, const struct snapshot *snapshot);
struct json_t *show_rendezvous_object(const struct snapshot *snapshot); /* NULL: neither did */

/* What an association is: session, or as in format_role(). */
const char *show_role(const struct mf_assoc_config *config);

/* An association of this name, or of the session with a peer of this name. */
bool show_is_named(const struct snapshot *snapshot, const struct mf_assoc_status *status, const char *name);
bool show_has(const struct snapshot *snapshot, const char *name);

/* Asks the keepers of sessions if the snapshot has any; `told` lives as long as the snapshot. */
void show_ask_sessions(struct snapshot *snapshot, struct sessions_told *told, size_t most, __u32 patience_ms);

/* Of an association that is a session's: what its keeper tells; present, coming, going. NULL: it is not known. */
const struct sessions_line *show_session(const struct snapshot *snapshot, const struct mf_assoc_status *status);
const char *show_generation(const struct snapshot *snapshot, const struct mf_assoc_status *status);

/* The peer, and the state in words; known or not. */
enum { SHOW_STATE = 96 };
void show_session_peer(char name[static MF_NAME_BYTES], const struct snapshot *snapshot,
		       const struct mf_assoc_status *status);
char *show_session_state(char text[static SHOW_STATE], const struct snapshot *snapshot,
			 const struct mf_assoc_status *status);

/* No address of the other end can be shown: an introduction, or a client that has not been heard of late. */
bool show_peer_is_unknown(const struct mf_assoc_status *status);

/* The /64 that a client was last heard from; NULL: unknown, or not one that roams. */
const char *show_peer_prefix(char text[static FORMAT_PREFIX], const struct mf_assoc_status *status);

/* Into the current slot, and left of it; by the clock of the programs. */
__u64 show_slot_age_ms(const struct mf_assoc_status *status, __u64 now_ms);
__u64 show_slot_left_ms(const struct mf_assoc_status *status, __u64 now_ms);

#endif
