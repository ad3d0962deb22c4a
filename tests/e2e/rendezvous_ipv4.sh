#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two hosts meet by way of 24 nodes of libtorrent over IPv4 alone (DhtFamily = ipv4): queries leave from the host's own
# address, nothing is lent, and no packet goes to the nodes over IPv6; the introduction itself is IPv6 as ever.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

# seen FILTER FIELD: each value of it in what the nodes were sent.
seen() {
	tshark -r "$RUN/nodes.pcap" -Y "$1" -T fields -e "$2" 2>/dev/null | sort -u | paste -sd,
}
local_routes() { on "$1" ip -6 route show table local proto 109 | wc -l; }

lab_internet
rendezvous_nodes4 24 || exit 1
FAMILY=ipv4
meeting_of server client
meeting_of client server
start capture nodes tcpdump -i eth0 -Q in -w "$RUN/nodes.pcap" -U "udp"
within 5 test -s "$RUN/nodes.pcap"
loader server
serve server
check "serve publishes" within 20 published server 1
equal "on so many nodes" 8 "$(served server last_publication_holders)"
equal "addresses that are lent" 0 "$(local_routes server)"

loader client
check "the client finds it and brings its end up" meet client
compare "nodes that gave it" "$(number meet.log holders)" ">=" 1
say "  $(number meet.log sent) datagrams, $(number meet.log took_ms) ms"
check "a session stands" session_up client
check "the server's inner address is reached" quiet on client ping -c 3 -i 0.2 -W 1 "$(stable_of server)"
check "nodes are remembered" grep -q '^10\.80\.' "$RUN/client/state/nodes"
sleep 0.2
stop capture INT
equal "what puts came from" 10.0.2.2 "$(seen 'udp contains "1:q3:put"' ip.src)"
equal "what gets came from" 10.0.1.2,10.0.2.2 "$(seen 'udp contains "1:q3:get"' ip.src)"
equal "packets over IPv6" "" "$(seen ipv6 ipv6.src)"
no_drops client server
finish
