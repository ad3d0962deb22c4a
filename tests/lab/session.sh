# SPDX-License-Identifier: GPL-2.0-only
#
# Sessions between hosts of the lab, for scripts that have sourced lib.sh and rendezvous.sh.

# session_redis: a store at the stranger; sets STORE, the line for meeting_of.
session_redis() {
	command -v redis-server >/dev/null || skip "redis-server is not installed"
	start redis stranger redis-server --bind "$STRANGER" --port 6380 --protected-mode no --save "" --appendonly no \
		--dir "$RUN/stranger"
	within 10 on stranger sh -c "ss -lnt | grep -q ':6380 '"
	STORE="Store = redis://[$STRANGER]:6380"
}

# session_hosts [LINE...]: the internet, a store, and a server and a client that know no more of each other than the public
# key; their loaders run. The lines are for the node of the client.
session_hosts() {
	lab_internet
	session_redis
	meeting_of server client "$STORE"
	meeting_of client server "$STORE" "$@"
	loader server
	loader client
}

# session_served [LINE...]: the same, and the server serves. Sets THERE, where it is reached.
session_served() {
	session_hosts "$@"
	serve server
	check "serve publishes" within 20 published server 1
	THERE=$(stable_of server)
}

# redis_flush: nothing is stored any more.
redis_flush() { on stranger redis-cli -h "$STRANGER" -p 6380 flushall >/dev/null; }

# inner_of LABEL HOST: an inner address that follows from the key of HOST.
inner_of() {
	key_of "$2" | python3 -c "
import base64, hashlib, ipaddress, sys
digest = hashlib.sha256(b'mayfly $1 v1' + base64.b64decode(sys.stdin.read())).digest()
print(ipaddress.IPv6Address(b'\xfd\x6d' + digest[:14]))"
}

stable_of() { inner_of inner "$1"; }
introduction_of() { inner_of introduction "$1"; }

# session_up HOST [OPTION...]: what it says in $RUN/up-HOST.log.
session_up() {
	local host=$1
	shift
	on "$host" mayflyctl up eth0.conf --state "$RUN/$host/state" "$@" >"$RUN/up-$host.log" 2>&1
}

# keeper_of HOST: the process that keeps its sessions; empty: none.
keeper_of() {
	local pid
	pid=$(on "$1" sed "1s/ .*//;q" /run/mayfly/eth0.up 2>/dev/null)
	[ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

# generations HOST PEER: how many associations its session with PEER has.
generations() {
	on "$1" mayflyctl show --json | python3 -c "
import json, re, sys
print(sum(bool(re.fullmatch('$2@[a-c]', one['name'])) for one in json.load(sys.stdin)['associations']))"
}

# session_generations HOST PEER N: whether it is so many.
session_generations() { [ "$(generations "$1" "$2")" = "$3" ]; }

# introductions HOST: how many ends of introductions it visits by.
introductions() {
	on "$1" mayflyctl show --json | python3 -c "
import json, re, sys
print(sum(bool(re.search('@v[0-9]+$', one['name'])) for one in json.load(sys.stdin)['associations']))"
}

session_introduced_not() { [ "$(introductions "$1")" = 0 ]; }
