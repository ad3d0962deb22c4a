#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two generations of one session between client and server: both are heard, one leads. The lead goes from one to the
# other under a running stream, over a loader killed with -9, and when the one that leads is deleted.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
declare -A OTHER=([client]=server [server]=client)
for name in a b c; do
	(umask 077 && mayflyctl genpsk >"$RUN/$name.key")
done
for host in client server; do
	node_of "$host"
	up "$host"
done

tell() { on "$1" python3 "$LAB/introduce.py" /run/mayfly/eth0.sock "${@:2}"; }
# generation HOST NAME [VERB]: HOST's end of it.
generation() {
	local other=${OTHER[$1]}
	tell "$1" "${3:-share}" "session@$2" "$RUN/${4:-$2}.key" "${SEED[$1]}" "${HOP[$1]}/64" 200 "${SEED[$other]}" \
		"${INNER[$1]}" "${INNER[$other]}" "${HOP[$other]}/64"
}
both() {
	local host
	for host in client server; do
		equal "$host: $*" accepted "$("$1" "$host" "${@:2}")"
	done
}
leads() { equal "$1: who leads" "session@$2" "$(tell "$1" find "${INNER[${OTHER[$1]}]}")"; }
lead() { tell "$1" lead "session@$2"; }
delete() { tell "$1" delete "session@$2"; }
in_packets() { shown "$1" in_packets "session@$2"; }
# goes_by NAME WHAT: what the client sends arrives in that generation.
goes_by() {
	local before
	before=$(in_packets server "$1")
	check "$2" quiet on client ping -q -c 3 -i 0.05 -W 1 "${INNER[server]}"
	compare "$2, heard in $1" $(($(in_packets server "$1") - before)) ">=" 3
}

equal "nobody leads yet" "7 0 0" "$(tell client find "${INNER[server]}")"
both generation a
reach client "${INNER[server]}"
both generation b
for host in client server; do
	leads "$host" a
	equal "$host: one that does not share has no room there" "5 302 0" "$(generation "$host" x alone c)"
	equal "$host: shares" 1 "$(on "$host" ip -6 route show dev mayfly0 | grep -c "^${INNER[${OTHER[$host]}]} ")"
done
equal "to lead: unknown" "7 0 0" "$(tell client lead session@x)"
goes_by a "in the first"

start stream server python3 "$LAB/flow.py" receive 5000 7
listening server 5000 u
start sender client python3 "$LAB/flow.py" send "${INNER[server]}" 5000 500 5
sleep 0.5
equal "the client alone sends in the second" accepted "$(lead client b)"
sleep 0.5
leads server a
equal "then the server does" accepted "$(lead server b)"
for name in a b a b; do
	both lead "$name"
done
await sender
await stream
unbroken "a stream over all that"
leads client b
goes_by b "in the second"

for host in client server; do
	stop "loader-$host" KILL
done
goes_by() { check "$2" quiet on client ping -q -c 3 -i 0.05 -W 1 "${INNER[server]}"; }
goes_by b "while no loader runs"
for host in client server; do
	loader "$host"
	leads "$host" b
	equal "$host: both are there" 2 "$(shown "$host" associations)"
done

both generation c
both delete a
leads client b
start stream server python3 "$LAB/flow.py" receive 5000 5
listening server 5000 u
start sender client python3 "$LAB/flow.py" send "${INNER[server]}" 5000 500 3
sleep 0.5
both delete b
await sender
await stream
unbroken "the one that leads is deleted under a stream"
leads client c
leads server c
no_drops client
equal "the host's route stays while one is left" 1 "$(on client ip -6 route show dev mayfly0 | grep -c "^${INNER[server]} ")"
both delete c
equal "and goes with the last" 0 "$(on client ip -6 route show dev mayfly0 | grep -c "^${INNER[server]} ")"
equal "nobody leads any more" "7 0 0" "$(tell client find "${INNER[server]}")"
both generation x alone a
equal "one that shares has no room beside it" "5 302 0" "$(generation client a)"
equal "and it does not lead" "5 16 0" "$(tell client lead session@x)"
finish
