#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `make demo`: a server and two clients that know each other's public key and nothing else meet by way of a DHT of other
# people's nodes, agree on sessions, and talk by unmodified programs while their addresses hop; one client goes to another
# network in the middle of a download. Captures on the router's links and a stranger's scan tell whether it is true; the exit
# status says it too.

. "$(dirname "$0")/lab/lib.sh"
. "$LAB/rendezvous.sh"

NODES=24
TRANSMISSION=65 # its number among the nodes
RUN_SECONDS=27
ROAM_AT_MIB=8 # of its download
LENT_MOST_MS=10000
FILE_MIB=52
FILM_KIB=2500 # a second
if [ -t 1 ]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' RED=$'\e[31m' CYAN=$'\e[36m' PLAIN=$'\e[0m'
else
	BOLD='' DIM='' GREEN='' RED='' CYAN='' PLAIN=''
fi

chapter() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
tell() { printf '  %s\n' "$*"; }
typed() { printf '  %s%s#%s %s\n' "$CYAN" "$1" "$PLAIN" "$2"; }

# shell HOST COMMAND: show it, run it as typed.
shell() {
	typed "$1" "$2"
	on "$1" sh -c "$2" && return
	tell "${RED}that failed$PLAIN"
	cat "$RUN/loader-$1.log" "$RUN/serve.log" 2>/dev/null
	exit 1
}

dim() { sed "s/^/      $DIM/; s/\$/$PLAIN/"; }

# --- the hosts -----------------------------------------------------------------------

make_keys() {
	local host
	for host in client tablet server; do
		shell "$host" "umask 077; mayflyctl genkey >private.key; mayflyctl pubkey <private.key >public.key"
	done
}

# write_file HOST PREFIX PEER...: of a peer it says the name and the public key.
write_file() {
	local host=$1 prefix=$2 peer
	shift 2
	cat >"$RUN/$host/$host.conf" <<-END
		[Node]
		Interface = eth0
		PrivateKeyFile = $RUN/$host/private.key
		Prefix = $prefix
		Bootstrap = [fd80:0:0:1::1]:6881, [fd80:0:0:2::1]:6881, [fd80:0:0:3::1]:6881
		DhtFamily = ipv6
		PrivateNetwork = yes
		Level = calm
	END
	for peer in "$@"; do
		printf '\n[Peer]\nName = %s\nPublicKey = %s\n' "$peer" "$(cat "$RUN/$peer/public.key")" >>"$RUN/$host/$host.conf"
	done
}

# The tablet is in a network where it has no prefix routed to it: it hops in that of the link, and takes what is there.
begin_tablet() {
	lab_host tablet
	lab_wire tablet eth0 router tablet
	lab_pass router tablet
	on router ip addr add 2001:db8:a::1/64 dev tablet nodad
	lab_address tablet eth0 2001:db8:a
}

# roam: it loses this network and gets another one.
roam() {
	tell "${BOLD}     the tablet leaves 2001:db8:a::/64 and comes to 2001:db8:b::/64$PLAIN"
	on router ip addr add 2001:db8:b::1/64 dev tablet nodad
	on tablet ip -batch - <<-END
		addr add 2001:db8:b::2/64 dev eth0 nodad
		route replace default via 2001:db8:b::1 dev eth0
		addr del 2001:db8:a::2/64 dev eth0
	END
	on router ip addr del 2001:db8:a::1/64 dev tablet
	ROAMED_AT=$(mebibytes tablet/short.mkv)
}

begin_host() {
	typed "$1" "mayfly-loader --interface eth0 &"
	loader "$1"
}

# none_lent HOST: no address is lent to a socket.
none_lent() { [ -z "$(on "$1" ip -6 route show table local proto 109)" ]; }

# --- how they meet ---------------------------------------------------------------------

start_nodes() {
	rendezvous_nodes "$NODES" --node "[fd80:0:0:$TRANSMISSION::1]:6881" || exit 1
	tell "$NODES nodes of libtorrent at fd80:0:0:1::1 ... fd80:0:0:$NODES::1 know each other: a small Mainline DHT."
	if command -v transmission-daemon >/dev/null; then
		rendezvous_transmission "$TRANSMISSION"
		JOINED="did not join them in time, which changes nothing"
	else
		JOINED="is not installed, which changes nothing"
	fi
}

# say_transmission: it has had as long as the meeting took.
say_transmission() {
	[ -z "${PID[transmission]:-}" ] || ! within 1 rendezvous_has_met "$TRANSMISSION" ||
		JOINED="was the 25th node; it stores nothing, and did no harm"
	tell "${DIM}transmission-daemon $JOINED$PLAIN"
}

has_published() { [ "$(served server last_publication_outcome 2>/dev/null)" = done ]; }

serve_it() {
	typed server "mayflyctl serve server.conf --state . &"
	start serve server mayflyctl serve server.conf --state .
	if ! within 20 has_published; then
		tell "${RED}nothing is published$PLAIN"
		cat "$RUN/serve.log"
		exit 1
	fi
	grep '^serving' "$RUN/serve.log" | dim
	tell "An introduction (key, prefix, seed; boxed for the client) stands on $(served server last_publication_holders) nodes" \
		"after $(served server last_publication_took_ms) ms."
}

# meet_it HOST: finds the server, and begins a session with it.
meet_it() {
	shell "$1" "mayflyctl up $1.conf --state ."
	own_file "$1" /etc/hosts "$(on "$1" mayflyctl hosts "$1.conf")"
}

# read_session: what both ends now share and nobody has typed, out of their maps for root, so that the captures can be
# judged by it. Sets SEED and ROTATION, writes hop.key; and introductions, by one of which the session was asked for.
read_session() {
	local seeds
	on client bpftool --json map dump pinned /sys/fs/bpf/mayfly/eth0/mf_seed >"$RUN/client.seeds"
	on server bpftool --json map dump pinned /sys/fs/bpf/mayfly/eth0/mf_seed >"$RUN/server.seeds"
	seeds=$(python3 "$LAB/seeds.py" "$RUN/client.seeds" "$RUN/server.seeds" server "$RUN/hop.key")
	rm "$RUN/client.seeds" "$RUN/server.seeds"
	ROTATION_MS=$(shown client rotation_ms)
	ROTATION=${ROTATION_MS}ms
	SEED[client]=${seeds% *} SEED[server]=${seeds#* }
	[ -n "$seeds" ] || { tell "${RED}the ends do not hold the same session$PLAIN"; exit 1; }
}

# note_keys HOST: K and own seed of every association that it has at this moment, for the schedule that its addresses must be of.
# note_keys server also tells of the client, whose end of the introduction is gone as soon as its session stands.
note_keys() {
	on "$1" bpftool --json map dump pinned /sys/fs/bpf/mayfly/eth0/mf_seed >"$RUN/$1.seeds"
	python3 "$LAB/seeds.py" "$RUN/$1.seeds" >>"$RUN/$1.keys"
	[ "$1" != server ] || python3 "$LAB/seeds.py" "$RUN/$1.seeds" client >>"$RUN/client.keys"
	rm "$RUN/$1.seeds"
}

# own_file HOST FILE TEXT: the host's own version of a file in /etc.
own_file() {
	printf '%s\n' "$3" >"$RUN/$1/$(basename "$2")"
	on "$1" mount --bind "$RUN/$1/$(basename "$2")" "$2"
}

start_services() {
	on server sh -c "head -c $((FILE_MIB << 20)) /dev/urandom >film.mkv; head -c $((FILE_MIB << 19)) film.mkv >short.mkv; ssh-keygen -q -t ed25519 -N '' -f host.key"
	on client ssh-keygen -q -t ed25519 -N '' -f id
	own_file server /etc/shadow "$(sed 's/^root:[^:]*/root:*/' /etc/shadow)"
	start sshd server /usr/sbin/sshd -D -e -f /dev/null -p 22 -h "$RUN/server/host.key" -o StrictModes=no \
		-o PermitRootLogin=prohibit-password -o AuthorizedKeysFile="$RUN/client/id.pub" -o UsePAM=no
	start http server python3 -m http.server --bind :: 80
	listening server 22
	listening server 80
}

# --- what runs while the addresses hop -------------------------------------------------

# start_captures: of all that is to and from hopping prefixes on the link of either host (but what the stranger sends), of
# all that reaches the DHT, and of what reaches the stranger.
start_captures() {
	start wire-client router tcpdump -nni client -w "$RUN/client.pcap" -s 80 -U -B 8192 ip6
	start wire-server router tcpdump -nni server -w "$RUN/server.pcap" -s 80 -U -B 8192 \
		"ip6 and (src net ${HOP[server]}/64 or not src host $STRANGER)"
	start wire-tablet router tcpdump -nni tablet -w "$RUN/tablet.pcap" -s 80 -U ip6
	start wire-nodes router tcpdump -nni nodes -w "$RUN/nodes.pcap" -s 80 -U ip6
	start sniff stranger tcpdump -nni eth0 -w "$RUN/stranger.pcap" -s 80 -U ip6
	within 5 test -s "$RUN/client.pcap" -a -s "$RUN/server.pcap" -a -s "$RUN/nodes.pcap" -a -s "$RUN/stranger.pcap"
}

start_traffic() {
	start moment router tcpdump -nnlqi client "src net ${HOP[client]}/64 and dst net ${HOP[server]}/64"
	typed client "ssh server 'while sleep 1; do echo tick \$((++i)); done'"
	start ssh client ssh -i id -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		server "i=0; while sleep 1; do i=\$((i + 1)); echo \"tick \$i\"; done"
	typed client "wget --limit-rate=${FILM_KIB}k http://server/film.mkv" # curl would take 10 MiB at once, then rest
	start film client wget -q --limit-rate="${FILM_KIB}k" http://server/film.mkv
	typed tablet "wget --limit-rate=1200k http://server/short.mkv"
	start short tablet wget -q --limit-rate=1200k http://server/short.mkv
	typed client "ping -i 0.05 server"
	start ping client ping -i 0.05 server
	typed stranger "nmap, scan6 and atk6-alive6 of hopping addresses, guessed ones and live ones"
	start scan stranger bash "$RUN/scan.sh"
}

# The stranger is even told, twice, which addresses are live at that moment.
write_scan() {
	cat >"$RUN/scan.sh" <<-END
		live() { python3 $LAB/wire.py live $RUN/server.pcap ${HOP[server]}/64 --apart $DHT 2>/dev/null | head -n 2; }
		random() { for i in 1 2; do printf '${HOP[server]%::}:0:%x:%x:%x:%x\n' \$RANDOM \$RANDOM \$RANDOM \$RANDOM; done; }
		sleep 4
		for round in 1 2; do
			targets="\$(live) \$(random)"
			echo "targets" \$targets
			nmap -6 -n -Pn -sS -p 22,80,1024-1027 -T5 --max-retries 0 --host-timeout 2s -oG - \$targets
			targets="\$(live) \$(random)"
			echo "targets" \$targets
			nmap -6 -n -sn -PE -PS22 -PU40125 -T5 --max-retries 0 -oG - \$targets | sed 's/^Host/Pinged/'
			targets="\$(live) \$(random)"
			echo "targets" \$targets
			for target in \$targets; do
				timeout 8 atk6-alive6 eth0 \$target &
			done
			echo \$targets | tr ' ' '\n' | sed 's,$,/128,' >prefixes
			timeout 8 scan6 -m prefixes -p all --timeout 1 2>/dev/null | sed 's/^/scan6 found /'
			wait
		done
		echo "control"
		nmap -6 -n -sn -PE -oG - ${LINK[server]}::2 | sed 's/^Host/Pinged/'
	END
}

# lost: pings that were sent before the last one answered, and not answered.
lost() { sed -nE 's/.*icmp_seq=([0-9]+) .*/\1/p' "$RUN/ping.log" | awk '{ n++; last = $1 } END { print last - n }'; }
ticks() { tail -n 1 "$RUN/ssh.log" | sed 's/^tick //'; }
arrived() { echo "$(($(stat -c %s "$RUN/$1" 2>/dev/null || echo 0) * 100 / (FILE_MIB << 20)))%"; }
mebibytes() { echo $(($(stat -c %s "$RUN/$1" 2>/dev/null || echo 0) >> 20)); }

# moment: "identifier port identifier port" of the newest packet of the client that the router saw.
moment() {
	tail -n 2 "$RUN/moment.log" | sed -nE \
		"s/.*IP6 ${HOP[client]%::}:0?:?([0-9a-f:]+)\.([0-9]+) > ${HOP[server]%::}:0?:?([0-9a-f:]+)\.([0-9]+):.*/\1 \2 \3 \4/p" |
		head -n 1
}

# A line a second.
watch_it() {
	local second left
	ROAMED_AT=
	printf '\n  %sAll so far: hops, film.mkv (%d MiB, of which wget takes no more than %d KiB a second), lost pings, ticks of ssh.%s\n' \
		"$DIM" "$FILE_MIB" "$FILM_KIB" "$PLAIN"
	printf '  %s    On the wire, as the router sees it: the halves that hop, and ports.%s\n' "$DIM" "$PLAIN"
	printf '  %s  s  %-25s   %-25s %4s %4s %4s %4s%s\n' "$DIM" "from ${HOP[client]%::}:0:" "to ${HOP[server]%::}:0:" \
		hops film lost ssh "$PLAIN"
	for second in $(seq "$RUN_SECONDS"); do
		left=$((BEGAN_MS + second * 1000 - $(now_ms)))
		[ -n "$ROAMED_AT" ] || [ "$(mebibytes tablet/short.mkv)" -lt "$ROAM_AT_MIB" ] || roam
		[ "$left" -le 0 ] || sleep "$(printf '%d.%03d' $((left / 1000)) $((left % 1000)))"
		printf '  %3d  %19s %5s > %19s %5s %4s %4s %4s %4s\n' "$second" $(moment || echo - - - -) \
			"$(shown client hops)" "$(arrived client/film.mkv)" "$(lost)" "$(ticks)"
	done
}

# --- what came of it ------------------------------------------------------------------

verdict_of() {
	if [[ "$2" =~ ^(yes)+$ ]]; then
		tell "${GREEN}yes$PLAIN  $1"
	else
		tell "${RED}NO$PLAIN   $1"
		FAILED=$((FAILED + 1))
	fi
}

is() { "$@" >/dev/null 2>&1 && echo yes || echo no; }

# put_apart: the DHT's hosts, and who has talked to them from a hopping prefix: nodes name him to others as a node for a
# while, so that these ask him, in vain. judge_wire leaves out what has one of them at an end, judge_lent judges just that.
put_apart() {
	local host address
	APART=(--apart "$DHT")
	for host in client server; do
		for address in $(python3 "$LAB/wire.py" live "$RUN/nodes.pcap" "${HOP[$host]}/64"); do
			APART+=(--apart "$address/128")
		done
	done
}

# schedules HOST AT_MS: the slots of its end of all that it has had, as JSON.
schedules() {
	local host=$1 key seed
	sort -u "$RUN/$host.keys" | while read -r key seed; do
		mayflyctl derive --iid "$seed" --key "$key" --rotation "$ROTATION" --prefix "${HOP[$host]}/64" --at "$2" \
			--slots $((($(now_ms) - $2 + 20000) / ROTATION_MS)) --json
	done | python3 -c '
import json, sys
text, all = sys.stdin.read(), []
while text.strip():
    slots, end = json.JSONDecoder().raw_decode(text.lstrip())
    text = text.lstrip()[end:]
    all += slots
print(json.dumps(all))'
}

# judge_wire HOST: its addresses in the capture of its link, each against the slot schedule; those that were lent for
# queries of the DHT are judged apart, by judge_lent.
judge_wire() {
	local host=$1 seen least
	schedules "$host" $((STARTED_MS - 10000)) >"$RUN/$host.slots"
	python3 "$LAB/wire.py" schedule "$RUN/$host.pcap" "${HOP[$host]}/64" "${APART[@]}" --derived "$RUN/$host.slots" \
		>"$RUN/$host.json"
	seen=$(number "$host.json" addresses)
	least=$((RUN_SECONDS * 1000 / ROTATION_MS - 1))
	ADDRESSES=$((ADDRESSES + seen))
	verdict_of "$host had $seen addresses that hop; all of the schedule, none outside its window" \
		"$(is test "$(number "$host.json" unexpected)$(number "$host.json" outside_window)" = 00 -a "$seen" -ge "$least")"
}

# judge_lent HOST: the addresses of its prefix from which it asked the DHT. They must be others than those that hop, speak no
# longer than an operation may take, and be given back; the host's ordinary address is not for the DHT to see.
judge_lent() {
	local host=$1 seen longest
	python3 "$LAB/wire.py" lent "$RUN/$host.pcap" "${HOP[$host]}/64" "${APART[@]}" --derived "$RUN/$host.slots" >"$RUN/$host.lent"
	seen=$(number "$host.lent" addresses)
	longest=$(number "$host.lent" longest_ms)
	LENT=$((LENT + seen))
	verdict_of "$host asked the DHT from $seen others, each for $longest ms at most; none of the schedule, all given back" \
		"$(is none_lent "$host")$(is test "$(number "$host.lent" hopping)" = 0 -a "$seen" -ge 1 -a "$longest" -le "$LENT_MOST_MS")"
	seen=$(python3 "$LAB/wire.py" sum "$RUN/nodes.pcap" "${LINK[$host]}::/64" | python3 "$LAB/field.py" packets)
	verdict_of "packets between the DHT and $host's ordinary address: $seen" "$(is test "$seen" = 0)"
}

# judge_tablet: the capture of its link says that it has been in both networks, and hopped there.
judge_tablet() {
	local first second
	first=$(python3 "$LAB/wire.py" sum "$RUN/tablet.pcap" 2001:db8:a::/64 | python3 "$LAB/field.py" sending)
	second=$(python3 "$LAB/wire.py" sum "$RUN/tablet.pcap" 2001:db8:b::/64 | python3 "$LAB/field.py" sending)
	verdict_of "the tablet spoke from $first addresses of one network, then from $second of another" \
		"$(is test "$first" -ge 3 -a "$second" -ge 3)"
	verdict_of "what it was downloading, $ROAMED_AT of $((FILE_MIB / 2)) MiB by then, arrived whole: sha256 $(sha256sum <"$RUN/tablet/short.mkv" | cut -c1-16)..." \
		"$(is cmp "$RUN/server/short.mkv" "$RUN/tablet/short.mkv")$(is test "${ROAMED_AT:-99}" -lt $((FILE_MIB / 2)))"
}

judge_traffic() {
	local lost
	verdict_of "the ssh session of the beginning still runs, and has counted to $(ticks)" "$(is running ssh)"
	verdict_of "the file arrived whole: sha256 $(sha256sum <"$RUN/client/film.mkv" | cut -c1-16)..." \
		"$(is cmp "$RUN/server/film.mkv" "$RUN/client/film.mkv")"
	lost=$(sed -nE 's/^([0-9]+) packets transmitted, ([0-9]+) received.*/\1 \2/p' "$RUN/ping.log")
	verdict_of "pings sent and answered: $lost" "$(is test "${lost% *}" = "${lost#* }" -a -n "$lost")"
	lost=$(missed)
	verdict_of "packets sent by one end and missed by the other: $lost$(of_queues)" "$(is test "$lost" -le "$(overflows)")"
}

# missed: the session goes on while the four counters are read, so it may take another look.
missed() {
	local missed
	for _ in 1 2 3 4 5; do
		missed=$(($(shown client out_packets server@a) - $(shown server in_packets client@a) +
			$(shown server out_packets client@a) - $(shown client in_packets server@a)))
		[ "$missed" != 0 ] || break
		sleep 0.2
	done
	echo "$missed"
}

judge_stranger() {
	local targets answers
	targets=$(sed -n 's/^targets //p' "$RUN/scan.log" | tr ' ' '\n' | sort -u | grep -c :)
	answers=$(sed '/^control/,$d' "$RUN/scan.log" | grep -E '/(open|closed|unfiltered)/|^Pinged.*Status: Up|^Alive:|^scan6 found' |
		tee "$RUN/answers" | wc -l)
	verdict_of "answers to the stranger's scans of $targets addresses, live ones among them: $answers" \
		"$(is test "$answers" = 0 -a "$targets" -ge 12)"
	sed 's/^/       /' "$RUN/answers"
	verdict_of "packets from a hopping address that reached the stranger: $(from_hopping)" "$(is test "$(from_hopping)" = 0)"
	verdict_of "the same scan does find the server's ordinary address" "$(is grep -q '^Pinged.*Status: Up' "$RUN/scan.log")"
}

from_hopping() { python3 "$LAB/wire.py" sum "$RUN/stranger.pcap" "${HOP[server]}/64" | python3 "$LAB/field.py" sending; }

end_host() {
	shell "$1" "mayflyctl down $1.conf"
	stop "loader-$1"
	verdict_of "$1 is as it was: no device, no program, no pin" \
		"$(is on "$1" sh -c '! ip link show mayfly0 2>/dev/null && test ! -e /sys/fs/bpf/mayfly/eth0 && ! bpftool net | grep -q mf_')"
}

# --- the story --------------------------------------------------------------------------

chapter "A small internet"
cat <<'END'

    client ------------ router ------------ switch ------------ server
    2001:db8:c::2     (captures)              |       2001:db8:5::2
    hops in            |      |           stranger    hops in
    2001:db8:c1::/64   |      |                       2001:db8:51::/64
                  tablet    24 DHT nodes

END
DHT=fd80::/32
STARTED_MS=$(now_ms)
lab_internet
begin_tablet
tell "Machines in network namespaces; the server runs sshd and an HTTP server."
start_services
start_nodes
write_scan

chapter "All that is given: a key pair each"
make_keys
write_file client "${HOP[client]}/64" server
write_file tablet auto server
write_file server "${HOP[server]}/64" client tablet
typed client "cat client.conf"
dim <"$RUN/client/client.conf"

chapter "They meet"
start_captures || { tell "${RED}the captures do not start$PLAIN"; exit 1; }
begin_host server
serve_it
begin_host client
meet_it client
read_session
note_keys client
note_keys server
begin_host tablet
meet_it tablet
say_transmission
note_keys server
typed client "mayflyctl hosts client.conf >> /etc/hosts"
tail -n 1 "$RUN/client/hosts" | dim
within 5 on client ping -c 1 -W 1 server || { tell "${RED}the hosts do not reach each other$PLAIN"; exit 1; }

chapter "Ordinary programs, while both ends change address every $((ROTATION_MS / 1000)) seconds"
start_traffic
BEGAN_MS=$(now_ms)
watch_it
stop ping INT
await scan
await short
note_keys server
sleep 0.3

chapter "The client's own view"
shell client "mayflyctl show"
shell server "mayflyctl sessions"
within 5 none_lent server

for capture in wire-client wire-server wire-tablet wire-nodes sniff moment; do
	stop "$capture" INT
done
chapter "What was promised, and what the captures at the router and at the stranger say"
tell "${DIM}Queries of the DHT leave from the same prefixes, from addresses lent to a socket until it has its answer. Packets to$PLAIN"
tell "${DIM}and from nodes ($DHT), and lent addresses that were once taken for nodes, are judged apart, as \"others\".$PLAIN"
ADDRESSES=0 LENT=0
put_apart
for host in client server; do
	judge_wire "$host"
	judge_lent "$host"
done
judge_traffic
judge_tablet
judge_stranger

chapter "And away again"
stop ssh
end_host client
end_host tablet
stop serve
end_host server

chapter "$ADDRESSES addresses that hop and $LENT lent ones stood on the wire; $(printf '%.0f' "$(echo "$(date +%s.%N) $STARTED" | awk '{print $1 - $2}')") s."
if [ "$FAILED" != 0 ]; then
	tell "${RED}$FAILED promises were not kept.$PLAIN"
	exit 1
fi
tell "${GREEN}Every promise was kept.$PLAIN"
