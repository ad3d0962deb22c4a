#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A NIC whose driver has no XDP of its own (here a bridge, which is also the remedy where the NIC is a port
# of one): the programs run in generic mode, `show` says so, and all goes as ever.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_pin client 0
lab_pin server 1
on client sh -e -c "ip link set eth0 down; ip link set eth0 name wire0
	ip link add eth0 type bridge mcast_snooping 0 forward_delay 0
	ip link set wire0 master eth0; ip link set wire0 up; ip link set eth0 up"
lab_address client eth0 "${LINK[client]}"
within 5 on client ping -c 1 -W 1 "${LINK[client]}::1"
both_of "Carriage = ${1:-encap}"
up client server
reach client "${INNER[server]}"
equal "the way in at the bridge" xdp-generic "$(shown client in)"
equal "the way in at the other end" xdp-native "$(shown server in)"
say "  the way out at the bridge: $(shown client out), $(shown client tc)"
stream client server "${INNER[server]}" 5000 500 3
unbroken "UDP out of the bridge"
stream server client "${INNER[client]}" 5000 500 3 --size 1300
unbroken "UDP into the bridge"
start iperf-server server iperf3 -s -1
listening server 5201
on client iperf3 -c "${INNER[server]}" -t 3 -b 50M -J >"$RUN/iperf.json"
check "TCP out" test $? = 0
none_resent iperf.json client
start iperf-server server iperf3 -s -1
listening server 5201
on client iperf3 -c "${INNER[server]}" -R -t 3 -b 50M -J >"$RUN/iperf.json"
check "TCP in" test $? = 0
none_resent iperf.json server
no_drops client server
finish
