// SPDX-License-Identifier: GPL-2.0-only
/*
 * RTM_*ADDR and RTM_*ROUTE. Mapped IPv4 prefixes become IPv4 for the kernel here and nowhere else.
 */
#include "loader/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "loader/prefix.h"

/* A prefix as the kernel wants it. */
struct kernel_prefix {
	__u8 family;
	__u8 length;
	__u8 bytes;
	const __u8 *address;
};

static struct kernel_prefix to_kernel(const struct mf_prefix *prefix)
{
	if (mf_prefix_is_ipv4(prefix))
		return (struct kernel_prefix){ AF_INET, (__u8)(prefix->length - 96), 4, prefix->address + 12 };
	return (struct kernel_prefix){ AF_INET6, prefix->length, 16, prefix->address };
}

static int address_talk(struct mf_netlink *netlink, __u16 type, __u16 flags, int ifindex,
			const struct mf_prefix *address)
{
	struct kernel_prefix prefix = to_kernel(address);
	struct ifaddrmsg *message = mf_netlink_begin(netlink, type, flags, sizeof(*message));

	message->ifa_family = prefix.family;
	message->ifa_prefixlen = prefix.length;
	message->ifa_index = (__u32)ifindex;
	if (prefix.family == AF_INET6)
		message->ifa_flags = IFA_F_NODAD;
	mf_netlink_put(netlink, IFA_LOCAL, prefix.address, prefix.bytes);
	mf_netlink_put(netlink, IFA_ADDRESS, prefix.address, prefix.bytes);
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_address_put(struct mf_netlink *netlink, int ifindex, const struct mf_prefix *address)
{
	return address_talk(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, ifindex, address);
}

int mf_address_drop(struct mf_netlink *netlink, int ifindex, const struct mf_prefix *address)
{
	return address_talk(netlink, RTM_DELADDR, 0, ifindex, address);
}

struct address_visit {
	mf_address_visitor *visitor;
	void *context;
};

static int address_visit(const struct nlmsghdr *message, void *context)
{
	struct address_visit *visit = context;
	const struct ifaddrmsg *info = NLMSG_DATA(message);
	const struct rtattr *table[IFA_MAX + 1], *address;

	mf_netlink_attributes(table, IFA_MAX, message, sizeof(*info));
	/* Of a point-to-point address IFA_LOCAL is ours and IFA_ADDRESS the other end's. */
	address = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	if (message->nlmsg_type == RTM_NEWADDR && address && RTA_PAYLOAD(address) == 16)
		visit->visitor(RTA_DATA(address), (int)info->ifa_index, visit->context);
	return 0;
}

int mf_address_each(struct mf_netlink *netlink, mf_address_visitor *visitor, void *context)
{
	struct address_visit visit = { visitor, context };
	struct ifaddrmsg *message = mf_netlink_begin(netlink, RTM_GETADDR, NLM_F_DUMP, sizeof(*message));

	message->ifa_family = AF_INET6;
	return mf_netlink_talk(netlink, address_visit, &visit);
}

static struct rtmsg *route_begin(struct mf_netlink *netlink, __u16 type, __u16 flags, int ifindex,
				 const struct kernel_prefix *to)
{
	struct rtmsg *message = mf_netlink_begin(netlink, type, flags, sizeof(*message));

	message->rtm_family = to->family;
	message->rtm_dst_len = to->length;
	message->rtm_table = RT_TABLE_MAIN;
	message->rtm_protocol = MF_ROUTE_PROTOCOL;
	message->rtm_scope = to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	message->rtm_type = RTN_UNICAST;
	mf_netlink_put(netlink, RTA_DST, to->address, to->bytes);
	mf_netlink_put_u32(netlink, RTA_OIF, (__u32)ifindex);
	return message;
}

int mf_route_put(struct mf_netlink *netlink, int ifindex, __u16 flags, const struct mf_prefix *to, __u32 mtu,
		 const __u8 *source)
{
	struct kernel_prefix prefix = to_kernel(to);
	struct rtattr *metrics;

	route_begin(netlink, RTM_NEWROUTE, NLM_F_CREATE | flags, ifindex, &prefix);
	if (source)
		mf_netlink_put(netlink, RTA_PREFSRC, source + 16 - prefix.bytes, prefix.bytes);
	metrics = mf_netlink_nest(netlink, RTA_METRICS);
	mf_netlink_put_u32(netlink, RTAX_MTU, mtu);
	mf_netlink_nest_end(netlink, metrics);
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_route_drop(struct mf_netlink *netlink, int ifindex, const struct mf_prefix *to)
{
	struct kernel_prefix prefix = to_kernel(to);

	route_begin(netlink, RTM_DELROUTE, 0, ifindex, &prefix);
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_route_hide_own(const struct mf_netlink *events)
{
	const __u32 protocol_at = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol);
	/* What is loaded is taken for big-endian; netlink's types are not. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, protocol_at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MF_ROUTE_PROTOCOL, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, ~0U),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(events->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

enum { LOOPBACK = 1 }; /* ifindex, in every network namespace */

static int local_talk(struct mf_netlink *netlink, __u16 type, __u16 flags, const __u8 address[static 16])
{
	const struct kernel_prefix host = { AF_INET6, 128, 16, address };
	struct rtmsg *message = route_begin(netlink, type, flags, LOOPBACK, &host);

	message->rtm_table = RT_TABLE_LOCAL;
	message->rtm_type = RTN_LOCAL;
	return mf_netlink_talk(netlink, NULL, NULL);
}

int mf_route_local_put(struct mf_netlink *netlink, const __u8 address[static 16])
{
	return local_talk(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, address);
}

int mf_route_local_drop(struct mf_netlink *netlink, const __u8 address[static 16])
{
	return local_talk(netlink, RTM_DELROUTE, 0, address);
}

struct gateway_visit {
	int ifindex;
	mf_gateway_visitor *visitor;
	void *context;
};

static void gateway_take(struct gateway_visit *visit, int ifindex, const struct rtattr *gateway)
{
	if (ifindex == visit->ifindex && gateway && RTA_PAYLOAD(gateway) == 16)
		visit->visitor(RTA_DATA(gateway), visit->context);
}

static void multipath_take(struct gateway_visit *visit, const struct rtattr *multipath)
{
	const __u8 *at = RTA_DATA(multipath), *end = at + RTA_PAYLOAD(multipath);

	while ((size_t)(end - at) >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *hop = (const void *)at;
		const struct rtattr *table[RTA_MAX + 1];

		if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > end - at)
			return;
		mf_netlink_parse(table, RTA_MAX, hop + 1, hop->rtnh_len - sizeof(*hop));
		gateway_take(visit, hop->rtnh_ifindex, table[RTA_GATEWAY]);
		if (RTNH_ALIGN(hop->rtnh_len) >= end - at)
			return;
		at += RTNH_ALIGN(hop->rtnh_len);
	}
}

static int route_visit(const struct nlmsghdr *message, void *context)
{
	const struct rtattr *table[RTA_MAX + 1];

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	mf_netlink_attributes(table, RTA_MAX, message, sizeof(struct rtmsg));
	gateway_take(context, (int)mf_netlink_u32(table[RTA_OIF], 0), table[RTA_GATEWAY]);
	if (table[RTA_MULTIPATH])
		multipath_take(context, table[RTA_MULTIPATH]);
	return 0;
}

int mf_route_gateways(struct mf_netlink *netlink, int ifindex, mf_gateway_visitor *visitor, void *context)
{
	struct gateway_visit visit = { ifindex, visitor, context };
	struct rtmsg *message = mf_netlink_begin(netlink, RTM_GETROUTE, NLM_F_DUMP, sizeof(*message));

	message->rtm_family = AF_INET6;
	return mf_netlink_talk(netlink, route_visit, &visit);
}
