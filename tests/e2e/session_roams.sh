#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A client in the middle of a download goes to another network, behind another interface of the router: its session comes
# along, the connection lives, the file is right.
#
#	client ---- eth0: 2001:db8:c::/64, then 2001:db8:d::/64 ---- router

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_served "Prefix = auto"
check "up" session_up client
check "traffic" on client ping -c 3 -i 0.2 -W 1 "$THERE"
wire_of() { on client mayflyctl show --json | grep -o '"address": "2001:db8:[cd]:' | sort -u | tr -d '\n'; }
check "from the first network" grep -q 'db8:c:' <(wire_of)
# Of equals the kernel names the newest first.
on client ip addr add 2001:db8:e::2/64 dev eth0 nodad
sleep 2
check "an address of another network more is no reason to move" grep -q 'db8:c:' <(wire_of)
on client mayflyctl reload eth0.conf >"$RUN/reload.log" 2>&1
sleep 1
check "nor is a reload" grep -qx '"address": "2001:db8:c:' <(wire_of)
on client ip addr del 2001:db8:e::2/64 dev eth0

head -c 20000000 /dev/urandom >"$RUN/server/file"
start web server python3 -m http.server --bind "$THERE" --directory "$RUN/server" 8080
listening server 8080
start curl client curl -sf --limit-rate 2000k -o "$RUN/got" "http://[$THERE]:8080/file"
sleep 3
on router ip addr add 2001:db8:d::1/64 dev client nodad
on client ip -batch - <<-END
	addr add 2001:db8:d::2/64 dev eth0 nodad
	route replace default via 2001:db8:d::1 dev eth0
	addr del 2001:db8:c::2/64 dev eth0
END
on router ip addr del 2001:db8:c::1/64 dev client
check "the download ends" await curl
check "and is right" cmp "$RUN/got" "$RUN/server/file"
check "from the second network" within 20 grep -q 'db8:d:' <(wire_of)
check "the first prefix has been left" within 30 negate grep -q 2001:db8:c: <(on client mayflyctl show --json)
check "traffic" on client ping -c 3 -i 0.2 -W 1 "$THERE"

say "# a serve that comes to a node that is up stays where that is"
on client ip addr add 2001:db8:e::2/64 dev eth0 nodad
serve client
introduces() { on client mayflyctl show --json | grep -q '"role": "introduction"'; }
check "it has introductions" within 20 introduces
sleep 2
equal "introductions that the loader refused" 0 "$(served client refused)"
refute "nothing hops in the other network" grep -q '2001:db8:e:' <(on client mayflyctl show --json)
finish
