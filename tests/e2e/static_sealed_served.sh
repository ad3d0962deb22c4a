#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A server that is met by one client and has another peer in its file, sealed, behind a stateful firewall: `serve` keeps both.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"


session_hosts
lab_far
lab_firewall gate far
peer_of server far "Carriage = sealed" "Firewall = peer"
node_of far
peer_of far server "Carriage = sealed" "Firewall = local"
loader far
serve server
check "serve publishes" within 20 published server 1
check "the peer of the file comes up from behind its firewall" within 10 session_up far
check "and the client is met" within 20 session_up client
check "traffic to the server" within 3 on far ping -c 1 -W 1 "${INNER[server]}"
check "and from it" on server ping -c 1 -W 1 "${INNER[far]}"
check "and of the other" on client ping -c 1 -W 1 "$(stable_of server)"
stream server far "${INNER[far]}" 2000 500 3
unbroken "from the server, through the firewall"
stream far server "${INNER[server]}" 2000 500 3
unbroken "and the other way"

say "# serve is killed"
kill -9 "${PID[serve-server]}"
check "traffic lives on" on far ping -c 1 -W 1 "${INNER[server]}"
serve server
check "another publishes" within 20 published server 1
check "traffic with the peer of the file" within 10 on far ping -c 1 -W 1 "${INNER[server]}"
check "and with the client" within 10 on client ping -c 1 -W 1 "$(stable_of server)"

say "# up keeps both, then a serve"
stop serve-server TERM
check "up" session_up server --no-wait
check "it keeps sessions" within 5 on server test -S /run/mayfly/eth0.sessions.up
check "traffic with the client" within 10 on server ping -c 1 -W 1 "$(stable_of client)"
check "and with the peer of the file" within 10 on server ping -c 1 -W 1 "${INNER[far]}"
start pings server ping -i 0.05 "$(stable_of client)"
start far-pings server ping -i 0.05 "${INNER[far]}"
serve server
check "the serve publishes" within 20 published server 1
sleep 3
for pings in pings far-pings; do
	stop "$pings" INT
	all_answered "$pings" "$pings" 41
done
check "it took them over" grep -q "kept are serve's from here on" "$RUN/serve-server.log"

say "# the peer of the file goes"
on far mayflyctl down eth0
refute "nobody there" on server ping -c 1 -W 1 "${INNER[far]}"
check "it comes back" session_up far
check "traffic" within 3 on server ping -c 1 -W 1 "${INNER[far]}"
equal "what is for addresses that follow from keys leaves by the device alone, session or none" mayfly0 \
	"$(on server ip -6 -o route get fd6d::1 | sed 's/.* dev \([^ ]*\).*/\1/')"
equal "carried" sealed "$(shown server carriage far@a)"
for verdict in drop_tag drop_replay drop_counter; do
	equal "server, far: $verdict" 0,0 "$(verdict server $verdict),$(verdict far $verdict)"
done
finish
