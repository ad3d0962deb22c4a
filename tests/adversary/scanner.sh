#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody on the server's link scans with tools that nobody here wrote: addresses that live at that very moment are among
# the targets of each. How many probes are answered, and with how many bytes; the same tools against an ordinary host.
# Then addresses at random, in a prefix that leaves so few bits to hop that some must hit: as often as theory says?

. "$(dirname "$0")/common.sh"

SPRAYED=2500000 SWEPT_BITS=16
[ -z "$QUICK" ] || SPRAYED=400000

# scan ROW WORDS PREFIX COMMAND...: what it sent to the prefix, and what came of it.
scan() {
	local row=$1 words=$2 prefix=$3
	shift 3
	doing "$words"
	start capture stranger tcpdump -i eth0 -w "$RUN/scan.pcap" -B 16384 -s 128 -U ip6
	within 5 test -s "$RUN/scan.pcap"
	verdicts server
	on stranger timeout 60 "$@" >"$RUN/$row.log" 2>&1 </dev/null
	sleep 1
	stop capture INT
	python3 "$ATTACKS/answers.py" "$RUN/scan.pcap" --own "$(mac_of stranger)" --victim "$(mac_of server)" \
		--tried "$prefix" >"$RUN/scan.json"
	note "$row" words "$words"
	for field in probes answers answer_bytes; do
		note "$row" "$field" "$(number scan.json "$field")"
	done
	note "$row" live "$(since server drop_source drop_port drop_not_udp drop_icmp)"
	say "           $(cat "$RUN/scan.json"), at a live address: $(tail -n 1 "$RUN/notes" | cut -f 3)"
}

# tools SUFFIX PREFIX FILE FIRST WORDS: all of them at the addresses in FILE, of which FIRST is one.
tools() {
	local suffix=$1 prefix=$2 file=$3 first=$4 of=$5
	scan "nmap_syn_$suffix" "nmap -sS, $of" "$prefix" nmap -6 -n -Pn -sS -p 22,80,443,1024-1030 --max-retries 1 -iL "$file"
	scan "nmap_udp_$suffix" "nmap -sU, $of" "$prefix" nmap -6 -n -Pn -sU -p 53,123,51820 --max-retries 1 -iL "$file"
	scan "nmap_ping_$suffix" "nmap -sn -PE -PS -PA -PU, $of" "$prefix" \
		nmap -6 -n -sn -PE -PS22,443 -PA80 -PU40125 --max-retries 1 -iL "$file"
	sed 's,$,/128,' "$file" >"$RUN/prefixes"
	scan "scan6_$suffix" "scan6 -p all, $of" "$prefix" scan6 -m "$RUN/prefixes" -p all --timeout 1
	scan "alive6_$suffix" "atk6-alive6, $of" "$prefix" timeout 12 atk6-alive6 eth0 "$first"
	scan "implementation6_$suffix" "atk6-implementation6, $of" "$prefix" timeout 12 atk6-implementation6 eth0 "$first"
	scan "randicmp6_$suffix" "atk6-randicmp6, $of" "$prefix" timeout 6 atk6-randicmp6 eth0 "$first"
}

# spray_to PREFIX: UDP to addresses of it at random, as trafgen has it, straight to the server's own link-layer address.
spray_to() {
	cat <<-END
		{
			$(mac_bytes server), $(mac_bytes stranger), 0x86, 0xdd,
			0x60, 0, 0, 0, c16(12), 17, 64, $(hexed "$STRANGER"),
			$(hexed "$1" | cut -d, -f1-14), drnd(2),
			c16(40000), drnd(2), c16(12), c16(0), "mayf"
		}
	END
}
mac_bytes() { mac_of "$1" | sed 's/^/0x/; s/:/, 0x/g'; }

for name in nmap scan6 atk6-alive6 trafgen; do
	tool "$name"
done
ROTATION=2m # what lives when the tools begin lives until they have ended
lab_internet
both_up
start ping client ping -q -i 0.2 "${INNER[server]}"

live=$(derived server "$(now_ms)" 1 | python3 "$LAB/shown.py" derived | cut -d' ' -f2)
printf '%s\n' "$live" "$(hopping server 1 2 3 4)" "$(hopping server 0xdead 0xbeef 0xcafe 0xf00d)" >"$RUN/targets"
tools live "${HOP[server]}/64" "$RUN/targets" "$live" "one live address, two dead ones"
stop ping INT
echo "${LINK[client]}::2" >"$RUN/ordinary" # likewise behind the router
tools plain "${LINK[client]}::2/128" "$RUN/ordinary" "${LINK[client]}::2" "an ordinary address"

doing "a prefix of $SWEPT_BITS bits to hop in: $SPRAYED addresses at random"
ROTATION=3s
small=2001:db8:51::
stop loader-client
stop loader-server
node_of client
peer_of client server "Prefix = $small/$((128 - SWEPT_BITS))"
node_of server "Prefix = $small/$((128 - SWEPT_BITS))"
peer_of server client
up client server
reach client "${INNER[server]}"
spray_to "$small" >"$RUN/spray.cfg"
verdicts server
spray spray stranger "$RUN/spray.cfg" "$SPRAYED" 250000
await spray || { log_of spray; exit 1; }
sleep 0.5
heard=$(since server drop_source drop_port drop_not_udp)
arrived=$((heard + $(since server drop_dead drop_expired drop_early drop_late)))
note spray sent "$SPRAYED"
note spray arrived "$arrived"
note spray hits "$heard"
note spray beside "$(since server drop_expired drop_early)"
note spray accepted "$(since server in_delivered in_opened)"
note spray hop_bits "$SWEPT_BITS"
say "           $(since server drop_dead) dead, $heard live and refused"

# swept PREFIX: what scan6 found there, beside what was answered.
swept() {
	scan "$1" "$2" "$3" scan6 -i eth0 -d "$4" -p echo -r 20000pps
	note "$1" found "$(grep -c : "$RUN/$1.log")"
}
range=$((128 - SWEPT_BITS))
[ -z "$QUICK" ] || range=119
swept sweep "scan6, all of 2001:db8:51::/$range, where the server hops in $SWEPT_BITS bits" "$small/112" "$small/$range"
swept sweep_plain "scan6, a /120 with a router and a host" "${LINK[client]}::/64" "${LINK[client]}::/120"
written
finish
