#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sealed sessions: what stands between the two hosts is noise to whoever reads it; new keys come under traffic without a
# packet lost; and whatever dies or is put to another time, no key counts anything twice. The judge has the keys of both
# hosts, which the test copies out of their maps.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

FAKETIME_LIBRARY=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
PLAIN="a line that everybody could read"
PINS=/sys/fs/bpf/mayfly/eth0

step() { echo "$1" >"$RUN/clock.new" && mv "$RUN/clock.new" "$RUN/clock"; }
clock_is() { [ "$(shown client clock)" = "$1" ]; }

# loader_with_clock: the client's, whose clock steps.
loader_with_clock() {
	LOADER_ENV=${FAKETIME_LIBRARY:+"LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME_TIMESTAMP_FILE=$RUN/clock FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1"} \
		loader client
}

# present HOST FIELD: of the association that its session is.
present() { shown "$1" "$2" "$(session_word "$1" association)"; }

# session_word HOST FIELD: what it tells of its session.
session_word() { on "$1" mayflyctl sessions --json | python3 "$LAB/field.py" "$2"; }

# padding VALUE: another one for the client, which asks for another generation.
padding() {
	sed -i "s/^Padding = .*/Padding = $1/" "$RUN/client/eth0.conf"
	on client mayflyctl reload eth0.conf >"$RUN/reload.log" 2>&1
}

is_padded() { [ "$(present client padding)" = "$1" ]; }

# capture NAME, and captured NAME: what passes the router; judge NAME, and judged NAME FIELD: what is to be said of it.
capture() {
	start "capture-$1" router tcpdump -i client -w "$RUN/$1.pcap" -U "udp and net ${HOP[client]}/64"
	within 5 test -s "$RUN/$1.pcap"
}

captured() {
	sleep 0.5
	stop "capture-$1" INT
	judge "$1"
}

judge() {
	python3 "$LAB/sealed.py" judge "$RUN/$1.pcap" --keys "$RUN/keys-client" "$RUN/keys-server" --within "${HOP[client]}/64" \
		--secret "$PLAIN" HTTP/1 --inner "$mesh" "$(stable_of client)" >"$RUN/$1.judged"
	say "  $(cat "$RUN/$1.judged")"
}

judged() { number "$1.judged" "$2"; }

# sound NAME: nothing but noise, and no counter twice.
sound() {
	equal "$1: counters that a key has used twice" 0 "$(judged "$1" twice)"
	equal "$1: packets that no key has sealed, but for introductions" 0 "$(judged "$1" unknown)"
	equal "$1: packets that can be read" 0 "$(judged "$1" readable)"
	equal "$1: bits that all have alike" "[]" "$(judged "$1" same_bits)"
}

lab_internet
session_redis
meeting_of server client "$STORE"
meeting_of client server "$STORE" "Padding = none"
step +0
loader server
loader_with_clock
serve server
check "serve publishes" within 40 published server 1
mesh=$(stable_of server)
for host in client server; do
	start "keys-of-$host" "$host" python3 "$LAB/sealed.py" keys "$PINS" "$RUN/keys-$host"
done

say "# what is on the wire"
capture wire
check "a session" session_up client
check "with traffic" on client ping -c 3 -i 0.2 -W 1 "$mesh"
equal "carried" sealed,sealed "$(present client carriage),$(present server carriage)"
equal "as sessions tells" sealed "$(session_word client carriage)"
equal "encrypted, says show" true "$(present client encrypted)"
equal "inner MTU" 1464 "$(present client inner_mtu)"
start web server python3 -m http.server --bind "$mesh" --directory "$RUN/server" 8080
listening server 8080
yes "$PLAIN" | head -c 3000000 >"$RUN/server/file"
check "HTTP" on client curl -sf -o "$RUN/got" "http://[$mesh]:8080/file"
check "what it brings is right" cmp "$RUN/got" "$RUN/server/file"
captured wire
sound wire
compare "wire: sealed packets" "$(judged wire sealed)" ">=" 1000
(cat "$RUN/wire.pcap" && tail -c +25 "$RUN/wire.pcap") >"$RUN/doubled.pcap"
judge doubled
equal "a judge who sees all of them again says so" "$(judged wire sealed)" "$(judged doubled twice)"
compare "wire: of introductions, two messages and what opens them" "$(judged wire introduction)" "<=" 8

say "# new keys under traffic"
capture renewed
start pings client ping -i 0.01 -c 1800 -W 1 "$mesh"
start transfer client curl -sf --limit-rate 200k -o "$RUN/slow" "http://[$mesh]:8080/file"
for want in classes none full none classes none; do
	sleep 2
	padding "$want"
	check "another generation: Padding = $want" within 5 is_padded "$want"
done
await pings
await transfer
all_answered "meanwhile" pings 1800
check "the transfer is right" cmp "$RUN/slow" "$RUN/server/file"
captured renewed
sound renewed
compare "renewed: keys used" "$(judged renewed keys)" ">=" 14

say "# encap, when both say that it will do"
carried() { [ "$(present client carriage),$(present server carriage)" = "$1,$1" ]; }
sed -i 's/^Padding = .*/Carriage = encap/' "$RUN/client/eth0.conf"
check "reload" quiet on client mayflyctl reload eth0.conf
refute "one alone does not" within 2 carried encap
sed -i '/^PublicKey/a Carriage = encap' "$RUN/server/eth0.conf"
check "reload" quiet on server mayflyctl reload eth0.conf
check "both do" within 10 carried encap
check "with traffic" quiet on client ping -c 3 -i 0.2 -W 1 "$mesh"
sed -i '/^Carriage/d' "$RUN/server/eth0.conf"
check "reload" quiet on server mayflyctl reload eth0.conf
check "sealed again" within 10 carried sealed

say "# killed and started again"
capture killed
start pings client ping -i 0.02 -c 1000 -W 1 "$mesh"
sleep 1
stop loader-client KILL
sleep 1
loader_with_clock
sleep 1
stop loader-server KILL
sleep 1
loader server
sleep 1
stop serve-server KILL
keeper=$(keeper_of client)
kill -9 "$keeper"
check "traffic lives on" on client ping -c 3 -i 0.2 -W 1 "$mesh"
serve server
check "serve comes back" within 20 published server 1
check "another up" session_up client
check "has a session of its own" within 20 session_generations client server 1
await pings
all_answered "meanwhile" pings 1000

if [ -n "$FAKETIME_LIBRARY" ]; then
	say "# another time"
	start pings client ping -i 0.05 -W 1 "$mesh"
	step +0.8
	check "a step of 0.8 s is slewed" within 3 clock_is slews
	step -40
	check "one back of 40 s is not believed at once" within 3 clock_is holds
	stop loader-client KILL
	loader_with_clock
	sleep 2
	step +0
	check "the clock is right again" within 40 clock_is follows
	check "and the server reached" within 40 on client ping -c 1 -W 1 "$mesh"
	stop pings INT
fi
captured killed
sound killed
compare "killed: sealed packets" "$(judged killed sealed)" ">=" 2000
for verdict in drop_tag drop_replay drop_counter drop_key; do
	equal "client, server: $verdict" 0,0 "$(verdict client $verdict),$(verdict server $verdict)"
done
finish
