#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# doctor on hosts where something is missing: each finding by name, with the remedy, and the remedy helps.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

lab_internet
both_of
FILE=eth0.conf

# finds WHAT WORDS: among what is wrong or to be looked at.
finds() {
	on client mayflyctl doctor $FILE >"$RUN/doctor" 2>&1
	check "$1: $2" grep -qE "^(warn|FAIL) .*$2" "$RUN/doctor"
}

# content WHAT WORDS: it is fine, or not spoken of.
content() {
	on client mayflyctl doctor $FILE >"$RUN/doctor" 2>&1
	refute "$1: nothing about $2" grep -qE "^(warn|FAIL) .*$2" "$RUN/doctor"
}

# broken WHAT WORDS BREAK MEND: found when broken, not when mended.
broken() {
	on client sh -c "$3" >/dev/null 2>&1
	finds "$1" "$2"
	on client sh -c "$4" >/dev/null 2>&1
	content "$1, mended" "$2"
}

say "# before anything runs"
finds "no loader" "no loader is running"
broken "the interface is not there" "there is no interface eth0" "ip link set eth0 down; ip link set eth0 name else" \
	"ip link set else name eth0; ip link set eth0 up"
broken "the interface is down" "eth0 is down" "ip link set eth0 down" "ip link set eth0 up"
broken "packets are too small" "eth0 carries packets of 1280 bytes only" "ip link set eth0 mtu 1280" "ip link set eth0 mtu 1500"
on client ip -6 addr flush dev eth0 scope global
finds "no way to the peer" "no route to ${HOP[server]}/64 of server"
lab_address client eth0 "${LINK[client]}"
content "no way to the peer, mended" "no route to"
broken "IPv6 is off" "eth0 has no IPv6" "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1" "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0"
lab_address client eth0 "${LINK[client]}" 2>/dev/null
broken "no BPF file system" "/sys/fs/bpf is not mounted" "umount /sys/fs/bpf" "mount -t bpf bpf /sys/fs/bpf"
broken "a port" "eth0 is a port" "ip link add br0 type bridge; ip link set eth0 master br0" "ip link set eth0 nomaster; ip link del br0"
broken "the hopping prefix is the link's" "looks on-link, not routed" "ip addr add ${HOP[client]}9/64 dev eth0" \
	"ip addr del ${HOP[client]}9/64 dev eth0"
broken "there is a route for it" "looks on-link, not routed: there is a route" "ip route add ${HOP[client]}/64 dev eth0" \
	"ip route del ${HOP[client]}/64 dev eth0"
broken "a key is open to others" "hop.key can be read by others" "chmod 644 $RUN/hop.key" "chmod 600 $RUN/hop.key"
broken "it forwards" "eth0 forwards and so ignores router advertisements" \
	"sysctl -qw net.ipv6.conf.eth0.accept_ra=1 net.ipv6.conf.eth0.forwarding=1" "sysctl -qw net.ipv6.conf.eth0.forwarding=0"
lab_pass client eth0
finds "a program of somebody else's" "an XDP program \(id [0-9]+\) is on eth0"
on client ip link set dev eth0 xdpdrv off

broken "a key file that holds none" "holds no such key" "cp $RUN/hop.key spare; echo garbage >$RUN/hop.key" "cat spare >$RUN/hop.key"
broken "MTU below that of IPv6" "68 bytes only.* below 1280 it has no IPv6 at all" "ip link set eth0 mtu 68" "ip link set eth0 mtu 1500"
on client ip link set eth0 mtu 68
content "which is no setting" "eth0 has no IPv6|this kernel"
on client ip link set eth0 mtu 1500
lab_address client eth0 "${LINK[client]}"
cp "$RUN/client/eth0.conf" "$RUN/client/good.conf"
peer_of client other "Address = fd00::77/128" "Prefix = 2001:db8:77::/64" "RemoteSeed = 7777777777777777"
finds "two peers with one key and seed" "found the same key and LocalSeed for the peers server and other"
refute "which up refuses" on client mayflyctl up eth0.conf
mv "$RUN/client/good.conf" "$RUN/client/eth0.conf"

