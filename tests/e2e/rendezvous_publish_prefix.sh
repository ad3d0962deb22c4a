#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# PublishPrefix: what the nodes of the DHT get comes from the publishing prefix, each operation from an address of its
# own, and nothing ever from the prefix that the server hops in nor from its own address.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

PUBLISH=2001:db8:52::

# sources FILTER: of what the nodes were sent, each once.
sources() { tshark -r "$RUN/nodes.pcap" -Y "udp.dstport == 6881 && $1" -T fields -e ipv6.src 2>/dev/null | sort -u; }
outside() { sources "$1" | grep -vc "^${PUBLISH%::}:"; }

local_routes() { on "$1" ip -6 route show table local proto 109 | wc -l; }
puts() { tshark -r "$RUN/nodes.pcap" -Y 'udp contains "1:q3:put"' 2>/dev/null | wc -l; }
have_put() { [ "$(puts)" -ge "$1" ]; }
none_lent() { [ "$(local_routes "$1")" = 0 ]; }

lab_internet
on router ip route add "$PUBLISH/64" via "${LINK[server]}::2"
rendezvous_nodes 24 || exit 1
meeting_of server client "PublishPrefix = $PUBLISH/64" "Period = 20s"
meeting_of client server "Period = 20s"
start capture nodes tcpdump -i eth0 -Q in -w "$RUN/nodes.pcap" -U "udp"
within 5 test -s "$RUN/nodes.pcap"
loader server
serve server
check "serve publishes" within 20 published server 1
equal "on so many nodes" 8 "$(served server last_publication_holders)"
check "lent addresses are given back" within 5 none_lent server
refute "and it says nothing of a /64 that nodes see" grep -q PublishPrefix "$RUN/serve-server.log"
check "the items of other periods follow" within 60 have_put 16
stop capture INT
equal "put from outside of the publishing prefix" 0 "$(outside 'udp contains "1:q3:put"')"
compare "addresses that puts came from (one an item)" "$(sources 'udp contains "1:q3:put"' | wc -l)" ">=" 2
equal "any other query from outside of it" 0 "$(outside udp)"

loader client
check "the client finds it and brings its end up" meet client
equal "in the prefix that is served" "${HOP[server]}/64" "$(number meet.log prefix)"
check "a session stands" session_up client
reach client "$(stable_of server)"
refute "an address of the publishing prefix answers nobody" quiet on stranger ping -c 2 -i 0.2 -W 1 "${PUBLISH}1"

# Without it the server says what it costs.
stop serve-server
sed -i '/^PublishPrefix/d' "$RUN/server/eth0.conf"
serve server
check "without it, serve says what nodes see" within 20 grep -q "a PublishPrefix keeps it apart" "$RUN/serve-server.log"
finish
