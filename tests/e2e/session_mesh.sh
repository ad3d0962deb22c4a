#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two nodes that serve and connect to each other settle on one session, which outlives a serve that is killed. A second serve
# is refused and changes nothing; what up keeps a serve takes over without a word and without a loss.

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

say "# a second serve, with another prefix and another key"
node() { on client mayflyctl show --json | python3 -c "import json, sys; print(json.load(sys.stdin)['node']['prefixes'])"; }
(umask 077 && mayflyctl genkey >"$RUN/client/other")
sed -e "s|^Prefix = .*|Prefix = 2001:db8:77::/64|" -e "s|^Address = .*|Address = fd77::7/128|" \
	-e "s|^PrivateKeyFile = .*|PrivateKeyFile = $RUN/client/other|" "$RUN/client/eth0.conf" >"$RUN/client/other.conf"
before=$(node)
start other client timeout 5 mayflyctl serve other.conf --state "$RUN/client/state"
refute "it is refused" await other
check "and says why" grep -q "another mayflyctl serve keeps the sessions of eth0" "$RUN/other.log"
refute "changes nothing" grep -q "^~" "$RUN/other.log"
equal "the node is where it was" "$before" "$(node)"
check "there" on client ping -c 3 -i 0.2 -W 1 "$(stable_of server)"

say "# up keeps sessions, then a serve"
stop serve-client TERM
check "up" session_up client
check "one session" within 30 settled
start pings client ping -i 0.05 "$(stable_of server)"
ended=$(grep -c "session ended" "$RUN/serve-server.log")
serve client
taken() { grep -q "kept are serve's from here on" "$RUN/serve-client.log"; }
check "the serve takes over" within 5 taken
check "and publishes" within 20 published client 1
sleep 3
stop pings INT
all_answered "meanwhile" pings 41
equal "sessions ended at the other end" "$ended" "$(grep -c "session ended" "$RUN/serve-server.log")"
check "one session still" within 30 settled

stop serve-client KILL
check "without its serve" on client ping -c 3 -i 0.2 -W 1 "$(stable_of server)"
serve client
check "and with another" within 20 published client 1
check "one session again" within 30 settled
check "there" on client ping -c 3 -i 0.2 -W 1 "$(stable_of server)"
finish
