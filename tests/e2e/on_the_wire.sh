#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What stands on the wire, judged by tshark: UDP checksums right and never zero (zero where
# ZeroChecksum says so), hop limit and class fixed, flow label, addresses and ports of the slot,
# no extension header, nothing of the inner addresses outside the payload; ECN per RFC 6040.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet

# fields FILE NAME...: of every packet within the hopping prefix of the client.
fields() {
	local file=$1 name
	shift
	tshark -r "$file" -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE -Y "ipv6.addr == ${HOP[client]}/64" -T fields -E occurrence=f \
		$(for name in "$@"; do echo "-e $name"; done) 2>/dev/null
}

# traffic: of every kind and of odd lengths.
traffic() {
	local size
	for size in 0 1 7 8 15 63 64 100 511 1000 1001 1300; do
		check "ping of $size bytes" quiet on client ping -c 2 -i 0.02 -W 1 -s "$size" "${INNER[server]}"
	done
	quiet on client ping -c 2 -i 0.02 -W 1 -s 5000 "${INNER[server]}"
	quiet on client ping -c 2 -i 0.02 -W 1 -Q 0x2 "${INNER[server]}"
	stream client server "${INNER[server]}" 5000 300 2 --size 333
	start iperf-server server iperf3 -s -1
	listening server 5201
	quiet on client iperf3 -c "${INNER[server]}" -n 1M
	check "TCP" test $? = 0
}

# look [LINE...]: capture while traffic runs over an association so configured.
look() {
	stop loader-client
	stop loader-server
	both_up "$@"
	start capture router tcpdump -i client -w "$RUN/wire.pcap" -U "net ${HOP[client]}/64"
	within 5 test -s "$RUN/wire.pcap"
	traffic
	sleep 0.2
	stop capture INT
	equal "hop limit" 63,64 "$(fields "$RUN/wire.pcap" ipv6.hlim | sort -nu | paste -sd,)"
	equal "inner addresses in a header" "" "$(fields "$RUN/wire.pcap" ipv6.src ipv6.dst | grep fd00: | head -n 1)"
}

look
equal "encap: checksum status (1 is good)" 1 "$(fields "$RUN/wire.pcap" udp.checksum.status | sort -u | paste -sd,)"
equal "encap: zero checksums" 0 "$(fields "$RUN/wire.pcap" udp.checksum | grep -c 0x0000)"
equal "encap: next header" 17 "$(fields "$RUN/wire.pcap" ipv6.nxt | sort -u | paste -sd,)"
equal "encap: DSCP" 0 "$(fields "$RUN/wire.pcap" ipv6.tclass.dscp | sort -u | paste -sd,)"
equal "encap: ECN (a marked ping keeps its mark)" 0,2 "$(fields "$RUN/wire.pcap" ipv6.tclass.ecn | sort -nu | paste -sd,)"
compare "encap: packets judged" "$(fields "$RUN/wire.pcap" ipv6.nxt | wc -l)" ">=" 1000
pairs=$(fields "$RUN/wire.pcap" ipv6.src ipv6.flow udp.srcport | sort -u | wc -l)
sources=$(fields "$RUN/wire.pcap" ipv6.src | sort -u | wc -l)
equal "encap: one flow label and port for each source address" "$sources" "$pairs"

look "ZeroChecksum = yes"
equal "ZeroChecksum: checksums" 0x0000 "$(fields "$RUN/wire.pcap" udp.checksum | sort -u | paste -sd,)"

# tcp_judged: what tshark says of TCP's checksums, each verdict once. Where the kernel finishes a checksum that the device
# left to it, it writes 0xffff for 0 (skb_checksum_help(), one packet in 65,536): right to receivers, bad (0) to tshark,
# for RFC 1624 knows no such checksum. What the dissectors of tunnels see behind a hopping UDP port is not TCP of ours.
tcp_judged() {
	fields "$RUN/wire.pcap" ipv6.nxt tcp.checksum.status tcp.checksum tcp.checksum_calculated |
		awk -F '\t' '
			$1 == 6 && $3 == "0xffff" && $4 == "0x0000" { $2 = 1 }
			$1 == 6 { print $2 }' | sort -u | paste -sd,
}

look "Carriage = rewrite"
for protocol in udp icmpv6; do
	equal "rewrite: $protocol checksum status" 1 "$(fields "$RUN/wire.pcap" "$protocol.checksum.status" | grep . | sort -u | paste -sd,)"
done
equal "rewrite: tcp checksum status" 1 "$(tcp_judged)"
equal "rewrite: DSCP" 0 "$(fields "$RUN/wire.pcap" ipv6.tclass.dscp | sort -u | paste -sd,)"
no_drops client server
finish
