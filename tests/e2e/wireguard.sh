#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A WireGuard that is there already (the kernel's, or wireguard-go where it has none) goes beneath `rewrite`, by wg-quick
# and the lines of the README. First without, to see that what is looked for can be found: its address and port on the way,
# by a scan, and by a thief who has the client's keys. Then beneath hops: the tunnel and a transfer in it last, through
# loaders killed as well, and nobody else finds the server.

. "$(dirname "$0")/../lab/lib.sh"

ROTATION=500ms
WG_PORT=51820
HIDDEN=("Carriage = rewrite" "Port = $WG_PORT" "PeerPort = $WG_PORT")
declare -A TUNNEL=([client]=fd77::2 [server]=fd77::1) OTHER=([client]=server [server]=client)

# --- WireGuard -----------------------------------------------------------------------

wg_key() {
	[ -s "$RUN/$1/wg.key" ] || (umask 077 && wg genkey >"$RUN/$1/wg.key")
	wg pubkey <"$RUN/$1/wg.key"
}

# wg_file HOST ENDPOINT [LINE...]: its wg0.conf; ENDPOINT may be empty, the lines are of [Interface].
wg_file() {
	local host=$1 endpoint=$2 peer=${OTHER[$1]}
	shift 2
	wg_key "$host" >/dev/null
	(umask 077 && cat >"$RUN/$host/wg0.conf") <<-END
		[Interface]
		PrivateKey = $(cat "$RUN/$host/wg.key")
		Address = ${TUNNEL[$host]}/64
		ListenPort = $WG_PORT
		$(printf '%s\n' "$@")

		[Peer]
		PublicKey = $(wg_key "$peer")
		AllowedIPs = ${TUNNEL[$peer]}/128
		${endpoint:+Endpoint = [$endpoint]:$WG_PORT}
	END
}

# wg_quick up|down HOST
wg_quick() {
	on "$2" wg-quick "$1" "$RUN/$2/wg0.conf" >"$RUN/wg-quick-$2.log" 2>&1 && return
	cat "$RUN/wg-quick-$2.log"
	say "wg-quick $1 fails on $2"
	exit 1
}

shaken() { [ "$(on "$1" wg show wg0 latest-handshakes | awk '{ print $2 + 0 }')" -gt 0 ]; }

# thief_begins: WireGuard on the stranger, with the client's key.
thief_begins() {
	if ! on stranger ip link add wg0 type wireguard 2>/dev/null; then
		[ -c /dev/net/tun ] || skip "no WireGuard in this kernel, and no /dev/net/tun for wireguard-go"
		start thief stranger env WG_PROCESS_FOREGROUND=1 wireguard-go -f wg0
	fi
	wg_key client >/dev/null
	within 10 on stranger wg set wg0 private-key "$RUN/client/wg.key"
	on stranger ip link set wg0 up
}

# thief_shakes ADDRESS PORT: does the server shake hands there, as it does with whoever has a peer's key?
thief_shakes() {
	local server
	server=$(wg_key server)
	on stranger wg set wg0 peer "$server" remove
	on stranger wg set wg0 peer "$server" endpoint "[$1]:$2" allowed-ips "${TUNNEL[server]}/128" persistent-keepalive 1
	within 3 shaken stranger
}

# --- what is seen --------------------------------------------------------------------

# watch NAME: capture on either link of the router.
watch() {
	start "$1-client" router tcpdump -i client -w "$RUN/$1-client.pcap" -s 100 -B 8192 -U ip6
	start "$1-server" router tcpdump -i server -w "$RUN/$1-server.pcap" -s 100 -B 8192 -U ip6
	within 5 test -s "$RUN/$1-client.pcap" -a -s "$RUN/$1-server.pcap"
}

unwatch() {
	sleep 1.2 # the kernel hands packets to a capture a block at a time
	stop "$1-client" INT
	stop "$1-server" INT
}

# packets FILE FILTER
packets() { tcpdump -nn -r "$RUN/$1.pcap" "$2" 2>/dev/null | wc -l; }

