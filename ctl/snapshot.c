// SPDX-License-Identifier: GPL-2.0-only
/* Asks the loader for everything, one association at a time. */
#include "ctl/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/verdict.h"

static int ask(struct client *client, unsigned int type, struct mf_message *message, char why[static SAY_BYTES])
{
	int error;

	message->type = (__u16)type;
	error = client_ask(client, message);
	return error ? client_why(client, error, type, message, why) : 0;
}

static int append(struct snapshot *snapshot, const struct mf_assoc_status *status)
{
	size_t count = snapshot->count;

	if (!(count & (count - 1))) { /* full at every power of two */
		size_t room = count ? count * 2 : 1;
		struct mf_assoc_status *more = reallocarray(snapshot->associations, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		snapshot->associations = more;
	}
	snapshot->associations[snapshot->count++] = *status;
	return 0;
}

static int take_associations(struct snapshot *snapshot, struct client *client, char why[static SAY_BYTES])
{
	struct mf_message message = { 0 };
	__u64 next = 0;
	int error;

	for (;;) {
		memset(&message, 0, sizeof(message));
		message.type = MF_ASSOC_NEXT;
		message.assoc_status.id = (__u32)next;
		error = client_ask(client, &message);
		if (error == -EREMOTEIO && message.refusal == MF_REFUSED_NOT_FOUND)
			return 0;
		if (!error && message.assoc_status.id < next)
			error = -EPROTO; /* or it would never end */
		if (error)
			return client_why(client, error, MF_ASSOC_NEXT, &message, why);
		if (append(snapshot, &message.assoc_status))
			return say_why(why, -ENOMEM, "no memory for %zu associations", snapshot->count + 1);
		next = (__u64)message.assoc_status.id + 1;
		if (next > ~0U)
			return 0;
	}
}

static __u64 programs_now_ms(const struct mf_node_status *node)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)(((__s64)now.tv_sec * 1000000000 + now.tv_nsec - node->clock_error_ns) / 1000000);
}

int snapshot_take(struct snapshot *snapshot, struct client *client, char why[static SAY_BYTES])
{
	struct snapshot value = { 0 };
	struct mf_message message = { 0 };
	int error;

	error = ask(client, MF_NODE_GET, &message, why);
	if (error)
		return error;
	value.node = message.node_status;
	value.now_ms = programs_now_ms(&value.node);
	snprintf(value.socket, sizeof(value.socket), "%s", client->path);
	if (value.node.attached) {
		error = take_associations(&value, client, why);
		memset(&message, 0, sizeof(message));
		if (!error)
			error = ask(client, MF_COUNTERS_GET, &message, why);
		value.counters = message.counters;
	}
	if (error)
		snapshot_close(&value);
	else
		*snapshot = value;
	return error;
}

void snapshot_close(struct snapshot *snapshot)
{
	free(snapshot->associations);
	snapshot->associations = NULL;
	snapshot->count = 0;
}

const struct mf_assoc_status *snapshot_find(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->count; i++)
		if (!strncmp(snapshot->associations[i].config.name, name, MF_NAME_BYTES))
			return &snapshot->associations[i];
	return NULL;
}

__u64 snapshot_drops(const struct snapshot *snapshot)
{
	__u64 drops = 0;

	for (unsigned int i = 0; i < MF_VERDICTS; i++)
		if (verdict_is_drop(i))
			drops += snapshot->counters.verdict[i];
	return drops;
}
