#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two nodes that serve and connect to each other settle on one session, which outlives a serve that is killed.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_hosts
for host in server client; do
	echo "Connect = yes" >>"$RUN/$host/eth0.conf"
	serve "$host"
done
settled() { session_generations client server 1 && session_generations server client 1; }
reached() { quiet on client ping -c 1 -W 1 "$(stable_of server)"; }
check "they reach each other" within 40 reached
check "by one session" within 20 settled
check "without a word too many" sleep 5
check "it stays so" settled
check "the client visits no introduction any more" within 10 session_introduced_not client
check "nor does the server" within 10 session_introduced_not server
check "there" on client ping -c 5 -i 0.2 -W 1 "$(stable_of server)"
check "and back" on server ping -c 5 -i 0.2 -W 1 "$(stable_of client)"
on client mayflyctl up eth0.conf >"$RUN/up.log" 2>&1
check "up leaves sessions to serve" grep -q "keeps the sessions of this node" "$RUN/up.log"

stop serve-client KILL
check "without its serve" on client ping -c 3 -i 0.2 -W 1 "$(stable_of server)"
serve client
check "and with another" within 20 published client 1
check "one session again" within 30 settled
check "there" on client ping -c 3 -i 0.2 -W 1 "$(stable_of server)"
finish
