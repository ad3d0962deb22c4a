# SPDX-License-Identifier: GPL-2.0-only
#
# One measurement each, and the rounds of them: sender on core 0, receiver on core 1.

# measure_tcp PATH: bits a second received, one stream.
measure_tcp() {
	on "$1-a" taskset -c 0 iperf3 -c "${TARGET[$1]}" -t "$SECONDS_EACH" -O 1 -J >"$RUN/iperf.json" &&
		python3 "$LAB/field.py" end.sum_received.bits_per_second <"$RUN/iperf.json"
}

# measure_udp PATH [collect]: datagrams of 64 bytes (or DATAGRAM) received a second; whose receiver each wakes, or who collects them.
# Each has a port of its own turn, so that none is late.
measure_udp() {
	local port=$((20000 + RANDOM % 10000))
	start blast "$1-b" taskset -c 1 "$STORE/udpblast" receive "$port" "$SECONDS_EACH" ${2:-}
	within 5 on "$1-b" sh -c "ss -lun | grep -q :$port"
	on "$1-a" taskset -c 0 "$STORE/udpblast" send "${TARGET[$1]}" "$port" "${DATAGRAM:-64}" "$(awk "BEGIN { print $SECONDS_EACH + 0.5 }")" \
		>"$RUN/sent.log" || return
	await blast
	cut -d ' ' -f 2 "$RUN/blast.log"
}

measure_collect() { measure_udp "$1" collect; }

# measure_rtt PATH: median round trip of a 64-byte datagram, ns.
measure_rtt() {
	local port=$((30000 + RANDOM % 10000)) lost
	start echo "$1-b" taskset -c 1 "$STORE/pingpong" echo "$port" "$((SECONDS_EACH + 60))"
	within 5 on "$1-b" sh -c "ss -lun | grep -q :$port"
	on "$1-a" taskset -c 0 "$STORE/pingpong" ask "${TARGET[$1]}" "$port" 64 "$SECONDS_EACH" >"$RUN/rtt.log"
	stop echo
	lost=$(cut -d ' ' -f 2 "$RUN/rtt.log")
	[ "$lost" = 0 ] || say "  $1: $lost round trips lost" >&2
	cut -d ' ' -f 3 "$RUN/rtt.log"
}

# rounds PREFIX COUNT "MEASURES" PATH...: every measure of every path once a round, in turning order.
rounds() {
	local prefix=$1 count=$2 measures=$3 round measure path
	shift 3
	for ((round = 1; round <= count; round++)); do
		for measure in $measures; do
			for path in "$@"; do
				sample "$prefix.$measure" "$path" "$round" "$("measure_$measure" "$path")"
			done
		done
		set -- "${@:2}" "$1"
		[ $((round % 2)) = 0 ] || set -- $(printf '%s\n' "$@" | tac)
	done
}

part_speed() {
	local path paths=(plain encap zero rewrite vxlan)
	fresh speed.
	for path in "${paths[@]}"; do
		stand "$path"
	done
	rounds speed "$ROUNDS" "tcp udp collect" "${paths[@]}"
}

# The same carriage at 3 s and 200 ms, and with addresses that stand still for an hour.
part_hops() {
	local path paths=(fixed encap fast)
	fresh hops.
	for path in "${paths[@]}"; do
		stand "$path"
	done
	rounds hops "$HOP_ROUNDS" "tcp rtt" "${paths[@]}"
}
