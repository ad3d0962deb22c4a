#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is left of honest traffic when somebody on the way floods a sealed association with the dearest that can be sent:
# right addresses, right ports, counters that the peer may be at, so that every tag is checked and found wrong.
#
#	client ------ router (floods) ------ server           client on core 0, server and flood on core 1
#
#	flood.sh [--bytes N] [--rounds N] [--seconds S] [RATE...]       default 64 bytes; 0 50000 100000 200000 400000 a second
#
# --bytes: of the datagrams that the flood's packets might carry. Rates turn about from round to round. Prints a line each
# time: packets of the flood a second, tags found wrong a second, TCP in bits a second, of 100 datagrams of 1200 bytes at PACE (50M)
# how many came. `tests/bench/run flood` makes the table of it.

. "$(dirname "$0")/../lab/lib.sh"

LAB_MODE=routed STORE=$BUILD/bench ROTATION=30s
ROUNDS=3 SECONDS_EACH=5 BYTES=64 RATES=() PACE=${PACE:-50M}
while [ $# -gt 0 ]; do
	case $1 in
	--bytes) BYTES=${2:?how many}; shift ;;
	--rounds) ROUNDS=${2:?how many}; shift ;;
	--seconds) SECONDS_EACH=${2:?how many}; shift ;;
	[0-9]*) RATES+=("$1") ;;
	*) sed -n '4,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
	esac
	shift
done
[ ${#RATES[@]} = 0 ] && RATES=(0 50000 100000 200000 400000)

# Receive offload at both ends, as NICs have it.
lab() {
	local host
	for host in client router server; do
		lab_host "$host"
	done
	lab_pin client 0
	lab_pin server 1
	lab_wire client eth0 router client
	lab_wire router server server eth0
	lab_pass router client server
	lab_router
	lab_address client eth0 "${LINK[client]}"
	lab_address server eth0 "${LINK[server]}"
	both_up
	for host in client server; do
		on "$host" ethtool -K eth0 gro on
	done
	"$STORE/sealedpair" "$(socket_of client)" "$(socket_of server)" 30000 || exit 1
	reach client "${INNER[server]}"
}

socket_of() { echo "/proc/${HOST_PID[$1]}/root/run/mayfly/eth0.sock"; }
shown_at() { echo "nsenter --target ${HOST_PID[$1]} --net --mount --uts -- $BUILD/mayflyctl show --json"; }

# flood RATE SECONDS: from the router, as if from the client; the JSON of what it was in $RUN/flood.json.
flood() {
	start flood router taskset -c 1 python3 "$TOP/tests/pktgen/run" --interface server --counters "$(shown_at server)" \
		--end "$(shown_at client)" --seal "/proc/${HOST_PID[client]}/root/sys/fs/bpf/mayfly/eth0/mf_seal" --tool live \
		--bytes $((24 + 4 + 8 + BYTES)) --rate "$1" --seconds "$2" --json "$RUN/flood.json" wrong-tag
}

# while_flooded RATE COMMAND...: with the flood around it.
while_flooded() {
	local rate=$1 status
	shift
	if [ "$rate" != 0 ]; then
		rm -f "$RUN/flood.json"
		flood "$rate" $((SECONDS_EACH + 4))
		within 10 flooding
	fi
	"$@"
	status=$?
	[ "$rate" = 0 ] || await flood || log_of flood >&2
	return $status
}

# Tags are found wrong by now.
flooding() { [ "$(verdict server drop_tag)" -gt "$TAGS" ]; }

tcp() { on client iperf3 -c "${INNER[server]}" -t "$SECONDS_EACH" -O 1 -J >"$RUN/tcp.json"; }
udp() { on client iperf3 -c "${INNER[server]}" -u -b "$PACE" -l 1200 -t "$SECONDS_EACH" -J >"$RUN/udp.json"; }

# measure RATE ROUND
measure() {
	local sent=0 wrong=0 tcp
	TAGS=$(verdict server drop_tag)
	while_flooded "$1" tcp || { say "iperf3: $(number tcp.json error)"; exit 1; }
	tcp=$(number tcp.json end.sum_received.bits_per_second)
	TAGS=$(verdict server drop_tag)
	while_flooded "$1" udp || { say "iperf3: $(number udp.json error)"; exit 1; }
	if [ "$1" != 0 ]; then
		read -r sent wrong < <(python3 -c '
import json, sys
row = json.load(open(sys.argv[1]))["rows"][0]
print(row["pps"], round(row["as_expected"] / row["seconds"]))' "$RUN/flood.json")
	fi
	echo "rate=$1 round=$2 sent=$sent wrong=$wrong tcp=$tcp udp=$(awk "BEGIN { print 100 - $(number udp.json end.sum.lost_percent) }")"
}

[ "$(nproc)" -ge 2 ] || skip "client and server need a core each"
say "load before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
lab
start iperf server iperf3 -s
listening server 5201
for ((round = 1; round <= ROUNDS; round++)); do
	for rate in "${RATES[@]}"; do
		measure "$rate" "$round"
	done
	RATES=("${RATES[@]:1}" "${RATES[0]}")
done
say "load after: $(cut -d ' ' -f 1-3 /proc/loadavg)"
finish