say "# where the page is to be"
listen() { on client sed -i "/^Listen/d; /^Interface/a Listen = $1" eth0.conf; }
listen /nowhere/page.sock
finds "no such directory" "no page: cannot listen at /nowhere/page.sock: No such file or directory"
listen 10.1.2.3:9808
finds "no address of this host" "Listen = 10.1.2.3:9808 is no address of this host"
listen "[${INNER[client]}]:9808 anywhere"
content "the node's own, which comes with it" "Listen"
listen "[::1]:9808"
content "a free port" "no page"
start http client python3 -m http.server --bind ::1 9808
listens() { on client sh -c "ss -Hltn 'sport = 9808' | grep -q ."; }
check "somebody has the port" within 5 listens
finds "a port that somebody has" "no page: cannot listen at \\[::1\\]:9808: Address already in use"
stop http
on client sed -i /^Listen/d eth0.conf

say "# on-link"
sed 's/^\[Node\]/&\nMode = on-link/' "$RUN/client/eth0.conf" >"$RUN/client/on-link.conf"
FILE=on-link.conf
broken "the hopping prefix is not the link's" "${HOP[client]}/64" "true" "ip addr add ${HOP[client]}9/64 dev eth0"
on client ip addr del "${HOP[client]}9/64" dev eth0
FILE=eth0.conf

say "# a password in a file that everybody can read"
broken "Store with a password" "has a password in it, and everybody can read it" \
	"sed -i '/^Interface/a Store = redis://u:secret@localhost' eth0.conf; chmod 644 eth0.conf" "chmod 640 eth0.conf"
on client sed -i '/^Store/d' eth0.conf

say "# a gateway"
cp "$RUN/client/eth0.conf" "$RUN/client/good.conf"
node_of client
peer_of client server "LocalAddress = fd00:77::/64, 10.77.0.0/24"
finds "prefixes behind a host that does not forward" "does not forward IPv6"
finds "nor IPv4" "does not forward IPv4"
on client sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.forwarding=1
content "mended" "does not forward"
on client sysctl -qw net.ipv6.conf.all.forwarding=0 net.ipv4.conf.all.forwarding=0
mv "$RUN/client/good.conf" "$RUN/client/eth0.conf"

say "# a loader, and no node"
loader client
finds "nothing is up" "the node is not up"
up client server
reach client "${INNER[server]}"
content "up" "the node is not up"
on client mayflyctl doctor >"$RUN/doctor" 2>&1
check "without a file: the loader's interface" grep -q "eth0" "$RUN/doctor"

say "# a file that says something else than what runs"
content "as it was brought up" "eth0.conf says"
PREFIX_IS="0,/^Prefix/s|^Prefix = .*|Prefix = "
broken "another prefix" "the node hops in ${HOP[client]}/64, eth0.conf says 2001:db8:c9::/64" \
	"sed -i '${PREFIX_IS}2001:db8:c9::/64|' eth0.conf" "sed -i '$PREFIX_IS${HOP[client]}/64|' eth0.conf"
broken "another rotation" "server is not what eth0.conf says: Rotation" \
	"sed -i 's/^Rotation = .*/Rotation = 300ms/' eth0.conf" "mayflyctl reload eth0.conf"
broken "another device, which takes more than a reload" "not what eth0.conf says: Device" \
	"sed -i '2i Device = hop0' eth0.conf" "sed -i 2d eth0.conf"

