#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands of docs/OPERATIONS.md, as they stand there: is the prefix routed, firewalls of the host and on the way, an
# upgrade under a session, what keeps inner packets from leaving in the clear when Mayfly is gone.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"
. "$LAB/systemd.sh"

PAGE=$TOP/docs/OPERATIONS.md

# page HOST [NAME]: its commands are run there, until one fails.
page() {
	python3 "$LAB/blocks.py" "$PAGE" "$@" >"$RUN/block.sh" || return
	on "$1" bash -e "$RUN/block.sh" >"$RUN/block.log" 2>&1 || { cat "$RUN/block.log"; return 1; }
}

# probed ADDRESS WORDS: what the page's tcpdump shows when somebody elsewhere pings this.
probed() {
	python3 "$LAB/blocks.py" "$PAGE" server >"$RUN/probe.sh"
	start probe server bash "$RUN/probe.sh"
	within 3 grep -q listening "$RUN/probe.log"
	quiet on client ping -c 2 -i 0.3 -W 1 "$1"
	await probe
	check "$1: $2" grep -q "$2" "$RUN/probe.log"
}

unit() { systemd_on client systemctl show --value -p "$2" "$1@eth0"; }
ready() { [ "$(unit mayfly ActiveState)" = active ]; }
other_than() { [ "$(unit "$1" ActiveState)" = active ] && [ "$(unit "$1" MainPID)" != "$2" ]; }

# in_the_clear: how many packets to inner addresses pass the router while the client pings one.
in_the_clear() {
	start clear router tcpdump -ni client -w "$RUN/clear.pcap" -U "dst net fd00::/8"
	within 5 test -s "$RUN/clear.pcap"
	on client ping -c 3 -i 0.1 -W 1 "$THERE" >"$RUN/clear-ping.log" 2>&1
	sleep 1.2 # the kernel hands packets to a capture a block at a time
	stop clear INT
	tcpdump -nr "$RUN/clear.pcap" 2>/dev/null | wc -l
}

equal "blocks of the page" "client,client,client guard,client upgrade,router way,server,server firewall,server firewall" \
	"$(python3 "$LAB/blocks.py" "$PAGE" --list | sed 's/ $//' | sort | paste -sd,)"
lab_internet
say "# is the prefix routed?"
probed "${HOP[server]}1234" "echo request"
probed "${LINK[server]}::1234" "neighbor solicitation"

say "# the host's firewall"
session_redis
meeting_of server client "$STORE"
meeting_of client server "$STORE"
THERE=$(stable_of server)
loader server
serve server
check "serve publishes" within 60 published server 1
check "the page's firewall" page server firewall:1
systemd_host client
systemd_on client systemctl start --no-block mayfly@eth0
refute "without next header 254 no session begins" within 4 ready
check "what the page says of it" page server firewall:2
check "a session" within 40 ready
check "ping" on client ping -c 2 -i 0.2 -W 1 "$THERE"
start web server python3 -m http.server --bind "$THERE" 8080
listening server 8080
refute "a port that the firewall does not name" quiet on client curl -s -m 1 "http://[$THERE]:8080/"

say "# looking"
check "clock, doctor, show, sessions" page client

say "# an upgrade"
loader_was=$(unit mayfly-loader MainPID) keeper_was=$(unit mayfly MainPID)
start pings client ping -q -i 0.02 -w 16 "$THERE"
sleep 0.5
python3 "$LAB/blocks.py" "$PAGE" client upgrade >"$RUN/client/upgrade.sh"
check "the page's commands" systemd_on client sh -e "$RUN/client/upgrade.sh"
check "another loader" within 20 other_than mayfly-loader "$loader_was"
check "another keeper" within 30 other_than mayfly "$keeper_was"
check "which has taken over what there was" within 5 [ "$(shown client adopted)" = true ]
await pings
all_answered "meanwhile" pings 400

say "# Mayfly gone"
systemd_on client systemctl stop mayfly@eth0 mayfly-loader@eth0
compare "without a guard, packets in the clear" "$(in_the_clear)" ">=" 3
check "the page's guard" page client guard
equal "with it" 0 "$(in_the_clear)"
check "and ping is told at once" grep -qi "unreachable\|no route" "$RUN/clear-ping.log"
check "Mayfly again" systemd_on client systemctl start mayfly@eth0
check "goes before the guard" on client ping -c 2 -i 0.2 -W 1 "$THERE"

say "# a firewall on the way"
on router sysctl -qw net.netfilter.nf_conntrack_max=65536 2>/dev/null
check "the page's rules" page router way
check "traffic passes for three slots" on client ping -q -i 0.05 -w 9 "$THERE"
refute "nothing else does" quiet on client curl -s -m 1 "http://[$STRANGER]:6380/"
equal "flows of the hopping prefix that the router tracks" 0 "$(on router sh -c "grep -c '2001:0db8:0051' /proc/net/nf_conntrack || true")"
check "nothing of systemd is left" systemd_stop client
finish
