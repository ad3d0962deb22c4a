# SPDX-License-Identifier: GPL-2.0-only
#
# wireguard-go over a cable as it is, and over the same cable with `rewrite` beneath it.

PACE=100M # of the stream whose CPU is counted: some way below what wireguard-go bears

# tunnel PATH ENDPOINT-OF-A ENDPOINT-OF-B: wireguard-go at both ends, each on the core of its host.
tunnel() {
	local path=$1 end core=0
	[ -c /dev/net/tun ] || skip "no /dev/net/tun for wireguard-go"
	for end in a b; do
		start "wg-$path-$end" "$path-$end" taskset -c $core env WG_PROCESS_FOREGROUND=1 wireguard-go -f wg0
		core=1
		on "$path-$end" sh -c "umask 077; wg genkey >wg.key; wg pubkey <wg.key >wg.pub"
		within 10 on "$path-$end" wg set wg0 listen-port 51820 private-key wg.key
		on "$path-$end" sh -c "ip addr add fd77::$end/64 dev wg0; ip link set wg0 mtu 1420 up"
	done
	on "$path-a" wg set wg0 peer "$(cat "$RUN/$path-b/wg.pub")" allowed-ips fd77::b/128 endpoint "[$3]:51820"
	on "$path-b" wg set wg0 peer "$(cat "$RUN/$path-a/wg.pub")" allowed-ips fd77::a/128 endpoint "[$2]:51820"
	TARGET[$path]=fd77::b
}

path_wireguard() {
	path_plain wireguard
	tunnel wireguard 2001:db8:5::a 2001:db8:5::b
}

path_hidden() {
	path_mayfly hidden "Rotation = 3s" "Carriage = rewrite" "Port = 51820" "PeerPort = 51820"
	tunnel hidden "${INNER[hidden-a]}" "${INNER[hidden-b]}"
}

# spent PATH: CPU time of wireguard-go at both ends so far, in ticks of 10 ms. What the kernel does when it sends, and on
# the far end of a veth when something arrives there, is done by who sends.
spent() {
	awk '{ ticks += $14 + $15 } END { print ticks }' "/proc/${PID[wg-$1-a]}/stat" "/proc/${PID[wg-$1-b]}/stat"
}

# measure_cpu PATH: that, in seconds for each GB sent, at PACE.
measure_cpu() {
	local before
	before=$(spent "$1")
	on "$1-a" taskset -c 0 iperf3 -c "${TARGET[$1]}" -u -b "$PACE" -l 1200 -t "$SECONDS_EACH" -J >"$RUN/iperf.json" || return
	python3 "$LAB/field.py" end.sum.bytes <"$RUN/iperf.json" |
		awk -v ticks=$(($(spent "$1") - before)) '{ print ticks / 100 / ($1 / 1e9) }'
}

part_wireguard() {
	local path
	fresh wireguard.
	for path in wireguard hidden; do
		stand "$path"
	done
	rounds wireguard "$ROUNDS" "tcp udp cpu" wireguard hidden
}
