#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The page in a browser, with the sessions of many clients on it, for `make check-page`:
#
#	check.sh [CLIENTS]
#
# Screenshots for a phone, a tablet, a desk and a wall, light and dark, go to build/page-shots/.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/page.sh"

COUNT=${1:-64} CLIENTS=2001:db8:77:: SHOTS=$BUILD/page-shots

command -v chromium >/dev/null || skip "chromium is not installed (make check-page installs it)"
command -v redis-server >/dev/null || skip "redis-server is not installed"
lab_internet
on router ip route add "$CLIENTS/48" via "${LINK[client]}::2"
on client ip route add blackhole "$CLIENTS/48"
mkdir -p "$RUN/clients" "$SHOTS"
"$BUILD/bench/sessionload" keys "$RUN/clients" --clients "$COUNT"
start redis client redis-server --port 0 --unixsocket "$RUN/redis" --unixsocketperm 777 --save "" --appendonly no
within 10 test -S "$RUN/redis"
meeting_of server client "Clients = $RUN/clients" "Store = unix:$RUN/redis" "Period = 120s" "TwoStage = 0" "Carriage = encap" \
	"Listen = [::1]:9808"
sed -i '/^\[Peer\]/,$d; /^Address/d' "$RUN/server/eth0.conf"
loader server
serve server
check "serve publishes" within 60 published server "$COUNT"
start load client "$BUILD/bench/sessionload" run --server "$(key_of server)" --store "unix:$RUN/redis" --prefix "$CLIENTS" \
	--period 120 --clients "$COUNT" --window 4 --seconds 150 --rate 20
check "all have a session" within 60 page_is server 'mayfly_sessions{state="up"}' "$COUNT"
on stranger ping -q -c 40 -i 0.05 -W 1 "$(hopping server 1 2 3 4)" >/dev/null
on router ping -q -c 3 -i 0.05 -W 1 "$(hopping server 9 9 9 9)" >/dev/null
on server env HOME="$RUN" /usr/bin/python3 "$TOP/tests/page/look.py" "$PAGE/" "$SHOTS"
[ $? = 0 ] || FAILED=$((FAILED + 1))
[ "$FAILED" = 0 ] || log_of serve-server | tail -n 5
say "screenshots: $SHOTS"
finish
