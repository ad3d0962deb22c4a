#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A server and very many clients that begin sessions with it (tests/bench/sessionload.c), for tests/bench/run:
#
#	throng.sh TOPOLOGY COUNT WINDOW SECONDS RATE [ATTACK]
#
# TOPOLOGY: near, one cable; internet, as in tests/lab/lib.sh. COUNT clients, WINDOW handshakes under way at once, then
# traffic for SECONDS, RATE echo requests each a second. With ATTACK (junk, replay, requests, none) somebody who has one
# more client's key, or has watched its packets, does his worst meanwhile. CARRIAGE: sealed (default) or encap. Prints
# name=value of the handshakes, of the traffic, and of what it cost: seconds of a CPU in that time, memory at its end.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"

TOPOLOGY=$1 COUNT=$2 WINDOW=$3 SECONDS_EACH=$4 RATE=$5 ATTACK=${6:-}
CLIENTS=2001:db8:77:: PERIOD_S=${PERIOD_S:-600} CARRIAGE=${CARRIAGE:-sealed}

near() { lab_pair; }

internet() {
	lab_internet
	on router ip route add "$CLIENTS/48" via "${LINK[client]}::2"
}

# load_start LABEL WORD...: the generator, on the client's host.
load_start() {
	start "$1" client "$BUILD/bench/sessionload" "${@:2}" --server "$(key_of server)" --store "unix:$RUN/redis" \
		--prefix "$CLIENTS" --period "$PERIOD_S"
}

# introduced N: the loader knows of N associations, and there is no more to come.
introduced() { [ "$(on server mayflyctl show --json | python3 "$LAB/shown.py" associations)" -ge "$1" ]; }

pid_of() { on server pgrep -x "$1"; }
# cpu_of PID: ticks of 10 ms so far.
cpu_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
rss_of() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# spent NAME: what loader and serve have used up since it was last asked, in seconds of a CPU.
spent() {
	local serve loader
	serve=$(cpu_of "$serve_pid") loader=$(cpu_of "$loader_pid")
	awk -v s=$((serve - serve_before)) -v l=$((loader - loader_before)) -v name="$1" \
		'BEGIN { printf "%s_serve_s=%.2f %s_loader_s=%.2f\n", name, s / 100, name, l / 100 }'
	serve_before=$serve loader_before=$loader
}

serve_it() {
	mkdir -p "$RUN/clients"
	"$BUILD/bench/sessionload" keys "$RUN/clients" --clients $((COUNT + 1))
	meeting_of server client "Clients = $RUN/clients" "Store = unix:$RUN/redis" "Period = ${PERIOD_S}s" "TwoStage = 0" \
		"Carriage = $CARRIAGE"
	sed -i '/^\[Peer\]/,$d; /^Address/d' "$RUN/server/eth0.conf"
	start redis client redis-server --port 0 --unixsocket "$RUN/redis" --unixsocketperm 777 --save "" --appendonly no
	within 10 test -S "$RUN/redis"
	HOST_CPU[server]=0
	loader server
	HOST_CPU[server]=1
	serve server
	unset "HOST_CPU[server]"
	within 60 on server test -e /run/mayfly/eth0.serve
	until introduced $((2 * (COUNT + 2))); do
		running serve-server || { log_of serve-server; exit 1; }
		sleep 1
	done
	within 300 published server $((COUNT + 1))
	serve_pid=$(pid_of mayflyctl) loader_pid=$(pid_of mayfly-loader)
}

# attack_start: from now on, for longer than anything else takes.
attack_start() {
	[ "$ATTACK" != none ] || return 0
	load_start attack attack "$ATTACK" --seconds $((SECONDS_EACH + 10))
	within 60 grep -q begun "$RUN/attack.log"
}

command -v redis-server >/dev/null || skip "redis-server is not installed"
"$TOPOLOGY"
on client ip route add blackhole "$CLIENTS/48" # the generator hears them all the same, and the kernel says nothing to it
serve_it
HOST_CPU[client]=0
serve_before=$(cpu_of "$serve_pid") loader_before=$(cpu_of "$loader_pid")
[ -z "$ATTACK" ] || attack_start
began=$(date +%s%N)
load_start load run --clients "$COUNT" --first 1 --window "$WINDOW" --seconds "$SECONDS_EACH" --rate "$RATE"
within 300 grep -q "^handshakes=" "$RUN/load.log" || log_of load
spent handshakes
await load
spent traffic
awk -v ns=$(($(date +%s%N) - began)) -v traffic="$SECONDS_EACH" \
	'BEGIN { printf "wall_s=%.2f seconds_of_traffic=%d\n", ns / 1e9, traffic }'
echo "serve_kb=$(rss_of "$serve_pid") loader_kb=$(rss_of "$loader_pid") queues=$(overflows)"
log_of load
[ -z "${PID[attack]:-}" ] || await attack
[ ! -s "$RUN/attack.log" ] || sed -n 's/^sent=/attack_sent=/p' "$RUN/attack.log"
on server mayflyctl show --json >"$RUN/show.json"
echo "drops: $(python3 "$LAB/shown.py" drops <"$RUN/show.json")"
finish
