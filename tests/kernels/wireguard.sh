#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `rewrite` beneath this kernel's own WireGuard (tests/e2e/wireguard.sh takes wireguard-go where the kernel has none): its
# packets, which come from no socket of a process, are carried both ways, whole and of any length.

. "$(dirname "$0")/../lab/lib.sh"

ROTATION=1s

# tunnel HOST NUMBER PEER PEER-NUMBER
tunnel() {
	on "$1" ip link add wg0 type wireguard || skip "this kernel has no WireGuard"
	on "$1" wg set wg0 listen-port 51820 private-key wg.key peer "$(wg pubkey <"$RUN/$3/wg.key")" \
		allowed-ips "fd77::$4/128" endpoint "[${INNER[$3]}]:51820"
	on "$1" ip addr add "fd77::$2/64" dev wg0 nodad
	on "$1" ip link set wg0 mtu 1420 up
}

lab_internet
both_of "Carriage = rewrite" "Port = 51820" "PeerPort = 51820"
up client server
start capture router tcpdump -i client -w "$RUN/wire.pcap" -s 100 -U ip6
within 20 test -s "$RUN/wire.pcap"
for host in client server; do
	(umask 077 && wg genkey >"$RUN/$host/wg.key")
done
tunnel client 2 server 1
tunnel server 1 client 2
check "handshake and a ping" within 20 on client ping -c 1 -W 3 fd77::1
hops=$(shown client hops)
for size in 0 1 333 1372; do
	check "pings of $size bytes" quiet on client ping -q -c 5 -i 0.05 -W 3 -s "$size" -M do fd77::1
done
head -c 1000000 /dev/urandom >"$RUN/server/file"
start web server python3 -m http.server --bind fd77::1 8000
within 20 on client curl -sS -o /dev/null "http://[fd77::1]:8000/"
check "a file over TCP" on client curl -sS --max-time 60 --limit-rate 200k -o file "http://[fd77::1]:8000/file"
check "it is the same file" cmp "$RUN/server/file" "$RUN/client/file"
compare "hops meanwhile" $(($(shown client hops) - hops)) ">=" 3
sleep 1.2
stop capture INT
equal "packets on the way that show a stable address" 0 \
	"$(tcpdump -nn -r "$RUN/wire.pcap" udp and "net ${LINK[client]}::/64 or net fd00::/8" 2>/dev/null | wc -l)"
python3 "$LAB/wire.py" sum "$RUN/wire.pcap" "${HOP[client]}/64" >"$RUN/wire.json"
compare "the client's addresses on the way" "$(number wire.json addresses)" ">=" 4
compare "packets on the way" "$(number wire.json packets)" ">=" 500
no_drops client server
finish
