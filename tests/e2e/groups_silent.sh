#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The device stands on the NIC and so is given what a stranger on the link says to groups. Nothing of the device
# answers: no inner address, no word with its link-layer address; and nobody reaches it by that.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet "${1:-routed}"
# The control: a neighbour whose device the same frames do find.
on stranger ip addr add "2001:db8:5::bad0/64" dev eth0 nodad
both_up
mac=$(on server cat /sys/class/net/mayfly0/address)
check "the device's link-layer address is a random one ($mac)" \
	test $((0x${mac%%:*} & 3)) = 2
start capture server tcpdump -ni eth0 -Q out -w "$RUN/out.pcap" -U ip6 or arp
within 5 test -s "$RUN/out.pcap"
before=$(verdict server drop_device)
start ping client ping -q -i 0.05 "${INNER[server]}"
on stranger python3 "$LAB/groups.py" eth0 "$STRANGER" "$mac" "${INNER[server]}" >"$RUN/groups"
say "  $(cat "$RUN/groups")"
compare "frames sent" "$(awk '{ print $2 }' "$RUN/groups")" ">=" 24
check "the server's own addresses answer the group" sh -c "[ $(awk '{ print $4 }' "$RUN/groups") -ge 2 ]"
equal "frames that tell of the device or an inner address" 0 "$(awk '{ print $6 }' "$RUN/groups")"
compare "frames to the device's address, dropped by that name" "$(($(verdict server drop_device) - before))" ">=" 12
stop ping INT
all_answered "meanwhile" ping 10

# What the device itself says to groups when it comes up, is left or joins one, stays at home.
on server sh -c "ip link set mayfly0 down; ip link set mayfly0 up"
on server timeout 2 python3 -c "
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
group = socket.inet_pton(socket.AF_INET6, 'ff02::fb') + struct.pack('@I', socket.if_nametoindex('mayfly0'))
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex('mayfly0'))
s.sendto(b'hello', ('ff02::fb', 5353))"
sleep 1
stop capture INT
equal "frames with the device's link-layer address that left by the NIC" 0 \
	"$(tcpdump -nr "$RUN/out.pcap" "ether host $mac" 2>/dev/null | wc -l)"
compare "frames that left at all" "$(tcpdump -nr "$RUN/out.pcap" 2>/dev/null | wc -l)" ">" 0
finish
