#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/pktgen/run against one host of each carriage:
#
#	PATH-a (sender) eth0 ======== eth0 PATH-b, hops in 2001:db8:b::/64
#
# What an association's other end, one who has watched it, and a stranger can send, by the kernel's pktgen where there is
# one and by frames of our own: every case ends as it should. ROTATION and SECONDS_EACH are more where processors are slow.

. "$(dirname "$0")/../lab/lib.sh"
. "$TOP/tests/bench/paths.sh"
. "$TOP/tests/bench/sealed.sh"

LAB_MODE=routed STORE=$BUILD/bench
ROTATION=${ROTATION:-1s}
SECONDS_EACH=${SECONDS_EACH:-0.2}

# counters HOST: the command that prints them, from another host.
counters() { echo "nsenter --target ${HOST_PID[$1]} --net --mount --uts -- $BUILD/mayflyctl show --json"; }

# drive PATH TOOL [CASE...]: with whatever that tool can make.
drive() {
	local path=$1 tool=$2
	shift 2
	check "$path, $tool" on "$path-a" python3 "$TOP/tests/pktgen/run" --counters "$(counters "$path-b")" --tool "$tool" \
		--seconds "$SECONDS_EACH" --threads "${THREADS:-1}" --json "$RUN/$path-$tool.json" --check "$@"
	results "$path-$tool"
}

# results NAME: packets a second of each case, for tests/kernels.
results() {
	python3 -c '
import json, sys
for row in json.load(open(sys.argv[1]))["rows"]:
    print("result pps_%s_%s %d" % (sys.argv[2], row["case"].replace("-", "_"), row["pps"]))' "$RUN/$1.json" "${1//-/_}"
}

modprobe -q pktgen 2>/dev/null

path_mayfly encap "Rotation = $ROTATION"
path_mayfly rewrite "Rotation = $ROTATION" "Carriage = rewrite"
path_sealed sealed "$((${ROTATION%s} * 1000))"
for path in encap rewrite sealed; do
	check "$path: the far end answers" within 10 on "$path-a" ping -c 1 -W 1 "${TARGET[$path]}"
done
drive encap live
drive rewrite live right-port
drive sealed live right-port wrong-tag replayed
if [ -d /proc/net/pktgen ]; then
	THREADS=2
	drive encap pktgen right-port wrong-port wrong-source dead-slot random
	drive rewrite pktgen right-port
	drive sealed pktgen right-port
else
	say "  this kernel has no pktgen: frames of our own alone"
fi
finish
