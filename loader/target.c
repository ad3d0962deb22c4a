// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loader's side of the request seam: calls the modules, turns their troubles into refusals.
 */
#include "loader/target.h"

#include <errno.h>
#include <stddef.h>

#include "loader/check.h"
#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/lend.h"
#include "loader/node.h"
#include "loader/status.h"
#include "loader/twin.h"

static void refuse(struct mf_message *answer, const struct mf_trouble *trouble)
{
	if (trouble->error == -EMEDIUMTYPE)
		mf_request_refuse_interface(answer, trouble->field);
	else if (trouble->field)
		mf_request_refuse_value(answer, trouble->field);
	else
		mf_request_refuse_error(answer, trouble->error);
}

/* 1: refused, there is no node to do it with. */
static int needs_node(const struct mf_instance *instance, struct mf_message *answer)
{
	if (!instance->running)
		mf_request_refuse(answer, MF_REFUSED_NO_NODE);
	return !instance->running;
}

static void node_get(void *context, struct mf_message *answer)
{
	mf_status_node(context, &answer->node_status);
}

static void node_set(void *context, const struct mf_node_config *config, struct mf_message *answer)
{
	struct mf_trouble trouble;

	if (mf_node_set(context, config, &trouble))
		refuse(answer, &trouble);
	else
		node_get(context, answer);
}

static void node_clear(void *context, struct mf_message *answer)
{
	mf_node_clear(context);
	node_get(context, answer);
}

static void answer_with(struct mf_instance *instance, int id, const struct mf_trouble *trouble,
			struct mf_message *answer)
{
	int error;

	if (id < 0) {
		refuse(answer, trouble);
		return;
	}
	error = mf_status_association(instance, (__u32)id, &answer->assoc_status);
	if (error)
		mf_request_refuse_error(answer, error);
}

static void assoc_add(void *context, const struct mf_assoc_config *config, struct mf_message *answer)
{
	struct mf_trouble trouble = { 0 };

	if (!needs_node(context, answer))
		answer_with(context, mf_association_add(context, config, &trouble), &trouble, answer);
}

static void assoc_change(void *context, const struct mf_assoc_config *config, struct mf_message *answer)
{
	struct mf_trouble trouble = { 0 };

	if (!needs_node(context, answer))
		answer_with(context, mf_association_change(context, config, &trouble), &trouble, answer);
}

static void assoc_delete(void *context, const char *name, struct mf_message *answer)
{
	int error;

	if (needs_node(context, answer))
		return;
	error = mf_association_delete(context, name);
	if (error)
		mf_request_refuse_error(answer, error);
}

static void assoc_lead(void *context, const char *name, struct mf_message *answer)
{
	const struct mf_associations *all = &((struct mf_instance *)context)->associations;
	int id, error;

	if (needs_node(context, answer))
		return;
	id = mf_association_find(all, name);
	if (id >= 0 && !all->entry[id].association.shares) {
		mf_request_refuse_value(answer, MF_FIELD(assoc_config.name));
		return;
	}
	error = id < 0 ? -ENOENT : mf_inner_lead(context, (__u32)id);
	if (error)
		mf_request_refuse_error(answer, error);
}

static void assoc_find(void *context, const __u8 host[static 16], struct mf_message *answer)
{
	struct mf_trouble none = { .error = -ENOENT };

	if (!needs_node(context, answer))
		answer_with(context, mf_twin_leader(context, host), &none, answer);
}

static void assoc_next(void *context, __u32 id, struct mf_message *answer)
{
	int error;

	if (needs_node(context, answer))
		return;
	error = mf_status_association(context, id, &answer->assoc_status);
	if (error)
		mf_request_refuse_error(answer, error);
}

static void counters_get(void *context, struct mf_message *answer)
{
	int error;

	if (needs_node(context, answer))
		return;
	error = mf_status_counters(context, &answer->counters);
	if (error)
		mf_request_refuse_error(answer, error);
}

static void lend(void *context, const struct mf_lend *wanted, struct mf_message *answer)
{
	struct mf_trouble trouble = { 0 };

	if (needs_node(context, answer))
		return;
	if (mf_lend_address(context, wanted, &trouble))
		refuse(answer, &trouble);
	else
		answer->lend = *wanted;
}

static int device(void *context)
{
	const struct mf_instance *instance = context;

	return instance->running ? instance->device_number : 0;
}

const struct mf_request_target mf_target = {
	.node_set = node_set,
	.node_get = node_get,
	.node_clear = node_clear,
	.assoc_add = assoc_add,
	.assoc_change = assoc_change,
	.assoc_delete = assoc_delete,
	.assoc_lead = assoc_lead,
	.assoc_find = assoc_find,
	.assoc_next = assoc_next,
	.counters_get = counters_get,
	.lend = lend,
	.device = device,
};
