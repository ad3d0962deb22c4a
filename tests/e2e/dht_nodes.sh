#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The DHT client among 24 nodes of libtorrent: 100 items put over IPv6 and 100 over IPv4, and read; then strangers who
# remember nothing read half of them again. What it costs is counted.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/dht.sh"

/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || skip "python3-libtorrent is not installed"
dht_hosts
dht_start 24 || exit 1

# seek_both NAME OPTION...: over both families side by side.
seek_both() {
	local name=$1 family seekers=()
	shift
	for family in 6 4; do
		dht_seek "$family" --pairs 100 --seed "$family" "$@" >"$RUN/$name-$family.log" &
		seekers+=($!)
	done
	wait "${seekers[@]}"
}

# One process: it knows its own sources, which libtorrent hands out as nodes.
seek_both pairs --in-turn --gap 200
# Others do not: to them these are dead nodes.
seek_both stranger --only get --fresh --gap 150 --pairs 50
for family in 6 4; do
	log=$RUN/pairs-$family.log stranger=$RUN/stranger-$family.log
	equal "IPv$family: items put" 100 "$(grep -c '^put=.* outcome=0 right=1 ' "$log")"
	equal "IPv$family: puts on all 8 nodes" 100 "$(grep -c '^put=.* stored=8 ' "$log")"
	compare "IPv$family: datagrams of a put, at most" "$(dht_most sent "$log" put)" "<=" 20
	equal "IPv$family: items read" 100 "$(grep -c '^get=.* outcome=0 right=1 ' "$log")"
	compare "IPv$family: datagrams of a get, at most" "$(dht_most sent "$log" get)" "<=" 12
	compare "IPv$family: get, p50 in ms" "$(dht_share ms "$log" get 50)" "<=" 50
	compare "IPv$family: get, p95 in ms" "$(dht_share ms "$log" get 95)" "<=" 1500
	equal "IPv$family: items that strangers read" 50 "$(grep -c '^get=.* outcome=0 right=1 ' "$stranger")"
	grep '^get=' "$stranger" | grep -v ' outcome=0 right=1 '
	say "          their datagrams: p50 $(dht_share sent "$stranger" get 50), p95 $(dht_share sent "$stranger" get 95); p50 $(dht_share ms "$stranger" get 50) ms"
	compare "IPv$family: their get, p95 in ms" "$(dht_share ms "$stranger" get 95)" "<=" 1500
done
finish
