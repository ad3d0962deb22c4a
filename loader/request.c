// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatch of control messages. Knows every message, and of the loader only struct mf_request_target.
 */
#include "loader/request.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "loader/check.h"

static void payload_clear(struct mf_message *answer)
{
	memset(answer->room, 0, sizeof(answer->room));
}

void mf_request_refuse(struct mf_message *answer, enum mf_refusal refusal)
{
	payload_clear(answer);
	answer->refusal = (__u16)refusal;
	answer->field = 0;
	answer->error = 0;
}

void mf_request_refuse_value(struct mf_message *answer, __u16 field)
{
	mf_request_refuse(answer, MF_REFUSED_VALUE);
	answer->field = field;
}

void mf_request_refuse_interface(struct mf_message *answer, __u16 unfit)
{
	mf_request_refuse(answer, MF_REFUSED_INTERFACE);
	answer->field = unfit;
}

void mf_request_refuse_error(struct mf_message *answer, int error)
{
	if (error == -EEXIST) {
		mf_request_refuse(answer, MF_REFUSED_EXISTS);
	} else if (error == -ENOENT) {
		mf_request_refuse(answer, MF_REFUSED_NOT_FOUND);
	} else if (error == -ENOSPC) {
		mf_request_refuse(answer, MF_REFUSED_FULL);
	} else if (error == -ENOLINK) {
		mf_request_refuse(answer, MF_REFUSED_NO_LISTENER);
	} else if (error == -EUSERS) {
		mf_request_refuse(answer, MF_REFUSED_HAS_CLIENTS);
	} else {
		mf_request_refuse(answer, MF_REFUSED_SYSTEM);
		answer->error = error;
	}
}

static void node_set(const struct mf_request_target *target, void *context, const struct mf_message *message,
		     struct mf_message *answer)
{
	struct mf_node_config config = message->node_config;
	__u16 field = mf_check_node(message);

	if (field) {
		mf_request_refuse_value(answer, field);
		return;
	}
	mf_check_node_fill(&config);
	target->node_set(context, &config, answer);
}

/* ADD and CHANGE. The copy with the key in it does not outlive this function. */
static void assoc_set(const struct mf_request_target *target, void *context, const struct mf_message *message,
		      struct mf_message *answer)
{
	__u16 field = mf_check_assoc(message);
	struct mf_assoc_config config;

	if (field) {
		mf_request_refuse_value(answer, field);
		return;
	}
	config = message->assoc_config;
	mf_check_assoc_fill(&config);
	if (message->type == MF_ASSOC_ADD)
		target->assoc_add(context, &config, answer);
	else
		target->assoc_change(context, &config, answer);
	sodium_memzero(&config, sizeof(config));
}

/* DELETE and LEAD. */
static void assoc_named(const struct mf_request_target *target, void *context, const struct mf_message *message,
			struct mf_message *answer)
{
	__u16 field = mf_check_name(message);

	if (field)
		mf_request_refuse_value(answer, field);
	else if (message->type == MF_ASSOC_DELETE)
		target->assoc_delete(context, message->assoc_config.name, answer);
	else
		target->assoc_lead(context, message->assoc_config.name, answer);
}

static void assoc_find(const struct mf_request_target *target, void *context, const struct mf_message *message,
		       struct mf_message *answer)
{
	__u16 field = mf_check_host(message);

	if (field)
		mf_request_refuse_value(answer, field);
	else
		target->assoc_find(context, message->assoc_config.remote_prefix[0].address, answer);
}

static void dispatch(const struct mf_request_target *target, void *context, const struct mf_message *message,
		     struct mf_message *answer)
{
	switch (message->type) {
	case MF_NODE_SET:
		node_set(target, context, message, answer);
		break;
	case MF_NODE_GET:
		target->node_get(context, answer);
		break;
	case MF_NODE_CLEAR:
		target->node_clear(context, answer);
		break;
	case MF_ASSOC_ADD:
	case MF_ASSOC_CHANGE:
		assoc_set(target, context, message, answer);
		break;
	case MF_ASSOC_DELETE:
	case MF_ASSOC_LEAD:
		assoc_named(target, context, message, answer);
		break;
	case MF_ASSOC_FIND:
		assoc_find(target, context, message, answer);
		break;
	case MF_ASSOC_NEXT:
		target->assoc_next(context, message->assoc_status.id, answer);
		break;
	case MF_COUNTERS_GET:
		target->counters_get(context, answer);
		break;
	case MF_LEND_ADDRESS:
		target->lend(context, &message->lend, answer);
		break;
	case MF_SUBSCRIBE:
	case MF_SOCKET_GET:
		break;
	default:
		mf_request_refuse(answer, MF_REFUSED_TYPE);
	}
}

static enum mf_request_wants wants(__u16 type)
{
	if (type == MF_SUBSCRIBE)
		return MF_WANTS_EVENTS;
	return type == MF_SOCKET_GET ? MF_WANTS_SOCKET : MF_WANTS_NOTHING;
}

enum mf_request_wants mf_request_answer(const struct mf_request_target *target, void *context,
					const struct mf_message *message, size_t bytes, struct mf_message *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->version = MF_CONTROL_VERSION;
	if (bytes != MF_MESSAGE_BYTES) {
		mf_request_refuse(answer, MF_REFUSED_SIZE);
		return MF_WANTS_NOTHING;
	}
	answer->type = message->type;
	answer->sequence = message->sequence;
	if (message->version != MF_CONTROL_VERSION) {
		mf_request_refuse(answer, MF_REFUSED_VERSION);
		return MF_WANTS_NOTHING;
	}
	dispatch(target, context, message, answer);
	return wants(message->type);
}
