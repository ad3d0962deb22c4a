#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Peers of a file with Carriage = sealed: nothing but noise on the wire, whatever is lost at either end is agreed on anew
# within seconds and with other keys, and who has another key gets nothing.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

PINS=/sys/fs/bpf/mayfly/eth0
PLAIN="a line that everybody could read"

# sealed_of HOST PEER [LINE...]: its configuration.
sealed_of() {
	node_of "$1"
	peer_of "$@" "Carriage = sealed"
}

# keys_of HOST: every key that it has had so far, one a line.
keys_of() { sort -u "$RUN/keys-$1"; }

# lose HOST: loader, keeper, maps, as a reboot leaves them.
lose() {
	kill -9 "$(keeper_of "$1")"
	stop "loader-$1" KILL
	on "$1" sh -c "rm -rf $PINS; ip link del mayfly0; ip link del mayfly0-to; rm -f /run/mayfly/*"
}

pings() { on client ping -c 3 -i 0.2 -W 1 "${INNER[server]}"; }
present_keys() { on "$1" mayflyctl sessions --json | python3 "$LAB/field.py" state; }

lab_internet
sealed_of client server
sealed_of server client
for host in client server; do
	loader "$host"
	start "keys-of-$host" "$host" python3 "$LAB/sealed.py" keys "$PINS" "$RUN/keys-$host"
done
start capture router tcpdump -i client -w "$RUN/wire.pcap" -U "udp and net ${HOP[client]}/64"

say "# first one, then the other"
start up-client client mayflyctl up eth0.conf
sleep 1
refute "nobody there, nothing goes" on client ping -c 1 -W 1 "${INNER[server]}"
check "the server comes up" within 10 session_up server
await up-client
check "traffic" within 5 pings
say "$(on client mayflyctl show; on client mayflyctl sessions)"
finish