# between: a filter: from one hopping prefix to the other.
between() {
	local client="net ${HOP[client]}/64" server="net ${HOP[server]}/64"
	echo "(src $client and dst $server) or (src $server and dst $client)"
}

# stable FILE: packets that show an address which does not hop, but for what neighbours and multicast say on the link.
stable() { packets "$1" "not ($(between)) and not dst net ff00::/8 and not (icmp6 and (ip6[40] == 135 or ip6[40] == 136))"; }

# constant FILE: of the seconds of the capture, the share, in per cent, in which its most lasting UDP port is seen.
constant() {
	tcpdump -tt -nn -q -r "$RUN/$1.pcap" udp 2>/dev/null |
		sed -nE 's/^([0-9]+)\..*\.([0-9]+) > .*\.([0-9]+): UDP.*/\1 \2\n\1 \3/p' | sort -u |
		awk '!seen[$1]++ { seconds++ }
			++count[$2] > most { most = count[$2] }
			END { print seconds ? int(100 * most / seconds) : "no packets" }'
}

# udp_ports ADDRESS PORTS: what nmap says of them, one a line.
udp_ports() {
	on stranger nmap -6 -n -Pn -sU -p "$2" --max-retries 2 -oG - "$1" | grep -oE '[0-9]+/[a-z|]+/udp' | sort
}

# transfer: the file through the tunnel, slowly.
transfer() {
	start get client curl -sS --max-time 100 --limit-rate 900k -o file "http://[${TUNNEL[server]}]:8000/file"
}

lab_internet
lab_pin client 0
lab_pin server 1
head -c 24000000 /dev/urandom >"$RUN/server/file"

thief_begins

say "# WireGuard as it is"
wg_file server ""
wg_file client "${LINK[server]}::2"
wg_quick up server
equal "a scan tells its port from one where nothing is" "51820/open|filtered/udp 51821/closed/udp" \
	"$(udp_ports "${LINK[server]}::2" 51820,51821 | paste -sd' ')"
check "who has the client's keys can speak to it" thief_shakes "${LINK[server]}::2" "$WG_PORT"
on stranger wg set wg0 peer "$(wg_key server)" remove
wg_quick up client
watch plain
reach client "${TUNNEL[server]}"
quiet on client ping -q -c 50 -i 0.02 "${TUNNEL[server]}"
unwatch plain
compare "packets on the way that show where it is" "$(stable plain-client)" ">=" 100
equal "of the seconds show the same port, %" 100 "$(constant plain-client)"
wg_quick down client
wg_quick down server

say "# the same beneath hops"
both_of "${HIDDEN[@]}"
up client server
wg_file server "" \
	"PostUp = nft 'add table inet hide; add chain inet hide in { type filter hook input priority -1; }; add rule inet hide in iifname eth0 udp dport $WG_PORT reject'" \
	"PostDown = nft delete table inet hide"
wg_file client "${INNER[server]}"
watch hidden
wg_quick up server
wg_quick up client
reach client "${TUNNEL[server]}"
check "handshake" shaken client
equal "MTU of wg0 at both ends: 80 below the link's" "1420 1420" \
	"$(for host in client server; do on "$host" cat /sys/class/net/wg0/mtu; done | paste -sd' ')"
on client ping -q -i 0.02 -c 200 -s 1372 -M do "${TUNNEL[server]}" >"$RUN/ping.log" 2>&1
all_answered "as large as the tunnel takes" ping 200
start web server python3 -m http.server --bind "${TUNNEL[server]}" 8000
listening server 8000
generation=$(shown client generation)
hops=$(shown client hops)
start pings client ping -q -i 0.05 "${TUNNEL[server]}"
transfer
sleep 2
for host in client server; do
	stop "loader-$host" KILL
done
say "  both loaders killed, $(stat -c %s "$RUN/client/file") bytes into the transfer"
sleep 2
for host in client server; do
	loader "$host"
