#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# On-link mode: the hopping prefix is that of the link, and solicitations are answered in XDP, to the
# router only. With and without accept_untracked_na at the router; what a stranger on the link learns.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet on-link
both_of

for accept in 0 1; do
	on router sysctl -qw "net.ipv6.conf.client.accept_untracked_na=$accept" \
		"net.ipv6.conf.server.accept_untracked_na=$accept" 2>/dev/null ||
		{ [ "$accept" = 1 ] && say "  this kernel has no accept_untracked_na" && continue; }
	up client server
	reach client "${INNER[server]}"
	before=$(verdict server nd_answered)
	stream client server "${INNER[server]}" 5000 1000 6
	unbroken "accept_untracked_na = $accept: UDP over 30 hops"
	say "  longest silence: $(number stream.log gap_ms) ms"
	answered=$(($(verdict server nd_answered) - before))
	say "  solicitations answered: $answered"
	[ "$accept" = 1 ] || compare "the router asked for the hopping addresses" "$answered" ">=" 10
	on client ping -q -i 0.02 -c 200 "${INNER[server]}" >"$RUN/ping.log" 2>&1
	all_answered "ping" ping 200
	[ "$accept" = 1 ] && break
	stop loader-client
	stop loader-server
	on router ip -6 neigh flush all
done
check "all-multicast is set while attached" sh -c "nsenter -t ${HOST_PID[server]} -n ip -d link show eth0 | grep -q 'allmulti [1-9]'"
equal "hopping addresses bound to the interface" 2 "$(on server ip -6 -o addr show dev eth0 | wc -l)"

# The stranger on the same link asks for live and dead addresses.
ROTATION=20s
stop loader-client
stop loader-server
both_of
up client server
reach client "${INNER[server]}"
now=$(now_ms)
live=$(derived server $((now - 20000)) 3 | python3 "$LAB/shown.py" derived | cut -d' ' -f2)
dead=$(hopping server 0xdead 0xbeef 0xcafe 0xf00d)
on stranger ip -6 neigh flush dev eth0
for target in $live $dead; do
	quiet on stranger ping -c 1 -W 1 "$target" && say "  answered: $target"
done
resolved=$(on stranger ip -6 neigh show dev eth0 | grep lladdr | grep -v -e router -e fe80 | cut -d' ' -f1)
say "  neighbours that the stranger resolved: ${resolved:-none}"
for target in $live; do
	refute "live $target is not resolved by the stranger" grep -q "$target" <<<"$resolved"
done
compare "verdict: solicitation by one who is no router" "$(verdict server drop_nd)" ">=" 1
# The known leak: the router itself tells a dead address from a live one to whoever asks from afar.
told() { on client ping -c 1 -W 4 "$1" 2>&1 | grep -oE 'Address unreachable|bytes from' || echo silence; }
for target in $(echo "$live" | sed -n 2p) $dead; do
	say "  asked from afar for $(grep -q "$target" <<<"$live" && echo live || echo dead) $target: $(told "$target")"
done
refute "asked from afar, a live address stays silent" grep -q "bytes from" <<<"$(told "$(echo "$live" | sed -n 2p)")"
check "the server's own address is resolved as ever" quiet on stranger ping -c 1 -W 1 "${LINK[server]}::2"
check "the association works meanwhile" quiet on client ping -c 3 -i 0.05 -W 1 "${INNER[server]}"

stop loader-server
equal "all-multicast afterwards" "" "$(on server ip -d link show eth0 | grep -o 'allmulti [1-9]')"
finish
