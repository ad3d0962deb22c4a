#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who keeps sessions: a second one is refused before it touches anything, one that hangs is said by `down` and brings nothing up
# again, one is found on a full disk; a peer with a session becomes one of a file; and where this node itself is reached.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_served
check "a session" session_up client
equal "hosts: this node, by the Address of its file" "${INNER[client]} client" "$(on client mayflyctl hosts eth0.conf | head -n 1)"
sed '/^Address/d' "$RUN/client/eth0.conf" >"$RUN/client/met.conf"
equal "hosts: or where it is met" "$(stable_of client) client" "$(on client mayflyctl hosts met.conf | head -n 1)"
equal "hosts: the peer" "$THERE server" "$(on client mayflyctl hosts eth0.conf | tail -n 1)"

is_up() { on client mayflyctl show --json | grep -q '"attached": true'; }
look_ahead() { on client mayflyctl show --json | grep -o '"look_ahead_ms": [0-9]*'; }

say "# a second up --foreground"
keeper=$(keeper_of client)
before=$(look_ahead)
sed -i 's/^Interface = .*/&\nLookAhead = 7s/' "$RUN/client/eth0.conf"
refute "a second keeper" on client timeout 10 mayflyctl up eth0.conf --foreground --state "$RUN/client/state" 2>"$RUN/second.log"
check "is refused: $(cat "$RUN/second.log")" grep -q 'another mayflyctl up keeps the sessions of eth0: nothing was touched$' "$RUN/second.log"
equal "nothing was" "$before" "$(look_ahead)"
equal "the first one goes on" "$keeper" "$(keeper_of client)"
sed -i '/^LookAhead/d' "$RUN/client/eth0.conf"
check "traffic" quiet on client ping -c 1 -W 1 "$THERE"
check "the node is up" is_up

say "# the peer becomes one of a file"
cp "$RUN/client/eth0.conf" "$RUN/client/met.conf"
hop_key
printf '%s\n' "Prefix = ${HOP[server]}/64" "KeyFile = $RUN/hop.key" >>"$RUN/client/eth0.conf"
on client mayflyctl show | grep 'inner addresses' >"$RUN/before"
refute "reload" on client mayflyctl reload eth0.conf 2>"$RUN/reload.log"
check "is refused: $(cat "$RUN/reload.log")" grep -q 'server has a session .* mayflyctl down eth0, then up ' "$RUN/reload.log"
check "and nothing was touched" diff "$RUN/before" <(on client mayflyctl show | grep 'inner addresses')
check "the session stands" quiet on client ping -c 1 -W 1 "$THERE"
check "what it says works: down" on client mayflyctl down eth0
check "up" quiet on client mayflyctl up eth0.conf
equal "associations" 1 "$(shown client associations)"
cp "$RUN/client/met.conf" "$RUN/client/eth0.conf"
check "and back by reload alone" quiet on client mayflyctl reload eth0.conf
check "up begins a session" session_up client
keeper=$(keeper_of client)

say "# a keeper that is stopped, with a reload before it"
kill -STOP "$keeper"
kill -HUP "$keeper"
refute "down does what it can and fails" on client mayflyctl down eth0 2>"$RUN/down.log"
check "and says why: $(cat "$RUN/down.log")" grep -q "process $keeper) was told to end and has not within 5 s" "$RUN/down.log"
refute "the node is down" is_up
kill -CONT "$keeper"
ended() { [ -z "$(keeper_of client)" ]; }
check "the keeper ends when it goes on" within 10 ended
refute "and has brought nothing up" is_up
check "down has nothing left to end" on client mayflyctl down eth0

say "# by the name of a file in /etc/mayfly"
on client sh -c "cp -a /etc $RUN/etc && mkdir -p $RUN/etc/mayfly && cp eth0.conf $RUN/etc/mayfly/home.conf && mount --bind $RUN/etc /etc"
check "up" session_up client
check "sessions" grep -q '^server  *up ' <(on client mayflyctl sessions home)
echo broken | on client tee /etc/mayfly/eth0.conf >/dev/null
check "an interface goes before a file of its name" grep -q '^server  *up ' <(on client mayflyctl sessions eth0)
refute "neither" on client mayflyctl down "" 2>"$RUN/down.log"
check "is said: $(cat "$RUN/down.log")" grep -q 'is neither a file nor an interface' "$RUN/down.log"
check "down" on client mayflyctl down home
refute "the node is down" is_up
finish
