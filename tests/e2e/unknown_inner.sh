#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An inner address with the length of its network: whatever in there is nobody's goes to mayfly0, is dropped by name, and
# is told of with its inner destination, so that somebody may look for who it is. Peers are reached as ever.

. "$(dirname "$0")/../lab/lib.sh"

UNKNOWN=fd00:77:88::99
lab_internet
node_of client
peer_of client server
node_of server
peer_of server client
up client server
reach client "${INNER[server]}"
check "an address by itself has no network" test -z "$(on client ip -6 route show fd00::/16 dev mayfly0)"
sed -i "s|^Address = ${INNER[client]}/128|Address = ${INNER[client]}/16|" "$RUN/client/eth0.conf"
up client
reach client "${INNER[server]}"
start events client mayflyctl --socket /run/mayfly/eth0.sock events --json

# told SOURCE DESTINATION
told() {
	grep '"event":"no_association"' "$RUN/events.log" | grep "\"source\":\"$1\"" | grep -q "\"destination\":\"$2\""
}
ask() { quiet on client ping -c 1 -W 1 "$1"; }
dropped() {
	local before
	before=$(verdict client drop_no_association)
	refute "$1: nobody is there" ask "$1"
	compare "$1: drop_no_association" "$(verdict client drop_no_association)" ">" "$before"
}

check "the network's route" grep -q '^fd00::/16 ' <(on client ip -6 route show dev mayfly0)
dropped "$UNKNOWN"
check "an event names it" within 3 told "${INNER[client]}" "$UNKNOWN"
dropped fd00:5::2
check "and so does another, beside the peer" within 3 told "${INNER[client]}" fd00:5::2
refute "none does where there is a peer" told "${INNER[client]}" "${INNER[server]}"
check "the peer is reached" ask "${INNER[server]}"

stop loader-client KILL
loader client
check "the route is there after kill -9" grep -q '^fd00::/16 ' <(on client ip -6 route show dev mayfly0)
dropped fd00:5::3
stop loader-client
equal "routes left" 0 "$(on client ip -6 route show | grep -c '^fd')"
finish