say "# another Carriage at the other end"
# apart CARRIAGE: the server's; both come up anew, and say something.
apart() {
	for host in client server; do on "$host" mayflyctl down eth0; done
	both_of
	node_of server
	peer_of server client "Carriage = $1"
	on client mayflyctl up eth0.conf >/dev/null 2>&1
	on server mayflyctl up eth0.conf --no-wait >/dev/null 2>&1
	on client ping -c 1 -W 0.3 "${INNER[server]}" >/dev/null 2>&1
	on server ping -c 1 -W 0.3 "${INNER[client]}" >/dev/null 2>&1
	on server python3 -c "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('${INNER[client]}', 9))" \
		2>/dev/null
}
apart encap
content "the same" Carriage
apart rewrite
finds "rewrite, of which ping is" "not as its Carriage here has them \(drop_not_udp [0-9]+.*never heard: server"
finds "and UDP" "not as its Carriage here has them \(.*drop_port [0-9]+.*never heard: server"
apart sealed
# Who seals has put its introduction there by now, or soon.
seen_by_who_seals() {
	on client ping -c 1 -W 0.3 "${INNER[server]}" >/dev/null 2>&1
	on server mayflyctl doctor | grep -qE "^warn .*not as its Carriage here has them \(drop_control [0-9]+.*never heard: client"
}
check "sealed, where the other is not: seen by who seals" within 10 seen_by_who_seals

say "# a sealed peer that is not there, and pages"
on client mayflyctl down eth0
on server mayflyctl down eth0
node_of client "Listen = 10.1.2.3:9808"
peer_of client server "Carriage = sealed"
on client mayflyctl up eth0.conf --no-wait >"$RUN/up.log" 2>&1
check "up says that nobody reaches its page" grep -q "Listen = 10.1.2.3:9808 is no address of this host" "$RUN/up.log"
finds "asked for" "1 session is asked for, and not there yet|there has been no session with server"
refute "and nobody was heard" grep "every peer" "$RUN/doctor"
finds "the address is not this host's" "Listen = 10.1.2.3:9808 is no address of this host"
on client ip addr add 10.1.2.3/32 dev eth0
answers() { on client mayflyctl doctor eth0.conf | grep -q "^ok .*the page answers at 10.1.2.3:9808"; }
check "it is now" within 5 answers
listen "[::1]:9809"
finds "another one, which the process does not know" "no page at \\[::1\\]:9809: Connection refused"
start http client python3 -m http.server --bind ::1 9809
else_answers() { on client mayflyctl doctor eth0.conf | grep -q "^FAIL .*somebody else answers at \[::1\]:9809"; }
check "somebody else's" within 5 else_answers
stop http
kill -9 "$(keeper_of client)"
finds "nobody keeps sessions" "nobody keeps sessions, and eth0.conf has 1 peer"

say "# a clock that was never set"
FAKETIME_LIBRARY=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
if [ -n "$FAKETIME_LIBRARY" ]; then
	on server mayflyctl down eth0
	meeting_of server client "Store = unix:$RUN/nobody"
	EPOCH="LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME=-$(date +%s) DONT_FAKE_MONOTONIC=1"
	SERVE_ENV=$EPOCH serve server
	SAYS="the clock of this host says 1970-01-01 00:0"
	check "serve says so" within 20 grep -q "cannot publish (for client: failed): $SAYS" "$RUN/serve-server.log"
	told() { on server mayflyctl show | grep -qF "why: $SAYS"; }
	check "and so does show" within 5 told
	on server mayflyctl doctor eth0.conf >"$RUN/doctor"
	check "and doctor" grep -q "could not be published (the last, for client: failed: $SAYS" "$RUN/doctor"
	on server env $EPOCH mayflyctl doctor eth0.conf >"$RUN/doctor"
	check "which names the clock where it sees it itself" grep -q "^FAIL  $SAYS" "$RUN/doctor"
	on server env $EPOCH mayflyctl meet eth0.conf --print >"$RUN/meet" 2>&1
	check "who looks for somebody is told, too" grep -q "$SAYS" "$RUN/meet"
else
	say "skipped: libfaketime is not installed"
fi
finish
