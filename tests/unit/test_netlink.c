// SPDX-License-Identifier: GPL-2.0-only
/* Netlink requests as bytes, foreign bytes as attributes, and one question that every kernel answers anybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loader/link.h"
#include "loader/netlink.h"
#include "loader/route.h"

static void request_bytes(void **state)
{
	struct mf_netlink netlink = { .fd = -1 };
	const struct rtattr *table[4], *inner[4];
	struct rtattr *nest;

	(void)state;
	mf_netlink_begin(&netlink, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	mf_netlink_put_string(&netlink, 1, "abc");
	nest = mf_netlink_nest(&netlink, 2);
	mf_netlink_put_u32(&netlink, 3, 0x01020304);
	mf_netlink_nest_end(&netlink, nest);
	mf_netlink_put(&netlink, 3, "x", 1);
	assert_false(netlink.overflow);
	mf_netlink_attributes(table, 3, &netlink.request.header, sizeof(struct ifinfomsg));
	assert_string_equal(RTA_DATA(table[1]), "abc");
	assert_int_equal(RTA_PAYLOAD(table[3]), 1);
	mf_netlink_parse(inner, 3, RTA_DATA(table[2]), RTA_PAYLOAD(table[2]));
	assert_int_equal(mf_netlink_u32(inner[3], 0), 0x01020304);
	assert_int_equal(mf_netlink_u32(table[3], 7), 7); /* too short for a number */
	assert_int_equal(mf_netlink_u32(NULL, 8), 8);
}

static void too_much(void **state)
{
	struct mf_netlink netlink = { .fd = -1 };
	char text[1500] = { 0 };

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	mf_netlink_begin(&netlink, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	mf_netlink_put_string(&netlink, 1, text);
	mf_netlink_put_string(&netlink, 1, text);
	assert_int_equal(mf_netlink_talk(&netlink, NULL, NULL), -EMSGSIZE);
	mf_netlink_begin(&netlink, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	assert_false(netlink.overflow);
}

/* Attributes that lie about their length, in every length of buffer. */
static void hostile_bytes(void **state)
{
	__u8 bytes[64];
	const struct rtattr *table[8];

	(void)state;
	for (unsigned int fill = 0; fill < 256; fill++) {
		memset(bytes, fill, sizeof(bytes));
		for (size_t length = 0; length <= sizeof(bytes); length++)
			mf_netlink_parse(table, 7, bytes, length);
	}
}

static void loopback(void **state)
{
	struct mf_netlink netlink;
	struct mf_link link = { .ifindex = -1 };

	(void)state;
	assert_int_equal(mf_netlink_open(&netlink, NETLINK_ROUTE, 0), 0);
	assert_int_equal(mf_link_get(&netlink, "lo", 0, &link), 0);
	assert_true(link.loopback);
	assert_int_equal(link.ifindex, if_nametoindex("lo"));
	assert_string_equal(link.name, "lo");
	assert_int_equal(mf_link_get(&netlink, "no-such-thing", 0, &link), -ENODEV);
	assert_int_equal(mf_link_get(&netlink, NULL, link.ifindex, &link), 0); /* untouched by the failure */
	mf_netlink_close(&netlink);
	mf_netlink_close(&netlink);
}

/* Is it heard at the other end, whose socket hides routes of our own? */
static int is_heard(const int end[2], __u16 type, __u8 protocol)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} event = { .header = { .nlmsg_len = sizeof(event), .nlmsg_type = type }, .route.rtm_protocol = protocol };

	assert_int_equal(send(end[0], &event, sizeof(event), 0), sizeof(event));
	return recv(end[1], &event, sizeof(event), MSG_DONTWAIT) == sizeof(event);
}

static void own_routes_are_hidden(void **state)
{
	struct mf_netlink events;
	int end[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
	events.fd = end[1];
	assert_true(is_heard(end, RTM_NEWROUTE, MF_ROUTE_PROTOCOL));
	assert_int_equal(mf_route_hide_own(&events), 0);
	assert_false(is_heard(end, RTM_NEWROUTE, MF_ROUTE_PROTOCOL));
	assert_false(is_heard(end, RTM_DELROUTE, MF_ROUTE_PROTOCOL));
	assert_true(is_heard(end, RTM_NEWROUTE, RTPROT_STATIC));
	assert_true(is_heard(end, RTM_DELROUTE, RTPROT_RA));
	assert_true(is_heard(end, RTM_NEWADDR, MF_ROUTE_PROTOCOL));
	assert_true(is_heard(end, RTM_NEWLINK, MF_ROUTE_PROTOCOL));
	close(end[0]);
	close(end[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_bytes), cmocka_unit_test(too_much), cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(loopback), cmocka_unit_test(own_routes_are_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
