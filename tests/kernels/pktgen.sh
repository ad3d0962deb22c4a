#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's packet generator against one host:
#
#	sender (pktgen) eth0 ======== eth0 server, hops in 2001:db8:51::/64
#
# With the addresses and ports of the moment every packet is accepted; from another source, to an
# address of a moment ago, or to addresses drawn at random, every one is dropped by its name.

. "$(dirname "$0")/../lab/lib.sh"

ROTATION=30s
LAB_MODE=routed
COUNT=${COUNT:-20000}
HOP[sender]=2001:db8:c1:: INNER[sender]=fd00:c::1 SEED[sender]=00000000000000c1

modprobe -q pktgen || [ -d /proc/net/pktgen ] || skip "this kernel has no pktgen"

lab_host sender
lab_host server
lab_wire sender eth0 server eth0
lab_pass sender eth0
on sender ip addr add 2001:db8:5::1/64 dev eth0 nodad
on server ip addr add 2001:db8:5::2/64 dev eth0 nodad
on server ip -6 route add default via 2001:db8:5::1
within 5 on sender ping -c 1 -W 1 2001:db8:5::2
node_of server
peer_of server sender "Carriage = rewrite"
up server

# end_of HOST SLOT: address and port of its end, SLOT slots from now.
end_of() {
	mayflyctl derive --iid "${SEED[$1]}" --key-file "$RUN/hop.key" --rotation "$ROTATION" \
		--prefix "${HOP[$1]}/64" --at $(($(now_ms) + $2 * 1000 * ${ROTATION%s})) | cut -d ' ' -f 3,4
}

# tell FILE COMMAND...: one line to pktgen, which must like it.
tell() {
	local file=$1
	shift
	on sender sh -c "echo '$*' >/proc/net/pktgen/$file" && return
	say "pktgen refuses: $*"
	exit 1
}

# generate SOURCE SOURCE-PORT FIRST-DESTINATION LAST-DESTINATION PORT: packets a second.
generate() {
	local device=eth0 line
	tell kpktgend_0 rem_device_all
	tell kpktgend_0 add_device $device
	for line in "count $COUNT" "pkt_size 110" "delay 0" "clone_skb 0" "flag UDPCSUM" \
		"dst_mac $(on server cat /sys/class/net/eth0/address)" \
		"src6 $1" "udp_src_min $2" "udp_src_max $2" "udp_dst_min $5" "udp_dst_max $5"; do
		tell $device "$line"
	done
	if [ "$3" = "$4" ]; then
		tell $device "dst6 $3"
	else
		tell $device "dst6_min $3"
		tell $device "dst6_max $4"
	fi
	tell pgctrl start
	on sender cat "/proc/net/pktgen/$device" >"$RUN/pktgen.log"
	sed -n 's/.* \([0-9]*\)pps .*/\1/p' "$RUN/pktgen.log"
}

# drive KEY VERDICT ARGUMENT...: generate, and see that nearly all of it ended so.
drive() {
	local key=$1 name=$2 before after rate
	shift 2
	before=$(verdict server "$name")
	rate=$(generate "$@")
	sleep 0.5
	after=$(verdict server "$name")
	compare "$key: $COUNT sent at ${rate:-?} a second, counted as $name" $((after - before)) ">=" $((COUNT * 98 / 100))
	say "result pps_$key ${rate:-0}"
}

# A slot must not end on the way. Five are kept: the middle three may be heard.
left=$(shown server slot_left_ms)
[ "${left%.*}" -gt 20000 ] || sleep "$(awk "BEGIN { print $left / 1000 + 0.2 }")"
read -r source source_port < <(end_of sender 0)
read -r live port < <(end_of server 0)
read -r _ source_port_old < <(end_of sender -2)
read -r old port_old < <(end_of server -2)

drive accepted in_delivered "$source" "$source_port" "$live" "$live" "$port"
drive refused drop_source "${HOP[sender]}bad" "$source_port" "$live" "$live" "$port"
drive expired drop_expired "${HOP[sender]}bad" "$source_port_old" "$old" "$old" "$port_old"
drive dead drop_dead "$source" "$source_port" "${HOP[server]}" "${HOP[server]}ffff:ffff:ffff:ffff" "$port"
finish
