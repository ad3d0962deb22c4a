#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a person and scripts see of a session: at both ends, as it begins and ends, and when who keeps it does not answer.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

# told HOST FIELD: of the only session that its keeper tells of.
told() {
	on "$1" mayflyctl sessions --json | python3 -c "
import json, sys
print(json.loads(sys.stdin.readline())['$2'])"
}

is_told() { [ "$(told "$1" "$2")" = "$3" ]; }

session_hosts
refute "nobody keeps sessions" on client mayflyctl sessions
refute "nobody is met" session_up client --wait 5s
equal "tries in vain are told of once" "1 1" \
	"$(grep -c 'looking up' "$RUN/up-client.log") $(grep -c 'not found' "$RUN/up-client.log")"
check "and in the end" grep -q 'has no session yet' "$RUN/up-client.log"
on client mayflyctl down eth0
serve server
check "serve publishes" within 20 published server 1
equal "no sessions yet" "no sessions" "$(on server mayflyctl sessions)"
start follow-server server mayflyctl sessions --json --follow
check "a session" session_up client

equal "the client's state" up "$(told client state)"
equal "the server's state" up "$(told server state)"
equal "who began it" "initiator responder" "$(told client role) $(told server role)"
equal "who keeps it" "up serve" "$(told client keeper) $(told server keeper)"
equal "with whom" "$(key_of client)" "$(told server public_key)"
equal "where" "$(stable_of server)" "$(told client inner)"
equal "how much it is looked for" "calm calm" "$(told client level) $(told server level)"
check "asked for by the file" grep -Eq '^server +up ' <(on client mayflyctl sessions eth0.conf)
refute "a file that is not there" on client mayflyctl sessions ./none.conf
check "the table" grep -Eq '^server +up +initiator ' <(on client mayflyctl sessions eth0)
check "one that followed has seen it come" within 5 grep -q '"event":"changed".*"state":"up"' "$RUN/follow-server.log"
check "after what was there" grep -qx '{"event":"complete"}' "$RUN/follow-server.log"
on client mayflyctl show server >"$RUN/show.log"
check "show tells of a session" grep -qx 'session: server' "$RUN/show.log"
check "and how it stands" grep -q 'state: up, handshake .* ago, begun by this end' "$RUN/show.log"
check "show --json" python3 -c "
import json, sys
session = [one for one in json.load(sys.stdin)['associations'] if one['role'] == 'session'][0]['session']
assert session['state'] == 'up' and session['generation'] == 'present', session" < <(on client mayflyctl show --json)
check "watch" grep -q 'session up, handshake' <(on client timeout 2 mayflyctl watch --interval 500ms)
check "doctor" grep -q '1 session stands' <(on client mayflyctl doctor)
equal "nobody else may ask" 600 "$(on server stat -c %a /run/mayfly/eth0.sessions.serve)"

say "# another level"
sed -i 's/^Interface = .*/&\nLevel = watched/' "$RUN/server/eth0.conf"
check "reload" on server mayflyctl reload eth0.conf
check "who follows is told" within 10 grep -q '"event":"changed".*"level":"watched"' "$RUN/follow-server.log"
check "and the session hops faster" within 10 is_told client rotation_ms 1500

say "# a keeper that is stopped"
keeper=$(keeper_of client)
kill -STOP "$keeper"
check "show does not wait for it" on client timeout 5 mayflyctl show server
check "and says so" grep -q 'does not answer' <(on client mayflyctl show server)
check "doctor too" grep -q 'does not answer' <(on client mayflyctl doctor)
refute "nor does sessions, for long" on client timeout 20 mayflyctl sessions
kill -CONT "$keeper"
check "it tells again" within 5 is_told client state up

say "# the end"
check "down" on client mayflyctl down eth0
check "the server tells of the end" within 10 grep -q '"state":"none".*"ended":"closed"' "$RUN/follow-server.log"
check "and has no session any more" within 5 grep -qx "no sessions" <(on server mayflyctl sessions)
refute "nobody keeps any at the client" on client mayflyctl sessions
finish
