#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The host's own addresses, services and firewall work while Mayfly is attached as they did before.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
OWN=${HOP[server]}80 # an address of the host's own within its hopping prefix
on server sh -c "head -c 3000000 /dev/urandom >file"
sum=$(sha256sum <"$RUN/server/file")
on server ip addr add "$OWN/128" dev eth0 nodad
start http server python3 -m http.server --bind :: 80
listening server 80
on server nft -f - <<-END
	table ip6 own {
		chain input {
			type filter hook input priority 0; policy accept;
			ip6 saddr $STRANGER tcp dport 80 counter drop
		}
	}
END

# ordinary WHEN: everything that worked, and what the firewall refused.
ordinary() {
	check "$1: ping of the server's own address" quiet on client ping -c 3 -i 0.05 -W 1 "${LINK[server]}::2"
	check "$1: large ping, in fragments" quiet on client ping -c 2 -i 0.05 -W 1 -s 4000 "${LINK[server]}::2"
	equal "$1: a file over HTTP" "$sum" "$(on client curl -s "http://[${LINK[server]}::2]/file" | sha256sum)"
	refute "$1: the firewall refuses the stranger" \
		quiet on stranger curl -s -m 1 "http://[${LINK[server]}::2]/"
	check "$1: the host's own address within the hopping prefix" quiet on client ping -c 2 -i 0.05 -W 1 "$OWN"
	check "$1: the stranger's ping" quiet on stranger ping -c 1 -W 1 "${LINK[server]}::2"
	check "$1: the server's own requests" quiet on server ping -c 2 -i 0.05 -W 1 "${LINK[client]}::2"
	check "$1: link-local" quiet on server ping -c 1 -W 1 "fe80::1%eth0"
}

on router ip addr add fe80::1/64 dev server nodad
ordinary "before"
both_up
ordinary "attached"
within 5 quiet on client ping -c 3 -i 0.05 -W 1 "${INNER[server]}"
check "the inner address serves the same file" test "$sum" = \
	"$(on client curl -s "http://[${INNER[server]}]/file" | sha256sum)"
on server ip -6 neigh flush dev eth0
on server ip addr add "${HOP[server]}81/128" dev eth0 nodad
check "one that is added now" within 3 on client ping -c 1 -W 1 "${HOP[server]}81"
on server ip addr del "${HOP[server]}81/128" dev eth0
check "is dark again when it goes" within 3 negate on client ping -c 1 -W 1 "${HOP[server]}81"
ordinary "after the neighbours were forgotten"
before=$(shown server in_packets)
on server nft -f - <<-END
	table ip6 more {
		chain input { type filter hook input priority 0; policy accept; iifname mayfly0 tcp dport 80 drop; }
	}
END
refute "the host's firewall sees the traffic on mayfly0" \
	quiet on client curl -s -m 1 "http://[${INNER[server]}]/file"
on server nft delete table ip6 more
on server mayflyctl down eth0.conf
on client mayflyctl down eth0.conf
ordinary "after"
finish
