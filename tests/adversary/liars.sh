#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Nodes of the DHT lie: those nearest to an introduction, or so many of all. How often a client finds it nevertheless, at
# first and when it looks again, and whether it ever takes something else. In the simulated network of
# tests/unit/test_dht_liars.c.

. "$(dirname "$0")/common.sh"

OPERATIONS=40
[ -z "$QUICK" ] || OPERATIONS=6
doing "300 nodes, 15 ways to lie, $OPERATIONS lookups each"
"$STORE/liars" --operations "$OPERATIONS" >"$RUN/liars.log" || exit 1
while read -r manner where number operations found older wrong took again sent; do
	row=$manner.$where.$number
	note "$row" operations "$operations"
	note "$row" found "$found"
	note "$row" older "$older"
	note "$row" wrong "$wrong"
	note "$row" took_ms "$took"
	note "$row" again "$again"
	note "$row" sent "$sent"
done <"$RUN/liars.log"
awk '{ key = $2 " " $3; total[key] += $4; found[key] += $5; wrong += $7; again[key] += $9 } END {
	for (key in total) printf "           %s: found %.1f %%, looked again %.1f %%\n", key, 100 * found[key] / total[key],
		100 * again[key] / total[key]
	print "           wrong ones taken: " wrong }' "$RUN/liars.log" | sort
written
finish
