/* SPDX-License-Identifier: GPL-2.0-only */
/* All that the loader has to say at one moment; what show, watch and the plan of a reload look at. */
#ifndef MAYFLY_CTL_SNAPSHOT_H
#define MAYFLY_CTL_SNAPSHOT_H

#include <stddef.h>

#include "ctl/client.h"

struct sessions_told;

struct snapshot {
	struct mf_node_status node;
	struct mf_assoc_status *associations; /* by id */
	size_t count;
	struct mf_counters counters;
	__u64 now_ms; /* by the clock that the programs use */
	char socket[CLIENT_PATH_BYTES]; /* of the loader that was asked */
	const struct sessions_told *sessions; /* what their keepers tell, where show has asked; NULL: nothing */
};

/* 0, or -errno and `why`; then there is nothing to close. */
int snapshot_take(struct snapshot *snapshot, struct client *client, char why[static SAY_BYTES]);
void snapshot_close(struct snapshot *snapshot); /* all zero is fine */

/* NULL if no association has this name. */
const struct mf_assoc_status *snapshot_find(const struct snapshot *snapshot, const char *name);

/* Packets lost to all verdicts that name an error. */
__u64 snapshot_drops(const struct snapshot *snapshot);

#endif
