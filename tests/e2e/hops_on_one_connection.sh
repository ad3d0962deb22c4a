#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# 300 hops on one TCP connection, 200 ms apart: no packet lost to a hop, none reordered by one.
# A paced iperf3 stream, a numbered UDP stream each way and a ping run all the while.

. "$(dirname "$0")/../lab/lib.sh"

SECONDS_RUN=61
lab_internet
lab_pin client 0
lab_pin server 1
both_up "Rotation = 200ms"
hops=$(shown client hops)

start iperf-server server iperf3 -s -1
start down client python3 "$LAB/flow.py" receive 5001 $((SECONDS_RUN + 5))
start up server python3 "$LAB/flow.py" receive 5002 $((SECONDS_RUN + 5))
listening server 5201
listening client 5001 u
listening server 5002 u
start iperf client iperf3 -c "${INNER[server]}" -t "$SECONDS_RUN" -b 20M -J
start send-down server python3 "$LAB/flow.py" send "${INNER[client]}" 5001 500 "$SECONDS_RUN"
start send-up client python3 "$LAB/flow.py" send "${INNER[server]}" 5002 500 "$SECONDS_RUN"
on client ping -q -i 0.02 -w $((SECONDS_RUN - 1)) "${INNER[server]}" >"$RUN/ping.log" 2>&1
await iperf
check "the TCP connection lived to its end" test $? = 0
for label in send-down send-up down up; do
	await "$label"
done

hops=$(($(shown client hops) - hops))
compare "hops on the connection" "$hops" ">=" 300
none_resent iperf.log client
for label in up down; do
	say "  UDP $label: $(log_of "$label")"
	none_lost "UDP $label, lost" "$label.log"
	equal "UDP $label, reordered" 0 "$(number "$label.log" reordered)"
done
all_answered "ping" ping $((SECONDS_RUN * 25))
no_drops client server
same_counts client server
finish
