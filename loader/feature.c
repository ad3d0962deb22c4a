// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "netdev": xdp-features of a device. Numbers are spelled out because the
 * header came after the kernels that Mayfly must build on.
 */
#include "loader/feature.h"

#include <linux/genetlink.h>
#include <string.h>

enum {
	NETDEV_CMD_DEV_GET = 1,
	NETDEV_A_DEV_IFINDEX = 1,
	NETDEV_A_DEV_XDP_FEATURES = 3,
	NETDEV_XDP_ACT_NDO_XMIT = 1 << 2,
};

struct found {
	__u16 family;
	__u32 group;
};

static void group_read(struct found *found, const struct rtattr *groups)
{
	size_t bytes = RTA_PAYLOAD(groups);
	const void *at = RTA_DATA(groups);
	const struct rtattr *group;

	while ((group = mf_netlink_take(&at, &bytes))) {
		const struct rtattr *table[CTRL_ATTR_MCAST_GRP_MAX + 1];

		mf_netlink_parse(table, CTRL_ATTR_MCAST_GRP_MAX, RTA_DATA(group), RTA_PAYLOAD(group));
		if (!strcmp(mf_netlink_string(table[CTRL_ATTR_MCAST_GRP_NAME]), "mgmt"))
			found->group = mf_netlink_u32(table[CTRL_ATTR_MCAST_GRP_ID], 0);
	}
}

static int family_read(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *table[CTRL_ATTR_MAX + 1];
	struct found *found = context;

	mf_netlink_attributes(table, CTRL_ATTR_MAX, message, sizeof(struct genlmsghdr));
	if (table[CTRL_ATTR_FAMILY_ID] && RTA_PAYLOAD(table[CTRL_ATTR_FAMILY_ID]) >= sizeof(found->family))
		memcpy(&found->family, RTA_DATA(table[CTRL_ATTR_FAMILY_ID]), sizeof(found->family));
	if (table[CTRL_ATTR_MCAST_GROUPS])
		group_read(found, table[CTRL_ATTR_MCAST_GROUPS]);
	return 0;
}

void mf_feature_open(struct mf_feature *feature)
{
	struct found found = { 0 };
	struct genlmsghdr *header;

	*feature = (struct mf_feature){ .netlink.fd = -1, .events.fd = -1 };
	if (mf_netlink_open(&feature->netlink, NETLINK_GENERIC, 0))
		return;
	header = mf_netlink_begin(&feature->netlink, GENL_ID_CTRL, 0, sizeof(*header));
	header->cmd = CTRL_CMD_GETFAMILY;
	header->version = 1;
	mf_netlink_put_string(&feature->netlink, CTRL_ATTR_FAMILY_NAME, "netdev");
	if (mf_netlink_talk(&feature->netlink, family_read, &found))
		return;
	feature->family = found.family;
	if (found.group && !mf_netlink_open(&feature->events, NETLINK_GENERIC, 0))
		mf_netlink_join(&feature->events, found.group);
}

void mf_feature_close(struct mf_feature *feature)
{
	mf_netlink_close(&feature->netlink);
	mf_netlink_close(&feature->events);
}

static int features_read(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *table[NETDEV_A_DEV_XDP_FEATURES + 1], *features;

	mf_netlink_attributes(table, NETDEV_A_DEV_XDP_FEATURES, message, sizeof(struct genlmsghdr));
	features = table[NETDEV_A_DEV_XDP_FEATURES];
	if (features && RTA_PAYLOAD(features) >= sizeof(__u64))
		memcpy(context, RTA_DATA(features), sizeof(__u64));
	return 0;
}

int mf_feature_takes_frames(struct mf_feature *feature, int ifindex)
{
	struct genlmsghdr *header;
	__u64 features = 0;

	if (!feature->family)
		return 0;
	header = mf_netlink_begin(&feature->netlink, feature->family, 0, sizeof(*header));
	header->cmd = NETDEV_CMD_DEV_GET;
	header->version = 1;
	mf_netlink_put_u32(&feature->netlink, NETDEV_A_DEV_IFINDEX, (__u32)ifindex);
	if (mf_netlink_talk(&feature->netlink, features_read, &features))
		return 0;
	return !!(features & NETDEV_XDP_ACT_NDO_XMIT);
}

static int event_ignore(const struct nlmsghdr *message, void *context)
{
	(void)message;
	(void)context;
	return 0;
}

void mf_feature_drain(struct mf_feature *feature)
{
	if (feature->events.fd >= 0)
		mf_netlink_events(&feature->events, event_ignore, NULL);
}
