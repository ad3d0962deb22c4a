#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# 10,000 hops over 32 associations of one server, 200 ms apart, no two in step: 4 client hosts
# of 8 associations each, a numbered stream over every one of them, none of it lost.

. "$(dirname "$0")/../lab/lib.sh"

HOSTS=4 EACH=8 SECONDS_RUN=64
lab_internet
lab_pin server 1
server_inner() { echo "fd00:5::$1"; }
client_inner() { echo "fd00:c$1::$2"; }
list() { local IFS=,; echo "$*"; }

# one_client N: a host behind a router port of its own.
one_client() {
	local n=$1 name=client$1
	lab_host "$name"
	lab_wire "$name" eth0 router "$name"
	lab_pass router "$name"
	LINK[$name]=2001:db8:c0$n HOP[$name]=2001:db8:c1$n::
	on router ip addr add "${LINK[$name]}::1/64" dev "$name" nodad
	on router ip route add "${HOP[$name]}/64" via "${LINK[$name]}::2"
	lab_address "$name" eth0 "${LINK[$name]}"
	node_of "$name" "Address = $(list $(for i in $(seq $EACH); do client_inner "$n" "$i"; done))"
}

# associate N I
associate() {
	local n=$1 i=$2 name=client$1 key=$RUN/key-$1-$2
	(umask 077 && mayflyctl genpsk >"$key")
	SEED[$name]=$(printf '%016x' $((0xc00 + n * 16 + i)))
	peer_of "$name" server "Name = s$i" "Address = $(server_inner "$i")/128" "KeyFile = $key" \
		"LocalAddress = $(client_inner "$n" "$i")/128"
	peer_of server "$name" "Name = c$n-$i" "Address = $(client_inner "$n" "$i")/128" "KeyFile = $key" \
		"LocalAddress = $(server_inner "$i")/128"
}

node_of server "Address = $(list $(for i in $(seq $EACH); do server_inner "$i"; done))"
for n in $(seq $HOSTS); do
	one_client "$n"
	for i in $(seq $EACH); do
		associate "$n" "$i"
	done
done
up server $(seq -f client%g $HOSTS)
for n in $(seq $HOSTS); do
	for i in $(seq $EACH); do
		within 5 on "client$n" ping -c 1 -W 1 -I "$(client_inner "$n" "$i")" "$(server_inner "$i")" ||
			check "client$n reaches server by association $i" false
	done
done
[ "$FAILED" = 0 ] || finish

hops=$(shown server hops)
for n in $(seq $HOSTS); do
	for i in $(seq $EACH); do
		port=$((6000 + n * 100 + i))
		start "rx-$n-$i" server python3 "$LAB/flow.py" receive "$port" $((SECONDS_RUN + 8))
	done
done
within 10 on server sh -c "[ \$(ss -lun | grep -c :6) -ge $((HOSTS * EACH)) ]"
for n in $(seq $HOSTS); do
	for i in $(seq $EACH); do
		port=$((6000 + n * 100 + i))
		start "tx-$n-$i" "client$n" python3 "$LAB/flow.py" send "$(server_inner "$i")" "$port" 50 \
			"$SECONDS_RUN" --source "$(client_inner "$n" "$i")"
	done
done
sent=0 lost=0 reordered=0
for n in $(seq $HOSTS); do
	for i in $(seq $EACH); do
		await "tx-$n-$i"
		await "rx-$n-$i"
		sent=$((sent + $(python3 "$LAB/field.py" sent <"$RUN/rx-$n-$i.log")))
		lost=$((lost + $(python3 "$LAB/field.py" lost <"$RUN/rx-$n-$i.log")))
		reordered=$((reordered + $(python3 "$LAB/field.py" reordered <"$RUN/rx-$n-$i.log")))
	done
done
hops=$(($(shown server hops) - hops))
compare "hops" "$hops" ">=" 10000
compare "packets sent" "$sent" ">=" $((HOSTS * EACH * SECONDS_RUN * 49))
compare "packets lost$(of_queues)" "$lost" "<=" "$(overflows)"
equal "packets reordered" 0 "$reordered"
no_drops server $(seq -f client%g $HOSTS)
finish
