#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the page costs a server with many sessions (tests/bench/sessionload.c), and what hammering it does to sessions:
#
#	page.sh [COUNT]
#
# COUNT (15,000) clients have a session each; then the times of scrapes and pages, the memory of mayfly-page, and the time
# that handshakes of 300 more clients take, one at a time: alone, and while `ab` asks for metrics and pages as fast as it can
# and 16 follow (ab with the lowest priority, for it has no core of its own). serve and mayfly-page share a core. Prints name=value.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/page.sh"

COUNT=${1:-15000} MORE=300 CLIENTS=2001:db8:77:: PERIOD_S=120 SCRAPES=100

command -v redis-server >/dev/null || skip "redis-server is not installed"
command -v ab >/dev/null || skip "ab is not installed (Debian's package apache2-utils)"
lab_pair
on client ip route add blackhole "$CLIENTS/48"

mkdir -p "$RUN/clients"
"$BUILD/bench/sessionload" keys "$RUN/clients" --clients $((COUNT + 2 * MORE))
meeting_of server client "Clients = $RUN/clients" "Store = unix:$RUN/redis" "Period = ${PERIOD_S}s" "TwoStage = 0" "Carriage = encap" \
	"Listen = [::1]:9808"
sed -i '/^\[Peer\]/,$d; /^Address/d' "$RUN/server/eth0.conf"
start redis client redis-server --port 0 --unixsocket "$RUN/redis" --unixsocketperm 777 --save "" --appendonly no
within 10 test -S "$RUN/redis"
lab_pin server 0
loader server
lab_pin server 1
serve server
unset "HOST_CPU[server]"
within 300 published server $((COUNT + 2 * MORE)) || { log_of serve-server | tail -n 5; exit 1; }
pid_of() { pgrep -x -P "${PID[serve-server]}" mayfly-page; }
cpu_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# load LABEL FIRST COUNT WINDOW SECONDS
load() {
	start "$1" client "$BUILD/bench/sessionload" run --server "$(key_of server)" --store "unix:$RUN/redis" --prefix "$CLIENTS" \
		--period "$PERIOD_S" --first "$2" --clients "$3" --window "$4" --seconds "$5" --rate 1
}

# times NAME PATH: of SCRAPES requests, a connection each, in ms.
times() {
	local i
	for ((i = 0; i < SCRAPES; i++)); do
		page_get server "$2" -o /dev/null -w '%{time_total} %{size_download}\n'
	done | sort -n | awk -v name="$1" '{ t[NR] = $1 * 1000; bytes = $2 }
		END { printf "%s_ms_p50=%.2f %s_ms_p99=%.2f %s_ms_worst=%.2f %s_bytes=%d\n", name, t[int((NR + 1) / 2)], name, t[int(NR * 0.99)], name, t[NR], name, bytes }'
}

# memory NAME: of mayfly-page.
memory() {
	awk -v name="$1" '/mayfly-board/ { board = 1 } /^[0-9a-f]+-/ && !/mayfly-board/ { board = 0 }
		/^Rss:/ { rss += $2; if (board) shown += $2 } /^Anonymous:/ { own += $2 }
		END { printf "%s_rss_kb=%d %s_own_kb=%d %s_board_kb=%d\n", name, rss, name, own, name, shown }' "/proc/$page/smaps"
}

# said LABEL: what a load has said, under its label.
said() { sed -n "s/\\(^\\| \\)\\([a-z]\\)/\\1$1_\\2/gp" "$RUN/$1.log"; }

load crowd 0 "$COUNT" 32 120
within 280 grep -q "^handshakes=" "$RUN/crowd.log" || { log_of crowd; exit 1; }
within 10 page_is server 'mayfly_sessions{state="up"}' "$COUNT" || say "only $(page_metric server 'mayfly_sessions{state="up"}') stand"
page=$(pid_of)
echo "sessions=$(page_metric server 'mayfly_sessions{state="up"}') series=$(page_get server /metrics | grep -vc '^#')"
serve_before=$(cpu_of "${PID[serve-server]}")
sleep 10
awk -v ticks=$(($(cpu_of "${PID[serve-server]}") - serve_before)) 'BEGIN { printf "serve_percent=%.1f (one echo a second of each session)\n", ticks / 10 }'
times scrape /metrics
times page /
times last_page "/?page=$((COUNT / 50))"
memory scraped
for ((i = 1; i <= COUNT / 50; i++)); do
	page_get server "/?page=$i" -o /dev/null
done
memory all_pages

load alone "$COUNT" "$MORE" 1 0
await alone
said alone
for ((i = 0; i < 16; i++)); do
	start "stream$i" server curl -sN "$PAGE/events?page=$((i * 7 + 1))"
done
start hammer server nice -n 19 ab -q -l -r -c 24 -t 100 -n 10000000 "$PAGE/metrics"
start hammer2 server nice -n 19 ab -q -l -r -c 24 -t 100 -n 10000000 "$PAGE/?page=$((COUNT / 100))"
sleep 3
page_before=$(cpu_of "$page") began=$(date +%s%N)
load hammered $((COUNT + MORE)) "$MORE" 1 0
await hammered
echo "page_percent=$((($(cpu_of "$page") - page_before) * 1000000000 / ($(date +%s%N) - began)))"
said hammered
memory hammered
for label in hammer hammer2; do
	stop "$label" INT
done
sed -n 's/^Requests per second: *\([0-9.]*\).*/\1/p' "$RUN"/hammer*.log | awk '{ all += $1 } END { printf "requests_per_second=%.0f\n", all }'
sed -n 's/^Failed requests: *//p' "$RUN"/hammer*.log | awk '{ all += $1 } END { printf "failed_requests=%d\n", all }'
await crowd
said crowd
finish
