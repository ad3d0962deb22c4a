#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A loader that ends cleanly leaves nothing behind. Whoever keeps sessions, and whoever serves, brings the node up again
# when there is another one, and sessions come back by themselves.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_served
check "a session" session_up client
check "with traffic" on client ping -c 2 -i 0.2 -W 1 "$THERE"
keeper=$(keeper_of client)
reached() { quiet on client ping -c 1 -W 1 "$THERE"; }

say "# the client's loader"
stop loader-client TERM
refute "there is nothing left" on client ip link show mayfly0
loader client
check "the session comes back" within 20 reached
equal "by the same keeper" "$keeper" "$(keeper_of client)"
check "one session" within 20 session_generations server client 1

say "# the server's loader"
stop loader-server TERM
refute "there is nothing left" on server ip link show mayfly0
loader server
check "the session comes back" within 60 reached
equal "by the same keeper" "$keeper" "$(keeper_of client)"

say "# taken down on purpose, and up again, without the knowledge of serve"
check "down" on server mayflyctl down eth0
closed() { on client mayflyctl sessions --json | grep -q '"ended":"closed"'; }
check "the client is told that its session has ended" within 3 closed
check "serve's log says so" grep -q "^client: session ended: closed$" "$RUN/serve-server.log"
sleep 5
refute "serve leaves it down" on server ip link show mayfly0
check "up" on server mayflyctl up eth0.conf --no-wait
check "the session comes back" within 60 reached
check "down" on client mayflyctl down eth0
sleep 5
refute "nobody brings it up" on client ip link show mayfly0
finish
