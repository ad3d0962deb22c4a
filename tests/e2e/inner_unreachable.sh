#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Inner addresses are reached through an association and in no other way: not by hardware
# address from the link, not under a VLAN tag, not on another interface, old or new, and
# not with the peer's inner address as the forged source.

. "$(dirname "$0")/../lab/lib.sh"

TAGS=none,0,5,0.0,ad0,ad0.0
lab_internet
lab_wire server eth1 stranger eth1
on server ip addr add 2001:db8:66::1/64 dev eth1 nodad
on stranger ip addr add 2001:db8:66::bad/64 dev eth1 nodad
both_up
lab_wire server eth2 stranger eth2
on server ip addr add 2001:db8:67::1/64 dev eth2 nodad
on stranger ip addr add 2001:db8:67::bad/64 dev eth2 nodad
sleep 1

# closed DEVICE SOURCE WHAT
closed() {
	local device=$1 source=$2 mac
	mac=$(on server cat "/sys/class/net/$device/address")
	on stranger python3 "$LAB/forge.py" "$device" "$mac" "$source" "${INNER[server]}" "${INNER[client]}" \
		--tags "$TAGS" --kinds echo,udp,tcp,fragment >"$RUN/forged"
	check "$3: $(sed -n 1p "$RUN/forged")" grep -q ' answered 0$' "$RUN/forged"
	[ "$(wc -l <"$RUN/forged")" = 1 ] || cat "$RUN/forged"
}

# open DEVICE ADDRESS: the same tool gets an answer where one is due.
open() {
	local mac
	mac=$(on server cat "/sys/class/net/$1/address")
	on stranger python3 "$LAB/forge.py" "$1" "$mac" "$3" "$2" >"$RUN/forged"
	refute "control, $1: an ordinary address answers: $(sed -n 1p "$RUN/forged")" grep -q ' answered 0$' "$RUN/forged"
}

start seen server tcpdump -ni mayfly0 -w "$RUN/inside.pcap" -U ip6
within 5 test -s "$RUN/inside.pcap"
open eth0 "${LINK[server]}::2" "$STRANGER"
open eth1 2001:db8:66::1 2001:db8:66::bad
open eth2 2001:db8:67::1 2001:db8:67::bad
closed eth0 "$STRANGER" "the NIC"
closed eth1 2001:db8:66::bad "another interface"
closed eth2 2001:db8:67::bad "an interface that came later"
closed eth0 "${INNER[client]}" "the NIC, as the peer's inner address"
closed eth1 "${INNER[client]}" "another interface, as the peer's inner address"
closed eth2 "${INNER[client]}" "a later interface, as the peer's inner address"
compare "verdict: inner prefix outside an association" "$(verdict server drop_inner)" ">=" 100
stop seen INT
equal "packets with the stranger's address that came to mayfly0" 0 \
	"$(python3 "$LAB/wire.py" sum "$RUN/inside.pcap" "$STRANGER/128" 2001:db8:66::/64 | python3 "$LAB/field.py" packets)"
check "the association works" quiet on client ping -c 3 -i 0.05 -W 1 "${INNER[server]}"
finish
