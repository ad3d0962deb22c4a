# SPDX-License-Identifier: GPL-2.0-only
#
# `sealed` beside `encap`, which is the same without the cipher, and beside the tunnels that one could have instead.

# path_sealed PATH [ROTATION-MS]: with keys as a handshake gives them.
path_sealed() {
	local end sockets=()
	path_mayfly "$1" "Rotation = 3s"
	for end in a b; do
		sockets+=("/proc/${HOST_PID[$1-$end]}/root/run/mayfly/eth0.sock")
	done
	"$STORE/sealedpair" "${sockets[@]}" ${2:-} || exit 1
}

# The same with ThreadedNapi at both ends: sealing and opening need not be done by the sender's core.
path_threaded() {
	local end
	path_sealed "$1"
	for end in a b; do
		sed -i 's/^Interface.*/&\nThreadedNapi = yes/' "$RUN/$1-$end/eth0.conf"
		on "$1-$end" mayflyctl reload eth0.conf >"$RUN/reload-$1.log" 2>&1
		equal "$1-$end receives in threads" 1 "$(on "$1-$end" cat /sys/class/net/eth0/threaded)"
	done
}

# OpenVPN over the same cable, with the same cipher and no compression; each end on the core of its host.
path_openvpn() {
	local path=$1 end core=0 role=--tls-server
	[ -c /dev/net/tun ] || skip "no /dev/net/tun for openvpn"
	path_plain "$path"
	for end in a b; do
		on "$path-$end" sh -c "umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
			-keyout vpn.key -out vpn.crt -subj /CN=$end -days 2 2>/dev/null
			openssl x509 -in vpn.crt -noout -fingerprint -sha256 | cut -d = -f 2 >vpn.print"
	done
	for end in a b; do
		local other=b
		[ $end = a ] || other=a
		start "vpn-$path-$end" "$path-$end" taskset -c $core openvpn --dev tun0 --proto udp6 --port 1194 \
			--remote "2001:db8:5::$other" $role --dh none --cert vpn.crt --key vpn.key \
			--peer-fingerprint "$(cat "$RUN/$path-$other/vpn.print")" --data-ciphers CHACHA20-POLY1305 \
			--ifconfig-ipv6 "fd78::$end/64" "fd78::$other" --tun-mtu 1420 --verb 3
		core=1 role=--tls-client
	done
	TARGET[$path]=fd78::b
}

# measure_large PATH: datagrams of 1300 bytes received a second, by a receiver that collects them.
measure_large() { DATAGRAM=1300 measure_udp "$1" collect; }

# measure_slow PATH, measure_slowest PATH: median and 99 % of round trips at 100 a second, ns.
measure_slow() {
	local port=$((30000 + RANDOM % 10000))
	start echo "$1-b" taskset -c 1 "$STORE/pingpong" echo "$port" "$((SECONDS_EACH + 60))"
	within 5 on "$1-b" sh -c "ss -lun | grep -q :$port"
	on "$1-a" taskset -c 0 "$STORE/pingpong" ask "${TARGET[$1]}" "$port" 64 "$((2 * SECONDS_EACH))" 100 >"$RUN/slow-$1.log"
	stop echo
	cut -d ' ' -f 3 "$RUN/slow-$1.log"
}
measure_slowest() { cut -d ' ' -f 5 "$RUN/slow-$1.log"; }

# busy: time that both cores have worked so far, whoever for, in ticks of 10 ms.
busy() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat; }

# measure_work PATH: that, in seconds for each GB received, of datagrams of 1200 bytes at PACE; iperf3 at both ends is part of it.
measure_work() {
	local before
	before=$(busy)
	on "$1-a" taskset -c 0 iperf3 -c "${TARGET[$1]}" -u -b "$PACE" -l 1200 -t "$SECONDS_EACH" -J >"$RUN/iperf.json" || return
	python3 "$LAB/field.py" end.sum.bytes <"$RUN/iperf.json" |
		awk -v ticks=$(($(busy) - before)) '{ print ticks / 100 / ($1 / 1e9) }'
}

part_sealed() {
	local path paths=(encap sealed wireguard openvpn)
	fresh sealed.
	for path in "${paths[@]}"; do
		stand "$path"
	done
	rounds sealed "$ROUNDS" "tcp udp collect large work" "${paths[@]}"
	rounds sealed "$ROUNDS" "slow slowest" encap sealed
}

# part_flood: what a flood of wrong tags leaves of it, for packets of two sizes.
part_flood() {
	local bytes line figure rate round
	fresh flood.
	for bytes in 64 1300; do
		apart flood.sh --bytes "$bytes" --rounds "$(((ROUNDS + 4) / 5))" --seconds "$SECONDS_EACH"
		while read -r line; do
			rate=${line#rate=} round=${line#*round=}
			for figure in ${line#* round=* }; do
				sample "flood.${figure%%=*}" "$bytes-${rate%% *}" "${round%% *}" "${figure#*=}"
			done
		done < <(grep '^rate=' "$RUN/apart.log")
	done
}
