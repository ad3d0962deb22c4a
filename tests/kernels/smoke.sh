#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The whole once, small enough for an emulated processor: two hosts, every carriage, a loader
# killed in mid-transfer, and nothing left in the end.

. "$(dirname "$0")/../lab/lib.sh"

ROTATION=1s
lab_internet
for file in 1 2; do
	head -c 2000000 /dev/urandom >"$RUN/server/file$file"
done

# transfer FILE: fetch it from the server by its inner address; the same bytes?
transfer() {
	on client curl -sS --max-time 60 -o "$1" "http://[${INNER[server]}]:8000/$1" &&
		cmp "$RUN/client/$1" "$RUN/server/$1"
}

both_up
start web server python3 -m http.server --bind :: 8000
within 20 on client curl -sS -o /dev/null "http://[${INNER[server]}]:8000/"
say "  NIC: in $(shown client in), out $(shown client out), tc $(shown client tc)"
check "encap: a file over TCP" transfer file1
check "encap: 20 pings, all answered" quiet on client ping -q -c 20 -i 0.05 -W 3 "${INNER[server]}"

start get client curl -sS --max-time 60 --limit-rate 400k -o file2 "http://[${INNER[server]}]:8000/file2"
sleep 1
stop loader-client KILL
stop loader-server KILL
check "both loaders killed: the transfer goes on" await get
check "it is the same file" cmp "$RUN/client/file2" "$RUN/server/file2"
loader client
loader server
equal "the new loader has adopted" true "$(shown client adopted)"
check "and works" quiet on client ping -q -c 3 -W 3 "${INNER[server]}"

for carriage in "Carriage = rewrite" "ZeroChecksum = yes"; do
	both_of "$carriage"
	on server mayflyctl reload eth0.conf >"$RUN/reload.log" 2>&1 || cat "$RUN/reload.log"
	on client mayflyctl reload eth0.conf >"$RUN/reload.log" 2>&1 || cat "$RUN/reload.log"
	check "$carriage: pings" within 10 on client ping -q -c 3 -i 0.2 -W 2 "${INNER[server]}"
	rm -f "$RUN/client/file1"
	check "$carriage: a file over TCP" transfer file1
done

on client mayflyctl down eth0.conf
stop loader-server TERM
stop loader-client TERM
for host in client server; do
	refute "$host: no device is left" quiet on "$host" ip link show mayfly0
	refute "$host: no XDP program is left" on "$host" sh -c "ip link show eth0 | grep -q xdp"
	equal "$host: pins left" "" "$(on "$host" find /sys/fs/bpf -mindepth 2)"
	equal "$host: filters left" "" "$(on "$host" tc filter show dev eth0 ingress)"
done
finish
