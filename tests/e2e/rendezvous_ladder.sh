#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A server shortens its period while a client is away: by hand, on a scan, and back again. The client finds it on every
# step of the ladder, and what it was told of before still leads there.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

command -v redis-server >/dev/null || skip "redis-server is not installed"
lab_internet
port=6380
start redis stranger redis-server --bind "$STRANGER" --port "$port" --protected-mode no --save "" --appendonly no \
	--dir "$RUN/stranger"
within 10 on stranger sh -c "ss -lnt | grep -q ':$port '"
redis_cli() { on stranger redis-cli -h "$STRANGER" -p "$port" "$@"; }

STORE=("Store = redis://[$STRANGER]:$port" "Period = 240s")
meeting_of server client "${STORE[@]}"
meeting_of client server "${STORE[@]}"
loader server
serve server

# level HOST LEVEL: by hand.
level() {
	sed -i '/^Level = /d' "$RUN/$1/eth0.conf"
	sed -i "s/^\[Node\]/[Node]\nLevel = $2/" "$RUN/$1/eth0.conf"
	quiet on "$1" mayflyctl reload eth0.conf
}

# goes_by SECONDS: the server's period, with its items of now published.
goes_by() { [ "$(served server period_s)" = "$1" ] && published server 1; }
is_level() { [ "$(served server level)" = "$1" ]; }

# reached: a session is had by that introduction, and given up again.
reached() {
	session_up client && within 10 on client ping -c 1 -W 1 "$(stable_of server)" && quiet on client mayflyctl down eth0
}

# forget_all: the store, what now stands there.
forget_all() { quiet redis_cli flushall; }

# met SECONDS: found there, and reached.
met() {
	check "found" meet client
	equal "with a period of" "$1" "$(number meet.log period_s)"
	check "and reached" reached
}

check "calm: published" within 20 goes_by 240
check "level" is_level calm
loader client
met 240

# --- by hand, while the client is away
earlier=$(redis_cli keys '*' | wc -l)
compare "items" "$earlier" ">=" 1
introductions() { on server mayflyctl show --json | grep -c '"name": "introduction@'; }
level server watched
check "watched: published" within 20 goes_by 120
check "serve says so" grep -q "level watched.*an introduction every 2m" "$RUN/serve-server.log"
check "show, too" on server sh -c "mayflyctl show | grep -q 'level: watched.*by Level in the configuration'"
compare "introductions of both periods" "$(introductions)" ">=" 2
met 240 # that stands for a while yet, and is heard

# what was put for the longer period is over; nothing but the shorter one's stands
level server calm
check "calm: published" within 20 goes_by 240
forget_all
level server watched
check "watched: published" within 20 goes_by 120
met 120
equal "configured" 240 "$(number meet.log configured_period_s)"
forget_all
level server attacked
check "attacked: published" within 20 goes_by 60
met 60

# --- by what strangers do
level server auto
check "calm again" within 20 goes_by 240
forget_all
for ((i = 1; i <= 25; i++)); do
	on stranger ip addr add "2001:db8:e:$i::1/128" dev eth0 nodad
done
# scan: one datagram from each of 25 networks, each to a hopping address that is not live.
scan() {
	on stranger python3 - "${HOP[server]}" <<-'END'
		import random, socket, sys
		for i in range(1, 26):
		    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
		        probe.bind((f"2001:db8:e:{i}::1", 0))
		        probe.sendto(b"?", (sys.argv[1] + f"{random.randrange(1, 65536):x}:{i:x}", 9))
	END
}
watched() { scan && is_level watched; }
check "a scan is seen" within 30 watched
check "and answered with the shorter period" within 20 goes_by 120
check "serve says why" grep -q "level watched: [0-9]* random probes; an introduction every 2m" "$RUN/serve-server.log"
check "show, too" on server sh -c "mayflyctl show | grep -q 'level: watched.*random probes'"
equal "as JSON" watched "$(on server mayflyctl show --json | python3 "$LAB/field.py" rendezvous.serve.level)"
met 120

# --- a loader that is killed and comes back
probes() { served server level_why | sed 's/.*: \([0-9]*\) random probe.*/\1/'; }
stop loader-server KILL
loader server
before=$(probes)
heard() { scan && [ "$(probes)" -gt "$before" ]; }
check "killed and back, its events are heard again ($before)" within 40 heard
stop serve-server
check "serve leaves no introduction" [ "$(introductions)" = 0 ]
refute "and none is heard" quiet on client ping -c 1 -W 1 "$(number meet.log inner)"

# --- in two stages: windows of the shorter period
mkdir "$RUN/clients"
for i in 1 2; do
	mayflyctl genkey | mayflyctl pubkey >"$RUN/clients/client-$i.pub"
done
meeting_of server client "${STORE[@]}" "Clients = $RUN/clients" "TwoStage = 1" "Level = attacked"
forget_all
serve server
there() { [ "$(served server published_current 2>/dev/null)" = 3 ]; }
check "two stages: published" within 30 there
check "which serve says, and the period" grep -q "in two stages, an introduction every 1m" "$RUN/serve-server.log"
met 60
equal "in two stages" True "$(number meet.log two_stage)"
finish
