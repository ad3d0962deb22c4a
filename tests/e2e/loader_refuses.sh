#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When mayfly-loader does not start, and why; what an earlier one left and cannot be taken over; addresses that it does not
# lend, those that it takes back when their time is over, and those that the next loader still knows of.

. "$(dirname "$0")/../lab/lib.sh"

PINS=/sys/fs/bpf/mayfly/eth0

# fails WHAT WORDS OPTION...: the loader ends at once, and has said so.
fails() {
	local what=$1 words=$2
	shift 2
	on client timeout 10 mayfly-loader "$@" >"$RUN/refused.log" 2>&1
	equal "$what: status" 1 $?
	check "$what: $(tail -n 1 "$RUN/refused.log" | cut -c1-100)" grep -q "$words" "$RUN/refused.log"
}

ask() { on client python3 "$LAB/introduce.py" /run/mayfly/eth0.sock "$@"; }
killed() { stop loader-client KILL; }

lab_internet
both_up
fails "its socket is another's" "another mayfly-loader listens there" --interface eth0
fails "its interface is another's" "another mayfly-loader has it" --interface eth0 --socket /run/other.sock
fails "nor is it taken down beneath that one" "another mayfly-loader has it" --interface eth0 --detach
fails "no such directory for the socket" "No such file" --interface router --socket /run/no/such/directory.sock
reach client "${INNER[server]}"
on client timeout 10 setpriv --bounding-set=-all --inh-caps=-all mayfly-loader --interface eth0 --socket /run/other.sock \
	>"$RUN/refused.log" 2>&1
equal "without a right to anything: status" 1 $?
check "and says which rights" grep -q "capabilities" "$RUN/refused.log"

say "# addresses lent"
A=$(hopping client 1 2 3 4) B=$(hopping client 1 2 3 5)
has_route() { on client ip -6 route show table local | grep -q "$1"; }
equal "lent" accepted "$(ask lend "$A" 0 60000)"
check "the host takes it for its own" has_route "$A"
killed
check "the loader is killed: still lent" has_route "$A"
loader client
check "taken over" grep -q "taken over" "$RUN/loader-client.log"
equal "given back to the next loader" accepted "$(ask lend "$A" 0 0)"
refute "the host knows it no more" has_route "$A"

say "# what programs alone use may have had another shape"
numbers() { on client sh -c "for map in $PINS/mf_*; do [ \$map = $PINS/mf_budget ] || bpftool map show pinned \$map | sed 's/:.*//;q'; done | tr '\\n' ' '"; }
before=$(numbers)
killed
on client rm $PINS/mf_budget
on client bpftool map create $PINS/mf_budget type percpu_array key 4 value 24 entries 1 name mf_budget
loader client
check "taken over all the same" grep -q "taken over" "$RUN/loader-client.log"
equal "with the same maps" "$before" "$(numbers)"
check "but for one" sh -c "nsenter -t ${HOST_PID[client]} -n -m bpftool map show pinned $PINS/mf_budget | grep -q 'max_entries 2'"

say "# what cannot be taken over"
killed
on client rm $PINS/mf_config
on client bpftool map create $PINS/mf_config type array key 4 value 8 entries 1 name mf_config
fails "left by another version" "it is of another version" --interface eth0
check "and says how to begin anew" grep -q -- "--detach" "$RUN/refused.log"
on client mayfly-loader --interface eth0 --detach
equal "pins left then" "" "$(on client sh -c 'find /sys/fs/bpf/mayfly 2>/dev/null')"
up client
reach client "${INNER[server]}"
killed
on client rm $PINS/mf_config
loader client
equal "cut short before it was whole: nothing is taken over" "" "$(on client sh -c 'find /sys/fs/bpf/mayfly 2>/dev/null')"
up client
reach client "${INNER[server]}"

say "# what is not lent, and not for ever"
found() { ask "$@" | cut -d' ' -f1; }
equal "not in the hopping prefix: the value is refused" 5 "$(found lend 2001:db8:77::1 0 1000)"
equal "for longer than a day" 5 "$(found lend "$A" 0 86400001)"
equal "padding that is none" 5 "$(found lend "$A" 0 1000 7)"
equal "not lent, and given back" "$(found delete nobody)" "$(found lend "$A" 0 0)"
equal "lent" accepted "$(ask lend "$B" 0 60000)"
check "the host takes it for its own" has_route "$B"
equal "and for less" accepted "$(ask lend "$B" 0 700)"
check "its time is over: taken back" within 5 negate has_route "$B"
finish
