#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names that a node wants are somebody's already: a stranger's interface, another instance's devices. The node is
# refused, and whatever had the name is as it was.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
both_of
on client mkdir -p other

# taken NAME...: a stranger has one of the names; the node does not come up, the stranger's stays.
taken() {
	local name=$1 before
	on client ip link add "$name" type veth peer name stranger0
	before=$(on client cat "/sys/class/net/$name/ifindex")
	refute "$name is a stranger's: up is refused" quiet on client mayflyctl up eth0.conf
	equal "and the stranger's is as it was" "$before" "$(on client cat "/sys/class/net/$name/ifindex" 2>&1)"
	equal "devices of ours left" "" "$(on client ls /sys/class/net | grep mayfly0 | grep -vx -- "$name")"
	quiet on client ip link del "$name"
}

loader client
taken mayfly0
taken mayfly0-to
taken mayfly0-in
up client server
reach client "${INNER[server]}"

lab_wire client eth1 router client1
lab_pass router client1
on client ip addr add 2001:db8:d::2/64 dev eth1 nodad
sed 's/eth0/eth1/; s/2001:db8:c1::/2001:db8:d1::/' "$RUN/client/eth0.conf" >"$RUN/client/other/eth1.conf"
start loader-second client mayfly-loader --interface eth1
within 10 on client test -S /run/mayfly/eth1.sock
before=$(on client sh -c "cat /sys/class/net/mayfly0*/ifindex")
check "the second instance asks for eth1" grep -q eth1 "$RUN/client/other/eth1.conf"
refute "mayfly0 is another instance's: up is refused" on client mayflyctl --socket /run/mayfly/eth1.sock up other/eth1.conf
equal "and its devices are as they were" "$before" "$(on client sh -c "cat /sys/class/net/mayfly0*/ifindex")"
check "which works on" on client ping -c 1 -W 1 "${INNER[server]}"

kill -STOP "${PID[loader-client]}"
on client ip link del mayfly0-in
on client ip link add mayfly0-in type veth peer name stranger0
kill -CONT "${PID[loader-client]}"
check "the cutter is deleted, its name taken: said" within 3 grep -q "veth pair cannot be made" "$RUN/loader-client.log"
check "the stranger's stays" on client test -e /sys/class/net/stranger0
on client ip link del stranger0
check "the name is free again: works again within twelve seconds" within 12 on client ping -c 1 -W 1 "${INNER[server]}"
finish
