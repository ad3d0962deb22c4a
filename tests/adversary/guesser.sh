#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody sees a slot and wants to know the next one without its key. Whether what he sees tells him anything: mutual
# information of consecutive identifiers, ports and flow labels, and of those of one slot, against shuffled controls; and
# whether the measure finds a flaw where there is one.

. "$(dirname "$0")/common.sh"
. "$ATTACKS/many.sh"

SLOTS=40000 COUNT=32 SECONDS_EACH=40
[ -z "$QUICK" ] || SLOTS=10000 COUNT=8 SECONDS_EACH=15
ROTATION=100ms

# judge ROW WORDS next|within LINES
judge() {
	doing "$2"
	"$STORE/information" "$3" <"$4" >"$RUN/$1.json" || exit 1
	say "           $(cat "$RUN/$1.json")"
	note "$1" words "$2"
	for field in samples pairs shuffles most mean controls_above control_most control_mean; do
		note "$1" "$field" "$(number "$1.json" "$field")"
	done
}

# truth_of NAME FROM_MS SLOTS: whose address is whose, by the keys.
truth_of() {
	local i
	for ((i = 1; i <= COUNT; i++)); do
		mayflyctl derive --iid "$(printf '%016x' $((0xc000 + i)))" --key-file "$RUN/key-$i" --rotation "$ROTATION" \
			--prefix "${HOP[client]}/64" --at "$2" --slots "$3" | awk -v name="a$i" '{ print $3, name }'
	done >"$RUN/$1.truth"
}

lab_internet
doing "$COUNT associations hop every $ROTATION for $SECONDS_EACH s"
many_of "$COUNT" OWN
many_up
began=$(now_ms)
many_watched "$COUNT" "$SECONDS_EACH" wire --even 40
truth_of wire $((began - 1000)) $((SECONDS_EACH * 10 + 100))
python3 "$ATTACKS/places.py" wire "$RUN/wire.pcap" --truth "$RUN/wire.truth" --inside "${HOP[client]}/64" >"$RUN/wire"
judge wire_next "from one slot to the next, off the wire" next "$RUN/wire"
judge wire_within "within a slot: addresses, ports and flow labels of both ends, off the wire" within "$RUN/wire"

hop_key
mayflyctl derive --iid 0000000000000051 --key-file "$RUN/hop.key" --slots "$SLOTS" >"$RUN/slots"
python3 "$ATTACKS/places.py" derived "$RUN/slots" >"$RUN/derived"
judge derived_next "from one slot to the next, $SLOTS slots of one key" next "$RUN/derived"
judge derived_within "within a slot, $SLOTS slots of one key" within "$RUN/derived"
python3 "$ATTACKS/places.py" weak "$RUN/derived" >"$RUN/weak"
judge weak_next "the same with a flaw: one digit in 20 slots repeats" next "$RUN/weak"
written
finish
