#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# From a public key to traffic by one command: lookup, introduction, handshake, session. Then a new generation, a keeper
# of sessions that is killed and comes back, a serve that does, and the end.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_served "LookAhead = 20s"

check "one command" session_up client
equal "says that the session stands" 1 "$(grep -c '^server: session stands' "$RUN/up-client.log")"
say "  handshake: $(grep 'session stands' "$RUN/up-client.log")"
compare "handshake in ms" "$(sed -n 's/^server: session stands in \([0-9]*\).*/\1/p' "$RUN/up-client.log")" "<" 200
check "and where to reach it" grep -q "^server: session stands .*, reach it at $THERE$" "$RUN/up-client.log"
check "and where this node is reached" grep -q "^  .* $(stable_of client)  (its key's: whom it meets reaches it here)$" \
	"$RUN/up-client.log"
check "serve's log says so too" within 2 grep -q \
	"^client: session begins: $(stable_of client), hops in ${HOP[client]}/64, every 3s$" "$RUN/serve-server.log"
check "the peer's stable address answers" on client ping -c 3 -i 0.2 -W 1 "$THERE"
check "and reaches back" on server ping -c 3 -i 0.2 -W 1 "$(stable_of client)"
equal "sessions' associations on the client" 1 "$(generations client server)"
equal "sessions' associations on the server" 1 "$(generations server client)"
check "the introduction is gone from the client" within 5 session_introduced_not client
refute "it does not lead there for others" on client ping -c 1 -W 1 "$(introduction_of server)"
start web server python3 -m http.server --bind "$THERE" --directory "$RUN/server" 8080
listening server 8080
head -c 3000000 /dev/urandom >"$RUN/server/file"
check "TCP" on client curl -sf -o "$RUN/got" "http://[$THERE]:8080/file"
check "what it brings is right" cmp "$RUN/got" "$RUN/server/file"

say "# the keeper is killed"
start stream-of client ping -i 0.05 -c 200 "$THERE"
keeper=$(keeper_of client)
kill -9 "$keeper"
check "sessions go on without" on client ping -c 3 -i 0.2 -W 1 "$THERE"
check "which is said, with what to do" grep -q '1 session (server) goes on .* mayflyctl up FILE takes over' \
	<(on client mayflyctl sessions 2>&1)
check "another up takes over" session_up client
refute "it is another process" [ "$(keeper_of client)" = "$keeper" ]
check "with a session of its own" grep -q '^server: session stands' "$RUN/up-client.log"
check "the one before goes" within 20 session_generations client server 1
await stream-of
all_answered "meanwhile" stream-of 200

say "# up again, and reload, are told to it"
on client mayflyctl up eth0.conf >"$RUN/again.log" 2>&1
check "up again tells the keeper" grep -q "reads its configuration again" "$RUN/again.log"
on client mayflyctl reload eth0.conf >"$RUN/again.log" 2>&1
check "and so does reload" grep -q "reads its configuration again" "$RUN/again.log"
check "and says that peers with sessions are looked at" grep -q "peers with sessions are read again" "$RUN/again.log"
check "traffic goes on" on client ping -c 3 -i 0.2 -W 1 "$THERE"
cp "$RUN/client/eth0.conf" "$RUN/client/other.conf"
for command in reload up; do
	refute "$command by another file is refused" on client mayflyctl "$command" other.conf >"$RUN/again.log" 2>&1
	check "and says by which one sessions are kept" grep -q "by $RUN/client/eth0.conf, not by $RUN/client/other.conf" "$RUN/again.log"
done

mv "$RUN/client/key" "$RUN/client/key.before"
(umask 077 && "$BUILD/mayflyctl" genkey >"$RUN/client/key")
refute "another key is refused while there are sessions" on client mayflyctl reload eth0.conf >"$RUN/again.log" 2>&1
check "and that is said" grep -q "has changed, and sessions are kept by the one before" "$RUN/again.log"
mv "$RUN/client/key.before" "$RUN/client/key"
check "nothing was touched" on client ping -c 1 -W 1 "$THERE"

