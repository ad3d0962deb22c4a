#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `rewrite` under what it is meant for: a real WireGuard (wireguard-go) whose configured endpoint is
# the peer's stable address, plain UDP, TCP, and ping. No byte more on the wire, addresses and ports hop.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_pin client 0
lab_pin server 1
both_up "Carriage = rewrite"
start capture router tcpdump -i client -w "$RUN/wire.pcap" -s 100 -U ip6
within 5 test -s "$RUN/wire.pcap"

stream client server "${INNER[server]}" 5000 1000 5
unbroken "plain UDP"
stream server client "${INNER[client]}" 5000 1000 3
unbroken "plain UDP, the other way"
on client ping -q -i 0.02 -c 100 "${INNER[server]}" >"$RUN/ping.log" 2>&1
all_answered "ping" ping 100
start iperf-server server iperf3 -s -1
listening server 5201
on client iperf3 -c "${INNER[server]}" -t 3 -b 50M -J >"$RUN/iperf.json"
check "TCP, 3 s" test $? = 0
none_resent iperf.json client

[ -c /dev/net/tun ] || skip "no /dev/net/tun for wireguard-go"

# tunnel HOST NUMBER: a WireGuard device wg0 with the address fd77::NUMBER.
tunnel() {
	local host=$1 number=$2
	on "$host" sh -c "umask 077; wg genkey >wg.key; wg pubkey <wg.key >wg.pub"
	start "wg-$host" "$host" env WG_PROCESS_FOREGROUND=1 wireguard-go -f wg0
	within 10 on "$host" test -S /run/wireguard/wg0.sock
	on "$host" ip addr add "fd77::$number/64" dev wg0
	on "$host" ip link set wg0 mtu 1340 up
}

# point HOST PEER NUMBER
point() {
	on "$1" wg set wg0 listen-port 51820 private-key wg.key peer "$(cat "$RUN/$2/wg.pub")" \
		allowed-ips "fd77::$3/128" endpoint "[${INNER[$2]}]:51820"
}

tunnel client 1
tunnel server 2
point client server 2
point server client 1
reach client fd77::2
stream client server fd77::2 5000 1000 5 --size 1000
unbroken "UDP through WireGuard"
start iperf-server server iperf3 -s -1
listening server 5201
on client iperf3 -c fd77::2 -t 4 -b 20M -J >"$RUN/iperf.json"
check "TCP through WireGuard" test $? = 0
none_resent iperf.json client
equal "WireGuard's endpoint is still the stable address" "[${INNER[server]}]:51820" \
	"$(on client wg show wg0 endpoints | cut -f2)"

stop capture INT
python3 "$LAB/wire.py" sum "$RUN/wire.pcap" "${HOP[client]}/64" >"$RUN/wire.json"
say "  wire: $(cat "$RUN/wire.json")"
compare "addresses of the client on the wire" "$(number wire.json addresses)" ">=" 50
compare "the longest-lived, ms" "$(number wire.json longest_ms)" "<=" 600
compare "ports on the wire" "$(number wire.json ports)" ">=" 100
equal "inner addresses on the wire" 0 \
	"$(python3 "$LAB/wire.py" sum "$RUN/wire.pcap" fd00::/8 | python3 "$LAB/field.py" packets)"
no_drops client server
finish
