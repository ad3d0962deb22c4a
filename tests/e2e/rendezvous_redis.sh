#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same meeting by way of a Redis server: with a password, in the paper's forms, with the server gone and back,
# and with values that are none.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"

command -v redis-server >/dev/null || skip "redis-server is not installed"
lab_internet
port=6380
(umask 077 && head -c 18 /dev/urandom | base64 >"$RUN/password")

redis() {
	start redis stranger redis-server --bind "$STRANGER" --port "$port" --requirepass "$(cat "$RUN/password")" \
		--save "" --appendonly no --dir "$RUN/stranger"
	within 10 on stranger sh -c "ss -lnt | grep -q ':$port '"
}

# redis_cli COMMAND...
redis_cli() { on stranger env REDISCLI_AUTH="$(cat "$RUN/password")" redis-cli -h "$STRANGER" -p "$port" "$@"; }

STORE="Store = redis://[$STRANGER]:$port?password-file=$RUN/password"
redis
meeting_of server client "$STORE"
meeting_of client server "$STORE"
loader server
serve server
check "serve publishes" within 20 published server 1
check "for the next period as well" within 5 test "$(redis_cli dbsize | tr -dc 0-9)" -ge 1
check "the client finds it" meet client --print
equal "prefix" "${HOP[server]}/64" "$(number meet.log prefix)"
equal "form" native "$(number meet.log form)"
equal "the password stands in no log or process list" 0 \
	"$(cat "$RUN"/serve-server.log "$RUN"/meet.* | grep -cF "$(cat "$RUN/password")")"

redis_cli eval "for _, k in ipairs(redis.call('keys', '*')) do redis.call('set', k, string.rep('x', 240)) end return 1" 0 >/dev/null
refute "values of others are not taken" meet client --print
check "and the reason is said" grep -q "wrong key" "$RUN/meet.err"
redis_cli flushall >/dev/null
refute "nothing there is not found" meet client --print
check "and that is said" grep -q "nothing stored" "$RUN/meet.err"

stop redis
refute "without the server there is no meeting" meet client --print
check "and that is said, too" grep -q "failed" "$RUN/meet.err"
check "serve goes on" running serve-server
stop serve-server
serve server
within 20 grep -q "cannot publish" "$RUN/serve-server.log"
check "serve begins without the server and says so" grep -q "cannot publish" "$RUN/serve-server.log"
redis
check "when it is back, it is published" within 20 published server 1
check "and found" meet client --print

stop serve-server
for form in full compact; do
	sed -i '/^Form = /d' "$RUN/server/eth0.conf"
	sed -i "s/^\[Node\]/[Node]\nForm = $form/" "$RUN/server/eth0.conf"
	sed -i '/^Form = /d' "$RUN/client/eth0.conf"
	sed -i "s/^\[Node\]/[Node]\nForm = $form/" "$RUN/client/eth0.conf"
	serve server
	check "$form: serve publishes" within 20 published server 1
	check "$form: found" meet client --print
	equal "$form: form" $form "$(number meet.log form)"
	stop serve-server
done
finish
