#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody floods with trafgen: the whole prefix at random, a live address, a live address from its peer's address and port.
# How much of what the client sends arrives meanwhile; the same flood against an ordinary host, which answers. And
# atk6-ndpexhaust26, which fills the neighbour table of the router before a prefix that is on the link.

. "$(dirname "$0")/common.sh"

RATES="100000 most" OFFERED=20 SECONDS_EACH=4
[ -z "$QUICK" ] || RATES=most

# goodput ADDRESS: Mb/s of what the client sends that arrive at the server, as iperf3 has it.
goodput() {
	start iperf-server server iperf3 -s -1
	listening server 5201
	on client timeout $((SECONDS_EACH + 6)) iperf3 -c "$1" --connect-timeout 4000 -u -b "${OFFERED}M" -l 1200 -J \
		-t "$SECONDS_EACH" >"$RUN/iperf.json"
	stop iperf-server
	python3 -c '
import json, sys
end = json.load(open(sys.argv[1]))["end"]["sum"]
print("%.3f" % (end["bits_per_second"] / 1e6 * (1 - end["lost_packets"] / max(end["packets"], 1))))' "$RUN/iperf.json"
}

sent_packets() { on stranger cat /sys/class/net/eth0/statistics/tx_packets; }

# under ROW WORDS ADDRESS FILE RATE: goodput to ADDRESS while the stranger sends the frames of FILE, so many a second or the
# most that he can.
under() {
	local row=$1 words=$2 file=$4 rate=$5 before began kept
	doing "$words, $rate packets/s"
	began=$(now_ms)
	before=$(sent_packets)
	spray flood stranger "$file" 0 "${rate/#most/}"
	sleep 0.5
	kept=$(goodput "$3")
	spray_stop flood
	note "$row" words "$words"
	note "$row" goodput_mbps "${kept:-0}"
	note "$row" packets_per_second $((($(sent_packets) - before) * 1000 / ($(now_ms) - began)))
	say "           $(tail -n 2 "$RUN/notes" | cut -f 2- | tr '\t\n' ' ;')"
}

mac_bytes() { mac_of "$1" | sed 's/^/0x/; s/:/, 0x/g'; }
# frame SOURCE DESTINATION REST: the beginning of a UDP frame of 60 bytes; SOURCE, DESTINATION and REST as trafgen has them.
frame() {
	printf '{ %s, %s, 0x86, 0xdd, 0x60, 0, 0, 0, c16(%s), 17, 64, %s, %s, %s }\n' "$(mac_bytes server)" \
		"$(mac_bytes stranger)" "${4:-12}" "$1" "$2" "$3"
}

# neighbours: entries of the router's table for its server's link.
neighbours() { on router ip -6 neigh show dev server | wc -l; }

# exhaust ROW WORDS PREFIX
exhaust() {
	local before most=0 now
	doing "$2"
	on router ip -6 neigh flush dev server
	quiet on router ping -c 1 -W 1 "${LINK[server]}::2"
	before=$(neighbours)
	start exhaust stranger timeout 8 atk6-ndpexhaust26 -r eth0 "$3"
	for _ in 1 2 3 4 5 6 7; do
		sleep 1
		now=$(neighbours)
		[ "$now" -le "$most" ] || most=$now
	done
	await exhaust
	note "$1" words "$2"
	note "$1" before "$before"
	note "$1" entries "$most"
	say "           $before entries before, $most at the most"
}

for name in trafgen iperf3 atk6-ndpexhaust26; do
	tool "$name"
done
ROTATION=2m
lab_internet
both_up
lab_pin client 0
lab_pin server 0
lab_pin stranger 1
own=$(hexed "$STRANGER")
live=$(derived server "$(now_ms)" 1 | python3 "$LAB/shown.py" derived | cut -d' ' -f2)
frame "$own" "$(hexed "${HOP[server]}" | cut -d, -f1-8), drnd(8)" 'c16(40000), drnd(2), c16(12), drnd(2), "mayf"' >"$RUN/prefix.cfg"
frame "$own" "$(hexed "$live")" 'c16(40000), drnd(2), c16(12), drnd(2), "mayf"' >"$RUN/live.cfg"
frame "$own" "$(hexed "${LINK[server]}::2")" 'c16(40000), drnd(2), c16(12), c16(0), "mayf", drnd(0)' >"$RUN/plain.cfg"

doing "no flood"
note calm offered "$OFFERED"
note calm mayfly "$(goodput "${INNER[server]}")"
note calm plain "$(goodput "${LINK[server]}::2")"
say "           $(tail -n 2 "$RUN/notes" | cut -f 2- | tr '\t\n' ' ;') Mb/s"
for rate in $RATES; do
	under "plain.$rate" "an ordinary host, closed ports" "${LINK[server]}::2" "$RUN/plain.cfg" "$rate"
	under "prefix.$rate" "the whole hopping prefix at random" "${INNER[server]}" "$RUN/prefix.cfg" "$rate"
	under "live.$rate" "a live address, not from its peer" "${INNER[server]}" "$RUN/live.cfg" "$rate"
done

again
sealed_both 120000
reach client "${INNER[server]}"
note calm sealed "$(goodput "${INNER[server]}")"
now=$(on server mayflyctl show --json)
here() { python3 -c 'import json, sys; print(json.load(sys.stdin)["associations"][0][sys.argv[1]][sys.argv[2]])' "$@" <<<"$now"; }
frame "$(hexed "$(here remote address)")" "$(hexed "$(here local address)")" \
	"c16($(here remote port)), c16($(here local port)), c16(72), drnd(66)" 72 >"$RUN/sealed.cfg"
for rate in $RATES; do
	verdicts server
	under "sealed.$rate" "a sealed live address, from its peer's address and port, noise" "${INNER[server]}" "$RUN/sealed.cfg" "$rate"
	note "sealed.$rate" counter "$(since server drop_counter)"
	note "sealed.$rate" tag "$(since server drop_tag)"
done

exhaust routed "atk6-ndpexhaust26, the routed hopping prefix" "${HOP[server]}/64"
exhaust on_link "atk6-ndpexhaust26, a prefix on the server's link" "${LINK[server]}::/64"
written
finish
