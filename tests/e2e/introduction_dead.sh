#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Of two Redis servers one is behind: it gives the introduction of a serve that has ended, signed and sealed as it should be.
# A client takes it at first, gets no answer, and looks past it for the other.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"
. "$LAB/session.sh"

session_hosts
start redis2 stranger redis-server --bind "$STRANGER" --port 6381 --protected-mode no --save "" --appendonly no \
	--dir "$RUN/stranger"
within 10 on stranger sh -c "ss -lnt | grep -q ':6381 '"
for host in server client; do
	sed -i "s|^Store = .*|$STORE,redis://[$STRANGER]:6381|" "$RUN/$host/eth0.conf"
done

# in_first SCRIPT: in the server that is asked first.
in_first() { on stranger redis-cli -h "$STRANGER" -p 6380 eval "$1" 0 >/dev/null; }

serve server
check "serve publishes" within 20 published server 1
in_first "for _, k in ipairs(redis.call('keys', '*')) do redis.call('set', 'old:' .. k, redis.call('get', k)) end return 1"
stop serve-server
serve server
check "serve is started anew, and publishes" within 20 published server 1
# be_behind: what stands there is as it was before.
be_behind() {
	in_first "for _, k in ipairs(redis.call('keys', 'old:*')) do redis.call('set', k:sub(5), redis.call('get', k)) end return 1"
}
be_behind
check "the client gets a session" session_up client
reach client "$(stable_of server)"
check "not at the first try" grep -q "it does not answer" "$RUN/up-client.log"
finish
