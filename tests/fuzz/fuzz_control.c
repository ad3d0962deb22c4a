// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over the loader's message handler, with the checks that it really uses. Behind the seam stands
 * a target that demands every bound which the loader relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "loader/check.h"
#include "loader/prefix.h"
#include "loader/request.h"
#include "loader/ring.h"
#include "loader/slot.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static void demand(int holds)
{
	if (!holds)
		abort();
}

static void demand_prefix(const struct mf_prefix *prefix)
{
	struct mf_prefix host = mf_prefix_host(prefix);

	demand(prefix->length >= 1 && prefix->length <= 128);
	demand(mf_prefix_has(prefix, host.address));
	demand(prefix->address[0] != 0xff);
}

static void node_set(void *context, const struct mf_node_config *config, struct mf_message *answer)
{
	struct mf_message again = { .node_config = *config };

	(void)context;
	demand(strnlen(config->device, MF_DEVICE_BYTES) <= 12 && !strchr(config->device, '/'));
	demand(config->templates >= 1 && config->templates <= MF_HOPPING_PREFIXES);
	for (unsigned int i = 0; i < config->templates; i++)
		demand(!mf_template_check(&config->template[i]));
	demand(config->router_count <= MF_ROUTERS && config->address_count <= MF_ASSOC_PREFIXES);
	for (unsigned int i = 0; i < config->address_count; i++)
		demand_prefix(&config->address[i]);
	demand(config->capacity >= 1 && config->capacity <= MF_CAPACITY_MAX);
	demand(config->look_ahead_ms >= MF_LOOK_AHEAD_MIN_MS && config->look_ahead_ms <= MF_LOOK_AHEAD_MAX_MS);
	demand(mf_check_ring_slots(config) >= config->capacity * MF_RING_MIN);
	demand(mf_check_node(&again) == 0); /* what was filled in is right too */
	mf_request_refuse_error(answer, -1);
}

static void node_get(void *context, struct mf_message *answer)
{
	(void)context;
	answer->node_status.attached = 1;
}

static void assoc_set(void *context, const struct mf_assoc_config *config, struct mf_message *answer)
{
	struct mf_schedule schedule = { .rotation_ms = config->rotation_ms };
	struct mf_seed seed = { .local = config->local, .remote = config->remote };
	unsigned int least = config->flags & MF_ASSOC_LISTENS ? 0 : 1;
	struct mf_slot slot;

	(void)context;
	demand(*config->name && !config->name[MF_NAME_BYTES - 1]);
	demand(config->rotation_ms >= MF_ROTATION_MIN_MS && config->rotation_ms <= MF_ROTATION_MAX_MS);
	demand(config->carriage >= MF_CARRIAGE_ENCAP && config->carriage <= MF_CARRIAGE_SEALED);
	demand(config->padding <= MF_PADDING_FULL && (!config->padding || config->carriage == MF_CARRIAGE_SEALED));
	demand(!memcmp(&config->seal_out, &(struct mf_seal_key){ 0 }, sizeof(config->seal_out)) ||
	       (config->carriage == MF_CARRIAGE_SEALED && config->seal_out.mask[0] | config->seal_out.mask[1] &&
		memcmp(config->seal_out.key, config->seal_in.key, sizeof(config->seal_in.key))));
	demand(config->local_count >= least && config->local_count <= MF_ASSOC_PREFIXES);
	demand(config->remote_count >= least && config->remote_count <= MF_ASSOC_PREFIXES);
	for (unsigned int i = 0; i < config->local_count; i++)
		demand_prefix(&config->local_prefix[i]);
	for (unsigned int i = 0; i < config->remote_count; i++)
		demand_prefix(&config->remote_prefix[i]);
	demand(config->shares <= 1);
	demand(!config->shares || (config->remote_count == 1 && mf_prefix_first_host(config->remote_prefix, 1) &&
				   mf_prefix_first_host(config->local_prefix, config->local_count)));
	schedule.phase_ms = mf_slot_phase(config->key, config->rotation_ms);
	mf_slot_fill(&slot, &seed, &schedule, mf_slot_index(&schedule, 1700000000000));
	demand(slot.start_ms <= 1700000000000 && 1700000000000 < slot.start_ms + config->rotation_ms);
	memcpy(answer->assoc_status.config.name, config->name, MF_NAME_BYTES);
}

static void assoc_named(void *context, const char *name, struct mf_message *answer)
{
	(void)context;
	(void)answer;
	demand(*name && strnlen(name, MF_NAME_BYTES) < MF_NAME_BYTES);
}

static void assoc_find(void *context, const __u8 host[static 16], struct mf_message *answer)
{
	(void)context;
	demand(host[0] != 0xff);
	memcpy(answer->assoc_status.config.remote_prefix[0].address, host, 16);
}

static void assoc_next(void *context, __u32 id, struct mf_message *answer)
{
	(void)context;
	answer->assoc_status.id = id;
}

static void lend(void *context, const struct mf_lend *wanted, struct mf_message *answer)
{
	(void)context;
	answer->lend = *wanted;
}

static const struct mf_request_target target = {
	.node_set = node_set, .node_get = node_get, .node_clear = node_get, .assoc_add = assoc_set,
	.assoc_change = assoc_set, .assoc_delete = assoc_named, .assoc_lead = assoc_named, .assoc_find = assoc_find,
	.assoc_next = assoc_next, .counters_get = node_get,
	.lend = lend,
};

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct mf_message message = { 0 }, answer;

	/* Shorter inputs stand for a message whose end is zero, which is what real ones look like. */
	memcpy(&message, data, size < sizeof(message) ? size : sizeof(message));
	mf_request_answer(&target, NULL, &message, size > sizeof(message) ? size : sizeof(message), &answer);
	demand(answer.version == MF_CONTROL_VERSION && answer.refusal < MF_REFUSALS);
	demand(answer.refusal == MF_REFUSED_VALUE ? answer.field >= 16 && answer.field < sizeof(answer) : !answer.field);
	if (answer.refusal)
		for (size_t i = 0; i < sizeof(answer.room); i++)
			demand(!answer.room[i]);
	mf_request_answer(&target, NULL, &message, size, &answer);
	return 0;
}
