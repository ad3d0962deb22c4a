// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of an interface, asked of the kernel. */
#include "ctl/nic_prefix.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

enum { LEFT_OUT = IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED };

enum { RANK_PRESENT = 3, HALF_BYTES = 8 };

struct search {
	int ifindex;
	struct nic_prefix_choice choice;
};

unsigned int nic_prefix_rank(const __u8 address[static 16], __u8 scope, __u32 flags, __u32 preferred_s)
{
	if (scope != RT_SCOPE_UNIVERSE || flags & LEFT_OUT || !preferred_s || (address[0] & 0xfe) == 0xfc)
		return 0;
	return flags & IFA_F_TEMPORARY ? 1 : 2;
}

/* Nobody moves for no reason: of equals the kernel names the newest first. */
void nic_prefix_choose(struct nic_prefix_choice *choice, const __u8 address[static 16], unsigned int rank)
{
	if (rank && choice->present && !memcmp(choice->present->base, address, HALF_BYTES))
		rank = RANK_PRESENT;
	if (rank <= choice->rank)
		return;
	choice->rank = rank;
	memcpy(choice->address, address, sizeof(choice->address));
}

static int visit(const struct nlmsghdr *message, void *context)
{
	struct search *search = context;
	const struct ifaddrmsg *info = NLMSG_DATA(message);
	const struct rtattr *table[IFA_MAX + 1], *address;
	const struct ifa_cacheinfo *cache;

	if (message->nlmsg_type != RTM_NEWADDR || (int)info->ifa_index != search->ifindex || info->ifa_family != AF_INET6)
		return 0;
	mf_netlink_attributes(table, IFA_MAX, message, sizeof(*info));
	address = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	if (!address || RTA_PAYLOAD(address) != 16)
		return 0;
	cache = table[IFA_CACHEINFO] && RTA_PAYLOAD(table[IFA_CACHEINFO]) >= sizeof(*cache) ?
		RTA_DATA(table[IFA_CACHEINFO]) : NULL;
	nic_prefix_choose(&search->choice, RTA_DATA(address),
			  nic_prefix_rank(RTA_DATA(address), info->ifa_scope,
					  mf_netlink_u32(table[IFA_FLAGS], info->ifa_flags),
					  cache ? cache->ifa_prefered : 1));
	return 0;
}

static int ask(struct search *search)
{
	struct mf_netlink netlink = { .fd = -1 };
	struct ifaddrmsg *info;
	int error = mf_netlink_open(&netlink, NETLINK_ROUTE, 0);

	if (error)
		return error;
	info = mf_netlink_begin(&netlink, RTM_GETADDR, NLM_F_DUMP, sizeof(*info));
	info->ifa_family = AF_INET6;
	info->ifa_index = (__u32)search->ifindex;
	error = mf_netlink_talk(&netlink, visit, search);
	mf_netlink_close(&netlink);
	return error;
}

int nic_prefix_find(const char *nic, const struct mf_template *present, struct mf_template *prefix,
		    char why[static SAY_BYTES])
{
	struct search search = { .ifindex = (int)if_nametoindex(nic), .choice.present = present };
	int error = search.ifindex ? ask(&search) : -ENODEV;

	if (error)
		return say_why(why, error, "cannot find out which network %s is in: %s", nic, strerror(-error));
	if (!search.choice.rank)
		return say_why(why, -EADDRNOTAVAIL, "%s has no global IPv6 address (outside of fc00::/7) to take a Prefix from",
			       nic);
	*prefix = (struct mf_template){ .prefix_length = 64, .hop_bits = 64 };
	memcpy(prefix->base, search.choice.address, HALF_BYTES);
	return 0;
}

int nic_prefix_watch(struct mf_netlink *netlink)
{
	return mf_netlink_open(netlink, NETLINK_ROUTE, RTMGRP_IPV6_IFADDR);
}
