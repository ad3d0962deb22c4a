#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a router on the way makes of sealed packets: no plain text, bytes that `ent` cannot tell from noise, and nothing that
# nDPI has a name for. The same tools are shown what they do find: `encap` for ent, DTLS for nDPI.

. "$(dirname "$0")/../lab/lib.sh"

TEXT=nothing-to-see-here-

# watch NAME: capture of what crosses the router. unwatch NAME.
watch() {
	start "$1" router tcpdump -i client -w "$RUN/$1.pcap" -B 16384 -U "ip6 proto 17"
	within 5 test -s "$RUN/$1.pcap"
}
unwatch() {
	sleep 1.2 # the kernel hands packets to a capture a block at a time
	stop "$1" INT
}

# payloads NAME: all bytes behind UDP headers, one packet after the other.
payloads() {
	tshark -r "$RUN/$1.pcap" -Y udp -T fields -e udp.payload 2>/dev/null | tr -d '\n' | xxd -r -p >"$RUN/$1.bytes"
}

# ent_of NAME FIELD: 2 bytes, 3 entropy, 4 chi-square, 5 mean, 6 pi, 7 serial correlation.
ent_of() { ent -t "$RUN/$1.bytes" | awk -F , -v field="$2" '$1 == 1 { print $field }'; }

# is NUMBER OPERATOR NUMBER
is() { awk "BEGIN { exit !($1 $2 $3) }"; }

# traffic: pings of one text, a page of it, and a stream, from client to server.
traffic() {
	on client ping -q -i 0.005 -c 400 -s 600 -p "$(printf %s "$TEXT" | head -c 16 | xxd -p)" "${INNER[server]}" >/dev/null
	for _ in 1 2 3; do
		on client curl -s -m 20 -o /dev/null "http://[${INNER[server]}]:8080/page" || return
	done
}

# names_in NAME: the protocols that nDPI sees in the bytes (ports say nothing, -d), but for those that it has no name for.
names_in() {
	ndpiReader -d -i "$RUN/$1.pcap" 2>/dev/null |
		sed -nE 's/^\t([A-Za-z0-9_.-]+) +packets: ([0-9]+) .*/\1/p' | grep -vx 'Unknown'
}

lab_internet
both_up
python3 -c "print('$TEXT' * 5000)" >"$RUN/server/page"
start web server python3 -m http.server --bind "${INNER[server]}" -d "$RUN/server" 8080
listening server 8080

watch encap
check "encap carries traffic" traffic
unwatch encap
payloads encap
check "the text stands in a capture of encap" grep -q "$TEXT" "$RUN/encap.pcap"
check "ent sees that encap is no noise" is "$(ent_of encap 3)" '<' 7.9

check "the association is sealed" "$BUILD/bench/sealedpair" "/proc/${HOST_PID[client]}/root/run/mayfly/eth0.sock" \
	"/proc/${HOST_PID[server]}/root/run/mayfly/eth0.sock" 500
watch sealed
check "sealed carries traffic" traffic
unwatch sealed
payloads sealed
refute "the text stands in a capture of sealed" grep -q "$TEXT" "$RUN/sealed.pcap"
bytes=$(ent_of sealed 2)
check "there is enough to judge ($bytes bytes)" is "$bytes" '>' 500000
check "ent: $(ent_of sealed 3) bits of entropy a byte" is "$(ent_of sealed 3)" '>' 7.999
# 255 degrees of freedom: outside of these limits less than once in ten thousand times.
check "ent: chi-square $(ent_of sealed 4)" is "$(ent_of sealed 4)" '>' 178
check "ent: chi-square is not too large" is "$(ent_of sealed 4)" '<' 348
check "ent: serial correlation $(ent_of sealed 7)" is "sqrt(($(ent_of sealed 7))^2)" '<' "4 / sqrt($bytes)"
equal "nDPI has no name for any of it" "" "$(names_in sealed)"
no_drops client server

on server openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=server -days 2 2>/dev/null
start dtls server openssl s_server -6 -dtls -accept 4433 -key key.pem -cert cert.pem -quiet
listening server 4433 u
watch named
(sleep 2; echo hello; sleep 1) | on client timeout 5 openssl s_client -dtls -connect "[${LINK[server]}::2]:4433" >/dev/null 2>&1
unwatch named
equal "nDPI has a name for DTLS" DTLS "$(names_in named)"
finish
