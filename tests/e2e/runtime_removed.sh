#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody removes what Mayfly has in /run and in the BPF file system, while it runs and while no loader does: sockets, locks
# and pins are made again within seconds, no packet is lost, there are no two keepers, and doctor names what cannot be mended.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

PINS=/sys/fs/bpf/mayfly
session_served "Listen = /run/mayfly/eth0.page"
check "a session" session_up client
keeper=$(keeper_of client)

# pinging COMMAND...: meanwhile, and a second more, a ping every 20 ms, of which none is lost.
pinging() {
	start pings client ping -i 0.02 "$THERE"
	sleep 0.3
	"$@"
	sleep 1
	stop pings INT
	all_answered "meanwhile" pings 41
}
FILE=eth0.conf
doctor_says() { on client mayflyctl doctor $FILE 2>&1 | grep -q "^FAIL .*$1"; }
page() { on client curl -sf --unix-socket /run/mayfly/eth0.page http://localhost/; }
check "a page" within 5 page

say "# /run/mayfly, at both ends"
removed() {
	kill -STOP "${PID[loader-client]}"
	on client rm -r /run/mayfly
	on server rm -r /run/mayfly
	check "doctor says what is wrong" doctor_says "a mayfly-loader runs on eth0, but its socket cannot be reached"
	FILE=
	check "without a file, too" doctor_says "a mayfly-loader runs on eth0, but its socket cannot be reached"
	FILE=eth0.conf
	kill -CONT "${PID[loader-client]}"
	check "the loader listens again" within 3 on client test -S /run/mayfly/eth0.sock
	check "at both ends" within 3 on server test -S /run/mayfly/eth0.sock
	check "the keeper tells of sessions again" within 5 on client test -S /run/mayfly/eth0.sessions.up
	check "and serve does" within 5 on server test -S /run/mayfly/eth0.sessions.serve
	check "the page is there again" within 5 page
}
pinging removed
equal "the same keeper" "$keeper" "$(keeper_of client)"
check "show" quiet on client mayflyctl show
check "sessions" on client sh -c "mayflyctl sessions --json | grep -q '\"state\":\"up\"'"
check "up finds the keeper" session_up client
check "and begins no second one" grep -q "(process $keeper) reads its configuration again" "$RUN/up-client.log"
check "serve's status is there again" within 3 published server 1
refute "a second serve" on server timeout 5 mayflyctl serve eth0.conf --state "$RUN/server/state" 2>"$RUN/second.log"
check "is refused" grep -q "another mayflyctl serve keeps the sessions of eth0" "$RUN/second.log"
refute "a second loader" on client timeout 5 mayfly-loader --interface eth0 2>"$RUN/second.log"
check "is refused" grep -q "another mayfly-loader listens there" "$RUN/second.log"
check "doctor is content" on client mayflyctl doctor eth0.conf >"$RUN/doctor.log"

say "# a second keeper is faster than the first"
kill -STOP "$keeper"
on client rm /run/mayfly/eth0.up
# With all else in /run read-only, as systemd has it for a service.
start second client unshare --mount sh -c "mount --bind /run/mayfly /run/mayfly && mount -o remount,bind,ro /run &&
	exec mayflyctl up eth0.conf --foreground --state $RUN/client/state"
second_keeps() { [ "$(keeper_of client)" != "$keeper" ]; }
check "it has the lock" within 5 second_keeps
pinging kill -CONT "$keeper"
ended() { ! kill -0 "$keeper" 2>/dev/null; }
check "the first one ends" within 5 ended
stands() { on client mayflyctl sessions --json | grep -q '"state":"up"'; }
check "and leaves the session to the second" within 15 stands
check "traffic" quiet on client ping -c 3 -i 0.2 -W 1 "$THERE"

say "# /run/mayfly, under a service that sees another one read-only"
shut_out() {
	on client rm -r /run/mayfly
	refute "its keeper ends with a failure" await second
	check "and says why" grep -q "the runtime directory is gone for this process" "$RUN/second.log"
	check "another takes the session over" session_up client
}
pinging shut_out
equal "which was not ended at the other end" 0 "$(grep -c "session ended" "$RUN/serve-server.log")"

say "# a number that is not the keeper's"
keeper=$(keeper_of client)
sleep 300 &
bystander=$!
on client sh -c "echo $bystander >/run/mayfly/eth0.up"
on client mayflyctl down eth0 >"$RUN/down.log" 2>&1
check "nobody else is told to end" kill -0 "$bystander"
kill "$bystander"
ended() { [ -z "$(keeper_of client)" ] && ! kill -0 "$keeper" 2>/dev/null; }
check "but the keeper is" ended
check "up again" session_up client

say "# pins, while the loader runs"
number=$(on client cat /sys/class/net/eth0/ifindex)
pins_back() { on client test -e "$PINS/eth0/mf_assoc" -a -e "$PINS/eth0/mf_config" -a -e "$PINS/eth0/link_mf_in_$number"; }
unpinned() {
	on client rm -r "$PINS"
	check "they are back" within 3 pins_back
}
check "pinned" pins_back
pinging unpinned
check "the loader says so" grep -q "somebody removed what is pinned there; pinned again" "$RUN/loader-client.log"
pinging on client rm "$PINS/eth0/link_mf_in_$number" "$PINS/eth0/mf_slots"
check "one by one, too" within 3 on client test -e "$PINS/eth0/mf_slots" -a -e "$PINS/eth0/link_mf_in_$number"
stop loader-client USR2
pinging loader client
equal "the next loader takes over" true "$(shown client adopted)"

say "# a program taken off that cannot be pinned again"
link=$(on client bpftool link show pinned "$PINS/eth0/link_mf_in_$number" | sed -n 's/^\([0-9]*\):.*/\1/p')
on client umount -l /sys/fs/bpf
check "what cannot be made again is said" within 3 grep -q "it cannot be pinned again" "$RUN/loader-client.log"
check "all goes on" quiet on client ping -c 3 -i 0.2 -W 1 "$THERE"
on client bpftool link detach id "$link"
check "doctor fails" within 5 doctor_says "its programs are not attached to eth0"
on client mount -t bpf bpf /sys/fs/bpf
check "pinned and attached again" within 14 pins_back
check "doctor is content" within 5 on client mayflyctl doctor eth0.conf
check "traffic" within 5 on client ping -c 1 -W 1 "$THERE"

say "# pins, while no loader runs"
stop loader-client KILL
left() { on client mayflyctl doctor 2>&1 | grep -q "it takes over what the last one left"; }
check "doctor says what is left" left
on client rm -r "$PINS"
check "the device stays behind" quiet on client ip link show mayfly0
loader client
check "the next loader takes it away" grep -q "its devices are taken away" "$RUN/loader-client.log"
check "and the keeper brings the node up again" within 30 on client ping -c 1 -W 1 "$THERE"
stop loader-client
equal "pins left" "" "$(on client find /sys/fs/bpf -path "*mayfly*")"
finish
