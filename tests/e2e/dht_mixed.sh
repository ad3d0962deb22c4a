#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The DHT client in a mixed network: 24 nodes of libtorrent and 6 of Transmission, which know of each other but never
# answer get or put; then a message in the ports of announces (BEP 5), as the patent leaves it there.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/dht.sh"

/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || skip "python3-libtorrent is not installed"
command -v transmission-daemon >/dev/null || skip "transmission-daemon is not installed"
dht_hosts
dht_transmissions 6
dht_start 24 --also 6 || exit 1

for family in 6 4; do
	within 60 dht_have_met "$family" 6 || dht_have_met "$family" 6
	compare "IPv$family: nodes of Transmission that answer" "$MET" ">=" 3
	log=$RUN/pairs-$family.log
	dht_seek "$family" --pairs 30 --seed "$family" --in-turn --gap 250 >"$log"
	equal "IPv$family: items put" 30 "$(grep -c '^put=.* outcome=0 right=1 ' "$log")"
	equal "IPv$family: items read" 30 "$(grep -c '^get=.* outcome=0 right=1 ' "$log")"
	compare "IPv$family: datagrams of a put, at most" "$(dht_most sent "$log" put)" "<=" 32
	compare "IPv$family: datagrams of a get, at most" "$(dht_most sent "$log" get)" "<=" 20
	say "          a put: p50 $(dht_share ms "$log" put 50) ms; a get: p50 $(dht_share ms "$log" get 50) ms"
done

for family in 6 4; do
	dht_seek "$family" --ports 65 >"$RUN/ports-$family.log"
	equal "IPv$family: 65 ports announced" 1 "$(grep -c '^announce=65 .* anywhere=65 ' "$RUN/ports-$family.log")"
	equal "IPv$family: and read" 1 "$(grep -c '^peers=65 .* right=1 ' "$RUN/ports-$family.log")"
	sed 's/^/          /' "$RUN/ports-$family.log"
done
finish
