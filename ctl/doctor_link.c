// SPDX-License-Identifier: GPL-2.0-only
/* What rtnetlink says of an interface: its XDP program, and whether a macvlan can stand on it. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/doctor.h"

enum { ANSWER_BYTES = 32768 };

static const struct rtattr *find_attribute(const void *first, int bytes, unsigned int type)
{
	const struct rtattr *attribute = first;

	for (; RTA_OK(attribute, bytes); attribute = RTA_NEXT(attribute, bytes))
		if ((attribute->rta_type & NLA_TYPE_MASK) == type)
			return attribute;
	return NULL;
}

static int program_of(const struct nlmsghdr *answer)
{
	const struct rtattr *xdp, *id;
	__u32 value;

	xdp = find_attribute((const char *)NLMSG_DATA(answer) + NLMSG_ALIGN(sizeof(struct ifinfomsg)),
			     (int)IFLA_PAYLOAD(answer), IFLA_XDP);
	if (!xdp)
		return 0;
	id = find_attribute(RTA_DATA(xdp), (int)RTA_PAYLOAD(xdp), IFLA_XDP_PROG_ID);
	if (!id || RTA_PAYLOAD(id) < sizeof(value))
		return 0;
	memcpy(&value, RTA_DATA(id), sizeof(value));
	return (int)value;
}

/* Kind of the interface (IFLA_INFO_KIND) or of what it is a port of (IFLA_INFO_SLAVE_KIND). */
static const char *kind_of(const struct nlmsghdr *answer, unsigned int type)
{
	const struct rtattr *info, *kind;

	info = find_attribute((const char *)NLMSG_DATA(answer) + NLMSG_ALIGN(sizeof(struct ifinfomsg)),
			      (int)IFLA_PAYLOAD(answer), IFLA_LINKINFO);
	kind = info ? find_attribute(RTA_DATA(info), (int)RTA_PAYLOAD(info), type) : NULL;
	return kind && strnlen(RTA_DATA(kind), RTA_PAYLOAD(kind)) < RTA_PAYLOAD(kind) ? RTA_DATA(kind) : "";
}

static int bearing_of(const struct nlmsghdr *answer)
{
	const char *kind = kind_of(answer, IFLA_INFO_KIND), *port = kind_of(answer, IFLA_INFO_SLAVE_KIND);

	if (!strcmp(kind, "macvlan") || !strcmp(kind, "macvtap"))
		return DOCTOR_LINK_MACVLAN;
	return *port && strcmp(port, "vrf") ? DOCTOR_LINK_PORT : DOCTOR_LINK_BEARS;
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

int doctor_link_bearing(unsigned int ifindex)
{
	return look_up(ifindex, bearing_of);
}
