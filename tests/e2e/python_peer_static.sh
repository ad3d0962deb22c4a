#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/peer, the other end in Python, as a static peer (docs/PROTOCOL.md 9.5): nothing but a shared key file, sealed. Who asks
# follows from the keys, which follow from the seeds: exchanged, the other end asks.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"
. "$LAB/peer.sh"

# session_with SEED SEED: the peer's, the server's.
session_with() {
	local mine=$1 other=$2
	node_of server
	peer_of server client "Carriage = sealed" "LocalSeed = $other" "RemoteSeed = $mine" "Rotation = 500ms"
	on server mayflyctl up eth0.conf --no-wait >"$RUN/up-server.log" 2>&1
	check "a session" peer client static session --key-file "$RUN/hop.key" --seeds "$mine" "$other" --rotation 500 \
		--hosts "${INNER[client]}" "${INNER[server]}" --peer-prefix "${HOP[server]}/64"
	check "the server tells of it" within 5 is_told server state up
	ROLES="$ROLES $(told server role)"
	equal "carried" sealed "$(told server carriage)"
	check "echo" echoes 5 20
	check "ping" quiet on client ping -c 3 -i 0.2 -W 1 "${INNER[server]}"
	check "and back" quiet on server ping -c 3 -i 0.2 -W 1 "${INNER[client]}"
	command_peer teardown
	check "the peer ends" await peer
	check "the server knows" within 5 negate is_told server state up
	quiet on server mayflyctl down eth0
}

ROLES=
lab_internet
loader server
session_with "${SEED[client]}" "${SEED[server]}"
session_with "${SEED[server]}" "${SEED[client]}"
equal "each end has asked once" "initiator responder" "$(printf '%s\n' $ROLES | sort | tr '\n' ' ' | sed 's/ $//')"
finish
