#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What programs read: every --json output in the states that there are is what docs/schema says, without a field more.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
schema() { /usr/bin/python3 "$LAB/schema.py" "$@"; }

# fits WHAT SCHEMA HOST COMMAND...: its output is to be judged at the end; in $RUN/SCHEMA.json. LINES=lines: each line of it.
LIST=() LINES=whole
fits() {
	local what=$1 name=$2 host=$3
	shift 3
	on "$host" mayflyctl "$@" >"$RUN/$name.json" 2>"$RUN/err"
	judge "${LINES}" "$name" "$RUN/$name.json" "$what"
}

# judge WAY SCHEMA FILE WHAT: a copy of it, at the end.
judge() {
	cp "$3" "$RUN/${#LIST[@]}.json"
	LIST+=("$1 $2 $RUN/${#LIST[@]}.json $2: $4")
}

session_hosts
peer_of client server "Name = fixed"
fits "a node that is not up" show client show --json
fits "a node that is not up" doctor client doctor eth0.conf --json
check "which is a finding with a remedy" grep -q '"remedy": "mayflyctl up eth0.conf"' "$RUN/doctor.json"
fits "nothing is found" meet client meet eth0.conf --json --print --state "$RUN/client/state"

serve server
check "serve publishes" within 20 published server 1
equal "no sessions, no lines" "" "$(on server mayflyctl sessions --json)"
start follow server mayflyctl sessions --json --follow
start events server mayflyctl events --json
fits "found" meet client meet eth0.conf --json --print --state "$RUN/client/state"
check "and says so" grep -q '"found": true' "$RUN/meet.json"
check "a session" session_up client

say "# with a session, a static peer, introductions"
for host in client server; do
	fits "$host" show "$host" show --json
	judge loose show "$RUN/show.json" "$host, with a field more or of another type"
	LINES=lines fits "$host" sessions "$host" sessions --json
	fits "$host" doctor "$host" doctor eth0.conf --json
done
fits "one by name" show client show fixed --json
equal "and that one alone" '["peer"]' "$(python3 -c '
import json, sys
print(json.dumps([one["role"] for one in json.load(sys.stdin)["associations"]]))' <"$RUN/show.json")"
judge loose sessions "$RUN/sessions.json" "with a field more or of another type"
judge loose doctor "$RUN/doctor.json" "with a field more or of another type"

say "# events"
on stranger ping -c 3 -i 0.1 -W 1 "$(hopping server 0xdead 0xbeef 0xdead 0xbeef)" >/dev/null
check "a probe is told of" within 5 grep -q probe_random "$RUN/events.log"
stop events
judge lines events "$RUN/events.log" "a probe"

say "# a keeper that is stopped"
keeper=$(keeper_of client)
kill -STOP "$keeper"
fits "nobody tells" show client show server --json
fits "nobody tells" doctor client doctor --json
check "which is a failure of sessions" python3 -c '
import json, sys
told = json.load(sys.stdin)
found = [one for one in told["findings"] if one["level"] == "fail"]
assert [one["check"] for one in found] == ["sessions"] and told["fail"] == 1, told' <"$RUN/doctor.json"
kill -CONT "$keeper"

say "# the end"
check "down" on client mayflyctl down eth0
check "is told of" within 10 grep -q '"ended":"closed"' "$RUN/follow.log"
stop follow
judge lines sessions "$RUN/follow.log" "--follow, $(wc -l <"$RUN/follow.log") lines"
fits "nobody is there" doctor stranger doctor --json

say "# what is not said"
secret() { grep -hoE '[A-Za-z0-9+/]{20,}=*' "$RUN"/{client,server}/key "$RUN/hop.key"; }
hexed() { while read -r text; do base64 -d <<<"$text" | xxd -p -c 64; done; }
equal "keys in logs and outputs" "" "$(cat "$RUN"/*.log "$RUN"/*.json | grep -oF -e "$(secret)" -e "$(secret | hexed)")"
compare "of" "$(secret | hexed | wc -l)" ">=" 3

say "# by hand"
fits "addresses" derive client derive --iid "${SEED[client]}" --key-file "$RUN/hop.key" --prefix 2001:db8:9::/64 --slots 3 --json
fits "identifiers" derive client derive --iid "${SEED[client]}" --key-file "$RUN/hop.key" --json
keys=(--private-key-file "$RUN/server/key" --peer "$(key_of client)")
fits "all of it" rendezvous-locate client rendezvous locate "${keys[@]}" --publish --key-file "$RUN/hop.key" --two-stage 6 --json
fits "the paper's form" rendezvous-locate client rendezvous locate "${keys[@]}" --form compact --json
fits "an offer" rendezvous-seal client rendezvous seal "${keys[@]}" --key-file "$RUN/hop.key" --prefix 2001:db8:9::/64 --json
number rendezvous-seal.json value >"$RUN/client/value"
on client sh -c "mayflyctl rendezvous open --private-key-file '$RUN/client/key' --peer '$(key_of server)' --json <value" \
	>"$RUN/rendezvous-open.json"
judge whole rendezvous-open "$RUN/rendezvous-open.json" "an offer"

say "# by the schemas"
judged=0
while IFS=$'\t' read -r verdict what; do
	check "$what" test "$verdict" = ok
	judged=$((judged + 1))
done < <(printf '%s\n' "${LIST[@]}" | schema)
equal "all were judged" "${#LIST[@]}" "$judged"

equal "names that the manual does not have" "" "$(schema --words "$TOP/docs/man/mayflyctl.8")"
finish
