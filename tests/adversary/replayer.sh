#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody on the way records what the client sends, and sends it again with tcpreplay: as it is, from another prefix, back
# to the client, as noise between the right ends; while its slot is heard, and when that is over. Or he holds it back, and
# sends it changed, or late. How much of it is taken.

. "$(dirname "$0")/common.sh"

PACKETS=60 PORT=5000
ATTACKER=2001:db8:bad:: # a /64 that he can be reached in

# recorded PORT DIRECTION: datagrams of the client, as they pass this port of the router.
recorded() {
	start capture router tcpdump -i "$1" -Q "$2" -w "$RUN/record.pcap" -U "ip6 and dst net ${HOP[server]}/64"
	within 5 test -s "$RUN/record.pcap"
	on client python3 "$LAB/flow.py" send "${INNER[server]}" "$PORT" "$PACKETS" 1
	sleep 1.2 # the kernel hands packets to a capture a block at a time
	stop capture INT
}

# held: likewise, but the originals get no further than the router.
held() {
	on router nft "add table ip6 hold; add chain ip6 hold forward { type filter hook forward priority 0; }
		add rule ip6 hold forward ip6 daddr ${HOP[server]}/64 drop"
	recorded client in
	on router nft delete table ip6 hold
}

# again_by ROW HOST DEVICE KIND [WORD...]: sends it again out of the router's DEVICE; what HOST makes of it.
again_by() {
	local row=$1 host=$2 device=$3
	shift 3
	python3 "$ATTACKS/mutate.py" "$RUN/record.pcap" "$RUN/again.pcap" "$@"
	verdicts "$host"
	on router tcpreplay -q -i "$device" --pps 400 "$RUN/again.pcap" >"$RUN/tcpreplay.log" 2>&1 || { log_of tcpreplay; exit 1; }
	sleep 0.3
	note "$row" sent "$(sed -n 's/^Actual: \([0-9]*\) packets.*/\1/p' "$RUN/tcpreplay.log")"
	note "$row" taken "$(since "$host" in_delivered in_opened)"
	note "$row" ended "$(ended "$host")"
	say "           $row: $(tail -n 3 "$RUN/notes" | cut -f 2- | tr '\t\n' ' ;')"
}

# ended HOST: verdicts since, "name count" each.
ended() {
	on "$1" mayflyctl show --json | python3 -c '
import json, sys
before, now = json.load(open(sys.argv[1]))["verdict"], json.load(sys.stdin)["verdict"]
gained = {name: now[name] - before[name] for name in now if now[name] > before[name] and name not in ("pass_other", "out_sent")}
print(", ".join("%s %d" % pair for pair in sorted(gained.items(), key=lambda pair: -pair[1])) or "none")' "$RUN/verdicts-$1"
}

# attack CARRIAGE
attack() {
	local to_server=(--from "$(mac_of router server)" --to "$(mac_of server)")
	doing "$1: recorded, and sent again"
	recorded server out
	again_by "$1.same" server server same
	again_by "$1.elsewhere" server server elsewhere --prefix "$ATTACKER/64"
	again_by "$1.noise" server server noise
	again_by "$1.reflected" client client reflected --from "$(mac_of router client)" --to "$(mac_of client)"
	sleep 19
	again_by "$1.late" server server same
	doing "$1: held back, changed, and let go"
	held
	again_by "$1.changed" server server changed "${to_server[@]}"
	again_by "$1.delayed" server server same "${to_server[@]}"
}

tool tcpreplay
ROTATION=8s
lab_internet
start sink server python3 -c 'import socket
sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sink.bind(("::", int("'$PORT'")))
while True:
    sink.recv(2048)'
both_up
attack encap
again "Carriage = rewrite"
attack rewrite
again
sealed_both 8000
reach client "${INNER[server]}"
attack sealed
written
finish
