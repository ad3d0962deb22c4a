# SPDX-License-Identifier: GPL-2.0-only
#
# What is measured once: bytes on the wire, rotation of many addresses, memory, time of one program.

# --- bytes over the original packet --------------------------------------------------
# client - router - server of the lab; the router's capture sees the packets as they travel.

BYTES_PAYLOAD=500

# bytes_of NAME TARGET HEADERS: what a datagram of BYTES_PAYLOAD is longer on the wire than with HEADERS bytes of its own.
bytes_of() {
	local port=$((30000 + RANDOM % 10000))
	start echo server "$STORE/pingpong" echo "$port" 60
	within 5 on server sh -c "ss -lun | grep -q :$port"
	start capture router tcpdump -i client -s 96 -c 200 -w "$RUN/bytes.pcap" "ip6 src net ${HOP[client]}/64"
	within 5 grep -q listening "$RUN/capture.log"
	on client "$STORE/pingpong" ask "$2" "$port" "$BYTES_PAYLOAD" 1 >"$RUN/ask.log"
	stop echo
	stop capture
	sample bytes.over "$1" 1 "$(tcpdump -nner "$RUN/bytes.pcap" 2>/dev/null |
		sed -n 's/.* length \([0-9]*\): .*/\1/p' | sort | uniq -c | sort -rn |
		awk -v own=$((BYTES_PAYLOAD + $3)) 'NR == 1 { print $2 - 14 - own }')"
}

part_bytes() {
	local host
	fresh bytes.
	lab_internet
	both_up "Carriage = encap"
	bytes_of encap "${INNER[server]}" 48
	for host in client server; do
		on "$host" mayflyctl down eth0.conf
	done
	both_up "Carriage = rewrite"
	bytes_of rewrite "${INNER[server]}" 48
	for host in client server; do
		on "$host" mayflyctl down eth0.conf
	done
	node_of client "Address = ${INNER[client]}/128, ${INNER4[client]}/32"
	peer_of client server "Address = fd00:5::/64, ${INNER4[server]}/32" "LocalAddress = fd00:c::/64, ${INNER4[client]}/32"
	node_of server "Address = ${INNER[server]}/128, ${INNER4[server]}/32"
	peer_of server client "Address = fd00:c::/64, ${INNER4[client]}/32" "LocalAddress = fd00:5::/64, ${INNER4[server]}/32"
	up client server
	reach client "${INNER[server]}"
	bytes_of encap-whole "${INNER[server]}" 48
	bytes_of encap-ipv4 "::ffff:${INNER4[server]}" 28
}

# --- rotation ------------------------------------------------------------------------

# part_rotation: how long N addresses take, as map entries by the loader's own code and bound to an interface.
part_rotation() {
	local most=16000
	fresh rotation.
	[ -z "$QUICK" ] || most=4000
	lab_host binder
	on binder taskset -c 1 "$STORE/rotation" /sys/fs/bpf 1000 2000 4000 8000 16000 >"$RUN/rotation.tsv" || exit 1
	cat "$RUN/rotation.tsv" >>"$SAMPLES"
	rotation_ip "$most"
}

# rotation_ip COUNT: `ip -batch` adds that many, a thousand a time; the sum up to each thousand is what so many cost.
rotation_ip() {
	local count began sum=0
	on binder ip link add eth0 type veth peer name eth1
	on binder sh -c "ip link set eth0 up; ip link set eth1 up"
	for ((count = 1000; count <= $1; count += 1000)); do
		awk -v first=$((count - 1000)) 'BEGIN { for (i = first; i < first + 1000; i++)
			printf "addr add 2001:db8:7::%x:%x/128 dev eth0 nodad\n", i / 65536 + 1, i % 65536 }' >"$RUN/batch"
		began=$(date +%s%N)
		on binder ip -6 -batch "$RUN/batch" || exit 1
		sum=$((sum + $(date +%s%N) - began))
		sample rotation.ip "$count" 1 "$(awk "BEGIN { print $sum / 1e6 }")"
	done
}

# draw_rotation FILE
draw_rotation() {
	local kind
	for kind in ip map; do
		awk -F '\t' -v kind="rotation.$kind" '$1 == kind { n[$2]++; v[$2, n[$2]] = $4 }
			END { for (c in n) { asort_n = n[c]; s = 0; for (i = 1; i <= asort_n; i++) s += v[c, i]; print c, s / asort_n } }' \
			"$SAMPLES" | sort -n >"$STORE/rotation-$kind.dat"
		[ -s "$STORE/rotation-$kind.dat" ] || return 0
	done
	gnuplot -e "ours='$STORE/rotation-map.dat'; theirs='$STORE/rotation-ip.dat'; out='$1'" \
		"$TOP/tests/bench/rotation.gp"
}

# --- memory --------------------------------------------------------------------------

# What the kernel says an instance's maps take, with one association in it, by capacity.
part_memory() {
	local capacity capacities="1 15000 100000 1000000"
	fresh memory.
	[ "$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -ge 6 ] || capacities="1 15000 100000"
	pair memory
	on memory-a ip -6 route add 2001:db8:b::/64 via 2001:db8:5::b dev eth0
	for capacity in $capacities; do
		node_of memory-a "Capacity = $capacity"
		peer_of memory-a memory-b "Name = peer" "Rotation = 3s"
		up memory-a
		memory_of memory-a "$capacity"
		stop loader-memory-a
	done
}

# memory_of HOST CAPACITY: each map once, from the loader's descriptors.
memory_of() {
	local map bytes
	for map in $(on "$1" ls /sys/fs/bpf/mayfly/eth0 | grep -v '^link_'); do
		bytes=$(on "$1" bpftool -j map show pinned "/sys/fs/bpf/mayfly/eth0/$map" |
			python3 "$LAB/field.py" bytes_memlock)
		sample memory.bytes "$2.$map" 1 "$bytes"
	done
	sample memory.ring "$2" 1 "$(on "$1" bpftool -j map show pinned /sys/fs/bpf/mayfly/eth0/mf_slots |
		python3 "$LAB/field.py" max_entries)"
}

# --- one program ---------------------------------------------------------------------

part_nanoseconds() {
	[ -x "$STORE/nanoseconds" ] || { say "  build/bench/nanoseconds is not there"; return; }
	taskset -c 1 "$STORE/nanoseconds" --json ${QUICK:+--rounds 3} >"$STORE/nanoseconds.json" || exit 1
	taskset -c 1 "$STORE/cipher" --json ${QUICK:+--rounds 3} >"$STORE/cipher.json" || exit 1
}
