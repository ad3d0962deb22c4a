#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody floods a server's introduction: with junk, from a client's address and port of the slot with what looks like
# requests, and with requests that the client's key has made. The others' handshakes succeed meanwhile, what they send in
# their sessions is answered, and what is dropped says which attack it is.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"

command -v redis-server >/dev/null || skip "redis-server is not installed"
[ -x "$BUILD/bench/sessionload" ] || skip "build/bench/sessionload is not built"
OTHERS=12 PACE=4000 SECONDS_EACH=4
CLIENTS=2001:db8:77::
lab_internet
on router ip route add "$CLIENTS/48" via "${LINK[client]}::2"
on client ip route add blackhole "$CLIENTS/48"
mkdir -p "$RUN/clients"
"$BUILD/bench/sessionload" keys "$RUN/clients" --clients $((OTHERS + 1))
start redis client redis-server --port 0 --unixsocket "$RUN/redis" --save "" --appendonly no
within 10 test -S "$RUN/redis"
meeting_of server client "Clients = $RUN/clients" "Store = unix:$RUN/redis" "TwoStage = 0" "Period = 120s"
sed -i '/^\[Peer\]/,$d; /^Address/d' "$RUN/server/eth0.conf"
loader server
serve server

# generate LABEL WORD...
generate() {
	start "$1" client "$BUILD/bench/sessionload" "${@:2}" --server "$(key_of server)" --store "unix:$RUN/redis" \
		--prefix "$CLIENTS" --period 120
}
introduced() { [ "$(shown server associations)" -ge $((OTHERS + 2)) ]; }
said() { sed -n "s/.*\<$1=\([0-9.]*\).*/\1/p" "$RUN/others.log"; }

# others WHILE: their handshakes and what they send.
others() {
	local before unanswered
	before=$(overflows)
	generate others run --first 1 --clients "$OTHERS" --window 3 --seconds "$SECONDS_EACH" --rate 10
	await others
	equal "$1: others' handshakes" "$OTHERS" "$(said handshakes)"
	compare "$1: half of them in ms" "$(said usable_p50_ms)" "<" 300
	unanswered=$(said unanswered)
	compare "$1: $(said asked) packets of theirs, lost" "${unanswered:-none}" "<=" $(($(overflows) - before))
	equal "$1: sessions that ended" 0 "$(said ended)"
	equal "$1: sessions whose packets are sealed" "$OTHERS" "$(said sealed)"
	equal "$1: packets that they could not open" 0 "$(said wrong)"
}

# under KIND VERDICT: what drops the attack; from before it to after.
under() {
	local before
	before=$(verdict server "$2")
	generate attack attack "$1" --pace "$PACE" --seconds $((SECONDS_EACH + 3))
	check "$1: begins" within 10 grep -q begun "$RUN/attack.log"
	others "$1"
	await attack
	compare "$1: of $(number_of attack.log sent) packets, $2" $(($(verdict server "$2") - before)) ">" \
		$(($(number_of attack.log sent) * 9 / 10))
}
number_of() { sed -n "s/.*\<$2=\([0-9]*\).*/\1/p" "$RUN/$1"; }

check "the introduction stands" within 30 introduced
check "and is published" within 60 published server $((OTHERS + 1))
others "in peace"
under junk drop_source
under replay drop_budget
under requests drop_budget
compare "associations that who attacks has brought about" "$(on server mayflyctl show --json | grep -c '"c0@[a-c]"')" "<=" 1
check "serve lives" running serve-server
finish
