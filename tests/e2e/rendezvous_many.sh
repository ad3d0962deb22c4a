#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A server with many clients, from a directory of key files: published pairwise and in two stages; who is removed finds
# nothing any more, and the next period's introduction stands before it begins.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"

CLIENTS=40
lab_internet
rendezvous_nodes 24 || exit 1
mkdir -p "$RUN/clients"
for ((i = 1; i < CLIENTS; i++)); do
	mayflyctl genkey | mayflyctl pubkey >"$RUN/clients/client-$i.pub"
done
echo "no key" >"$RUN/clients/broken.pub"
key_of client >"$RUN/clients/laptop.pub"

# alone: no peer in the file, all in the directory
alone() { sed -i '/^\[Peer\]/,$d' "$RUN/server/eth0.conf"; }

meeting_of server client "Clients = $RUN/clients" "Period = 60s"
alone
meeting_of client server "Period = 60s"
loader server
serve server
check "published for all" within 60 published server "$CLIENTS"
equal "failing" 0 "$(served server failing)"
check "what is wrong with a file is said" grep -q "broken.pub is left out" "$RUN/serve-server.log"
check "its log, too" within 5 grep -q "published for all of $CLIENTS clients" "$RUN/serve-server.log"
check "the client finds it" meet client --print
equal "in two stages" False "$(number meet.log two_stage)"
check "show tells of it" on server sh -c "mayflyctl show | grep -q 'serving by dht'"
check "doctor, too" on server sh -c "mayflyctl doctor | grep -q 'published for all of $CLIENTS clients'"
stop serve-server

meeting_of server client "Clients = $RUN/clients" "TwoStage = 10" "Period = 12s"
alone
sed -i 's/^Period = .*/Period = 12s/' "$RUN/client/eth0.conf"
serve server
check "two stages: published for all" within 60 published server "$CLIENTS"
check "which it says" grep -q "in two stages" "$RUN/serve-server.log"
check "the client finds it" within 20 meet client --print
equal "in two stages" True "$(number meet.log two_stage)"
equal "prefix" "${HOP[server]}/64" "$(number meet.log prefix)"
say "  $(number meet.log sent) datagrams, $(number meet.log took_ms) ms"

began=$(served server period)
turned() { [ "$(served server period)" != "$began" ]; }
check "the period ends" within 40 turned
check "and the client finds the next" meet client --print
compare "which is no older than the server's" "$(number meet.log period)" ">=" "$(served server period)"

rm "$RUN/clients/laptop.pub"
quiet on server mayflyctl reload eth0.conf
check "one is removed" within 20 published server $((CLIENTS - 1))
lost() { negate meet client --print; }
check "and finds nothing when what was published for it is over" within 60 lost
check "which is: nothing stored" grep -q "nothing stored" "$RUN/meet.err"
check "while the others are published for" published server $((CLIENTS - 1))
finish
