#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The other end as a stranger builds it: tests/peer, in Python, written from docs/PROTOCOL.md alone. It finds the server in
# the DHT, begins a session, hops, carries echo and TCP, has new keys when the server wants them and when it wants them
# itself, and takes leave. It forms and opens its packets itself: the client's kernel has no program of Mayfly's.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

/usr/bin/python3 -c 'import nacl.bindings' 2>/dev/null || skip "python3-nacl is not installed"
export PYTHONPATH=$TOP/tests

# peer OPTION...: in the background, until it has a session. It reads commands from $RUN/client/commands.
peer() {
	[ -p "$RUN/client/commands" ] || mkfifo "$RUN/client/commands"
	start peer client python3 -m peer --key "$RUN/client/key" --server "$(key_of server)" --prefix "${HOP[client]}/64" \
		--bootstrap "[fd80:0:0:1::1]:6881" "[fd80:0:0:2::1]:6881" --commands commands "$@"
	within 15 happened session && return
	log_of peer
	return 1
}

command_peer() { echo "$*" >"$RUN/client/commands"; }

# happened EVENT [COUNT]: so often, or more.
happened() { [ "$(grep -c "\"event\": \"$1\"" "$RUN/peer.log")" -ge "${2:-1}" ]; }

# heard EVENT FIELD: of the newest event of that name.
heard() {
	grep "\"event\": \"$1\"" "$RUN/peer.log" | tail -n 1 | python3 -c "import json, sys; print(json.loads(sys.stdin.read())['$2'])"
}

# told FIELD: what the server tells of its only session.
told() {
	on server mayflyctl sessions --json | python3 -c "import json, sys; print(json.loads(sys.stdin.readline())['$1'])"
}

is_told() { [ "$(told "$1")" = "$2" ]; }

# dropped COUNT VERDICT BEFORE: how many more of them than before, when they have had time to become so many.
dropped() {
	within 2 is_dropped "$@"
	echo $(($(verdict server "$2") - $3))
}

is_dropped() { [ $(($(verdict server "$2") - $3)) -ge "$1" ]; }

# has_ended COUNT: so many sessions because the client wanted it so, says the server.
has_ended() { [ "$(grep -c "^client: session ended: closed$" "$RUN/serve-server.log")" = "$1" ]; }

# echoes COUNT INTERVAL_MS: as the peer counts them.
echoes() {
	local before
	before=$(grep -c '"event": "echo"' "$RUN/peer.log")
	command_peer echo "$1" "$2"
	within $(($1 * $2 / 1000 + 10)) happened echo $((before + 1))
}

# level LEVEL: of the server, from now on.
level() {
	sed -i "s/^Level = .*/Level = $1/" "$RUN/server/eth0.conf"
	check "reload" quiet on server mayflyctl reload eth0.conf
}

say "# vectors"
python3 -m peer.vectors "$TOP/docs/vectors.json" "$TOP/docs/PROTOCOL.md" >"$RUN/vectors.log"
check "$(tail -n 1 "$RUN/vectors.log")" grep -q "vectors of .*, 0 wrong" "$RUN/vectors.log"

lab_internet
rendezvous_nodes 12 || exit 1
meeting_of server client "Padding = full" "Level = attacked"
key_of client >/dev/null
loader server
serve server
check "serve publishes" within 20 published server 1
mesh=$(stable_of server)

say "# a session"
check "the peer has one" peer --padding classes --tun inner0
equal "found on the last step of the ladder" 150 "$(heard found period_s)"
say "  from $(heard found holders) nodes; a lifetime of $(heard response lifetime_s) s"
equal "the server tells of it" up "$(told state)"
equal "with whom" "$(key_of client)" "$(told public_key)"
equal "who began it" responder "$(told role)"
equal "sealed" sealed "$(told carriage)"
equal "every so many ms" 750 "$(told rotation_ms)"
check "echo" echoes 60 60
equal "answered" 60 "$(heard echo answered)"
compare "slots that requests went in" "$(heard echo slots)" ">=" 3
compare "slots that answers came in" "$(heard echo slots_back)" ">=" 3

say "# the server wants to hop slower"
level calm
check "it asks for another generation, and has it" within 10 is_told rotation_ms 3000
check "which the peer has too" within 5 happened session 2
equal "asked because of" level "$(heard renew reason)"
check "echo" echoes 5 20
equal "answered" 5 "$(heard echo answered)"

say "# what is false"
before=$(verdict server drop_tag)
command_peer forge 7
check "packets with a wrong tag" within 5 happened forged
equal "are dropped for that" 7 "$(dropped 7 drop_tag "$before")"
before=$(verdict server drop_replay)
command_peer replay 5
check "a packet again" within 5 happened replayed
equal "is dropped for that" 5 "$(dropped 5 drop_replay "$before")"
check "and traffic goes on" echoes 3 20
equal "answered" 3 "$(heard echo answered)"

say "# programs of the client, by new keys"
head -c 600000 /dev/urandom >"$RUN/server/file"
start web server python3 -m http.server --bind "$mesh" --directory "$RUN/server" 8080
listening server 8080
start transfer client curl -sf --limit-rate 400k -o "$RUN/got" "http://[$mesh]:8080/file"
sleep 0.5
command_peer renew
check "the peer asks for another generation" within 5 happened session 3
check "TCP" await transfer
check "what it brings is right" cmp "$RUN/got" "$RUN/server/file"
check "ping" quiet on client ping -c 3 -i 0.2 -W 1 "$mesh"

say "# the end"
command_peer teardown
check "the peer ends" await peer
check "the server has heard why" within 2 has_ended 1
equal "and has no session" "no sessions" "$(on server mayflyctl sessions)"

say "# once more, not sealed"
sed -i '/^PublicKey/a Carriage = encap' "$RUN/server/eth0.conf"
check "reload" quiet on server mayflyctl reload eth0.conf
check "the peer has a session" peer --encap
equal "carried by" encap "$(told carriage)"
check "echo" echoes 5 20
equal "answered" 5 "$(heard echo answered)"
command_peer teardown
check "the peer ends" await peer
check "the server has heard why" within 2 has_ended 2
finish
