# SPDX-License-Identifier: GPL-2.0-only
#
# tests/peer, the other end in Python, on hosts of the lab, for scripts that have sourced lib.sh and rendezvous.sh.

/usr/bin/python3 -c 'import nacl.bindings' 2>/dev/null || skip "python3-nacl is not installed"
export PYTHONPATH=$TOP/tests

# peer HOST ROLE EVENT OPTION...: in the background, until this has happened. What it tells is in $RUN/peer.log, its
# device is inner0.
peer() {
	local host=$1 role=$2 event=$3
	shift 3
	PEER_COMMANDS=$RUN/$host/commands
	[ -p "$PEER_COMMANDS" ] || mkfifo "$PEER_COMMANDS"
	start peer "$host" python3 -m peer "$role" --prefix "${HOP[$host]}/64" --commands commands --tun inner0 "$@"
	within 20 happened "$event" && return
	log_of peer
	return 1
}

# peer_of_key HOST ROLE EVENT PEER [OPTION...]: with the keys of both, and the DHT.
peer_of_key() {
	local host=$1 role=$2 event=$3 other=$4
	shift 4
	peer "$host" "$role" "$event" --key "$RUN/$host/key" --peer "$(key_of "$other")" \
		--bootstrap "[fd80:0:0:1::1]:6881" "[fd80:0:0:2::1]:6881" "$@"
}

command_peer() { echo "$*" >"$PEER_COMMANDS"; }

# happened EVENT [COUNT]: so often, or more.
happened() { [ "$(grep -c "\"event\": \"$1\"" "$RUN/peer.log")" -ge "${2:-1}" ]; }

# heard EVENT FIELD: of the newest event of that name.
heard() {
	grep "\"event\": \"$1\"" "$RUN/peer.log" | tail -n 1 | python3 -c "import json, sys; print(json.loads(sys.stdin.read())['$2'])"
}

# echoes COUNT INTERVAL_MS: all of them are answered.
echoes() {
	local before
	before=$(grep -c '"event": "echo"' "$RUN/peer.log")
	command_peer echo "$1" "$2"
	within $(($1 * $2 / 1000 + 10)) happened echo $((before + 1)) && [ "$(heard echo answered)" = "$1" ] && return
	grep '"event": "echo"' "$RUN/peer.log" | tail -n 1
	return 1
}

# told HOST FIELD: what it tells of its only session.
told() {
	on "$1" mayflyctl sessions --json | python3 -c "import json, sys; print(json.loads(sys.stdin.readline())['$2'])"
}

is_told() { [ "$(told "$1" "$2")" = "$3" ]; }
