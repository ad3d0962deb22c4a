#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# From a public key to traffic by one command: lookup, introduction, handshake, session. Then a new generation, a keeper
# of sessions that is killed and comes back, a serve that does, and the end.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

lab_internet
session_redis
meeting_of server client "$STORE"
meeting_of client server "$STORE" "LookAhead = 20s"
loader server
loader client
serve server
check "serve publishes" within 20 published server 1
mesh=$(stable_of server)

check "one command" session_up client
equal "says that the session stands" 1 "$(grep -c '^server: session stands' "$RUN/up-client.log")"
say "  handshake: $(grep 'session stands' "$RUN/up-client.log")"
compare "handshake in ms" "$(sed -n 's/^server: session stands in \([0-9]*\).*/\1/p' "$RUN/up-client.log")" "<" 200
check "the peer's stable address answers" on client ping -c 3 -i 0.2 -W 1 "$mesh"
check "and reaches back" on server ping -c 3 -i 0.2 -W 1 "$(stable_of client)"
equal "sessions' associations on the client" 1 "$(generations client server)"
equal "sessions' associations on the server" 1 "$(generations server client)"
check "the introduction is gone from the client" within 5 session_introduced_not client
refute "it does not lead there for others" on client ping -c 1 -W 1 "$(introduction_of server)"
start web server python3 -m http.server --bind "$mesh" --directory "$RUN/server" 8080
listening server 8080
head -c 3000000 /dev/urandom >"$RUN/server/file"
check "TCP" on client curl -sf -o "$RUN/got" "http://[$mesh]:8080/file"
check "what it brings is right" cmp "$RUN/got" "$RUN/server/file"

say "# the keeper is killed"
start stream-of client ping -i 0.05 -c 200 "$mesh"
keeper=$(keeper_of client)
kill -9 "$keeper"
check "sessions go on without" on client ping -c 3 -i 0.2 -W 1 "$mesh"
check "another up takes over" session_up client
refute "it is another process" [ "$(keeper_of client)" = "$keeper" ]
check "with a session of its own" grep -q '^server: session stands' "$RUN/up-client.log"
check "the one before goes" within 20 session_generations client server 1
await stream-of
equal "packets lost" "0%" "$(sed -n 's/.* \([0-9]*%\) packet loss.*/\1/p' "$RUN/stream-of.log")"

say "# up again, and reload, are told to it"
on client mayflyctl up eth0.conf >"$RUN/again.log" 2>&1
check "up again tells the keeper" grep -q "reads its configuration again" "$RUN/again.log"
on client mayflyctl reload eth0.conf >"$RUN/again.log" 2>&1
check "and so does reload" grep -q "reads its configuration again" "$RUN/again.log"
check "traffic goes on" on client ping -c 3 -i 0.2 -W 1 "$mesh"

say "# down"
check "down" on client mayflyctl down eth0
equal "no keeper is left" "" "$(keeper_of client)"
check "the server has forgotten the session" within 5 session_generations server client 0
check "up once more" session_up client
check "and traffic flows" on client ping -c 3 -i 0.2 -W 1 "$mesh"

say "# serve is killed"
stop serve-server KILL
check "sessions go on without" on client ping -c 3 -i 0.2 -W 1 "$mesh"
serve server
check "serve comes back" within 20 published server 1
check "and they go on" on client ping -c 3 -i 0.2 -W 1 "$mesh"

say "# a server that begins anew"
stop serve-server
quiet on server mayflyctl down eth0
serve server
check "serve publishes" within 20 published server 1
check "it is found again" within 60 on client ping -c 1 -W 1 "$mesh"

say "# nobody there"
on client mayflyctl down eth0
stop serve-server
redis_flush
refute "up says so" on client mayflyctl up eth0.conf --wait 2s --state "$RUN/client/state"
check "but goes on trying" [ -n "$(keeper_of client)" ]
serve server
check "until it is found" within 40 on client ping -c 1 -W 1 "$mesh"
finish
