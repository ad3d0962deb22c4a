#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The DHT client among 24 nodes of libtorrent: 100 items put and read over IPv6 and over IPv4, and what it costs.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/dht.sh"

/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || skip "python3-libtorrent is not installed"
dht_hosts
dht_start 24 || exit 1

for family in 6 4; do
	dht_seek "$family" --pairs 100 --fresh --gap 150 >"$RUN/pairs-$family.log"
	equal "IPv$family: items put" 100 "$(grep -c '^put=.* outcome=0 right=1 ' "$RUN/pairs-$family.log")"
	equal "IPv$family: items read" 100 "$(grep -c '^get=.* outcome=0 right=1 ' "$RUN/pairs-$family.log")"
	equal "IPv$family: puts on all 8 nodes" 100 "$(grep -c '^put=.* stored=8 ' "$RUN/pairs-$family.log")"
	compare "IPv$family: datagrams of a put, at most" "$(dht_most sent "$RUN/pairs-$family.log" put)" "<=" 20
	compare "IPv$family: datagrams of a get, at most" "$(dht_most sent "$RUN/pairs-$family.log" get)" "<=" 12
	compare "IPv$family: get, p50 in ms" "$(dht_share ms "$RUN/pairs-$family.log" get 50)" "<=" 50
	compare "IPv$family: get, p95 in ms" "$(dht_share ms "$RUN/pairs-$family.log" get 95)" "<=" 1500
done
finish
