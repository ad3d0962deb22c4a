// SPDX-License-Identifier: GPL-2.0-only
/*
 * RTM_*NEIGH, IPv6 only.
 */
#include "loader/neighbour.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

static struct ndmsg *neighbour_begin(struct mf_netlink *netlink, __u16 type, __u16 flags, int ifindex,
				     const __u8 address[static 16])
{
	struct ndmsg *message = mf_netlink_begin(netlink, type, flags, sizeof(*message));

	message->ndm_family = AF_INET6;
	message->ndm_ifindex = ifindex;
	mf_netlink_put(netlink, NDA_DST, address, 16);
	return message;
}

struct standing {
	int found;
	__u16 state;
	__u32 flags; /* NTF_EXT_* */
};

static int standing_read(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *table[NDA_MAX + 1];
	const struct ndmsg *info = NLMSG_DATA(message);
	struct standing *standing = context;

	mf_netlink_attributes(table, NDA_MAX, message, sizeof(*info));
	standing->found = 1;
	standing->state = info->ndm_state;
	standing->flags = mf_netlink_u32(table[NDA_FLAGS_EXT], 0);
	return 0;
}

/* `flags`: NTF_USE keeps whatever state the entry has, and starts resolution where it has none. */
static int neighbour_use(struct mf_netlink *netlink, int ifindex, const __u8 address[static 16], __u32 extended)
{
	struct ndmsg *message = neighbour_begin(netlink, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, address);

	message->ndm_state = NUD_NONE;
	if (extended)
		mf_netlink_put_u32(netlink, NDA_FLAGS_EXT, extended);
	else
		message->ndm_flags = NTF_USE;
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_neighbour_manage(struct mf_netlink *netlink, int ifindex, const __u8 address[static 16], int *made)
{
	struct standing standing = { 0 };

	neighbour_begin(netlink, RTM_GETNEIGH, 0, ifindex, address);
	mf_netlink_talk(netlink, standing_read, &standing);
	if (standing.flags & NTF_EXT_MANAGED || standing.state & (NUD_PERMANENT | NUD_NOARP))
		return 1;
	*made = !standing.found;
	return neighbour_use(netlink, ifindex, address, NTF_EXT_MANAGED);
}

void mf_neighbour_release(struct mf_netlink *netlink, int ifindex, const __u8 address[static 16], int made)
{
	if (!made) {
		neighbour_use(netlink, ifindex, address, 0);
		return;
	}
	neighbour_begin(netlink, RTM_DELNEIGH, 0, ifindex, address);
	mf_netlink_talk(netlink, NULL, NULL);
}

struct visit {
	int ifindex;
	mf_neighbour_visitor *visitor;
	void *context;
};

int mf_neighbour_read(const struct nlmsghdr *message, int *ifindex, const __u8 **address, const __u8 **mac)
{
	const struct rtattr *table[NDA_MAX + 1];
	const struct ndmsg *info = NLMSG_DATA(message);

	mf_netlink_attributes(table, NDA_MAX, message, sizeof(*info));
	if (!table[NDA_DST] || RTA_PAYLOAD(table[NDA_DST]) != 16)
		return -EBADMSG;
	*ifindex = info->ndm_ifindex;
	*address = RTA_DATA(table[NDA_DST]);
	*mac = NULL;
	if (table[NDA_LLADDR] && RTA_PAYLOAD(table[NDA_LLADDR]) == 6)
		*mac = RTA_DATA(table[NDA_LLADDR]);
	return 0;
}

static int neighbour_visit(const struct nlmsghdr *message, void *context)
{
	struct visit *visit = context;
	const __u8 *address, *mac;
	int ifindex;

	if (message->nlmsg_type == RTM_NEWNEIGH && !mf_neighbour_read(message, &ifindex, &address, &mac) && mac &&
	    ifindex == visit->ifindex)
		visit->visitor(address, mac, visit->context);
	return 0;
}

int mf_neighbour_each(struct mf_netlink *netlink, int ifindex, mf_neighbour_visitor *visitor, void *context)
{
	struct visit visit = { ifindex, visitor, context };
	struct ndmsg *message = mf_netlink_begin(netlink, RTM_GETNEIGH, NLM_F_DUMP, sizeof(*message));

	message->ndm_family = AF_INET6;
	return mf_netlink_talk(netlink, neighbour_visit, &visit);
}
