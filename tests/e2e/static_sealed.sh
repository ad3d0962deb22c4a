#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Peers of a file with Carriage = sealed: nothing but noise on the wire; whatever is lost at either end, both agree anew
# within seconds, on other keys; who has another K gets nothing, and is told so. The judge has the keys of both hosts.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

PLAIN="a line that everybody could read"
PINS=/sys/fs/bpf/mayfly/eth0
FAKETIME_LIBRARY=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)

# sealed_of HOST PEER [LINE...]: HOST's configuration, where inner addresses are behind the device with or without a session;
# SEALED_NODE is a line of its node.
sealed_of() {
	node_of "$1" "Address = ${INNER[$1]}/16" ${SEALED_NODE:+"$SEALED_NODE"}
	peer_of "$@" "Carriage = sealed"
}

# lose HOST: the process that keeps its session, its loader, and all that the kernel had, as a reboot leaves it.
lose() {
	kill -9 "$(keeper_of "$1")"
	stop "loader-$1" KILL
	on "$1" sh -c "rm -rf $PINS /run/mayfly/*; ip link del mayfly0; ip link del mayfly0-to 2>/dev/null; true"
}

pings() { quiet on client ping -c 3 -i 0.2 -W 1 "${INNER[server]}"; }
reached() { on client ping -c 1 -W 1 "${INNER[server]}"; }
state_of() { on "$1" mayflyctl sessions --json | python3 "$LAB/field.py" state; }
is_in_state() { [ "$(state_of "$1")" = "$2" ]; }
all_keys() { sort -u "$RUN/keys-client" "$RUN/keys-server"; }

# step SECONDS: the client's clock. loader_with_clock: its loader goes by it.
step() { echo "$1" >"$RUN/clock.new" && mv "$RUN/clock.new" "$RUN/clock"; }
loader_with_clock() {
	LOADER_ENV=${FAKETIME_LIBRARY:+"LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME_TIMESTAMP_FILE=$RUN/clock FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1"} \
		loader client
}

# again HOST WORDS: it has lost all, and comes up; other keys than ever before, within seconds.
again() {
	local before
	lose "$1"
	before=$(all_keys | wc -l)
	if [ "$1" = client ]; then loader_with_clock; else loader "$1"; fi
	check "$1 has lost all: it comes up" within 10 session_up "$1"
	check "  and traffic flows" within 3 pings
	sleep 0.3
	compare "  by other keys ($before before)" "$(all_keys | wc -l)" ">=" $((before + 2))
}

# judged NAME FIELD: of what `sound` has found in a capture.
judged() { number "$1.judged" "$2"; }

# sound NAME: nothing but noise but for introductions, and no counter twice by one key.
sound() {
	python3 "$LAB/sealed.py" judge "$RUN/$1.pcap" --keys "$RUN/keys-client" "$RUN/keys-server" --within "${HOP[client]}/64" \
		--secret "$PLAIN" --inner "${INNER[client]}" "${INNER[server]}" >"$RUN/$1.judged"
	say "  $(cat "$RUN/$1.judged")"
	equal "$1: counters that a key has used twice" 0 "$(judged "$1" twice)"
	equal "$1: packets that no key has sealed, but for introductions" 0 "$(judged "$1" unknown)"
	equal "$1: packets that can be read" 0 "$(judged "$1" readable)"
	equal "$1: bits that all have alike" "[]" "$(judged "$1" same_bits)"
}

lab_internet
sealed_of client server
sealed_of server client
step +0
loader_with_clock
loader server
for host in client server; do
	start "keys-of-$host" "$host" python3 "$LAB/sealed.py" keys "$PINS" "$RUN/keys-$host"
done
start capture router tcpdump -i client -w "$RUN/wire.pcap" -U "udp and net ${HOP[client]}/64"
within 5 test -s "$RUN/wire.pcap"
start plain router tcpdump -i client -w "$RUN/plain.pcap" -U "net fd00::/8"
within 5 test -s "$RUN/plain.pcap"

