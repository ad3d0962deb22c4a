#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A client in the middle of a download goes to another network, and to a third one, behind another interface of the router:
# its session comes along without an introduction, which it could not find from there; nothing but session messages follows
# it before it has been heard in an association of where it is; the connection lives, the file is right. Where it has several
# addresses it stays. By encap it comes back by an introduction. A serve follows its node as well.
#
#	client ---- eth0: 2001:db8:c::/64, then d, f, c and e ---- router

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

# Bytes of UDP: header, seal, shim, then a request or response (docs/PROTOCOL.md 9.1).
REQUEST=$((8 + 24 + 4 + 104)) RESPONSE=$((8 + 24 + 4 + 112))

wire_of() { on client mayflyctl show --json | grep -o '"address": "2001:db8:[cdf]:' | sort -u | tr -d '\n'; }

# go FROM TO: the client, from one network to another.
go() {
	on router ip addr add "2001:db8:$2::1/64" dev client nodad
	on client ip -batch - <<-END
		addr add 2001:db8:$2::2/64 dev eth0 nodad
		route replace default via 2001:db8:$2::1 dev eth0
		addr del 2001:db8:$1::2/64 dev eth0
	END
	on router ip addr del "2001:db8:$1::1/64" dev client
}

# introduced: packets that the server has heard by introductions.
introduced() {
	on server mayflyctl show --json | python3 -c "
import json, re, sys
print(sum(one['in_packets'] for one in json.load(sys.stdin)['associations'] if re.search('@[0-9]+$', one['name'])))"
}

session_served "Prefix = auto"
check "up" session_up client
check "traffic" on client ping -c 3 -i 0.2 -W 1 "$THERE"
check "from the first network" grep -q 'db8:c:' <(wire_of)
# Of equals the kernel names the newest first.
on client ip addr add 2001:db8:e::2/64 dev eth0 nodad
sleep 2
check "an address of another network more is no reason to move" grep -q 'db8:c:' <(wire_of)
on client mayflyctl reload eth0.conf >"$RUN/reload.log" 2>&1
sleep 1
check "nor is a reload" grep -qx '"address": "2001:db8:c:' <(wire_of)
on client ip addr del 2001:db8:e::2/64 dev eth0

head -c 30000000 /dev/urandom >"$RUN/server/file"
start web server python3 -m http.server --bind "$THERE" --directory "$RUN/server" 8080
listening server 8080
start curl client curl -sf --limit-rate 2000k -o "$RUN/got" "http://[$THERE]:8080/file"
sleep 3
on router nft -f - <<-END
	table ip6 alone {
		chain forward {
			type filter hook forward priority 0;
			iifname client ip6 daddr $STRANGER counter drop
		}
	}
END
asked=$(introduced)
compare "it was introduced" "$asked" ">" 0
at=$(date +%s%N)
go c d
check "it comes along" within 10 on client ping -c 1 -W 0.1 "$THERE"
compare "ms until it had" $((($(date +%s%N) - at) / 1000000)) "<" 2000
check "from the second network" grep -q 'db8:d:' <(wire_of)

say "# what the server has not heard where it is does not go there"
on router nft -f - <<-END
	table ip6 hold {
		chain forward {
			type filter hook forward priority 0;
			iifname client ip6 saddr 2001:db8:f::/64 udp length != $REQUEST counter drop
		}
	}
END
start capture router tcpdump -i server -w "$RUN/wire.pcap" -U udp
start pings server ping -i 0.05 "$(stable_of client)"
within 5 test -s "$RUN/wire.pcap"
sleep 0.5
go d f
sleep 2
stop capture INT
on router nft delete table ip6 hold
check "the download goes on" running curl
went() { tcpdump -nr "$RUN/wire.pcap" "dst net 2001:db8:$1::/64" 2>/dev/null; }
equal "bytes of what went to the third network" $((RESPONSE - 8)) \
	"$(went f | sed -n 's/.*length \([0-9]*\)$/\1/p' | sort -u | xargs)"
compare "so many of them" "$(went f | wc -l)" "<=" 4
after=$(tcpdump -nr "$RUN/wire.pcap" 2>/dev/null |
	awk '/> 2001:db8:f:/ { asked = 1 } asked && /> 2001:db8:d:/ { n++ } END { print n + 0 }')
compare "packets to the second one from then on" "$after" ">" 5
check "it comes along" within 10 on client ping -c 1 -W 0.1 "$THERE"
stop pings INT
check "the download ends" await curl
check "and is right" cmp "$RUN/got" "$RUN/server/file"
check "from the third network" grep -q 'db8:f:' <(wire_of)
equal "packets heard by introductions" "$asked" "$(introduced)"
equal "lookups tried" "packets 0" "$(on router nft list table ip6 alone | grep -o 'packets [0-9]*')"
on router nft delete table ip6 alone
check "the prefixes before have been left" within 30 negate grep -q '2001:db8:[cd]:' <(on client mayflyctl show --json)
check "traffic" on client ping -c 3 -i 0.2 -W 1 "$THERE"

say "# by encap it asks by an introduction from there"
carried() { on client mayflyctl sessions --json | grep -q '"carriage":"encap"'; }
for host in client server; do
	sed -i 's/^Interface = .*/&\nCarriage = encap/' "$RUN/$host/eth0.conf"
	on "$host" mayflyctl reload eth0.conf >"$RUN/reload.log" 2>&1
done
check "carried by encap" within 10 carried
head -c 12000000 "$RUN/server/file" >"$RUN/server/short"
start curl client curl -sf --limit-rate 2000k -o "$RUN/got" "http://[$THERE]:8080/short"
sleep 1
go f c
check "it comes along" within 20 on client ping -c 1 -W 0.5 "$THERE"
check "the download ends" await curl
check "and is right" cmp "$RUN/got" "$RUN/server/short"
compare "packets heard by introductions" "$(introduced)" ">" 0

say "# a serve that comes to a node that is up stays where that is"
on client ip addr add 2001:db8:e::2/64 dev eth0 nodad
serve client
introduces() { on client mayflyctl show --json | grep -q '"role": "introduction"'; }
check "it has introductions" within 20 introduces
sleep 2
equal "introductions that the loader refused" 0 "$(served client refused)"
refute "nothing hops in the other network" grep -q '2001:db8:e:' <(on client mayflyctl show --json)

say "# and moves with it"
on router ip addr add 2001:db8:e::1/64 dev client nodad
on client sh -c "ip route replace default via 2001:db8:e::1 dev eth0; ip addr del 2001:db8:c::2/64 dev eth0"
check "serve says so" within 10 grep -q "moves to another prefix" "$RUN/serve-client.log"
hops_in() { on client mayflyctl show --json | grep -q "\"address\": \"2001:db8:$1:"; }
check "it hops there" within 10 hops_in e
check "and in the network before no more" within 20 negate hops_in c
check "its introductions are there" within 10 introduces
equal "introductions that the loader refused" 0 "$(served client refused)"
finish
