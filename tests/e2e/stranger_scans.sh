#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A stranger on the server's link scans with tools that nobody here wrote, the live addresses
# of the moment among its targets, and gets nothing: no echo, error, reset or advertisement.

. "$(dirname "$0")/../lab/lib.sh"

ROTATION=20s
lab_internet
both_up
start capture stranger tcpdump -i eth0 -w "$RUN/scan.pcap" -s 200 -U ip6
start ping client ping -q -i 0.2 "${INNER[server]}"
within 5 test -s "$RUN/scan.pcap"

# Addresses live now (current slot and both neighbours) and as many that never were.
now=$(now_ms)
live=$(derived server $((now - 20000)) 3 | python3 "$LAB/shown.py" derived | cut -d' ' -f2)
dead="$(hopping server 1 2 3 4) $(hopping server 0xdead 0xbeef 0xcafe 0xf00d) $(hopping server 0 0 0 1)"
equal "live addresses to scan" 3 "$(echo "$live" | wc -l)"
printf '%s\n' $live $dead >"$RUN/targets"
say "  targets: $(tr '\n' ' ' <"$RUN/targets")"
mac=$(on server cat /sys/class/net/eth0/address)

say "  nmap"
on stranger nmap -6 -n -Pn -sS -p 22,80,443,1024-1030 --max-retries 1 --host-timeout 20s -iL "$RUN/targets" \
	-oG "$RUN/nmap-syn" >/dev/null
on stranger nmap -6 -n -Pn -sU -p 53,123,51820 --max-retries 1 --host-timeout 20s -iL "$RUN/targets" \
	-oG "$RUN/nmap-udp" >/dev/null
on stranger nmap -6 -n -sn -PE -PS22,443 -PA80 -PU40125 --max-retries 1 -iL "$RUN/targets" -oG "$RUN/nmap-ping" >/dev/null
refute "no port is seen open, closed or unfiltered" grep -qE '/(open|closed|unfiltered)/' "$RUN/nmap-syn" "$RUN/nmap-udp"
refute "no host is seen up" grep -q 'Status: Up' "$RUN/nmap-ping"

say "  scan6, atk6-alive6"
sed 's,$,/128,' "$RUN/targets" >"$RUN/prefixes"
on stranger timeout 20 scan6 -m "$RUN/prefixes" -p all --timeout 1 >"$RUN/scan6" 2>&1
equal "scan6 found" "" "$(cat "$RUN/scan6")"
for target in $live $dead; do
	start "alive6-$target" stranger timeout 15 atk6-alive6 eth0 "$target"
done
for target in $live $dead; do
	await "alive6-$target"
	log_of "alive6-$target"
done >"$RUN/alive6"
equal "atk6-alive6 scanned and found none" 6 "$(grep -c 'found 0 systems alive' "$RUN/alive6")"

say "  by hand, with the server's hardware address, so that no router stands between"
on stranger python3 "$LAB/forge.py" eth0 "$mac" "$STRANGER" $live $dead --kinds echo,udp,tcp,too-big,fragment \
	--tags none,0 >"$RUN/forged"
check "nothing answers: $(sed -n 1p "$RUN/forged")" grep -q 'answered 0' "$RUN/forged"

sleep 0.5
stop capture INT
equal "packets from hopping addresses that the stranger saw" 0 "$(python3 "$LAB/wire.py" sum "$RUN/scan.pcap" \
	"${HOP[server]}/64" | python3 "$LAB/field.py" sending)"
say "  verdicts: dead $(verdict server drop_dead), source $(verdict server drop_source)"
compare "live addresses were hit (verdict: not the other end)" "$(verdict server drop_source)" ">=" 30
stop ping INT
all_answered "meanwhile" ping 50

# The scan itself works: an ordinary address answers it.
on stranger nmap -6 -n -sn -PE -oG - "${LINK[server]}::2" >"$RUN/control"
check "the same scan finds the server's own address" grep -q 'Status: Up' "$RUN/control"
finish
