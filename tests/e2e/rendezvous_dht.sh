#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two hosts that know each other's public keys and nothing else meet by way of 24 nodes of libtorrent: queries leave from
# lent addresses that are given back, clients come and go, clocks may be a period apart, and nodes may all be gone.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

FAKETIME_LIBRARY=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$FAKETIME_LIBRARY" ] || skip "libfaketime is not installed"

# local_routes HOST: addresses that are lent now.
local_routes() { on "$1" ip -6 route show table local proto 109 | wc -l; }
none_lent() { [ "$(local_routes "$1")" = 0 ]; }

lab_internet
rendezvous_nodes 24 || exit 1
on router nft -f - <<-END
	table ip6 watch {
		chain forward {
			type filter hook forward priority 0;
			ip6 saddr ${LINK[server]}::2 ip6 daddr fd80::/32 counter
			ip6 saddr ${HOP[server]}/64 ip6 daddr fd80::/32 counter
		}
	}
END
# seen N: packets of the Nth counter above
seen() { on router nft list table ip6 watch | grep -o 'packets [0-9]*' | sed -n "$1s/packets //p"; }

meeting_of server client
meeting_of client server
loader server
serve server
check "serve publishes" within 20 published server 1
equal "on so many nodes" 8 "$(served server last_publication_holders)"
check "lent addresses are given back" within 5 none_lent server
equal "packets to nodes from the host's own address" 0 "$(seen 1)"
compare "packets to nodes from its hopping prefix" "$(seen 2)" ">" 10

check "the client finds it" meet client --print
equal "prefix" "${HOP[server]}/64" "$(number meet.log prefix)"
compare "nodes that gave it" "$(number meet.log holders)" ">=" 1
say "  $(number meet.log sent) datagrams, $(number meet.log took_ms) ms"
check "nodes are remembered" grep -q '^\[fd80:' "$RUN/client/state/nodes"
sed -i 's/^Bootstrap = .*/Bootstrap = [fd80:0:0:ff::1]:1/' "$RUN/client/eth0.conf"
check "and suffice without a bootstrap node" meet client --print
echo "no node at all" >"$RUN/client/state/nodes"
refute "a broken file of nodes is no node" meet client --print
check "it is set aside" test -f "$RUN/client/state/nodes.broken"
check "which is said" grep -q "nodes.broken" "$RUN/meet.err"
check "and so is that nobody answers" grep -q "no answer" "$RUN/meet.err"
sed -i 's/^Bootstrap = .*/Bootstrap = [fd80:0:0:1::1]:6881, [fd80:0:0:2::1]:6881/' "$RUN/client/eth0.conf"

for skew in +600s -600s; do
	MEET_ENV="LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME=$skew DONT_FAKE_MONOTONIC=1" \
		check "clock apart by a period ($skew): found" meet client --print
done
equal "nodes that asked back, $(verdict server drop_dead) times, are taken for strangers" "" \
	"$(served server level_why | grep -o '[0-9]* random probe')"

# Clients come and go with a reload, also when the loader has died and come back.
stop loader-server KILL
loader server
lab_host second
SECOND=$(key_of second)
printf '[Peer]\nName = second\nPublicKey = %s\n' "$SECOND" >>"$RUN/server/eth0.conf"
check "reload" quiet on server mayflyctl reload eth0.conf
check "a client more is published for" within 20 published server 2
sed -i '/Name = second/,$d' "$RUN/server/eth0.conf"
sed -i '$d' "$RUN/server/eth0.conf"
check "reload" quiet on server mayflyctl reload eth0.conf
check "it goes again" within 5 published server 1

# A stranger: his key is registered nowhere.
cp "$RUN/client/eth0.conf" "$RUN/client/good.conf"
mv "$RUN/client/key" "$RUN/client/key.good"
key_of client >/dev/null
refute "another key finds nothing" meet client --print
check "and is told what to look at" grep -q "nothing stored for us.*registered" "$RUN/meet.err"
mv "$RUN/client/key.good" "$RUN/client/key"

# The introduction.
loader client
check "meet brings its end up" meet client
equal "associations of the client" 1 "$(shown client associations)"
equal "requests about introductions that the loader refused" 0 "$(served server refused)"
check "meeting again replaces the association" meet client
equal "associations of the client" 1 "$(shown client associations)"
refute "an introduction carries no traffic" quiet on client ping -c 1 -W 1 "$(introduction_of server)"
check "up gets a session by it" session_up client
check "the server's inner address is reached" quiet on client ping -c 3 -i 0.2 -W 1 "$(number meet.log inner)"
compare "by way of the session, packets" "$(shown client in_packets)" ">=" 3

# What doctor says of it, now and when its period is over.
says() { on client mayflyctl doctor | grep -q "$1"; }
check "doctor says what to do after a server's restart" says "restarted has another introduction"
on client sed -i 's/"last_lookup_clock": ""/"last_lookup_clock": "clock apart: found for the next period only"/' /run/mayfly/eth0.meet
check "and of clocks that are apart" says "clock apart: found for the next"
check "which show tells, too" on client sh -c "mayflyctl show | grep -q 'clock apart: found for the next'"
on client sed -i 's/"period": [0-9]*/"period": 1200/' /run/mayfly/eth0.meet
check "and when the period of the introduction is over" says "period of that introduction is over"

# A clock that was ahead has left items that are newer than now.
stop serve-server
cp "$RUN/server/eth0.conf" "$RUN/server/short.conf"
sed -i 's/^\[Node\]/[Node]\nPeriod = 24h/' "$RUN/server/eth0.conf"
SERVE_ENV="LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME=+60s DONT_FAKE_MONOTONIC=1" serve server
check "a server whose clock is ahead publishes" within 20 published server 1
stop serve-server
serve server
check "one whose clock is right is refused at first" within 20 grep -q "cannot publish.*refused" "$RUN/serve-server.log"
check "and overtakes it" within 30 published server 1
stop serve-server
cp "$RUN/server/short.conf" "$RUN/server/eth0.conf"
serve server
within 20 published server 1

# Nobody there.
stop dht-nodes KILL
refute "without the DHT there is no meeting" meet client --print
check "and the reason is said" grep -q "no answer" "$RUN/meet.err"
stop serve-server
check "the status goes with serve" negate on server test -e /run/mayfly/eth0.serve
check "and what was lent" none_lent server
start notify server python3 "$LAB/notify.py" "$RUN/notify.sock"
within 5 test -S "$RUN/notify.sock"
SERVE_ENV="NOTIFY_SOCKET=$RUN/notify.sock" serve server
check "serve says that it cannot publish" within 60 grep -q "cannot publish" "$RUN/serve-server.log"
check "and to systemd that it is ready all the same" within 40 grep -q READY=1 "$RUN/notify.log"
check "it goes on" running serve-server
check "doctor says why" within 3 on server sh -c "mayflyctl doctor | grep -A1 'could not be published' | grep -q Bootstrap"
rendezvous_start 24
check "and publishes when they are back" within 60 published server 1
check "which it says" within 60 grep -q "published again" "$RUN/serve-server.log"
stop loader-server
check "a loader that ends leaves no local route" none_lent server
finish
