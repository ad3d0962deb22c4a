#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How fast a server publishes for CLIENTS (default 1000) clients among 24 nodes of libtorrent with the limits that they
# come with, and whether a node bans it: a banned writer stores on fewer nodes.
#
#	clients=C items=N seconds=S items_per_second=R failing=F holders=H kilobytes=K met=M anonymous_kb=A peak_kb=P
#
# Then one of them meets the server MEETINGS times: how often it found it, and the memory of that program, pages of no
# file as it ends and at the most (tests/bench/memory_at_exit.c), the largest of all meetings. TWO_STAGE=10 publishes in
# two stages.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"

CLIENTS=${CLIENTS:-1000} MEETINGS=5
lab_internet
rendezvous_nodes 24 || exit 1
mkdir -p "$RUN/clients"
for ((i = 0; i < CLIENTS; i++)); do
	head -c 32 /dev/urandom | base64 >"$RUN/clients/client-$i.pub"
done
meeting_of server client "Clients = $RUN/clients" "TwoStage = ${TWO_STAGE:-0}" "Period = ${PERIOD:-10m}"
sed -i '/^\[Peer\]/,$d' "$RUN/server/eth0.conf"
meeting_of client server "Period = ${PERIOD:-10m}"
key_of client >"$RUN/clients/laptop.pub"
loader server
serve server
within 30 on server test -e /run/mayfly/eth0.serve
began=$(date +%s%3N)
within "${SECONDS_MOST:-600}" published server "$((CLIENTS + 1))"
ended=$(date +%s%3N)
sent=$(on server cat /proc/net/dev | awk '/eth0:/ { print int($10 / 1024) }')
met=0 anonymous=0 peak=0
MEET_ENV="$BUILD/bench/memory_at_exit $RUN/memory"
for ((i = 0; i < MEETINGS; i++)); do
	rm -f "$RUN/memory"
	meet client --print && met=$((met + 1))
	read -r now most < <(sed 's/[a-z_]*=//g' "$RUN/memory")
	[ "$now" -gt "$anonymous" ] && anonymous=$now
	[ "$most" -gt "$peak" ] && peak=$most
done
awk -v n="$(served server published_current)" -v ms=$((ended - began)) -v failing="$(served server failing)" \
	-v last="$(served server last_publication_holders)" -v kb="$sent" -v met="$met" -v clients=$((CLIENTS + 1)) \
	-v anonymous="$anonymous" -v peak="$peak" 'BEGIN {
	printf "clients=%d items=%d seconds=%.1f items_per_second=%.1f failing=%d holders=%d kilobytes=%d met=%d ",
		clients, n, ms / 1000, n * 1000 / ms, failing, last, kb, met
	printf "anonymous_kb=%d peak_kb=%d\n", anonymous, peak }'
finish
