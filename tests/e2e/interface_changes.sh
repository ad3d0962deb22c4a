#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The interface goes down and up, changes its MTU, is taken away and comes back: the loader follows, and
# the association works again without anybody's doing.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
both_up
mtu_of() { on client cat /sys/class/net/mayfly0/mtu; }
has_mtu() { [ "$(mtu_of)" = "$1" ]; }

before=$(mtu_of)
say "  MTU of mayfly0: $before"
on client ip link set eth0 mtu 1400
check "the NIC's MTU falls by 100, mayfly0's follows" within 3 has_mtu $((before - 100))
reach client "${INNER[server]}"
on client ip link set eth0 mtu 1500
check "and back" within 3 has_mtu "$before"

on client ip link set eth0 down
sleep 1
on client ip link set eth0 up
lab_address client eth0 "${LINK[client]}"
reach client "${INNER[server]}"
say "  down and up: works again"

number_of() { on client cat /sys/class/net/mayfly0/ifindex; }
number=$(number_of)
gone() { on client sh -c "! ip link show $1 2>/dev/null"; }
on client ip link del mayfly0
reach client "${INNER[server]}"
say "  device deleted: made again"
on client ip link del mayfly0-in
reach client "${INNER[server]}"
say "  the cutter deleted: made again"

on client sh -c "ip link set eth0 down; ip link set eth0 name other0; ip link set other0 up"
check "the NIC has another name: the device goes" within 3 gone mayfly0
check "and no program of ours stays there" within 3 on client sh -c "! bpftool net show dev other0 | grep -q mf_"
on client sh -c "ip link set other0 down; ip link set other0 name eth0; ip link set eth0 up"
lab_address client eth0 "${LINK[client]}"
check "its own name again: works again" within 10 on client ping -c 1 -W 1 "${INNER[server]}"

on client ip link del eth0
sleep 1
check "the loader lives without its interface" running loader-client
check "the device is gone with it" gone mayfly0
lab_wire client eth0 router client
lab_pass router client
on router ip addr add "${LINK[client]}::1/64" dev client nodad
on router ip route add "${HOP[client]}/64" via "${LINK[client]}::2" dev client
lab_address client eth0 "${LINK[client]}"
check "gone and back: works again" within 10 on client ping -c 1 -W 1 "${INNER[server]}"
equal "through all that the device has its number, by which sockets know it" "$number" "$(number_of)"
stream client server "${INNER[server]}" 5000 500 2
unbroken "UDP afterwards"
stop loader-client
check "nothing of it stays behind" sh -c "! nsenter -t ${HOST_PID[client]} -n ip link show mayfly0 2>/dev/null"
equal "pins left" "" "$(on client sh -c "find /sys/fs/bpf/mayfly 2>/dev/null")"
finish
