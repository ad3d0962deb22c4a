#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The units under traffic: either is restarted by hand, as by another version, hangs for several slots, one is killed by
# systemd's watchdog; /run/mayfly is removed; the link goes down and up; the loader finds what it cannot take over. A ping every 10 ms goes on
# through all that leaves the network alone, and none is lost.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"
. "$LAB/systemd.sh"

lab_internet
node_of client
peer_of client server "Carriage = sealed" "KeyFile = /etc/mayfly/key" "Rotation = 500ms"
node_of server
peer_of server client "Carriage = sealed" "KeyFile = /etc/mayfly/key" "Rotation = 500ms"
hop_key
install -m 600 "$RUN/hop.key" "$RUN/client/key"
install -m 600 "$RUN/hop.key" "$RUN/server/key"
systemd_host client
systemd_host server
both() { for host in client server; do systemd_on "$host" "$@" || return; done; }
pid_of() { systemd_on client systemctl show --value -p MainPID "$1@eth0"; }
is_new() { [ "$(pid_of "$1")" != "$2" ] && [ "$(pid_of "$1")" != 0 ]; }

# pinging SECONDS COMMAND...: with a ping every 10 ms for so long, of which none is lost.
pinging() {
	local seconds=$1
	shift
	start ping client ping -q -i 0.01 -c "${seconds}00" -W 2 "${INNER[server]}"
	sleep 0.3
	"$@"
	await ping
	all_answered "meanwhile" ping "${seconds}00"
}

# restarted UNIT: by hand, by both ends' administrators at once; processes are new ones, and ready.
restarted() {
	local before
	before=$(pid_of "$1")
	check "$1@eth0 is restarted at both ends" both systemctl restart "$1@eth0"
	check "its process is another one" is_new "$1" "$before"
}

# hung SIGNAL: sends it to all that Mayfly has running on the client.
hung() { systemd_on client kill "-$1" "$(pid_of mayfly-loader)" "$(pid_of mayfly)"; }

hang() {
	hung STOP
	sleep 2
	hung CONT
}

# watched UNIT: it hangs until the watchdog ends it.
watched() {
	local before
	before=$(pid_of "$1")
	systemd_on client kill -STOP "$before"
	check "the watchdog ends $1@eth0, and it comes back" within 12 is_new "$1" "$before"
}

# What somebody who tried it as root has left.
systemd_on client sh -c "install -d -m 775 -g mayfly /run/mayfly && install -m 600 /dev/null /run/mayfly/eth0.up"
systemd_on server systemctl start --no-block mayfly@eth0
check "both start" both systemctl start mayfly@eth0
reach client "${INNER[server]}"
keeper=$(pid_of mayfly)
say "# restarts"
pinging 4 restarted mayfly-loader
check "taken over" test "$(shown client adopted)" = true
equal "who keeps the session is not touched" "$keeper" "$(pid_of mayfly)"
pinging 4 restarted mayfly
pinging 2 both systemctl reload mayfly@eth0

say "# loader and keeper of the client hang for four slots"
pinging 4 hang

say "# the watchdog of who keeps the session (tests/package/run has the loader's)"
drop=/run/systemd/system/mayfly@.service.d
systemd_on client sh -c "mkdir -p $drop && printf '[Service]\nWatchdogSec=1\nTimeoutAbortSec=1\n' >$drop/soon.conf"
systemd_on client systemctl daemon-reload
check "restart" systemd_on client systemctl restart mayfly@eth0
keeper=$(pid_of mayfly)
sleep 2
equal "twice its time, and it is not ended" "$keeper" "$(pid_of mayfly)"
pinging 7 watched mayfly
systemd_on client rm -r "$drop"
systemd_on client systemctl daemon-reload
check "restart" systemd_on client systemctl restart mayfly@eth0

say "# the runtime directory is removed"
removed() {
	local loader
	loader=$(pid_of mayfly-loader)
	systemd_on client rm -r /run/mayfly
	check "the loader is started anew" within 6 is_new mayfly-loader "$loader"
}
pinging 6 removed
check "who keeps the session tells of it" within 10 systemd_on client sh -c "/run/programs/mayflyctl sessions --json | grep -q '\"state\":\"up\"'"
equal "owner of the socket" mayfly "$(systemd_on client stat -c %U /run/mayfly/eth0.sock)"

say "# the link goes down and up"
on client ip link set eth0 down
sleep 1
on client ip link set eth0 up
lab_address client eth0 "${LINK[client]}"
check "it works again" within 10 on client ping -c 1 -W 1 "${INNER[server]}"
equal "nobody was started anew" "active active" "$(systemd_on client systemctl is-active mayfly-loader@eth0 mayfly@eth0 | paste -sd' ')"

say "# what an earlier version left"
systemd_on client systemctl kill --kill-whom=main --signal=STOP mayfly-loader@eth0
record=$(on client bpftool -j map lookup pinned /sys/fs/bpf/mayfly/eth0/mf_config key 0 0 0 0 |
	python3 -c "import json, sys; print('0xff', *json.load(sys.stdin)['value'][1:])")
on client bpftool map update pinned /sys/fs/bpf/mayfly/eth0/mf_config key 0 0 0 0 value $record
systemd_on client systemctl kill --kill-whom=main --signal=KILL mayfly-loader@eth0
check "is taken down" within 5 on client grep -q "another version) and is taken down" /run/units.log
check "and the node brought up again" within 20 on client ping -c 1 -W 1 "${INNER[server]}"
equal "not taken over" false "$(shown client adopted)"

say "# stop"
check "the client stops" systemd_on client systemctl stop mayfly@eth0
refute "its device has gone" on client ip link show mayfly0
check "the server has been told" within 3 on server grep -q "^client: session ended: closed$" /run/units.log
check "both stop" both systemctl stop mayfly@eth0 mayfly-loader@eth0
for host in client server; do
	equal "pins left on the $host" "" "$(on $host find /sys/fs/bpf -path "*mayfly*")"
done
equal "failed units" "" "$(both systemctl list-units --failed --plain --no-legend)"
[ "$FAILED" = 0 ] || on client cat /run/units.log
check "nothing of systemd is left" systemd_stop client
check "at either end" systemd_stop server
finish
