# SPDX-License-Identifier: GPL-2.0-only
#
# Many associations between the same two hosts and prefixes, so that only what hops tells them apart; and somebody on the
# way who sees all of them. For scripts that have sourced common.sh.
#
#	client  fd00:c::I  ===== association I =====  fd00:5::I  server            observer: the router's port `client`

# many_of COUNT OWN|ONE LINE...: both configurations; a key for each association, or one for all. The lines are for the peers.
many_of() {
	local count=$1 keys=$2 i key=$RUN/hop.key
	shift 2
	hop_key
	node_of client "Address = fd00:c::ffff/64" "Capacity = $((4 * count))"
	node_of server "Address = fd00:5::ffff/64" "Capacity = $((4 * count))"
	for ((i = 1; i <= count; i++)); do
		if [ "$keys" = OWN ]; then
			key=$RUN/key-$i
			[ -s "$key" ] || (umask 077 && mayflyctl genpsk >"$key")
		fi
		SEED[client]=$(printf '%016x' $((0xc000 + i))) SEED[server]=$(printf '%016x' $((0x5000 + i)))
		peer_of client server "Name = a$i" "Address = $(many_inner 5 "$i")/128" "LocalAddress = $(many_inner c "$i")/128" \
			"KeyFile = $key" "$@"
		peer_of server client "Name = a$i" "Address = $(many_inner c "$i")/128" "LocalAddress = $(many_inner 5 "$i")/128" \
			"KeyFile = $key" "$@"
	done
}
many_inner() { printf 'fd00:%s::%x\n' "$1" "$2"; }

# many_up: whatever stood before goes. The hosts take every address of the inner networks for their own.
many_up() {
	local host
	for host in client server; do
		[ -z "${PID[loader-$host]:-}" ] || { quiet on "$host" mayflyctl down eth0; stop "loader-$host"; }
		loader "$host"
	done
	quiet on client sysctl -w net.ipv6.ip_nonlocal_bind=1
	quiet on server sysctl -w net.ipv6.ip_nonlocal_bind=1
	quiet on client ip -6 route replace local fd00:c::/64 dev lo
	quiet on server ip -6 route replace local fd00:5::/64 dev lo
	start up-server server mayflyctl up eth0.conf --wait 60s
	on client mayflyctl up eth0.conf --wait 60s >"$RUN/up-client.log" 2>&1 || { log_of up-client; exit 1; }
	await up-server || { log_of up-server; exit 1; }
}

# many_watched COUNT SECONDS NAME [OPTION...]: traffic over all of them, as tests/adversary/flows.py makes it. The observer's
# capture in $RUN/NAME.pcap, who was where in $RUN/NAME.truth.
many_watched() {
	local count=$1 seconds=$2 name=$3
	shift 3
	start answerer server python3 "$ATTACKS/flows.py" answer "$count"
	within 10 grep -q ready "$RUN/answerer.log"
	start observer router tcpdump -i client -w "$RUN/$name.pcap" -B 16384 -s 64 -U "ip6 and udp and net ${HOP[client]}/64"
	within 5 test -s "$RUN/$name.pcap"
	start truth client python3 "$ATTACKS/truth.py" "$RUN/$name.truth"
	on client python3 "$ATTACKS/flows.py" ask "$count" "$seconds" "$@" >"$RUN/flows.log"
	say "           $(log_of flows)"
	stop truth
	stop answerer
	sleep 1.2 # the kernel hands packets to a capture a block at a time
	stop observer INT
}
