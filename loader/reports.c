// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring buffer reader; who gets the events is told by the loop.
 */
#include "loader/reports.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "loader/instance.h"

/* Nodes of the DHT go on asking where they were asked from: that is nothing that strangers do. */
static int is_asked_back(const struct mf_instance *instance, const struct mf_event *event)
{
	return (event->kind == MF_EVENT_PROBE_RANDOM || event->kind == MF_EVENT_PROBE_EXPIRED) &&
	       mf_lent_was(&instance->lent, event->destination);
}

static int report_take(void *context, void *data, size_t bytes)
{
	struct mf_instance *instance = context;

	if (bytes >= sizeof(struct mf_event) && instance->report && !is_asked_back(instance, data))
		instance->report(data, instance->report_context);
	return 0;
}

int mf_reports_open(struct mf_instance *instance)
{
	instance->reports = ring_buffer__new(instance->object.map[MF_MAP_EVENTS], report_take, instance, NULL);
	return instance->reports ? 0 : -errno;
}

void mf_reports_close(struct mf_instance *instance)
{
	ring_buffer__free(instance->reports);
	instance->reports = NULL;
}

int mf_reports_fd(const struct mf_instance *instance)
{
	return instance->reports ? ring_buffer__epoll_fd(instance->reports) : -1;
}

void mf_reports_read(struct mf_instance *instance)
{
	if (instance->reports)
		ring_buffer__consume(instance->reports);
}
