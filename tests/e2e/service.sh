#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The loader as a service: says when it is ready, feeds the watchdog, marks its log lines, gives up what
# it does not need, and serves a user of its own beside root and nobody else.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
both_of
start notify client python3 "$LAB/notify.py" "$RUN/notify.sock"
within 5 test -S "$RUN/notify.sock"
# journal FILE: the stream that systemd would name if that were its journal.
journal() { : >"$1" && stat -c %d:%i "$1"; }
LOADER_ENV="NOTIFY_SOCKET=$RUN/notify.sock WATCHDOG_USEC=1000000 JOURNAL_STREAM=$(journal "$RUN/loader-client.log")" \
	loader client --user nobody
check "READY=1" within 5 grep -q READY=1 "$RUN/notify.log"
sleep 2.2
compare "WATCHDOG=1 in 2 s of a watchdog of 1 s" "$(grep -c WATCHDOG=1 "$RUN/notify.log")" ">=" 3
up client server
reach client "${INNER[server]}"

status=/proc/${PID[loader-client]}/status
kept=$(sed -n 's/^CapEff:[[:space:]]*//p' "$status")
say "  capabilities kept: $kept ($(capsh --decode="$kept" 2>/dev/null || echo 'no capsh here'))"
check "capabilities are few" test "$((0x$kept & ~0xc000003000))" = 0
check "no new privileges" grep -q '^NoNewPrivs:[[:space:]]*1' "$status"
check "system calls are filtered" grep -q '^Seccomp:[[:space:]]*2' "$status"

on client cp "$BUILD/mayflyctl" /run/ # where everybody may run it
as() { on client setpriv --reuid="$1" --regid="$2" --clear-groups /run/mayflyctl --socket /run/mayfly/eth0.sock show; }
id=$(id -u nobody) group=$(id -g nobody)
check "its own user is served" quiet as "$id" "$group"
refute "another is not" quiet as 12345 12345
check "root is" quiet on client mayflyctl show

socket=$(on client setpriv --reuid="$id" --regid="$group" --clear-groups env PYTHONDONTWRITEBYTECODE=1 \
	python3 - /run/mayfly/eth0.sock socket <"$LAB/introduce.py")
equal "and is given a raw socket, which it could not make" "family 10 type 3 protocol 254" "$socket"

says() { on client env JOURNAL_STREAM="$1" mayflyctl show nobody 2>"$RUN/ctl.log" >/dev/null; cat "$RUN/ctl.log"; }
equal "mayflyctl, to the journal" "<3>there is no association called nobody" "$(says "$(journal "$RUN/ctl.log")")"
equal "and elsewhere" "mayflyctl: there is no association called nobody" "$(says 1:1)"

stop loader-client TERM
check "STOPPING=1" within 2 grep -q STOPPING=1 "$RUN/notify.log"
compare "log lines" "$(wc -l <"$RUN/loader-client.log")" ">" 1
equal "log lines without a priority for the journal" 0 "$(grep -vc '^<[0-7]>' "$RUN/loader-client.log")"
finish
