// SPDX-License-Identifier: GPL-2.0-only
/* What rtnetlink says of an interface: its XDP program, and whether a macvlan can stand on it. */
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "loader/netlink.h"

enum { ANSWER_BYTES = 32768 };

static int program_of(const struct nlmsghdr *answer)
{
	const struct rtattr *table[IFLA_MAX + 1], *xdp[IFLA_XDP_MAX + 1];

	mf_netlink_attributes(table, IFLA_MAX, answer, sizeof(struct ifinfomsg));
	if (!table[IFLA_XDP])
		return 0;
	mf_netlink_parse(xdp, IFLA_XDP_MAX, RTA_DATA(table[IFLA_XDP]), RTA_PAYLOAD(table[IFLA_XDP]));
	return (int)mf_netlink_u32(xdp[IFLA_XDP_PROG_ID], 0);
}

/* Kind of the interface (IFLA_INFO_KIND) or of what it is a port of (IFLA_INFO_SLAVE_KIND). */
static const char *kind_of(const struct nlmsghdr *answer, unsigned int type)
{
	const struct rtattr *table[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];

	mf_netlink_attributes(table, IFLA_MAX, answer, sizeof(struct ifinfomsg));
	if (!table[IFLA_LINKINFO])
		return "";
	mf_netlink_parse(info, IFLA_INFO_MAX, RTA_DATA(table[IFLA_LINKINFO]), RTA_PAYLOAD(table[IFLA_LINKINFO]));
	return mf_netlink_string(info[type]);
}

static int unfit_of(const struct nlmsghdr *answer)
{
	const struct ifinfomsg *link = NLMSG_DATA(answer);
	const char *kind = kind_of(answer, IFLA_INFO_KIND), *port = kind_of(answer, IFLA_INFO_SLAVE_KIND);

	if (!strcmp(kind, "macvlan") || !strcmp(kind, "macvtap"))
		return MF_UNFIT_MACVLAN;
	if (link->ifi_type != ARPHRD_ETHER)
		return MF_UNFIT_NO_ETHERNET;
	return *port && strcmp(port, "vrf") ? MF_UNFIT_PORT : MF_UNFIT_UNTOLD;
}

static int ask(int fd, unsigned int ifindex, int read_answer(const struct nlmsghdr *answer))
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex },
	};
	union {
		struct nlmsghdr header;
		char bytes[ANSWER_BYTES];
	} answer;
	ssize_t got;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	got = recv(fd, &answer, sizeof(answer), 0);
	if (got < 0)
		return -errno;
	if (!NLMSG_OK(&answer.header, (size_t)got) || answer.header.nlmsg_type != RTM_NEWLINK)
		return -EPROTO;
	return read_answer(&answer.header);
}

static int look_up(unsigned int ifindex, int read_answer(const struct nlmsghdr *answer))
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int found;

	if (fd < 0)
		return -errno;
	found = ask(fd, ifindex, read_answer);
	close(fd);
	return found;
}

int doctor_xdp_program(unsigned int ifindex)
{
	return look_up(ifindex, program_of);
}

int doctor_link_unfit(unsigned int ifindex)
{
	return look_up(ifindex, unfit_of);
}
