#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The units of dist/systemd under a systemd: mayfly@ is ready when its session carries traffic and not before, comes back when
# its process dies, and whichever end is stopped takes leave of the other.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"
. "$LAB/systemd.sh"
. "$LAB/page.sh"

lab_internet
session_redis
meeting_of server client "$STORE" "Listen = [::1]:9808"
meeting_of client server "$STORE" "Listen = [::1]:9808"
THERE=$(stable_of server)
systemd_host client
systemd_host server
unit() { systemd_on client systemctl show --value -p "$1" mayfly@eth0; }
is() { [ "$(unit "$1")" = "$2" ]; }

systemd_on client systemctl start mayfly@eth0 &
PID[unit]=$!
check "it begins" within 10 is ActiveState activating
check "with its loader" within 10 systemd_on client systemctl is-active mayfly-loader@eth0
sleep 3
equal "without a session it is not ready" activating "$(unit ActiveState)"
check "the server starts" systemd_on server systemctl start mayfly-serve@eth0
check "and is ready when an introduction stands" within 5 published server 1
tells() { [ "$(systemd_on server systemctl show --value -p StatusText mayfly-serve@eth0)" = "published for 1 of 1 clients" ]; }
check "which its status says" within 5 tells
check "systemctl start returns" await unit
check "and there is traffic at once" on client ping -c 1 -W 1 "$THERE"
equal "its state" active "$(unit ActiveState)"
check "its status" within 5 is StatusText "1 of 1 sessions stand"
check "its log says where the peer is" on client grep -q "^server: session stands in .* reach it at $THERE" /run/units.log
for host in client server; do
	check "the page of the $host" within 5 page_says "$host" / '<span class="badge up">up</span>'
	page=$(on "$host" sh -c 'for one in /proc/[0-9]*; do grep -qx mayfly-page $one/comm 2>/dev/null && echo ${one#/proc/}; done' |
		while read -r one; do
			[ "$(readlink "/proc/$one/ns/net")" = "$(readlink "/proc/${HOST_PID[$host]}/ns/net")" ] && echo "$one"
		done)
	equal "is confined within its unit" "2 0000000000000000" \
		"$(awk '/^CapEff:/ { caps = $2 } /^Seccomp:/ { seccomp = $2 } END { print seccomp, caps }' "/proc/$page/status")"
done
check "reload" systemd_on client systemctl reload mayfly@eth0

say "# its process is killed"
keeper=$(unit MainPID)
systemd_on client systemctl kill --kill-whom=main --signal=KILL mayfly@eth0
check "traffic goes on" on client ping -c 3 -i 0.2 -W 1 "$THERE"
comes_back() { is ActiveState active && ! is MainPID "$keeper"; }
check "it comes back" within 30 comes_back
check "traffic" on client ping -c 3 -i 0.2 -W 1 "$THERE"

say "# stop"
check "the server stops" systemd_on server systemctl stop mayfly-serve@eth0
check "the client has been told" within 3 on client grep -q "^server: session ended: closed$" /run/units.log
refute "the server's device has gone" on server ip link show mayfly0
check "the server starts again" systemd_on server systemctl start mayfly-serve@eth0
check "and is found" within 60 on client ping -c 1 -W 1 "$THERE"
check "the client stops" systemd_on client systemctl stop mayfly@eth0
check "the server has been told" within 3 on server sh -c "tail -n 1 /run/units.log | grep -q '^client: session ended: closed$'"
refute "the client's device has gone" on client ip link show mayfly0
check "its loader stays" systemd_on client systemctl is-active mayfly-loader@eth0
[ "$FAILED" = 0 ] || on client cat /run/units.log
[ "$FAILED" = 0 ] || on server cat /run/units.log
check "nothing of systemd is left" systemd_stop client
check "at either end" systemd_stop server
finish
