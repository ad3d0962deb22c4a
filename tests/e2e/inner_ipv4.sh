#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IPv4 inside, hopping IPv6 outside: ping, UDP, TCP and fragments between inner IPv4 addresses.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_pin client 0
lab_pin server 1
both() { echo "${INNER[$1]}/128, ${INNER4[$1]}/32"; }
node_of client "Address = $(both client)"
peer_of client server "Address = $(both server)"
node_of server "Address = $(both server)"
peer_of server client "Address = $(both client)"
up client server
reach client "${INNER4[server]}"
on client ping -q -i 0.02 -c 150 "${INNER4[server]}" >"$RUN/ping.log" 2>&1
all_answered "ping" ping 150
check "large ping, in fragments" quiet on client ping -c 3 -i 0.05 -W 1 -s 5000 "${INNER4[server]}"
stream client server "${INNER4[server]}" 5000 1000 4
unbroken "UDP"
start iperf-server server iperf3 -s -1
listening server 5201
on client iperf3 -c "${INNER4[server]}" -t 3 -b 50M -J >"$RUN/iperf.json"
check "TCP" test $? = 0
none_resent iperf.json client
check "IPv6 beside it" quiet on client ping -c 3 -i 0.05 -W 1 "${INNER[server]}"
no_drops client server
finish
