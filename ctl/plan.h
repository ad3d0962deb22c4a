/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From what is wanted and what the loader has to the fewest requests that lead there, in an
 * order that the loader can follow: deletions, the node, changes, additions.
 */
#ifndef MAYFLY_CTL_PLAN_H
#define MAYFLY_CTL_PLAN_H

#include "ctl/config_file.h"
#include "ctl/snapshot.h"

enum plan_kind { PLAN_DELETE, PLAN_NODE, PLAN_CHANGE, PLAN_ADD };

enum plan_difference {
	PLAN_DEVICE = 1 << 0,
	PLAN_NODE_PREFIX = 1 << 1,
	PLAN_MODE = 1 << 2, /* or Dark, OnLinkPeers */
	PLAN_ROUTER = 1 << 3,
	PLAN_NODE_ADDRESS = 1 << 4,
	PLAN_LOOK_AHEAD = 1 << 5,
	PLAN_CAPACITY = 1 << 6,
	PLAN_KEY = 1 << 7,
	PLAN_SEED = 1 << 8,
	PLAN_LOCAL_PREFIX = 1 << 9,
	PLAN_PREFIX = 1 << 10,
	PLAN_ROTATION = 1 << 11,
	PLAN_CARRIAGE = 1 << 12,
	PLAN_FLAGS = 1 << 13, /* Firewall, ZeroChecksum */
	PLAN_PORT = 1 << 14,
	PLAN_LOCAL_ADDRESS = 1 << 15,
	PLAN_ADDRESS = 1 << 16,
	PLAN_THREADED = 1 << 17, /* ThreadedNapi */
	PLAN_DIFFERENCES = 18,
};

struct plan_step {
	enum plan_kind kind;
	size_t peer;              /* CHANGE, ADD: of the configuration */
	const char *name;         /* of the association; NULL for the node */
	unsigned int differences; /* CHANGE and NODE: what differs; none for a node that was idle */
	bool replaces;            /* DELETE and ADD: one and the same association, which cannot change in place */
};

struct plan {
	struct plan_step *step;
	size_t count;
	size_t untouched; /* associations */
};

/* Names in the plan are those of `config` and `present`, which must outlive it. 0 or -ENOMEM. */
int plan_make(struct plan *plan, const struct config *config, const struct config_keys *keys,
	      const struct snapshot *present);
void plan_close(struct plan *plan); /* all zero is fine */

/* "Rotation, Carriage" */
enum { PLAN_WORDS_BYTES = 256 };
char *plan_difference_words(char words[static PLAN_WORDS_BYTES], unsigned int differences);

#endif
