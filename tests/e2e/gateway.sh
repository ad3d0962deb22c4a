#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An association may cover whole prefixes behind both hosts (gateways): machines behind them talk,
# packets of every kind pass, and one that is in no association's prefixes does not.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
declare -A LAN=([client]=fd00:ca [server]=fd00:5a) LAN4=([client]=10.20.1 [server]=10.20.2)
for side in client server; do
	lab_host "$side-lan"
	lab_wire "$side-lan" eth0 "$side" eth1
	on "$side" ip addr add "${LAN[$side]}::1/64" dev eth1 nodad
	on "$side" ip addr add "${LAN4[$side]}.1/24" dev eth1
	on "$side" sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.forwarding=1
	on "$side-lan" ip -batch - <<-END
		addr add ${LAN[$side]}::2/64 dev eth0 nodad
		addr add ${LAN4[$side]}.2/24 dev eth0
		route add default via ${LAN[$side]}::1
		route add default via ${LAN4[$side]}.1
	END
done
covers() { echo "${INNER[$1]}/128, ${LAN[$1]}::/64, ${LAN4[$1]}.0/24"; }
node_of client
peer_of client server "Address = $(covers server)" "LocalAddress = $(covers client)"
node_of server
peer_of server client "Address = $(covers client)" "LocalAddress = $(covers server)"
up client server
reach client "${INNER[server]}"

reach client-lan "${LAN[server]}::2"
on client-lan ping -q -i 0.02 -c 150 "${LAN[server]}::2" >"$RUN/ping.log" 2>&1
all_answered "IPv6 between the networks" ping 150
on client-lan ping -q -i 0.02 -c 150 "${LAN4[server]}.2" >"$RUN/ping.log" 2>&1
all_answered "IPv4 between the networks" ping 150
stream client-lan server-lan "${LAN[server]}::2" 5000 1000 4
unbroken "UDP between the networks"
check "from a network to the other gateway" quiet on client-lan ping -c 2 -i 0.05 -W 1 "${INNER[server]}"
check "large datagrams, fragmented by their sender, who is told how large" \
	quiet on client-lan ping -c 8 -i 0.05 -W 1 -s 5000 "${LAN[server]}::2"
start iperf-server server-lan iperf3 -s -1
listening server-lan 5201
on client-lan iperf3 -c "${LAN[server]}::2" -t 3 -b 100M -J >"$RUN/iperf.json"
check "TCP between the networks finds the smaller MTU by itself" test $? = 0
compare "its bytes" "$(number iperf.json end.sum_received.bytes)" ">=" 30000000

on server-lan ip addr add fd00:ee::1/128 dev lo
on server ip route add fd00:ee::1/128 via "${LAN[server]}::2"
on client ip route add fd00:ee::1/128 dev mayfly0
refute "a prefix that no association names is not carried" quiet on client-lan ping -c 2 -i 0.1 -W 1 fd00:ee::1
compare "and the verdict says so" "$(verdict client drop_no_association)" ">=" 1
no_drops client server
finish
