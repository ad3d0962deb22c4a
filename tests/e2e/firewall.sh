#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A stateful firewall (nftables on the router) lets nothing in to the client that the client has not
# begun. With Firewall = local there and Firewall = peer at the server traffic loses nothing to it,
# also where the server alone talks; without, it does, or the test would show nothing.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_firewall

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
stream client server "${INNER[server]}" 5000 500 4
unbroken "client to server"
stream server client "${INNER[client]}" 5000 500 8
unbroken "server to client, the server alone talking"
on client ping -q -i 0.02 -c 300 "${INNER[server]}" >"$RUN/ping.log"
check "ping: $(grep transmitted "$RUN/ping.log")" grep -q " 0% packet loss" "$RUN/ping.log"
start iperf-server server iperf3 -s -1
listening server 5201
on client iperf3 -c "${INNER[server]}" -R -t 6 -b 50M -J >"$RUN/iperf.json"
check "TCP, downloading" test $? = 0
none_resent iperf.json server
compare "slots opened by the client" "$(verdict client out_opened)" ">=" 30
say "  the firewall dropped $(on router nft list chain ip6 wall forward | sed -n 's/.*packets \([0-9]*\) .*/\1/p')" \
	"packets, all of the control run"
finish