done
check "the transfer is not over yet" running get
check "the transfer ends" await get
stop pings INT
all_answered "meanwhile" pings 60
equal "the file is right" "$(sha256sum <"$RUN/server/file")" "$(sha256sum <"$RUN/client/file")"
equal "the association is the one before" "$generation" "$(shown client generation)"
compare "hops while it went" $(($(shown client hops) - hops)) ">=" 20
equal "WireGuard's endpoints are still the stable addresses" \
	"[${INNER[server]}]:$WG_PORT [${INNER[client]}]:$WG_PORT" \
	"$(for host in client server; do on "$host" wg show wg0 endpoints | cut -f2; done | paste -sd' ')"
unwatch hidden
no_drops client server

say "# what the way saw of it"
for link in client server; do
	compare "$link's link: packets between hopping addresses" "$(packets "hidden-$link" "$(between)")" ">=" 5000
	equal "$link's link: packets that show another address" 0 "$(stable "hidden-$link")"
	compare "$link's link: of the seconds show the same port, %" "$(constant "hidden-$link")" "<=" 25
	python3 "$LAB/wire.py" sum "$RUN/hidden-$link.pcap" "${HOP[$link]}/64" >"$RUN/wire.json"
	compare "$link's addresses" "$(number wire.json addresses)" ">=" 25
	compare "the longest-lived, ms" "$(number wire.json longest_ms)" "<=" 1500
done

say "# what a scan finds of it"
ROTATION=20s
for host in client server; do
	: >"$RUN/$host/eth0.conf"
done
both_of "${HIDDEN[@]}"
for host in server client; do
	on "$host" mayflyctl reload eth0.conf >"$RUN/reload-$host.log" 2>&1 || cat "$RUN/reload-$host.log"
done
reach client "${TUNNEL[server]}"
equal "the port on the server's own address is like one where nothing is" "51820/closed/udp 51821/closed/udp" \
	"$(udp_ports "${LINK[server]}::2" 51820,51821 | paste -sd' ')"
refute "nor does it speak there to who has the client's keys" thief_shakes "${LINK[server]}::2" "$WG_PORT"
on stranger ip route add "${INNER[server]}" via "${LINK[server]}::2"
refute "nor by its stable address, sent to the server itself" thief_shakes "${INNER[server]}" "$WG_PORT"
read -r live port < <(derived server "$(now_ms)" 1 | python3 "$LAB/shown.py" derived | cut -d' ' -f2,3)
say "  live: $live port $port"
refused=$(verdict server drop_source)
refute "nor by the address of the moment" thief_shakes "$live" "$WG_PORT"
refute "nor by address and port of the moment, as they are on the wire" thief_shakes "$live" $((WG_PORT ^ port))
on stranger nmap -6 -n -Pn -sU -p "$WG_PORT" --max-retries 1 -oG "$RUN/nmap-live" "$live" >/dev/null
refute "a scan of its port there has no answer" grep -qE '/(open|closed|unfiltered)/' "$RUN/nmap-live"
compare "live addresses were hit (verdict: not the other end)" $(($(verdict server drop_source) - refused)) ">=" 3
on stranger nmap -6 -n -sn -PE -PU"$WG_PORT" -T5 --max-retries 0 -oG "$RUN/nmap-prefix" "${live%:*}:0/120" >/dev/null
check "256 addresses about it were scanned" grep -q '256 IP addresses (0 hosts up)' "$RUN/nmap-prefix"
check "meanwhile the tunnel lives" quiet on client ping -q -c 5 -i 0.1 -W 1 "${TUNNEL[server]}"

say "# all traffic through the tunnel"
wg_quick down client
sed -i 's,^AllowedIPs.*,AllowedIPs = ::/0,' "$RUN/client/wg0.conf"
wg_quick up client
reach client "${TUNNEL[server]}"
check "wg-quick's rules do not lead the tunnel into itself" quiet on client ping -q -c 20 -i 0.2 -W 1 "${TUNNEL[server]}"
wg_quick down client
wg_quick down server
no_drops client
finish
