#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An observer on the way sees many associations between the same two prefixes hop, and links each old pair of addresses with
# a new one: by the moment of the hop, by the lengths of packets, by both. How often he is right; what a key for all (which hop at
# the same moment), sealing and padding change.

. "$(dirname "$0")/common.sh"
. "$ATTACKS/many.sh"

COUNT=24 SECONDS_EACH=27
[ -z "$QUICK" ] || COUNT=8 SECONDS_EACH=16
ROTATION=3s

# watch ROW WORDS KEYS LINE...
watch() {
	local row=$1 words=$2 keys=$3
	shift 3
	doing "$words: $COUNT associations, $SECONDS_EACH s"
	many_of "$COUNT" "$keys" "$@"
	many_up
	many_watched "$COUNT" "$SECONDS_EACH" "$row"
	python3 "$ATTACKS/links.py" "$RUN/$row.pcap" --truth "$RUN/$row.truth" --inside "${HOP[client]}/64" --rotation 3000 \
		>"$RUN/$row.json" || exit 1
	note "$row" words "$words"
	python3 -c '
import json, sys
for name, value in json.load(open(sys.argv[1])).items():
    print(sys.argv[2], name, " ".join(map(str, value)) if isinstance(value, list) else value, sep="\t")' \
		"$RUN/$row.json" "$row" >>"$RUN/notes"
	say "           $(cat "$RUN/$row.json")"
}

lab_internet
watch encap_own "encap, a key each" OWN
watch encap_one "encap, one key for all" ONE
watch sealed "sealed" OWN "Carriage = sealed"
watch sealed_full "sealed, Padding = full" OWN "Carriage = sealed" "Padding = full"
written
finish
