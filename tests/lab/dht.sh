# SPDX-License-Identifier: GPL-2.0-only
#
# A DHT of other people's nodes in namespaces, for scripts that have sourced lib.sh.
#
#	nodes --- eth0 ------------- eth0 --- seeker
#	fd80:0:0:I::1, 10.80.I.1              fd99::/64 (any address of it), 10.99.0.1
#
# Each node has a /64 and a /24 of its own, as libtorrent likes them. Transmission uses IPv6 only where it finds a
# global address and a way to the world: 2001:db8:d::1, which nothing is sent from.

# dht_hosts
dht_hosts() {
	lab_host nodes
	lab_host seeker
	lab_wire nodes eth0 seeker eth0
	on nodes ip -batch - <<-END
		addr add fd81::1/64 dev eth0 nodad
		addr add 10.81.0.1/24 dev eth0
		route add local fd80::/32 dev lo
		route add local 10.80.0.0/16 dev lo
		route add fd99::/64 via fd81::2 src fd81::1
		route add 10.99.0.0/24 via 10.81.0.2
		addr add 2001:db8:d::1/128 dev eth0 nodad
		route add default via fd81::2
	END
	on seeker ip -batch - <<-END
		addr add fd81::2/64 dev eth0 nodad
		addr add 10.81.0.2/24 dev eth0
		addr add 10.99.0.1/32 dev lo
		route add local fd99::/64 dev lo
		route add fd80::/32 via fd81::1
		route add 10.80.0.0/16 via 10.81.0.1
	END
	on nodes sysctl -qw net.ipv6.ip_nonlocal_bind=1
	on seeker sysctl -qw net.ipv6.ip_nonlocal_bind=1
	within 5 on seeker ping -c 1 -W 1 fd81::1
}

# dht_start COUNT [--also N] [OPTION...]: libtorrent's nodes 1 to COUNT, known to each other when this returns; --also:
# they are told of N nodes of Transmission.
dht_start() {
	local count=$1 listen=() i
	shift
	if [ "${1:-}" = --also ]; then
		for ((i = 1; i <= $2; i++)); do
			set -- "$@" --node "10.80.$((100 + i)).1:6881,[fd80:0:0:$((100 + i))::1]:6881"
		done
		set -- "${@:3}"
	fi
	for ((i = 1; i <= count; i++)); do
		listen+=("10.80.$i.1:6881,[fd80:0:0:$i::1]:6881")
	done
	start dht-nodes nodes /usr/bin/python3 "$LAB/dht_nodes.py" "$@" "${listen[@]}"
	within 40 grep -q READY "$RUN/dht-nodes.log" && return
	cat "$RUN/dht-nodes.log" >&2
	return 1
}

# dht_transmissions COUNT: nodes of Transmission, at 10.80.(100 + I).1 and fd80:0:0:(100 + I)::1. Each begins with the
# first eight of libtorrent.
dht_transmissions() {
	local i home
	for ((i = 1; i <= $1; i++)); do
		home=$RUN/nodes/transmission-$i
		mkdir -p "$home"
		python3 - "$home" "$i" <<-'END'
			import ipaddress, json, sys
			home, number = sys.argv[1], int(sys.argv[2])
			settings = {"bind-address-ipv4": f"10.80.{100 + number}.1",
			            "bind-address-ipv6": f"fd80:0:0:{100 + number}::1", "peer-port": 6881,
			            "port-forwarding-enabled": False, "lpd-enabled": False, "dht-enabled": True,
			            "pex-enabled": True, "utp-enabled": True, "rpc-port": 9100 + number,
			            "rpc-bind-address": "127.0.0.1", "download-dir": home}
			with open(home + "/settings.json", "w") as file:
			    json.dump(settings, file)
			def listed(name, addresses):
			    nodes = b"".join(one.packed + (6881).to_bytes(2, "big") for one in addresses)
			    return b"%d:%s%d:%s" % (len(name), name, len(nodes), nodes)
			four = listed(b"nodes", [ipaddress.IPv4Address(f"10.80.{i}.1") for i in range(1, 9)])
			six = listed(b"nodes6", [ipaddress.IPv6Address(f"fd80:0:0:{i}::1") for i in range(1, 9)])
			with open(home + "/dht.dat", "wb") as file:
			    file.write(b"d2:id20:" + bytes([number * 40] * 20) + four + six + b"e")
		END
		start "transmission-$i" nodes transmission-daemon --foreground --config-dir "$home"
	done
}

# dht_have_met 4|6 COUNT: does every node of Transmission answer a ping of the DHT? Sets MET to how many do.
dht_have_met() {
	MET=$(on seeker python3 - "$1" "$2" <<-'END'
		import socket, sys
		six, met = sys.argv[1] == "6", 0
		for i in range(101, int(sys.argv[2]) + 101):
		    with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as probe:
		        probe.bind(("fd99::1" if six else "10.99.0.1", 0))
		        probe.settimeout(0.3)
		        probe.sendto(b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping2:roi1e1:t2:aa1:y1:qe",
		                     (f"fd80:0:0:{i}::1" if six else f"10.80.{i}.1", 6881))
		        try:
		            met += b"1:y1:r" in probe.recv(1500)
		        except OSError:
		            pass
		print(met)
	END
	)
	[ "$MET" = "$2" ]
}

# dht_seek 4|6 OPTION...: what a client does that knows nodes 1 to 4; an output line an operation.
dht_seek() {
	local family=$1 from=fd99::/64 node=() i
	shift
	for i in 1 2 3 4; do
		[ "$family" = 6 ] && node+=(--node "[fd80:0:0:$i::1]:6881") || node+=(--node "10.80.$i.1:6881")
	done
	[ "$family" = 6 ] || from=10.99.0.1
	on seeker "$BUILD/lab/dhtget" --from "$from" "${node[@]}" "$@"
}

# dht_most KEY FILE LINES: the greatest value of the key in the lines that begin with this.
dht_most() {
	grep "^$3=" "$2" | sed "s/.* $1=\([0-9.-]*\).*/\1/" | sort -n | tail -n 1
}

# dht_share KEY FILE LINES PERCENT: the value that so many per cent of them do not exceed.
dht_share() {
	grep "^$3=" "$2" | sed "s/.* $1=\([0-9.-]*\).*/\1/" | sort -n |
		awk -v share="$4" '{ value[NR] = $1 } END { at = int((NR * share + 99) / 100); print value[at ? at : 1] }'
}
