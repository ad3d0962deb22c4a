// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors that an instance has from its start to its end.
 */
#include "loader/instance.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loader/route.h"

static int sockets_open(struct mf_instance *instance)
{
	int error = mf_netlink_open(&instance->netlink, NETLINK_ROUTE, 0);

	if (!error)
		error = mf_netlink_open(&instance->events, NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_TC |
					RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE);
	if (!error)
		error = mf_route_hide_own(&instance->events);
	if (error)
		return error;
	mf_feature_open(&instance->feature);
	instance->socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (instance->socket_fd < 0)
		return -errno;
	/* Protocol 0: it receives nothing. */
	instance->packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	return instance->packet_fd < 0 ? -errno : 0;
}

int mf_instance_open(struct mf_instance *instance, const struct mf_options *options)
{
	int error;

	memset(instance, 0, sizeof(*instance));
	instance->options = options;
	instance->netlink.fd = instance->events.fd = -1;
	instance->feature.netlink.fd = instance->feature.events.fd = -1;
	instance->socket_fd = instance->packet_fd = instance->record_fd = -1;
	mf_pins_init(&instance->pins, options->bpffs, options->interface);
	error = sockets_open(instance);
	if (error)
		mf_instance_close(instance);
	return error;
}

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void mf_instance_close(struct mf_instance *instance)
{
	mf_reports_close(instance);
	mf_object_close(&instance->object);
	mf_associations_close(&instance->associations);
	mf_pins_close(&instance->pins);
	mf_feature_close(&instance->feature);
	mf_netlink_close(&instance->netlink);
	mf_netlink_close(&instance->events);
	close_if_open(&instance->record_fd);
	close_if_open(&instance->socket_fd);
	close_if_open(&instance->packet_fd);
}
