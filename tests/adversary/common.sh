# SPDX-License-Identifier: GPL-2.0-only
#
# What the parts of tests/adversary/run have in common. Each is a script by itself, too: bash tests/adversary/scanner.sh

. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib.sh"

ATTACKS=$TOP/tests/adversary
STORE=$BUILD/adversary
QUICK=${MF_QUICK:-}
: >"$RUN/notes"
mkdir -p "$STORE"

# note ROW FIELD VALUE: one figure of the record.
note() {
	[ -n "$3" ] || { say "no result: $1, $2"; exit 1; }
	printf '%s\t%s\t%s\n' "$@" >>"$RUN/notes"
}

# doing WORDS: progress.
doing() { printf '  %5.1f s  %s\n' "$(awk -v began="$STARTED" -v now="$(date +%s.%N)" 'BEGIN { print now - began }')" "$*"; }

# written: the part is at its end, and its record takes the place of the one before. What else the machine had to do is told.
LOAD=$(cut -d ' ' -f 1 /proc/loadavg)
written() {
	note run date "$(date +%F)"
	note run load "$LOAD"
	mv "$RUN/notes" "$STORE/$TEST.tsv"
}

# tool NAME: is it there?
tool() {
	command -v "$1" >/dev/null && return
	say "$1 is not installed: make bench-adversary installs what this needs"
	exit 1
}

# verdicts HOST: all of them, as JSON.
verdicts() { on "$1" mayflyctl show --json >"$RUN/verdicts-$1"; }

# since HOST NAME...: how many packets have ended so since `verdicts HOST`, summed over the names.
since() {
	on "$1" mayflyctl show --json | python3 -c '
import json, sys
before, now = json.load(open(sys.argv[1]))["verdict"], json.load(sys.stdin)["verdict"]
print(sum(now[name] - before[name] for name in sys.argv[2:]))' "$RUN/verdicts-$1" "${@:2}"
}

# mac_of HOST [DEVICE]
mac_of() { on "$1" cat "/sys/class/net/${2:-eth0}/address"; }

# hexed ADDRESS: its 16 bytes as a frame of trafgen has them.
hexed() {
	python3 -c 'import ipaddress, sys
print(", ".join("0x%02x" % byte for byte in ipaddress.IPv6Address(sys.argv[1]).packed))' "$1"
}

# spray LABEL HOST FILE COUNT [RATE]: trafgen's frames of FILE, so many (0: until it is stopped), so many a second, in the background.
spray() {
	start "$1" "$2" trafgen --dev eth0 --conf "$3" --num "$4" --cpus 1 --no-sock-mem ${5:+--rate "$5pps"}
}

# spray_stop LABEL: trafgen has a child that sends, and does not end it when it is killed.
spray_stop() {
	local child
	for child in $(ps -o pid= --ppid "${PID[$1]}"); do
		kill -KILL "$child" 2>/dev/null
	done
	stop "$1" KILL
}

# sealed_both: the association of client and server becomes a sealed one, as a handshake makes it.
sealed_both() {
	"$BUILD/bench/sealedpair" "/proc/${HOST_PID[client]}/root/run/mayfly/eth0.sock" \
		"/proc/${HOST_PID[server]}/root/run/mayfly/eth0.sock" "${1:-}"
}

# again [LINE...]: both loaders anew, with these lines for the peers.
again() {
	stop loader-client
	stop loader-server
	both_up "$@"
}
