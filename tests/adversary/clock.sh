#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody has the server's clock in his hand (its NTP). How long he must hold it for service to be lost, how long it is lost, what a
# passing step does; and whether a clock that goes back makes old recordings good again.

. "$(dirname "$0")/common.sh"

LIBRARY=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$LIBRARY" ] || { say "libfaketime is not installed"; exit 1; }
LOADER_ENV= FAKED="LD_PRELOAD=$LIBRARY FAKETIME_TIMESTAMP_FILE=$RUN/clock FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1"
BACK=18

step() { echo "$1" >"$RUN/clock.new" && mv "$RUN/clock.new" "$RUN/clock"; }
clock_is() { [ "$(shown server clock)" = "$1" ]; }
reached() { quiet on client ping -c 1 -W 1 "${INNER[server]}"; }
seconds() { awk -v began="$1" -v now="$(date +%s.%N)" 'BEGIN { printf "%.1f\n", now - began }'; }

# during ROW SECONDS STEP...: pings each 20 ms while the clock takes these steps, "OFFSET SECONDS" each; how many are lost.
during() {
	local row=$1 length=$2 word
	shift 2
	doing "$row"
	start pings client ping -q -i 0.02 -w "$length" "${INNER[server]}"
	for word in "$@"; do
		step "${word% *}"
		sleep "${word#* }"
	done
	await pings
	note "$row" sent "$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' "$RUN/pings.log")"
	note "$row" received "$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$RUN/pings.log")"
	say "           $(grep transmitted "$RUN/pings.log")"
}

# servers_up: a loader at the server that goes by our clock.
servers_up() {
	stop loader-client
	stop loader-server
	step +0
	both_of
	up client
	LOADER_ENV=$FAKED up server
	reach client "${INNER[server]}"
}

# held: a step that stands, and is then taken back.
held() {
	local began
	doing "a step of a minute that stands"
	began=$(date +%s.%N)
	step +60
	within 30 negate reached
	note held lost_after "$(seconds "$began")"
	step +0
	began=$(date +%s.%N)
	within 30 reached
	note held back_after "$(seconds "$began")"
	within 20 clock_is follows
}

# recalled CARRIAGE: packets are recorded; the clock goes back, so that their slots are heard once more.
recalled() {
	doing "$1: recorded, the clock set back by $BACK s, sent again"
	start capture router tcpdump -i server -Q out -w "$RUN/record.pcap" -U "ip6 and dst net ${HOP[server]}/64"
	within 5 test -s "$RUN/record.pcap"
	on client ping -q -i 0.01 -c 60 "${INNER[server]}" >/dev/null
	sleep 1.2 # the kernel hands packets to a capture a block at a time
	stop capture INT
	local recorded
	recorded=$(date +%s.%N)
	sleep 5
	step -$BACK
	within 5 clock_is holds
	within 20 clock_is follows
	# Now the server lives that much in the past: wait until it is where the recording is.
	sleep "$(awk -v gone="$(seconds "$recorded")" "BEGIN { wait = $BACK - gone; print (wait > 0 ? wait : 0) }")"
	python3 "$ATTACKS/mutate.py" "$RUN/record.pcap" "$RUN/again.pcap" same
	verdicts server
	on router tcpreplay -q -i server --pps 400 "$RUN/again.pcap" >"$RUN/tcpreplay.log" 2>&1 || { log_of tcpreplay; exit 1; }
	sleep 0.3
	note "recalled.$1" sent "$(sed -n 's/^Actual: \([0-9]*\) packets.*/\1/p' "$RUN/tcpreplay.log")"
	note "recalled.$1" taken "$(since server in_delivered in_opened)"
	note "recalled.$1" replays "$(since server drop_replay)"
	say "           $(tail -n 3 "$RUN/notes" | cut -f 2- | tr '\t\n' ' ;')"
	step +0
	within 20 clock_is follows
}

tool tcpreplay
ROTATION=3s
lab_internet
servers_up
during slewed 5 "+0.8 4"
step +0
within 25 clock_is follows
during passing 8 "+60 5" "+0 2"
held
recalled encap
servers_up
sealed_both 3000
reach client "${INNER[server]}"
recalled sealed
written
finish
