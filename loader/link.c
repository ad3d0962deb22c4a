// SPDX-License-Identifier: GPL-2.0-only
/*
 * RTM_*LINK: interfaces by name or number, veth pairs and macvlans made, flags, MTU.
 */
#include "loader/link.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

#ifndef IFLA_INET6_ADDR_GEN_MODE
#define IFLA_INET6_ADDR_GEN_MODE 8
#endif
enum { ADDR_GEN_MODE_NONE = 1 };

static void kind_read(const struct rtattr *linkinfo, char kind[static MF_LINK_KIND_BYTES])
{
	const struct rtattr *table[IFLA_INFO_MAX + 1];

	mf_netlink_parse(table, IFLA_INFO_MAX, RTA_DATA(linkinfo), RTA_PAYLOAD(linkinfo));
	snprintf(kind, MF_LINK_KIND_BYTES, "%s", mf_netlink_string(table[IFLA_INFO_KIND]));
}

static int link_read(const struct nlmsghdr *message, struct mf_link *link)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct rtattr *table[IFLA_MAX + 1];

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return -EBADMSG;
	mf_netlink_attributes(table, IFLA_MAX, message, sizeof(*info));
	memset(link, 0, sizeof(*link));
	link->ifindex = info->ifi_index;
	link->flags = info->ifi_flags;
	link->loopback = !!(info->ifi_flags & IFF_LOOPBACK);
	link->ethernet = info->ifi_type == ARPHRD_ETHER;
	link->mtu = mf_netlink_u32(table[IFLA_MTU], 0);
	snprintf(link->name, sizeof(link->name), "%s", mf_netlink_string(table[IFLA_IFNAME]));
	if (table[IFLA_ADDRESS] && RTA_PAYLOAD(table[IFLA_ADDRESS]) == sizeof(link->mac))
		memcpy(link->mac, RTA_DATA(table[IFLA_ADDRESS]), sizeof(link->mac));
	snprintf(link->alias, sizeof(link->alias), "%s", mf_netlink_string(table[IFLA_IFALIAS]));
	link->lower = (int)mf_netlink_u32(table[IFLA_LINK], 0);
	if (table[IFLA_LINKINFO])
		kind_read(table[IFLA_LINKINFO], link->kind);
	link->ours = !strncmp(link->alias, MF_LINK_ALIAS, sizeof(MF_LINK_ALIAS) - 1);
	return 0;
}

static int link_take(const struct nlmsghdr *message, void *context)
{
	return link_read(message, context);
}

int mf_link_get(struct mf_netlink *netlink, const char *name, int ifindex, struct mf_link *link)
{
	struct ifinfomsg *info = mf_netlink_begin(netlink, RTM_GETLINK, 0, sizeof(*info));
	struct mf_link found = { 0 };
	int error;

	info->ifi_index = name ? 0 : ifindex;
	if (name)
		mf_netlink_put_string(netlink, IFLA_IFNAME, name);
	error = mf_netlink_talk(netlink, link_take, &found);
	if (error)
		return error;
	if (!found.ifindex)
		return -ENODEV;
	*link = found;
	return 0;
}

struct visit {
	mf_link_visitor *visitor;
	void *context;
};

static int link_visit(const struct nlmsghdr *message, void *context)
{
	struct visit *visit = context;
	struct mf_link link;

	if (!link_read(message, &link))
		visit->visitor(&link, visit->context);
	return 0;
}

int mf_link_each(struct mf_netlink *netlink, mf_link_visitor *visitor, void *context)
{
	struct visit visit = { visitor, context };

	mf_netlink_begin(netlink, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	return mf_netlink_talk(netlink, link_visit, &visit);
}

static void put_names(struct mf_netlink *netlink, const char *name, __u32 mtu)
{
	mf_netlink_put_string(netlink, IFLA_IFNAME, name);
	mf_netlink_put_u32(netlink, IFLA_MTU, mtu);
}

int mf_link_create_veth(struct mf_netlink *netlink, const char *name, const char *peer, __u32 mtu)
{
	struct ifinfomsg info = { 0 };
	struct rtattr *linkinfo, *data, *other;

	mf_netlink_begin(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(info));
	put_names(netlink, name, mtu);
	linkinfo = mf_netlink_nest(netlink, IFLA_LINKINFO);
	mf_netlink_put_string(netlink, IFLA_INFO_KIND, "veth");
	data = mf_netlink_nest(netlink, IFLA_INFO_DATA);
	other = mf_netlink_nest(netlink, VETH_INFO_PEER);
	mf_netlink_put_raw(netlink, &info, sizeof(info));
	put_names(netlink, peer, mtu);
	mf_netlink_nest_end(netlink, other);
	mf_netlink_nest_end(netlink, data);
	mf_netlink_nest_end(netlink, linkinfo);
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_link_create_macvlan(struct mf_netlink *netlink, const char *name, int ifindex, int lower,
			   const __u8 mac[static 6], __u32 mtu)
{
	struct ifinfomsg *info = mf_netlink_begin(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*info));
	struct rtattr *linkinfo, *data;

	info->ifi_index = ifindex;
	put_names(netlink, name, mtu);
	mf_netlink_put_u32(netlink, IFLA_LINK, (__u32)lower);
	mf_netlink_put(netlink, IFLA_ADDRESS, mac, 6);
	linkinfo = mf_netlink_nest(netlink, IFLA_LINKINFO);
	mf_netlink_put_string(netlink, IFLA_INFO_KIND, "macvlan");
	data = mf_netlink_nest(netlink, IFLA_INFO_DATA);
	mf_netlink_put_u32(netlink, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
	mf_netlink_nest_end(netlink, data);
	mf_netlink_nest_end(netlink, linkinfo);
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_link_delete(struct mf_netlink *netlink, int ifindex)
{
	struct ifinfomsg *info = mf_netlink_begin(netlink, RTM_DELLINK, 0, sizeof(*info));

	info->ifi_index = ifindex;
	return mf_netlink_talk(netlink, NULL, NULL);
}

static struct ifinfomsg *change_begin(struct mf_netlink *netlink, int ifindex)
{
	struct ifinfomsg *info = mf_netlink_begin(netlink, RTM_SETLINK, 0, sizeof(*info));

	info->ifi_index = ifindex;
	return info;
}

int mf_link_set_flags(struct mf_netlink *netlink, int ifindex, __u32 flags, __u32 mask)
{
	struct ifinfomsg *info = change_begin(netlink, ifindex);

	info->ifi_flags = flags;
	info->ifi_change = mask;
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_link_set_mtu(struct mf_netlink *netlink, int ifindex, __u32 mtu)
{
	change_begin(netlink, ifindex);
	mf_netlink_put_u32(netlink, IFLA_MTU, mtu);
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_link_set_quiet(struct mf_netlink *netlink, int ifindex, const char *alias)
{
	struct rtattr *families, *inet6;
	__u8 mode = ADDR_GEN_MODE_NONE;

	change_begin(netlink, ifindex);
	mf_netlink_put(netlink, IFLA_IFALIAS, alias, strlen(alias));
	families = mf_netlink_nest(netlink, IFLA_AF_SPEC);
	inet6 = mf_netlink_nest(netlink, AF_INET6);
	mf_netlink_put(netlink, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	mf_netlink_nest_end(netlink, inet6);
	mf_netlink_nest_end(netlink, families);
	return mf_netlink_talk(netlink, NULL, NULL);
}
