# SPDX-License-Identifier: GPL-2.0-only
#
# A server to be met and a client that knows its public key, for scripts that have sourced lib.sh; and a DHT of
# libtorrent's nodes somewhere in the internet of the lab:
#
#	nodes --- router          fd80:0:0:I::1, each in a /64 of its own; or, of rendezvous_nodes4, 10.80.I.1

# rendezvous_nodes COUNT [OPTION...]: they know each other when this returns.
rendezvous_nodes() {
	/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || skip "python3-libtorrent is not installed"
	lab_host nodes
	lab_wire nodes eth0 router nodes
	on nodes ip -batch - <<-END
		addr add fd81::2/64 dev eth0 nodad
		route add default via fd81::1 dev eth0
		route add local fd80::/32 dev lo
	END
	on nodes sysctl -qw net.ipv6.ip_nonlocal_bind=1
	on router ip -batch - <<-END
		addr add fd81::1/64 dev nodes nodad
		route add fd80::/32 via fd81::2 dev nodes
	END
	rendezvous_start "$@"
}

# rendezvous_start COUNT [OPTION...]: them alone; again, after `stop dht-nodes`.
rendezvous_start() {
	local count=$1 listen=() i
	shift
	for ((i = 1; i <= count; i++)); do
		listen+=("[fd80:0:0:$i::1]:6881")
	done
	rendezvous_listen "$@" "${listen[@]}"
}

# rendezvous_listen ARGUMENT...: of dht_nodes.py.
rendezvous_listen() {
	start dht-nodes nodes /usr/bin/python3 "$LAB/dht_nodes.py" "$@"
	within 40 grep -q READY "$RUN/dht-nodes.log" && return
	log_of dht-nodes >&2
	return 1
}

# rendezvous_nodes4 COUNT [OPTION...]: over IPv4 alone; client and server can reach them from 10.0.1.2 and 10.0.2.2.
rendezvous_nodes4() {
	/usr/bin/python3 -c 'import libtorrent' 2>/dev/null || skip "python3-libtorrent is not installed"
	lab_host nodes
	lab_wire nodes eth0 router nodes
	on nodes ip -batch - <<-END
		addr add 10.81.0.2/24 dev eth0
		route add default via 10.81.0.1
		route add local 10.80.0.0/16 dev lo
	END
	on router ip -batch - <<-END
		addr add 10.81.0.1/24 dev nodes
		addr add 10.0.1.1/24 dev client
		addr add 10.0.2.1/24 dev server
		route add 10.80.0.0/16 via 10.81.0.2
	END
	rendezvous_link4 client 10.0.1
	rendezvous_link4 server 10.0.2
	local count=$1 listen=() i
	shift
	for ((i = 1; i <= count; i++)); do
		listen+=("10.80.$i.1:6881")
	done
	rendezvous_listen "$@" "${listen[@]}"
}

# rendezvous_link4 HOST NETWORK
rendezvous_link4() {
	on "$1" ip addr add "$2.2/24" dev eth0
	on "$1" ip route add default via "$2.1"
}

# rendezvous_transmission I: a node of Transmission at fd80:0:0:I::1, which begins with libtorrent's first eight. It uses
# IPv6 only where it finds a global address. `rendezvous_nodes COUNT --node [fd80:0:0:I::1]:6881` tells the others of it.
rendezvous_transmission() {
	local home=$RUN/nodes/transmission
	on nodes ip addr add 2001:db8:d::1/128 dev eth0 nodad
	mkdir -p "$home"
	python3 - "$home" "$1" <<-'END'
		import ipaddress, json, sys
		home, number = sys.argv[1], sys.argv[2]
		settings = {"bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": f"fd80:0:0:{number}::1", "peer-port": 6881,
		            "port-forwarding-enabled": False, "lpd-enabled": False, "dht-enabled": True, "pex-enabled": True,
		            "utp-enabled": True, "rpc-port": 9101, "rpc-bind-address": "127.0.0.1", "download-dir": home}
		with open(home + "/settings.json", "w") as file:
		    json.dump(settings, file)
		nodes = b"".join(ipaddress.IPv6Address(f"fd80:0:0:{i}::1").packed + (6881).to_bytes(2, "big") for i in range(1, 9))
		with open(home + "/dht.dat", "wb") as file:
		    file.write(b"d2:id20:" + bytes(range(100, 120)) + b"6:nodes6%d:" % len(nodes) + nodes + b"e")
	END
	start transmission nodes transmission-daemon --foreground --config-dir "$home"
}

# rendezvous_has_met I: the node at fd80:0:0:I::1 answers a ping of the DHT.
rendezvous_has_met() {
	on nodes python3 - "fd80:0:0:$1::1" <<-'END'
		import socket, sys
		with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
		    probe.bind(("fd81::2", 0))
		    probe.settimeout(0.3)
		    probe.sendto(b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping2:roi1e1:t2:aa1:y1:qe", (sys.argv[1], 6881))
		    sys.exit(b"1:y1:r" not in probe.recv(1500))
	END
}

# key_of HOST: makes its key pair; prints the public key.
key_of() {
	[ -s "$RUN/$1/key" ] || (umask 077 && mayflyctl genkey >"$RUN/$1/key")
	mayflyctl pubkey <"$RUN/$1/key"
}

# meeting_of HOST PEER [LINE...]: HOST's configuration, which knows of PEER no more than the public key.
# FAMILY=ipv4: by way of rendezvous_nodes4.
meeting_of() {
	local host=$1 peer=$2 family=${FAMILY:-ipv6}
	local bootstrap="[fd80:0:0:1::1]:6881, [fd80:0:0:2::1]:6881, [fd80:0:0:3::1]:6881"
	shift 2
	[ "$family" = ipv6 ] || bootstrap="10.80.1.1:6881, 10.80.2.1:6881, 10.80.3.1:6881"
	key_of "$host" >/dev/null
	node_of "$host" "PrivateKeyFile = $RUN/$host/key" "DhtFamily = $family" "PrivateNetwork = yes" \
		"Bootstrap = $bootstrap" "$@"
	printf '[Peer]\nName = %s\nPublicKey = %s\n' "$peer" "$(key_of "$peer")" >>"$RUN/$host/eth0.conf"
}

# serve HOST [OPTION...]: in the background, until its status says something. SERVE_ENV goes before it.
serve() {
	local host=$1
	shift
	start "serve-$host" "$host" env ${SERVE_ENV:-} mayflyctl serve eth0.conf --state "$RUN/$host/state" "$@"
}

# served HOST FIELD: of the status that serve writes.
served() { on "$1" cat /run/mayfly/eth0.serve | python3 "$LAB/field.py" "$2"; }

# published HOST N: the items of the current period of N clients stand.
published() { [ "$(served "$1" published_current 2>/dev/null)" = "$2" ]; }

# meet HOST [OPTION...]: JSON in $RUN/meet.log. MEET_ENV goes before it.
meet() {
	local host=$1
	shift
	on "$host" env ${MEET_ENV:-} mayflyctl meet eth0.conf --json --state "$RUN/$host/state" "$@" \
		>"$RUN/meet.log" 2>"$RUN/meet.err"
}
