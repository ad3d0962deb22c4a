/* SPDX-License-Identifier: GPL-2.0-only */
/* What the loader would say of what a configuration has it take in. */
#ifndef MAYFLY_TESTS_UNIT_TAKEN_IN_H
#define MAYFLY_TESTS_UNIT_TAKEN_IN_H

#include <string.h>

#include "ctl/snapshot.h"
#include "ctl/wanted.h"
#include "loader/slot.h"

static void take_in(struct mf_assoc_status *status, const struct config_peer *peer, const __u8 *key)
{
	struct mf_schedule schedule;
	struct mf_seed seed = { 0 };
	struct mf_slot slot;

	memset(status, 0, sizeof(*status));
	wanted_association(&status->config, peer, NULL);
	status->config.flags |= MF_ASSOC_HOST_PAIR;
	schedule.rotation_ms = peer->rotation_ms;
	schedule.phase_ms = mf_slot_phase(key, peer->rotation_ms);
	memcpy(seed.key, key, 16);
	memcpy(seed.seed_local, peer->seed_local, 8);
	memcpy(seed.seed_remote, peer->seed_remote, 8);
	seed.local = peer->local_prefix;
	seed.remote = peer->prefix;
	status->index = mf_slot_index(&schedule, 1700000000000);
	mf_slot_fill(&slot, &seed, &schedule, status->index);
	status->start_ms = slot.start_ms;
	memcpy(status->local, slot.local, 16);
	memcpy(status->remote, slot.remote, 16);
	status->local_port = slot.local_port;
	status->remote_port = slot.remote_port;
}

/* All of it: `status` and `key` have an element for each peer. */
static void take_all_in(struct snapshot *present, struct mf_assoc_status *status, const struct config *config,
			__u8 (*key)[16])
{
	present->node.attached = 1;
	wanted_node(&present->node.config, &config->node);
	present->node.config.ring_slots = 4711; /* the loader fills it in */
	present->associations = status;
	present->count = config->peer_count;
	for (size_t i = 0; i < config->peer_count; i++)
		take_in(&status[i], &config->peers[i], key[i]);
}

#endif
