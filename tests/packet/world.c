// SPDX-License-Identifier: GPL-2.0-only
/*
 * The namespace that the packet tests run in:
 *
 *	mayfly0 (macvlan) on nic ==veth== wire (the gateway, 2001:db8:f::2)     mayfly0-to ==veth== mayfly0-in
 *
 * Nothing runs at the other end of `wire`: the gateway's neighbour entry is permanent, 2001:db8:f::50's too,
 * and 2001:db8:f::99 has none. Behind `wire`, seen as an interface of this host, stand
 * fd01:a:0:1::/64 and 10.1.9.0/24.
 */
#include "tests/packet/rig.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static const char links[] =
	"link set lo up\n"
	"link add nic address 02:00:00:00:00:01 type veth peer name wire address 02:00:00:00:00:02\n"
	"link add mayfly0-to type veth peer name mayfly0-in address 02:00:00:00:00:04\n"
	"link set nic addrgenmode none\n"
	"link set wire addrgenmode none\n"
	"link set mayfly0-to addrgenmode none\n"
	"link set mayfly0-in addrgenmode none\n"
	"link set nic mtu 65535\n"
	"link set wire mtu 65535\n"
	"link set mayfly0-to mtu 65535\n"
	"link set mayfly0-in mtu 65535\n"
	"link add mayfly0 link nic address 02:00:00:00:00:03 mtu 65535 type macvlan mode private\n"
	"link set mayfly0 addrgenmode none\n"
	"link set nic up\n"
	"link set wire up\n"
	"link set mayfly0 up\n"
	"link set mayfly0-to up\n"
	"link set mayfly0-in up\n"
	"address add 2001:db8:f::1/64 dev nic nodad\n"
	"neighbour add 2001:db8:f::2 lladdr 02:00:00:00:00:02 dev nic nud permanent\n"
	"route add 2001:db8:a::/64 via 2001:db8:f::2 dev nic\n"
	"route add 2001:db8:b::/64 via 2001:db8:f::2 dev nic\n"
	"route add 2001:db8:aa::/48 via 2001:db8:f::2 dev nic\n"
	"route add 2001:db8:bb::/48 via 2001:db8:f::2 dev nic\n"
	"route add 2001:db8:c::/48 via 2001:db8:f::99 dev nic\n"
	"route add 2001:db8:e::/48 dev wire\n"
	"route add blackhole 2001:db8:dead::/48\n"
	"neighbour add 2001:db8:f::50 lladdr 02:00:00:00:00:50 dev nic nud permanent\n"
	"route add fd01:a:0:1::/64 dev wire\n"
	"route add 10.1.9.0/24 dev wire\n";

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void forward(const char *setting)
{
	FILE *file = fopen(setting, "w");

	if (!file || fputs("1", file) < 0 || fclose(file))
		give_up(setting);
}

void rig_world(void)
{
	FILE *ip;

	if (unshare(CLONE_NEWNET))
		give_up("unshare: the packet tests need root");
	ip = popen("ip -batch -", "w");
	if (!ip || fputs(links, ip) < 0 || pclose(ip))
		give_up("ip -batch");
	forward("/proc/sys/net/ipv6/conf/mayfly0-in/forwarding");
	forward("/proc/sys/net/ipv6/conf/wire/forwarding");
	forward("/proc/sys/net/ipv4/conf/wire/forwarding");
}
