#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A session that begins with the first packet to the peer's stable address, ends when nothing is said, and begins again
# with the next packet. A serve that begins takes it over from the keeper of up, and gives it back.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_served "IdleTimeout = 10s"
echo "Connect = on-demand" >>"$RUN/client/eth0.conf"
check "up does not wait for it" session_up client --wait 5s
check "and says where to send to" grep -q "^server: on demand, the first packet to $THERE begins a session$" "$RUN/up-client.log"
equal "no session yet" 0 "$(generations client server)"
sleep 1
equal "and none by itself" 0 "$(generations client server)"
equal "source of what is sent there" "$(stable_of client)" \
	"$(on client ip -6 route get "$THERE" | sed -n 's/.* src \([0-9a-f:]*\).*/\1/p')"
check "the first packets begin it" on client ping -c 5 -i 0.5 -W 1 "$THERE"
equal "sessions' associations" 1 "$(generations client server)"
start web server python3 -m http.server --bind "$THERE" --directory "$RUN/server" 8080
listening server 8080
check "TCP" on client curl -sf -o "$RUN/got" "http://[$THERE]:8080/"
check "it ends when nothing is said" within 40 session_generations client server 0
check "at the other end, too" within 5 session_generations server client 0
check "a TCP connection begins it again" on client curl -sf --max-time 10 -o "$RUN/got" "http://[$THERE]:8080/"

say "# serve takes over from the keeper"
keeper=$(keeper_of client)
ended=$(grep -c "session ended" "$RUN/serve-server.log")
start pings client ping -i 0.05 "$THERE"
serve client
check "serve publishes" within 20 published client 1
equal "the keeper stays" "$keeper" "$(keeper_of client)"
refute "but keeps nothing" on client test -e /run/mayfly/eth0.sessions.up
sleep 2
stop pings INT
all_answered "meanwhile" pings 41
equal "sessions ended at the other end" "$ended" "$(grep -c "session ended" "$RUN/serve-server.log")"
keeps() { on client mayflyctl sessions --json | grep -q "\"keeper\":\"$1\".*\"state\":\"up\""; }
check "its session is serve's" keeps serve
check "it ends when nothing is said" within 40 session_generations client server 0
check "the first packets begin it" on client ping -c 5 -i 0.5 -W 1 "$THERE"
equal "sessions' associations" 1 "$(generations client server)"

say "# serve ends, and the keeper takes back"
stop serve-client
check "it does" within 20 keeps up
equal "the same keeper" "$keeper" "$(keeper_of client)"
check "traffic goes on" on client ping -c 5 -i 0.5 -W 1 "$THERE"

say "# the file says nothing of Connect: up begins such a session, serve goes on with it"
sed -i "/^Connect/d" "$RUN/client/eth0.conf"
on client mayflyctl reload eth0.conf >"$RUN/reload.log" 2>&1
serve client
check "serve publishes" within 20 published client 1
check "the session is serve's" within 5 keeps serve
begins() { on client mayflyctl sessions --json | grep -q '"keeper":"serve".*"role":"initiator"'; }
check "which has begun another one beside it" within 10 begins
sleep 12
check "it is kept, though nothing is said for longer than IdleTimeout" keeps serve
check "traffic" on client ping -c 1 -W 1 "$THERE"
finish
