#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A server gets another prefix and moves there: it tells its clients, a download goes on, whoever comes later finds it
# there, and the old prefix is left.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_served
NEXT=2001:db8:52::
on router ip route add "$NEXT/64" via "${LINK[server]}::2" dev server
check "up" session_up client
check "traffic" on client ping -c 3 -i 0.2 -W 1 "$THERE"
prefixes() { on server mayflyctl show --json | python3 -c "
import json, sys
print(*sorted(one.split('/')[0] for one in json.load(sys.stdin)['node']['prefixes']))"; }
equal "the server hops in" "${HOP[server]}" "$(prefixes)"

head -c 20000000 /dev/urandom >"$RUN/server/file"
start web server python3 -m http.server --bind "$THERE" --directory "$RUN/server" 8080
listening server 8080
start curl client curl -sf --limit-rate 2000k -o "$RUN/got" "http://[$THERE]:8080/file"
start pings client ping -i 0.05 "$THERE"
sleep 2
sed -i "s|^Prefix = .*|Prefix = $NEXT/64|" "$RUN/server/eth0.conf"
check "reload with another Prefix" on server mayflyctl reload eth0.conf
check "serve says that it moves" within 5 grep -q "moves to another prefix" "$RUN/serve-server.log"
there_now() { on client mayflyctl show --json | grep -q '"address": "2001:db8:52:'; }
check "the client sends there" within 10 there_now
check "the download ends" await curl
check "and is right" cmp "$RUN/got" "$RUN/server/file"
stop pings INT
all_answered "meanwhile" pings 100
left() { [ "$(prefixes)" = "$NEXT" ]; }
check "the old prefix has been left" within 40 left
check "down" on client mayflyctl down eth0
check "the new introduction is published" within 10 published server 1
check "who comes later finds it there" session_up client
check "traffic" on client ping -c 3 -i 0.2 -W 1 "$THERE"
finish
