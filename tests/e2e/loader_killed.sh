#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The loader is killed with -9 while a transfer runs: traffic and hopping go on, a new loader
# adopts what is pinned, and no packet is lost on the way. Then it stays away for longer than
# the look-ahead: traffic ends as promised, and a new loader mends it.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_pin client 0
lab_pin server 1
node_of client "LookAhead = 12s"
peer_of client server
node_of server "LookAhead = 12s"
peer_of server client
up client server
reach client "${INNER[server]}"
generation=$(shown client generation)

start rx server python3 "$LAB/flow.py" receive 5000 30
start capture router tcpdump -i client -w "$RUN/wire.pcap" -s 80 -U ip6
start iperf-server server iperf3 -s -1
listening server 5201
listening server 5000 u
start iperf client iperf3 -c "${INNER[server]}" -t 14 -b 20M -J
start tx client python3 "$LAB/flow.py" send "${INNER[server]}" 5000 500 13
sleep 2
for host in client server; do
	stop "loader-$host" KILL
done
say "  both loaders killed"
dead_from=$(date +%s.%N)
sleep 5
dead_until=$(date +%s.%N)
for host in client server; do
	loader "$host"
done
say "  both loaders started again"
await tx
await rx
await iperf
stop capture

say "  stream: $(log_of rx)"
none_lost "packets lost" rx.log
equal "packets reordered" 0 "$(number rx.log reordered)"
none_resent iperf.log client
hopped=$(python3 "$LAB/wire.py" sum "$RUN/wire.pcap" "${HOP[client]}/64" --since "$dead_from" --until "$dead_until" |
	python3 "$LAB/field.py" addresses)
compare "addresses of the client while no loader ran (5 s of 200 ms)" "$hopped" ">=" 24
for host in client server; do
	check "$host: adopted" test "$(shown "$host" adopted)" = true
	equal "$host: one association" 1 "$(shown "$host" associations)"
done
equal "the association is the same" "$generation" "$(shown client generation)"
no_drops client server

stop loader-client KILL
sleep 13
refute "past the look-ahead nothing goes out" quiet on client ping -c 2 -i 0.2 -W 1 "${INNER[server]}"
loader client
check "a new loader mends it" within 3 on client ping -c 1 -W 1 "${INNER[server]}"
finish
