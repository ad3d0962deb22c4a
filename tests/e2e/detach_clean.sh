#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Detaching leaves nothing behind: programs, maps, links, pins, addresses, routes, neighbours,
# devices, filters, sysctls and offloads are as before, by `mayflyctl down` and by SIGTERM.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet "${1:-routed}"
within 5 on server ping -c 1 -W 1 "${LINK[server]}::1"

# snapshot FILE: all that a loader could have touched on the server. What merely ages is left out.
snapshot() {
	on server sh -c '
		echo "== bpf"; bpftool net show | sed "s/ id [0-9]*//"
		find /sys/fs/bpf | sort
		echo "== run"; find /run/mayfly 2>/dev/null | grep -v "^/run/mayfly$"
		echo "== links"; ip -d -o link | sed -E "s/ (qlen|qdisc|promiscuity) [^ ]*//g; s/ (numtxqueues|numrxqueues).*//"
		ip -o maddr show dev eth0
		echo "== addresses"; ip -o addr | sed -E "s/ valid_lft.*//"
		echo "== routes"; ip -6 route show table all | sed -E "s/ expires [^ ]*//" | sort; ip -4 route show table all | sort
		ip rule; ip -6 rule
		echo "== neighbours"; ip -d neigh | grep -E "managed|extern_learn|PERMANENT|NOARP"; ip neigh show proxy
		echo "== tc"; for dev in $(ls /sys/class/net); do
			tc qdisc show dev $dev; tc filter show dev $dev ingress; tc filter show dev $dev egress; done
		echo "== offloads"; ethtool -k eth0; cat /sys/class/net/eth0/threaded
		echo "== sysctls"; cd /proc/sys/net && grep -rs "" ipv4/conf ipv6/conf core ipv4/ip_forward |
			grep -v -e mtu_expires -e random -e /mayfly -e stable_secret' >"$1" 2>&1
}

# objects: kind and number of every map, link and program that is pinned. (The kernel's own
# list would show those of other namespaces too.)
objects() {
	on server sh -c '
		for pin in $(find /sys/fs/bpf -type f); do
			bpftool -j map show pinned $pin 2>/dev/null | sed -nE "s/.*\"id\":([0-9]+),\"type.*/map \1/p"
			bpftool -j prog show pinned $pin 2>/dev/null | sed -nE "s/.*\"id\":([0-9]+),\"type.*/prog \1/p"
			bpftool -j link show pinned $pin 2>/dev/null |
				sed -nE "s/.*\"id\":([0-9]+),\"type.*\"prog_id\":([0-9]+).*/link \1\nprog \2/p"
		done' | sort -u
}

none_left() {
	local kind number
	while read -r kind number; do
		! on server bpftool "$kind" show id "$number" >/dev/null 2>&1 || return 1
	done <"$RUN/objects"
}

unchanged() {
	snapshot "$RUN/after"
	check "$1: nothing is left, nothing has changed" diff "$RUN/before" "$RUN/after"
	check "$1: $(wc -l <"$RUN/objects") maps, links and programs are gone" within 3 none_left
}

snapshot "$RUN/before"
compare "lines in the snapshot" "$(wc -l <"$RUN/before")" ">=" 100
both_up
sed -i 's/^Interface.*/&\nThreadedNapi = yes/' "$RUN/server/eth0.conf"
on server mayflyctl reload eth0.conf
equal "NIC and cutter receive in threads" "1 1" "$(on server sh -c 'cat /sys/class/net/eth0/threaded /sys/class/net/mayfly0-in/threaded' | paste -sd' ')"
snapshot "$RUN/during"
objects >"$RUN/objects"
compare "maps, links and programs while attached" "$(wc -l <"$RUN/objects")" ">=" 15
compare "lines that differ while attached" "$(diff "$RUN/before" "$RUN/during" | grep -c '^[<>]')" ">=" 20
check "traffic" quiet on client ping -q -c 20 -i 0.02 -W 1 "${INNER[server]}"

on server mayflyctl down eth0.conf
stop loader-server
unchanged "mayflyctl down, then SIGTERM to the idle loader"

up server
reach client "${INNER[server]}"
objects >"$RUN/objects"
stop loader-server TERM
unchanged "SIGTERM while attached"

up server
objects >"$RUN/objects"
stop loader-server KILL
loader server
stop loader-server TERM
unchanged "killed, adopted, SIGTERM"

loader server --tc clsact
up server
reach client "${INNER[server]}"
objects >"$RUN/objects"
equal "clsact filters at the NIC, both ways" 2 \
	"$(on server sh -c 'for way in ingress egress; do tc filter show dev eth0 $way; done' | grep -c 'mf_.*direct-action')"
stop loader-server KILL
loader server --tc clsact
stop loader-server TERM
unchanged "clsact filters, killed, adopted, SIGTERM"

# An address lent by a loader that was killed, as it would have left it: in mf_lent, with a route.
up server
lent=$(hopping server 1 2 3 4)
stop loader-server KILL
pin=/sys/fs/bpf/mayfly/eth0/mf_lent
bytes=$(on server bpftool -j map show pinned "$pin" | python3 -c 'import json, sys; print(json.load(sys.stdin)["bytes_value"])')
on server bpftool map update pinned "$pin" \
	key $(python3 -c "import ipaddress; print(*ipaddress.ip_address('$lent').packed)") value $(yes 0 | head -n "$bytes")
on server ip -6 route add local "$lent" dev lo table local proto 109
equal "local routes of lent addresses" 1 "$(on server ip -6 route show table local proto 109 | wc -l)"
on server mayfly-loader --interface eth0 --detach
equal "killed, --detach: local routes left" "" "$(on server ip -6 route show table local proto 109)"

up server
on server mayflyctl down eth0.conf
up server
reach client "${INNER[server]}"
on server mayflyctl down eth0
stop loader-server
unchanged "down, up and down again"
finish
