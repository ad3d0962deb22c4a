# SPDX-License-Identifier: GPL-2.0-only
#
# Mayfly on the hosts of the lab: configuration files, start and stop, and what it counts.

# node_of HOST [LINE...]: begin HOST's configuration file $RUN/HOST/eth0.conf.
# A LINE here and in peer_of is a line of the file; it comes before the default of its name.
node_of() {
	local host=$1
	shift
	{
		echo "[Node]"
		[ $# = 0 ] || printf '%s\n' "$@"
		setting "Interface = eth0" "$@"
		setting "Prefix = ${HOP[$host]}/64" "$@"
		setting "Address = ${INNER[$host]:-}/128" "$@"
		[ "$LAB_MODE" = routed ] || setting "Mode = on-link" "$@"
	} >"$RUN/$host/eth0.conf"
}

# peer_of HOST PEER [LINE...]: one more peer for HOST.
peer_of() {
	local host=$1 peer=$2
	shift 2
	hop_key
	{
		echo "[Peer]"
		[ $# = 0 ] || printf '%s\n' "$@"
		setting "Name = $peer" "$@"
		setting "Address = ${INNER[$peer]:-}/128" "$@"
		setting "Prefix = ${HOP[$peer]:-}/64" "$@"
		setting "KeyFile = $RUN/hop.key" "$@"
		setting "LocalSeed = ${SEED[$host]:-}" "$@"
		setting "RemoteSeed = ${SEED[$peer]:-}" "$@"
		setting "Rotation = ${ROTATION:-200ms}" "$@"
	} >>"$RUN/$host/eth0.conf"
}

# setting "Name = default" LINE...: print the default unless a line of that name is there.
setting() {
	local line default=$1
	shift
	for line in "$@"; do
		[ "${line%% =*}" != "${default%% =*}" ] || return 0
	done
	echo "$default"
}

# hop_key: the key K that all tests of one run share unless they say otherwise.
hop_key() {
	[ -s "$RUN/hop.key" ] || (umask 077 && mayflyctl genpsk >"$RUN/hop.key")
}

# both_of [LINE...]: client and server as each other's only peer, with the same peer settings.
both_of() {
	node_of client
	peer_of client server "$@"
	node_of server
	peer_of server client "$@"
}

# loader HOST [OPTION...]: start it and wait until it answers. LOADER_ENV goes before it.
loader() {
	local host=$1
	shift
	start "loader-$host" "$host" env ${LOADER_ENV:-} mayfly-loader --interface eth0 "$@"
	within 10 on "$host" mayflyctl --socket /run/mayfly/eth0.sock show && return
	log_of "loader-$host"
	echo "mayfly-loader does not come up on $host" >&2
	exit 1
}

# up HOST...: loader and configuration. Where verifiers take longer than mayflyctl waits UP_TRIES is more than 1.
up() {
	local host try
	for host in "$@"; do
		[ -n "${PID[loader-$host]:-}" ] || loader "$host"
		for ((try = 1; try <= ${UP_TRIES:-1}; try++)); do
			on "$host" mayflyctl up eth0.conf >"$RUN/up-$host.log" 2>&1 && continue 2
		done
		cat "$RUN/up-$host.log" "$RUN/loader-$host.log"
		echo "mayflyctl up fails on $host" >&2
		exit 1
	done
}

# both_up [LINE...]: the common beginning: configure, start, and wait for the first answer.
both_up() {
	both_of "$@"
	up client server
	reach client "${INNER[server]}"
}

# reach HOST ADDRESS
reach() {
	within 5 on "$1" ping -c 1 -W 1 "$2" && return
	say "  FAILED  $1 does not reach $2"
	on "$1" mayflyctl show 2>&1 | tail -n 30
	FAILED=$((FAILED + 1))
	finish
}

# shown HOST FIELD [NAME]: a field of `show --json`, summed over associations where it stands there.
shown() {
	on "$1" mayflyctl show --json | python3 "$LAB/shown.py" "${@:2}"
}

# verdict HOST NAME: packets that ended so.
verdict() { shown "$1" "verdict.$2"; }

# no_drops HOST...: nothing of an association was dropped. What the device itself says to
# nobody (multicast: no association) does not count.
no_drops() {
	local host found
	for host in "$@"; do
		found=$(on "$host" mayflyctl show --json | python3 "$LAB/shown.py" drops)
		equal "$host: packets dropped" "" "$found"
	done
}

# same_counts A B: what one end sent, the other has received (one association, at rest).
same_counts() {
	local from=$1 to=$2 out in
	for _ in 1 2; do
		out=$(shown "$from" out_packets) in=$(shown "$to" in_packets)
		compare "packets that $from sent ($out) and $to did not receive ($in)$(of_queues)" $((out - in)) "<=" "$(overflows)"
		from=$2 to=$1
	done
}

of_queues() {
	local full
	full=$(overflows)
	[ "$full" = 0 ] || echo ", full queues $full"
}

# none_lost WHAT FILE [FIELD]: no packet is missing but those of full queues since the lab began.
none_lost() {
	local lost
	lost=$(number "$2" "${3:-lost}")
	[[ $lost = [0-9]* ]] || lost=999999999
	compare "$1$(of_queues)" "$lost" "<=" "$(overflows)"
}

# all_answered WHAT LABEL LEAST: of what ping says in $RUN/LABEL.log, at least so many were sent, and all of them answered. What
# has no way it does not send, or is told so: neither counts as lost with it.
all_answered() {
	local sent=0 received=0 nowhere log=$RUN/$2.log
	read -r sent received < <(sed -nE 's/^([0-9]+) packets transmitted, ([0-9]+) received.*/\1 \2/p' "$log")
	nowhere=$(grep -ciE 'unreachable|sendmsg|no route|not permitted|errors' "$log")
	check "$1$(of_queues): $received of $sent pings answered, $nowhere complaints" \
		test "${sent:-0}" -ge "$3" -a "${received:-0}" = "${sent:-0}" -a "$nowhere" = 0
}

# tcp_count HOST NAME: a counter of /proc/net/netstat.
tcp_count() {
	on "$1" cat /proc/net/netstat | awk -v name="TCP$2" '
		$1 == "TcpExt:" && !seen { for (i = 2; i <= NF; i++) column[$i] = i; seen = 1; next }
		$1 == "TcpExt:" { print $column[name] + 0 }'
}

# none_resent FILE SENDER: by iperf's report in FILE no segment was sent again, but for those of full queues and
# those that had arrived all the same: the receiver says so (DSACK), or TCP probed a stalled CPU (loss probes).
none_resent() {
	local probes needless
	probes=$(tcp_count "$2" LossProbes)
	needless=$(($(tcp_count "$2" DSACKRecv) + $(tcp_count "$2" DSACKOfoRecv)))
	[ "$probes" -le "$needless" ] || needless=$probes
	compare "TCP segments sent again$(of_queues), needlessly $needless" \
		"$(number "$1" end.sum_sent.retransmits)" "<=" $(($(overflows) + needless))
}

# number FILE FIELD: of a JSON file in $RUN.
number() { python3 "$LAB/field.py" "$2" <"$RUN/$1"; }

# stream FROM TO ADDRESS PORT RATE SECONDS [OPTION...]: a numbered stream; JSON in $RUN/stream.log.
stream() {
	local from=$1 to=$2 address=$3 port=$4 rate=$5 seconds=$6
	shift 6
	start stream "$to" python3 "$LAB/flow.py" receive "$port" $((seconds + 3))
	within 5 on "$to" sh -c "ss -lun | grep -q ':$port '"
	on "$from" python3 "$LAB/flow.py" send "$address" "$port" "$rate" "$seconds" "$@"
	await stream
	say "  stream $from to $address: $(log_of stream)"
}

# unbroken WHAT: the last stream was received whole and in order.
unbroken() {
	none_lost "$1, lost" stream.log
	equal "$1, reordered" 0 "$(number stream.log reordered)"
	compare "$1, received" "$(number stream.log received)" ">" 0
}

# listening HOST PORT [u]: wait for a TCP (or, with u, UDP) server.
listening() { within 10 on "$1" sh -c "ss -ln${3:-t} | grep -q ':$2 '"; }

# derived HOST AT_MS SLOTS: the slots of HOST's end as JSON.
derived() {
	local host=$1
	mayflyctl derive --iid "${SEED[$host]}" --key-file "$RUN/hop.key" --rotation "${ROTATION:-200ms}" \
		--prefix "${HOP[$host]}/64" --at "$2" --slots "$3" --json
}

now_ms() { date +%s%3N; }
