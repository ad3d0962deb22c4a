#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A session that begins with the first packet to the peer's stable address, ends when nothing is said, and begins again
# with the next packet.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

lab_internet
session_redis
meeting_of server client "$STORE"
meeting_of client server "$STORE" "IdleTimeout = 10s"
echo "Connect = on-demand" >>"$RUN/client/eth0.conf"
loader server
loader client
serve server
check "serve publishes" within 20 published server 1
there=$(stable_of server)
check "up does not wait for it" session_up client --wait 5s
equal "no session yet" 0 "$(generations client server)"
sleep 1
equal "and none by itself" 0 "$(generations client server)"
equal "source of what is sent there" "$(stable_of client)" \
	"$(on client ip -6 route get "$there" | sed -n 's/.* src \([0-9a-f:]*\).*/\1/p')"
check "the first packets begin it" on client ping -c 5 -i 0.5 -W 1 "$there"
equal "sessions' associations" 1 "$(generations client server)"
start web server python3 -m http.server --bind "$there" --directory "$RUN/server" 8080
listening server 8080
check "TCP" on client curl -sf -o "$RUN/got" "http://[$there]:8080/"
check "it ends when nothing is said" within 40 session_generations client server 0
check "at the other end, too" within 5 session_generations server client 0
check "a TCP connection begins it again" on client curl -sf --max-time 10 -o "$RUN/got" "http://[$there]:8080/"
check "down" on client mayflyctl down eth0
finish