say "# first one, then the other"
start up-client client mayflyctl up eth0.conf --wait 60s
check "the client has its device" within 10 on client ip route get "${INNER[server]}" oif mayfly0
sleep 2
refute "nobody there: no answer" quiet reached
check "the server comes up" within 10 session_up server
await up-client
say "  $(grep 'stands' "$RUN/up-client.log")"
check "and the client has waited for it: traffic" pings
equal "its state, as both tell" up,up "$(state_of client),$(state_of server)"
equal "carried" sealed "$(shown client carriage server@a)"
equal "the introduction" introduction "$(shown client role server@1)"
equal "inner MTU" 1464 "$(shown client inner_mtu server@a)"
start web server python3 -m http.server --bind "${INNER[server]}" --directory "$RUN/server" 8080
listening server 8080
yes "$PLAIN" | head -c 3000000 >"$RUN/server/file"
check "HTTP" on client curl -sf -o "$RUN/got" "http://[${INNER[server]}]:8080/file"
check "what it brings is right" cmp "$RUN/got" "$RUN/server/file"
check "doctor knows it" on client sh -c "mayflyctl doctor eth0.conf | grep -q '1 session stands'"
equal "inner packets by the introduction alone: dropped" 0,0 "$(verdict client drop_control),$(verdict server drop_control)"

say "# all lost"
again server
again client
lose server
lose client
loader server
loader_with_clock
start up-server server mayflyctl up eth0.conf
check "both have, at once" within 10 session_up client
await up-server
check "  and traffic flows" within 3 pings

say "# killed"
kill -9 "$(keeper_of client)"
stop loader-server KILL
check "traffic lives on" pings
loader server
check "another up" session_up client
check "  and traffic flows" pings

say "# the loader forgets the node"
stop loader-server TERM
loader server
check "its keeper brings all of it up again" within 20 reached

if [ -n "$FAKETIME_LIBRARY" ]; then
	say "# another time"
	step -40
	stop loader-client KILL
	loader_with_clock
	check "the client is in another time: no traffic" within 15 negate quiet reached
	step +0
	check "and in ours again" within 40 reached
fi

say "# another key at one end"
(umask 077 && mayflyctl genpsk >"$RUN/other.key")
sed -i "s|^KeyFile = .*|KeyFile = $RUN/other.key|" "$RUN/server/eth0.conf"
check "the server is told another K" on server mayflyctl reload eth0.conf
refute "up says that there is no session" session_up server --wait 3s
say "  $(grep 'no session yet' "$RUN/up-server.log" | head -n 1)"
check "why, too" grep -q 'the same KeyFile' "$RUN/up-server.log"
check "nor has the client one" within 30 is_in_state client asking
refute "no traffic" quiet reached
sed -i "s|^KeyFile = .*|KeyFile = $RUN/hop.key|" "$RUN/server/eth0.conf"
check "the right one again" on server mayflyctl reload eth0.conf
check "  and traffic flows" within 10 pings
sleep 0.5
stop capture INT
sound wire
compare "sealed packets" "$(judged wire sealed)" ">=" 1000
compare "keys used" "$(judged wire keys)" ">=" 12
for verdict in drop_tag drop_replay drop_counter drop_key; do
	equal "client, server: $verdict" 0,0 "$(verdict client $verdict),$(verdict server $verdict)"
done

stop plain INT
tcpdump -n -r "$RUN/plain.pcap" >"$RUN/plain.txt" 2>/dev/null
head -n 5 "$RUN/plain.txt"
equal "packets in the clear, with and without a session" 0 "$(wc -l <"$RUN/plain.txt")"

say "# with keys of their own"
for host in client server; do
	on "$host" mayflyctl down eth0
	key_of "$host" >/dev/null
	[ $host = client ] && peer=server || peer=client
	SEALED_NODE="PrivateKeyFile = $RUN/$host/key" sealed_of "$host" "$peer" "PublicKey = $(key_of "$peer")"
done
start up-server server mayflyctl up eth0.conf
check "a session" within 10 session_up client
await up-server
check "traffic" pings
on client mayflyctl down eth0
refute "after down" quiet reached
finish
