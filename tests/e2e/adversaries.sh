#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The cheap part of `make bench-adversary`, as promises: probes are not answered, a slot tells nothing of the next one, what
# was sealed is taken once and from nobody but its sender, and DHT nodes that lie have nothing false believed.

. "$(dirname "$0")/../lab/lib.sh"

ATTACKS=$TOP/tests/adversary
for program in adversary/information adversary/liars bench/sealedpair; do
	[ -x "$BUILD/$program" ] || skip "build/$program is not built"
done

# told MODE LINES: what the measure says; the lines are the same every time, and so is it.
told() {
	"$BUILD/adversary/information" "$1" <"$2" >"$RUN/told.json"
	say "  $(cat "$RUN/told.json")"
}

say "# guesser"
mayflyctl derive --iid 2021222324252627 --key 000102030405060708090a0b0c0d0e0f --at 1700000000000 --slots 8000 >"$RUN/slots"
python3 "$ATTACKS/places.py" derived "$RUN/slots" >"$RUN/lines"
python3 "$ATTACKS/places.py" weak "$RUN/lines" >"$RUN/weak"
for mode in next within; do
	told $mode "$RUN/lines"
	compare "$mode: mutual information, bits, against 99 % of the controls" "$(number told.json most)" "<=" "$(number told.json control_most)"
done
told next "$RUN/weak"
compare "a flaw of one digit in 20 slots is found" "$(number told.json most)" ">" "$(number told.json control_most)"

say "# DHT liars"
"$BUILD/adversary/liars" --operations 2 >"$RUN/liars.log"
equal "ways to lie, and how many" 105 "$(wc -l <"$RUN/liars.log")"
equal "false items taken" 0 "$(awk '{ wrong += $7 } END { print wrong }' "$RUN/liars.log")"
equal "introductions not found where one of the eight, or a tenth of all, lies" 0 \
	"$(awk '$2 $3 == "nearest1" || $2 $3 == "share10" { missed += $4 - $5 } END { print missed }' "$RUN/liars.log")"
equal "nor at a second look where seven of the eight lie" 0 \
	"$(awk '$2 $3 == "nearest7" { missed += $4 - $9 } END { print missed }' "$RUN/liars.log")"

say "# scanner"
ROTATION=20s
lab_internet
both_up
live=$(derived server "$(now_ms)" 2 | python3 "$LAB/shown.py" derived | cut -d' ' -f2)
before=$(verdict server drop_source)
on stranger python3 "$LAB/forge.py" eth0 "$(on server cat /sys/class/net/eth0/address)" "$STRANGER" $live \
	"$(hopping server 1 2 3 4)" --kinds echo,udp,tcp,too-big,fragment >"$RUN/forged"
check "live addresses and a dead one: $(sed -n 1p "$RUN/forged")" grep -q '^sent 15 answered 0$' "$RUN/forged"
compare "of which so many hit a live one" $(($(verdict server drop_source) - before)) ">=" 4
on stranger python3 "$LAB/forge.py" eth0 "$(on server cat /sys/class/net/eth0/address)" "$STRANGER" "${LINK[server]}::2" \
	--kinds echo >"$RUN/forged"
check "the server's own address answers" grep -q 'answered 1$' "$RUN/forged"

# sent_again KIND WANTED VERDICT: what the router recorded, as mutate.py makes it; how many are taken, and what they end in.
sent_again() {
	local taken before sent
	python3 "$ATTACKS/mutate.py" "$RUN/record.pcap" "$RUN/again.pcap" "$1"
	taken=$(shown server in_packets) before=$(verdict server "$3")
	sent=$(on router python3 "$LAB/resend.py" "$RUN/again.pcap" server)
	sleep 0.2
	compare "$1: sent again" "$sent" ">=" 30
	equal "$1: taken" $(($2 ? sent : 0)) $(($(shown server in_packets) - taken))
	[ "$2" = 1 ] || equal "$1: $3" "$sent" $(($(verdict server "$3") - before))
}

record() {
	start capture router tcpdump -i server -Q out -w "$RUN/record.pcap" -U "udp and dst net ${HOP[server]}/64"
	within 5 test -s "$RUN/record.pcap"
	on client ping -q -i 0.02 -c 40 "${INNER[server]}" >/dev/null
	sleep 1.2 # the kernel hands packets to a capture a block at a time
	stop capture INT
}

say "# on the way"
record
sent_again same 1 in_delivered
check "sealed from now on" "$BUILD/bench/sealedpair" "/proc/${HOST_PID[client]}/root/run/mayfly/eth0.sock" \
	"/proc/${HOST_PID[server]}/root/run/mayfly/eth0.sock" 20000
reach client "${INNER[server]}"
record
sent_again same 0 drop_replay
sent_again noise 0 drop_counter
finish
