#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the DHT client costs among other people's nodes: samples for tests/bench/run, a value an operation.
#
#	dht.sh libtorrent|mixed COUNT SAMPLES
#
# libtorrent: 24 of its nodes, COUNT items put and read over IPv6 and IPv4 (libtorrent-6, libtorrent-4). Then strangers
# read half of them, to whom the nodes hand out as nodes the addresses that the first client has left: one client that
# knows no more than four nodes for each item (cold-6, cold-4), and one that remembers (dead-6, dead-4).
# mixed: 24 of libtorrent and 6 of Transmission, which answer neither get nor put; COUNT items over both families
# (mixed-6, mixed-4).

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/dht.sh"

NODES=24 MIXED=6
KIND=$1 COUNT=$2 RECORD=$3
HALF=$(((COUNT + 1) / 2))

# record NETWORK FILE: dht.put.right, .sent, .ms and .stored of each operation, dht.get the same.
record() {
	sed -n 's/^\(put\|get\)=\([0-9]*\) outcome=\([0-9]*\) right=\([01]\) stored=\([0-9]*\) .* sent=\([0-9]*\) .* ms=\([0-9.]*\).*/\1 \2 \3 \4 \5 \6 \7/p' "$2" |
		awk -v OFS='\t' -v name="$1" '{
			print "dht." $1 ".right", name, $2, $3 == 0 && $4
			print "dht." $1 ".stored", name, $2, $5
			print "dht." $1 ".sent", name, $2, $6
			print "dht." $1 ".ms", name, $2, $7 }' >>"$RECORD"
}

# seek_both NAME COUNT OPTION...: over both families side by side.
seek_both() {
	local name=$1 count=$2 family seekers=()
	shift 2
	for family in 6 4; do
		dht_seek "$family" --pairs "$count" --seed "$family" "$@" >"$RUN/$name-$family.log" &
		seekers+=($!)
	done
	wait "${seekers[@]}"
	for family in 6 4; do
		check "$name-$family: every operation has a line" has_lines "$RUN/$name-$family.log" "$count"
		record "$name-$family" "$RUN/$name-$family.log"
	done
}

has_lines() { [ "$(grep -c '^get=' "$1")" = "$2" ]; }

among_libtorrent() {
	dht_start "$NODES" || exit 1
	seek_both libtorrent "$COUNT" --in-turn --gap 200
	seek_both cold "$HALF" --only get --fresh --gap 150
	seek_both dead "$HALF" --only get --gap 150
}

among_both() {
	local family
	command -v transmission-daemon >/dev/null || skip "transmission-daemon is not installed"
	dht_transmissions "$MIXED"
	dht_start "$NODES" --also "$MIXED" || exit 1
	for family in 6 4; do
		check "IPv$family: all $MIXED nodes of Transmission take part" within 60 dht_have_met "$family" "$MIXED"
	done
	seek_both mixed "$COUNT" --in-turn --gap 250
}

/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || skip "python3-libtorrent is not installed"
dht_hosts
case $KIND in
libtorrent) among_libtorrent ;;
mixed) among_both ;;
esac
finish
