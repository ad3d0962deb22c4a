#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody takes our programs off: the clsact qdisc with its filters, a link by its id. They are back within two
# seconds, and nothing inner leaves in the clear from then on. A NIC comes back with the number of the last one.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
node_of client
peer_of client server
node_of server
peer_of server client
loader client --tc clsact
loader server
on client mayflyctl up "$RUN/client/eth0.conf"
on server mayflyctl up "$RUN/server/eth0.conf"
reach client "${INNER[server]}"

hooks() { on client tc filter show dev eth0 "$1"; }
hooked() { hooks ingress | grep -q mf_ && hooks egress | grep -q mf_; }
check "clsact filters stand" hooked
# clear SECONDS: packets with inner addresses that leave by the NIC.
clear() {
	on router timeout "$1" tcpdump -i client -n -l "ip6 net fd00::/16" 2>/dev/null >"$RUN/clear"
	grep -c . "$RUN/clear"
}
on client ping -q -i 0.01 -c 2000 "${INNER[server]}" >"$RUN/ping.log" &
sleep 0.5
equal "before, inner packets on the wire in two seconds" 0 "$(clear 2)"
clear 3 >"$RUN/leaked" &
leaked=$!
sleep 0.7
kill -STOP "${PID[loader-client]}"
on client tc qdisc del dev eth0 clsact
sleep 0.3
kill -CONT "${PID[loader-client]}"
check "within two seconds they are back" within 2 hooked
wait "$leaked"
compare "control: packets that left as they were while the loader could not act" "$(cat "$RUN/leaked")" ">" 0
compare "packets that left as they were meanwhile (100 a second)" "$(cat "$RUN/leaked")" "<" 200
equal "afterwards, in two seconds" 0 "$(clear 2)"
check "and the peers reach each other" within 3 on client ping -c 1 -W 1 "${INNER[server]}"
check "the loader says so" grep -q "took a program of ours off" "$RUN/loader-client.log"

number=$(on client cat /sys/class/net/eth0/ifindex)
kill -STOP "${PID[loader-client]}"
on client ip link del eth0
on client ip link add eth0 index "$number" type veth peer name client netns "${HOST_PID[router]}"
on client sh -c "ethtool -K eth0 tx off tso off gso off gro off >/dev/null 2>&1; ip link set eth0 up"
on router sh -c "ethtool -K client tx off tso off gso off gro off >/dev/null 2>&1; ip link set client up"
kill -CONT "${PID[loader-client]}"
lab_pass router client
on router ip addr add "${LINK[client]}::1/64" dev client nodad
on router ip route add "${HOP[client]}/64" via "${LINK[client]}::2" dev client
lab_address client eth0 "${LINK[client]}"
equal "another NIC has the number of the last" "$number" "$(on client cat /sys/class/net/eth0/ifindex)"
check "every program is there" within 4 hooked
check "and the peers reach each other" within 10 on client ping -c 1 -W 1 "${INNER[server]}"

# A link that is detached stands nowhere.
link=$(on client bpftool link show pinned "/sys/fs/bpf/mayfly/eth0/link_mf_in_$number" | sed -n 's/^\([0-9]*\):.*/\1/p')
on client bpftool link detach id "$link"
refute "XDP detached: it is off" on client sh -c "ip link show eth0 | grep -q xdp"
check "and back within two seconds" within 2 on client sh -c "ip link show eth0 | grep -q xdp"
# A NIC comes back with somebody's XDP program on it: nothing can be attached, which must not become a race.
number_next() { on client sh -c "ip link add next0 type veth peer name next1; cat /sys/class/net/next1/ifindex; ip link del next0"; }
on client ip link del eth0
on client ip link add other0 type veth peer name client netns "${HOST_PID[router]}"
lab_pass client other0
on router ip link set client up
on client sh -c "ip link set other0 name eth0; ip link set eth0 up"
sleep 1
first=$(number_next)
sleep 3
compare "interfaces made within three seconds" $(($(number_next) - first)) "<" 20
check "the loader says why" grep -q "cannot be attached to" "$RUN/loader-client.log"
refute "and there is no device" on client test -e /sys/class/net/mayfly0
on client ip link set dev eth0 xdp off
check "the program is taken off: attached within twelve seconds" within 12 hooked


# Pins of filters, and of the qdisc that is ours, are known without them.
number=$(on client cat /sys/class/net/eth0/ifindex)
pinned() { on client sh -c "ls /sys/fs/bpf/mayfly/eth0 | grep -c '_mf_.*_$number\$'"; }
before=$(pinned)
on client rm -r /sys/fs/bpf/mayfly
pinned_again() { [ "$(pinned)" = "$before" ]; }
check "pins of $before programs are removed, and back within three seconds" within 3 pinned_again
stop loader-client
equal "qdiscs left" "" "$(on client tc qdisc show dev eth0 clsact)"
equal "pins left" "" "$(on client sh -c "find /sys/fs/bpf/mayfly 2>/dev/null")"
finish
