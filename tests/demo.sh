#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `make demo`: two hosts talk by unmodified programs while their addresses hop once a second. A capture
# on the router's link and a stranger's scan tell whether it is true; the exit status says it too.

. "$(dirname "$0")/lab/lib.sh"

ROTATION=1s
RUN_SECONDS=24
FILE_MIB=52
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
	[ -f "$RUN/loader-$1.log" ] && cat "$RUN/loader-$1.log"
	exit 1
}

# --- the hosts -----------------------------------------------------------------------

make_keys() {
	local host
	for host in client server; do
		on "$host" sh -c "umask 077; mayflyctl genkey >private.key; mayflyctl pubkey <private.key >public.key"
		SEED[$host]=$(python3 -c '
import base64, hashlib, sys
print(hashlib.sha256(b"mayfly seed" + base64.b64decode(sys.stdin.read())).hexdigest()[:16])' <"$RUN/$host/public.key")
	done
	hop_key
}

# write_file HOST PEER
write_file() {
	local host=$1 peer=$2
	cp -p "$RUN/hop.key" "$RUN/$host/hop.key"
	cat >"$RUN/$host/eth0.conf" <<-END
		[Node]
		Interface = eth0
		PrivateKeyFile = $RUN/$host/private.key
		Prefix = ${HOP[$host]}/64

		[Peer]
		Name = $peer
		PublicKey = $(cat "$RUN/$peer/public.key")
		Prefix = ${HOP[$peer]}/64
		KeyFile = $RUN/$host/hop.key
		Rotation = $ROTATION
	END
}

begin_host() {
	local host=$1
	typed "$host" "mayfly-loader --interface eth0 &"
	loader "$host"
	shell "$host" "mayflyctl up eth0.conf"
}

# own_file HOST FILE TEXT: the host's own version of a file in /etc.
own_file() {
	printf '%s\n' "$3" >"$RUN/$1/$(basename "$2")"
	on "$1" mount --bind "$RUN/$1/$(basename "$2")" "$2"
}

start_services() {
	on server sh -c "head -c $((FILE_MIB << 20)) /dev/urandom >film.mkv; ssh-keygen -q -t ed25519 -N '' -f host.key"
	on client ssh-keygen -q -t ed25519 -N '' -f id
	own_file server /etc/shadow "$(sed 's/^root:[^:]*/root:*/' /etc/shadow)"
	start sshd server /usr/sbin/sshd -D -e -f /dev/null -p 22 -h "$RUN/server/host.key" -o StrictModes=no \
		-o PermitRootLogin=prohibit-password -o AuthorizedKeysFile="$RUN/client/id.pub" -o UsePAM=no
	start http server python3 -m http.server --bind :: 80
	listening server 22
	listening server 80
}

# --- what runs while the addresses hop -------------------------------------------------

start_traffic() {
	start wire router tcpdump -nni client -w "$RUN/wire.pcap" -s 80 -U -B 8192 ip6
	start moment router tcpdump -nnlqi client "src net ${HOP[client]}/64"
	start sniff stranger tcpdump -nni eth0 -w "$RUN/stranger.pcap" -s 80 -U ip6
	within 5 test -s "$RUN/wire.pcap"
	typed client "ssh server 'while sleep 1; do echo tick \$((++i)); done'"
	start ssh client ssh -i id -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		server "i=0; while sleep 1; do i=\$((i + 1)); echo \"tick \$i\"; done"
	typed client "curl --limit-rate 2500k -O http://server/film.mkv"
	start curl client curl -s --limit-rate 2500k -o film.mkv http://server/film.mkv
	typed client "ping -i 0.05 server"
	start ping client ping -i 0.05 server
	typed stranger "nmap, scan6 and atk6-alive6 of hopping addresses, guessed ones and live ones"
	start scan stranger bash "$RUN/scan.sh"
}

# The stranger is even told, twice, which addresses are live at that moment.
write_scan() {
	cat >"$RUN/scan.sh" <<-END
		live() { python3 $LAB/wire.py live $RUN/wire.pcap ${HOP[server]}/64 2>/dev/null | head -n 2; }
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
mebibytes() { echo $(($(stat -c %s "$RUN/client/film.mkv" 2>/dev/null || echo 0) >> 20)); }

# moment: "identifier port identifier port" of the newest packet of the client that the router saw.
moment() {
	tail -n 2 "$RUN/moment.log" | sed -nE \
		"s/.*IP6 ${HOP[client]%::}:0?:?([0-9a-f:]+)\.([0-9]+) > ${HOP[server]%::}:0?:?([0-9a-f:]+)\.([0-9]+):.*/\1 \2 \3 \4/p" |
		head -n 1
}

# A line a second.
watch_it() {
	local second left
	printf '\n  %s    on the wire, as the router sees it: the halves that hop, and ports%s\n' "$DIM" "$PLAIN"
	printf '  %s  s  %-25s   %-25s %4s %4s %4s %4s%s\n' "$DIM" "from ${HOP[client]%::}:0:" "to ${HOP[server]%::}:0:" \
		hops MiB lost ssh "$PLAIN"
	for second in $(seq "$RUN_SECONDS"); do
		left=$((BEGAN_MS + second * 1000 - $(now_ms)))
		[ "$left" -le 0 ] || sleep "$(printf '%d.%03d' $((left / 1000)) $((left % 1000)))"
		printf '  %3d  %19s %5s > %19s %5s %4s %4s %4s %4s\n' "$second" $(moment || echo - - - -) \
			"$(shown client hops)" "$(mebibytes)" "$(lost)" "$(ticks)"
	done
}

# --- what came of it ------------------------------------------------------------------

verdict_of() {
	if [ "$2" = yes ]; then
		tell "${GREEN}yes$PLAIN  $1"
	else
		tell "${RED}NO$PLAIN   $1"
		FAILED=$((FAILED + 1))
	fi
}

is() { "$@" >/dev/null 2>&1 && echo yes || echo no; }

# judge_wire HOST: its addresses in the router's capture, each against the slot schedule.
judge_wire() {
	local host=$1 from seen
	from=$((BEGAN_MS - 10000))
	derived "$host" "$from" $((RUN_SECONDS + 60)) >"$RUN/$host.slots"
	python3 "$LAB/wire.py" schedule "$RUN/wire.pcap" "${HOP[$host]}/64" --derived "$RUN/$host.slots" >"$RUN/$host.json"
	seen=$(number "$host.json" addresses)
	ADDRESSES=$((ADDRESSES + seen))
	verdict_of "$host had $seen addresses; all of the schedule, none outside its window" \
		"$(is test "$(number "$host.json" unexpected)$(number "$host.json" outside_window)" = 00 -a "$seen" -ge $((RUN_SECONDS - 2)))"
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
		missed=$(($(shown client out_packets) - $(shown server in_packets) +
			$(shown server out_packets) - $(shown client in_packets)))
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
	shell "$1" "mayflyctl down eth0.conf"
	stop "loader-$1"
	verdict_of "$1 is as it was: no device, no program, no pin" \
		"$(is on "$1" sh -c '! ip link show mayfly0 2>/dev/null && test ! -e /sys/fs/bpf/mayfly/eth0 && ! bpftool net | grep -q mf_')"
}

# --- the story --------------------------------------------------------------------------

chapter "A small internet"
cat <<'END'

    client ------------ router ------------ switch ------------ server
    2001:db8:c::2      (capture)              |       2001:db8:5::2
    hops in 2001:db8:c1::/64              stranger      hops in 2001:db8:51::/64

END
lab_internet
start_services
write_scan
tell "Five machines in network namespaces; the server runs sshd and an HTTP server."

chapter "Both ends get keys and a file of ten lines"
make_keys
write_file client server
write_file server client
typed client "cat eth0.conf"
sed "s/^/      $DIM/; s/\$/$PLAIN/" "$RUN/client/eth0.conf"

chapter "Mayfly starts"
begin_host server
begin_host client
typed client "mayflyctl hosts eth0.conf >> /etc/hosts"
own_file client /etc/hosts "$(on client mayflyctl hosts eth0.conf)"
tail -n 2 "$RUN/client/hosts" | sed "s/^/      $DIM/; s/\$/$PLAIN/"
within 5 on client ping -c 1 -W 1 server || { tell "${RED}the hosts do not reach each other$PLAIN"; exit 1; }

chapter "Ordinary programs, while both ends change address every second"
start_traffic
BEGAN_MS=$(now_ms)
watch_it
stop ping INT
await scan
sleep 0.3

chapter "The client's own view"
shell client "mayflyctl show"

stop wire INT
stop sniff INT
stop moment INT
chapter "What was promised, and what the captures at the router and at the stranger say"
ADDRESSES=0
judge_wire client
judge_wire server
judge_traffic
judge_stranger

chapter "And away again"
stop ssh
end_host client
end_host server

chapter "$ADDRESSES addresses stood on the wire; $(printf '%.0f' "$(echo "$(date +%s.%N) $STARTED" | awk '{print $1 - $2}')") s."
if [ "$FAILED" != 0 ]; then
	tell "${RED}$FAILED promises were not kept.$PLAIN"
	exit 1
fi
tell "${GREEN}Every promise was kept.$PLAIN"
