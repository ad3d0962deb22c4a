#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A stateful firewall (nftables on the router) lets nothing in to the client that the client has not
# begun. With Firewall = local there and Firewall = peer at the server traffic loses nothing to it,
# also where the server alone talks; without, it does, or the test would show nothing.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_pin client 0
lab_pin server 1
lab_firewall router client

# pair CLIENT-SETTING SERVER-SETTING
pair() {
	stop loader-client
	stop loader-server
	node_of client
	peer_of client server "Firewall = $1"
	node_of server
	peer_of server client "Firewall = $2"
	up client server
	reach client "${INNER[server]}"
}

pair none none
stream server client "${INNER[client]}" 5000 500 3
compare "control: without the settings the firewall eats most of it; received" "$(number stream.log received)" "<" 1200

pair local peer
stream client server "${INNER[server]}" 5000 500 2
unbroken "client to server"
stream server client "${INNER[client]}" 5000 500 6
unbroken "server to client, the server alone talking"
on client ping -q -i 0.02 -c 150 "${INNER[server]}" >"$RUN/ping.log" 2>&1
all_answered "ping" ping 150
start iperf-server server iperf3 -s -1
listening server 5201
on client iperf3 -c "${INNER[server]}" -R -t 4 -b 50M -J >"$RUN/iperf.json"
check "TCP, downloading" test $? = 0
none_resent iperf.json server
say "  the firewall dropped $(on router nft list chain ip6 wall forward | sed -n 's/.*packets \([0-9]*\) .*/\1/p') packets," \
	"those of the control run"
compare "slots opened by the client" "$(verdict client out_opened)" ">=" 30
finish
