#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The path becomes narrower in mid-connection: the router's packet-too-big is believed, the connection
# goes on at the smaller size, and a packet-too-big from a stranger changes nothing.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
both_up
before=$(shown client path_mtu)
say "  path MTU before: $before"

# A forged packet-too-big from the stranger, quoting addresses that are not of the slot.
mac=$(on server cat /sys/class/net/eth0/address)
now=$(now_ms)
on stranger python3 "$LAB/forge.py" eth0 "$mac" "$STRANGER" \
	$(derived server "$now" 1 | python3 "$LAB/shown.py" derived | cut -d' ' -f2) --kinds too-big --wait 0.2 >/dev/null
equal "path MTU after a stranger's packet-too-big" "$(shown server path_mtu)" "$before"

start iperf-server server iperf3 -s -1
listening server 5201
start iperf client iperf3 -c "${INNER[server]}" -t 8 -b 50M -J
sleep 2
on router ip link set server mtu 1400
on switch ip link set router mtu 1400
say "  the router's link has an MTU of 1400 now"
await iperf
check "the connection lived to its end" test $? = 0
last=$(number iperf.log intervals.7.sum.bits_per_second)
compare "bit/s in its last second" "$last" ">=" 40000000
equal "path MTU now" 1400 "$(shown client path_mtu)"
compare "verdict: believed packet-too-big" "$(verdict client path_mtu_lowered)" ">=" 1
check "a large ping is told to be smaller, then passes" quiet on client ping -c 5 -i 0.1 -W 1 -M do -s 1300 "${INNER[server]}"
on client ping -c 2 -i 0.1 -W 1 -M do -s 1400 "${INNER[server]}" >"$RUN/ping.log" 2>&1
check "too large a ping gets its packet-too-big" grep -qiE "too (big|long)" "$RUN/ping.log"
stream client server "${INNER[server]}" 5000 500 2 --size 1200
unbroken "UDP of 1200 bytes at the smaller path MTU"
finish
