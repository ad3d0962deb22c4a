#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One introduction at the server, two clients in different /64s: both are heard at the same addresses and answered where
# they are. One moves to another prefix under a running TCP connection; the server's loader is killed with -9; the next
# introduction comes and the clients go over to it one by one; then all is taken down.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_far
NEW=2001:db8:c2::
on router ip route add "$NEW/64" via "${LINK[client]}::2"
keys() { (umask 077 && mayflyctl genpsk >"$RUN/$1.key"); }
keys first
keys second
SEED[first]=1111111111111111 SEED[second]=2222222222222222

introduce() { on server python3 "$LAB/introduce.py" /run/mayfly/eth0.sock "$@"; }
# introduction NAME: the knock; client_of NAME HOST: one of its clients.
introduction() { introduce listen "knock@$1" "$RUN/$1.key" "${SEED[$1]}" "${HOP[server]}/64" 200; }
client_of() {
	introduce roam "$2@$1" "$RUN/$1.key" "${SEED[$1]}" "${HOP[server]}/64" 200 "${SEED[$2]}" \
		"${INNER[server]}" "${INNER[$2]}"
}
# meet NAME HOST [PREFIX]: the client's own end.
meet() {
	node_of "$2" "Prefix = ${3:-${HOP[$2]}}/64"
	peer_of "$2" server "KeyFile = $RUN/$1.key" "RemoteSeed = ${SEED[$1]}"
	up "$2"
}
# one_address: all of the first introduction's associations are at one address now. Asked again if it hops meanwhile.
one_address() {
	on server mayflyctl show --json | python3 -c "
import json, sys
found = [one['local']['address'] for one in json.load(sys.stdin)['associations'] if one['name'].endswith('@first')]
sys.exit(len(found) != 3 or len(set(found)) != 1)"
}
in_prefix() { shown server peer_prefix "$1"; }

# The server has a peer of its own too, which is never there.
node_of server
INNER[nobody]=fd00:9::1 HOP[nobody]=2001:db8:99:: SEED[nobody]=0000000000000099
peer_of server nobody
up server

equal "client before anybody listens" "13 0 0" "$(client_of first client)"
equal "the introduction" accepted "$(introduction first)"
equal "the same once more" "6 0 0" "$(introduction first)"
equal "first client" accepted "$(client_of first client)"
equal "second client" accepted "$(client_of first far)"
equal "the introduction cannot go before them" "14 0 0" "$(introduce delete knock@first)"
equal "its clients" 2 "$(shown server clients knock@first)"
equal "where the client is, before it is heard" null "$(in_prefix client@first)"
refute "the server cannot begin" quiet on server ping -c 1 -W 1 "${INNER[client]}"
compare "and says why" "$(verdict server drop_no_peer)" ">" 0

meet first client
meet first far
reach client "${INNER[server]}"
reach far "${INNER[server]}"
check "and the server reaches both" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[client]}"
check "each where it is" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[far]}"
equal "prefix of the client" "${HOP[client]}/64" "$(in_prefix client@first)"
equal "prefix of the far one" "${HOP[far]}/64" "$(in_prefix far@first)"
check "both come to the same address" within 3 one_address

start far-rx far python3 "$LAB/flow.py" receive 5001 8
listening far 5001 u
start far-tx server python3 "$LAB/flow.py" send "${INNER[far]}" 5001 300 4
stream client server "${INNER[server]}" 5000 300 4
unbroken "client to server, 20 hops, the other one busy"
await far-tx
await far-rx
none_lost "server to the far one, lost" far-rx.log

start web server iperf3 -s -1
listening server 5201
start iperf client iperf3 -c "${INNER[server]}" -t 6 -b 5M -J
sleep 2
meet first client "$NEW"
say "  the client has moved"
await iperf
check "TCP lives through the move" test "$(number iperf.log end.sum_received.bytes)" -gt 1000000
equal "its prefix now" "$NEW/64" "$(in_prefix client@first)"
check "the server reaches it there" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[client]}"

stop loader-server KILL
say "  the server's loader killed"
stream client server "${INNER[server]}" 5000 300 4
unbroken "client to server while no loader ran"
loader server
check "adopted" test "$(shown server adopted)" = true
equal "clients after that" 2 "$(shown server clients knock@first)"
equal "the prefix is not forgotten" "$NEW/64" "$(in_prefix client@first)"
check "and traffic goes on" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[client]}"

equal "the next introduction" accepted "$(introduction second)"
equal "the same clients" accepted "$(client_of second client)"
equal "in it too" accepted "$(client_of second far)"
check "who has not gone over is answered by the old one" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[client]}"
meet second client
check "who has, by the new one" within 3 on client ping -c 1 -W 1 "${INNER[server]}"
check "from its side too" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[client]}"
check "the other one still by the old one" quiet on far ping -q -c 3 -i 0.1 -W 1 "${INNER[server]}"
stop loader-server KILL
loader server
check "adopted with both: the one" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[client]}"
check "adopted with both: the other" quiet on far ping -q -c 3 -i 0.1 -W 1 "${INNER[server]}"
equal "clients of the old one" 2 "$(shown server clients knock@first)"
for name in client@first far@first knock@first; do
	equal "$name goes" accepted "$(introduce delete "$name")"
done
check "who has gone over is not touched" quiet on server ping -q -c 3 -i 0.1 -W 1 "${INNER[client]}"
refute "who has not is no longer heard" quiet on far ping -c 1 -W 1 "${INNER[server]}"
meet second far
check "and comes over" within 3 on far ping -c 1 -W 1 "${INNER[server]}"
for name in client@second far@second knock@second; do
	equal "$name goes" accepted "$(introduce delete "$name")"
done
equal "what is left" 1 "$(shown server associations)"
equal "routes left to clients" 0 "$(on server ip -6 route show dev mayfly0 | grep -c "${INNER[client]}\|${INNER[far]}")"
no_drops client far
finish