say "# the peer gets another name, this end a firewall"
start stream-of client ping -i 0.05 -c 100 "$THERE"
session_of() { on client mayflyctl sessions | grep -q "^$1 "; }
opens() { on client mayflyctl show --json | grep -q '"opens": true'; }
handshakes() { grep -c '^client: session' "$RUN/serve-server.log"; }
before=$(handshakes)
sed -i 's/^Name = server$/Name = renamed/' "$RUN/client/eth0.conf"
on client mayflyctl reload eth0.conf >"$RUN/again.log" 2>&1
check "the session is called so" within 5 session_of renamed
equal "and is the same one" 1 "$(generations client server)"
sed -i 's/^Interface = .*/&\nFirewall = yes/' "$RUN/client/eth0.conf"
on client mayflyctl reload eth0.conf >"$RUN/again.log" 2>&1
check "this end opens slots" within 10 opens
await stream-of
all_answered "meanwhile" stream-of 100
equal "sessions that began or ended" "$before" "$(handshakes)"
sed -i 's/^Name = renamed$/Name = server/; /^Firewall = yes$/d' "$RUN/client/eth0.conf"
on client mayflyctl reload eth0.conf >"$RUN/again.log" 2>&1

say "# down"
check "down" on client mayflyctl down eth0
check "serve's log says why it ended" within 2 grep -q "^client: session ended: closed$" "$RUN/serve-server.log"
equal "no keeper is left" "" "$(keeper_of client)"
check "the server has forgotten the session" within 5 session_generations server client 0
check "up once more" session_up client
check "and traffic flows" on client ping -c 3 -i 0.2 -W 1 "$THERE"

say "# serve is killed"
stop serve-server KILL
check "sessions go on without" on client ping -c 3 -i 0.2 -W 1 "$THERE"
serve server
check "serve comes back" within 20 published server 1
check "and they go on" on client ping -c 3 -i 0.2 -W 1 "$THERE"

say "# a server that begins anew, in another prefix"
NEXT=2001:db8:52::
on router ip route add "$NEXT/64" via "${LINK[server]}::2" dev server
stop serve-server
quiet on server mayflyctl down eth0
sed -i "s|^Prefix = .*|Prefix = $NEXT/64|" "$RUN/server/eth0.conf"
serve server
check "serve publishes" within 20 published server 1
check "it is found again" within 60 on client ping -c 1 -W 1 "$THERE"
check "and hops there" grep -q '"address": "2001:db8:52:' <(on client mayflyctl show --json)

say "# nobody there"
on client mayflyctl down eth0
stop serve-server
redis_flush
refute "up says so" on client mayflyctl up eth0.conf --wait 2s --state "$RUN/client/state"
check "but goes on trying" [ -n "$(keeper_of client)" ]
began=$(date +%s%3N)
refute "up again says so too" on client mayflyctl up eth0.conf --wait 2s --state "$RUN/client/state" 2>"$RUN/again.log"
compare "after so many ms" $(($(date +%s%3N) - began)) ">=" 2000
check "and who has none" grep -q "server has no session yet" "$RUN/again.log"
serve server
check "until it is found, for which up waits" session_up client
check "and says where" grep -q "^server: session stands, reach it at $THERE$" "$RUN/up-client.log"
check "traffic" on client ping -c 1 -W 1 "$THERE"

say "# taken down while up waits"
check "down" on client mayflyctl down eth0
stop serve-server
redis_flush
start up client mayflyctl up eth0.conf --wait 60s --state "$RUN/client/state"
check "it waits" within 10 grep -q "looking up" "$RUN/up.log"
check "down" on client mayflyctl down eth0
refute "up fails" await up
check "because it was taken down" grep -q "was taken down before all sessions stood" "$RUN/up.log"
finish
