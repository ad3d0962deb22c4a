#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The other end as a stranger builds it: tests/peer, in Python, written from docs/PROTOCOL.md. It finds the server in
# the DHT, begins a session, hops, carries echo and TCP, has new keys when the server wants them and when it wants them
# itself, moves, and takes leave; then it is the server. It forms and opens its packets itself: the kernel at its end has no
# program of Mayfly's.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"
. "$LAB/peer.sh"

# dropped COUNT VERDICT BEFORE: how many more of them than before, when they have had time to become so many.
dropped() {
	within 2 is_dropped "$@"
	echo $(($(verdict server "$2") - $3))
}

is_dropped() { [ $(($(verdict server "$2") - $3)) -ge "$1" ]; }

# has_ended COUNT: so many sessions because the client wanted it so, says the server.
has_ended() { [ "$(grep -c "^client: session ended: closed$" "$RUN/serve-server.log")" = "$1" ]; }

# reload WHAT EXPRESSION: the server's configuration, changed so.
reload() {
	sed -i "$2" "$RUN/server/eth0.conf"
	check "$1" quiet on server mayflyctl reload eth0.conf
}

# hops_in HOST PREFIX: its peer.
hops_in() { on "$1" mayflyctl show | grep -q "$2"; }

say "# vectors"
python3 -m peer.vectors "$TOP/docs/vectors.json" "$TOP/docs/PROTOCOL.md" >"$RUN/vectors.log"
check "$(tail -n 1 "$RUN/vectors.log")" grep -q "vectors of .*, 0 wrong" "$RUN/vectors.log"

lab_internet
on router ip route add 2001:db8:c2::/64 via "${LINK[client]}::2" dev client
rendezvous_nodes 12 || exit 1
meeting_of server client "Padding = full" "Level = attacked" "TwoStage = 1"
mkdir -p "$RUN/second"
printf '# second\n[Peer]\nName = second\nPublicKey = %s\n' "$(key_of second)" >>"$RUN/server/eth0.conf"
meeting_of client server
loader server
serve server
check "serve publishes, for two clients in two stages" within 20 published server 2
mesh=$(stable_of server)

say "# a session"
check "the peer has one" peer_of_key client meet session server --padding classes
equal "found on the last step of the ladder" 150 "$(heard found period_s)"
equal "in two stages" True "$(heard found common)"
say "  from $(heard found holders) nodes; a lifetime of $(heard response lifetime_s) s"
equal "the server tells of it" up "$(told server state)"
equal "with whom" "$(key_of client)" "$(told server public_key)"
equal "who began it" responder "$(told server role)"
equal "sealed" sealed "$(told server carriage)"
equal "every so many ms" 750 "$(told server rotation_ms)"
check "echo" echoes 50 60
compare "slots that requests went in" "$(heard echo slots)" ">=" 3
compare "slots that answers came in" "$(heard echo slots_back)" ">=" 3

say "# the server wants to hop slower"
reload "another level" "s/^Level = .*/Level = calm/"
check "it asks for another generation, and has it" within 10 is_told server rotation_ms 3000
check "which the peer has too" within 5 happened session 2
equal "asked because of" level "$(heard renew reason)"
check "echo" echoes 5 20

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

say "# in another network"
refute "not yet" hops_in server 2001:db8:c2:
command_peer move 2001:db8:c2::/64
check "the peer asks from there" within 5 happened session 4
check "and is there" within 2 hops_in server 2001:db8:c2:
check "echo" echoes 5 20

say "# the end"
command_peer teardown
check "the peer ends" await peer
check "the server has heard why" within 2 has_ended 1
equal "and has no session" "no sessions" "$(on server mayflyctl sessions)"

say "# once more, not sealed"
reload "the server does without, and has one client" '/^# second/,$d; /^PublicKey/a Carriage = encap'
check "it publishes for this one" within 20 published server 1
check "the peer has a session" peer_of_key client meet session server --encap
equal "found in one stage" False "$(heard found common)"
equal "carried by" encap "$(told server carriage)"
check "echo" echoes 5 20
command_peer teardown
check "the peer ends" await peer
check "the server has heard why" within 2 has_ended 2

say "# the other way round"
stop web
stop serve-server
quiet on server mayflyctl down eth0
stop loader-server
loader client
check "the peer publishes, where the server had" peer_of_key server serve published client --padding full
compare "nodes that hold it" "$(heard published holders)" ">=" 4
check "for the next period too" within 5 happened published 2
check "up" session_up client
equal "sealed" sealed "$(told client carriage)"
equal "every so many ms" 1000 "$(told client rotation_ms)"
equal "who began it" initiator "$(told client role)"
check "ping" quiet on client ping -c 40 -i 0.05 -W 1 "$mesh"
command_peer renew
check "another generation, because the peer wants it" within 5 happened session 2
start web server python3 -m http.server --bind "$mesh" --directory "$RUN/server" 8080
listening server 8080
check "TCP" on client curl -sf -o "$RUN/got" "http://[$mesh]:8080/file"
check "what it brings is right" cmp "$RUN/got" "$RUN/server/file"
check "down" quiet on client mayflyctl down eth0
check "the peer ends" await peer
equal "because the client wanted it so" closed "$(heard ended reason)"
finish
