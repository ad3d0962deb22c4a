#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The system clock steps. By less than a second: the programs' clock slews after it and nothing is lost. By
# more: the old time is kept until the step has stood for a while, so that a passing one does no harm.

. "$(dirname "$0")/../lab/lib.sh"

FAKETIME_LIBRARY=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$FAKETIME_LIBRARY" ] || skip "libfaketime is not installed"
ROTATION=2s
lab_internet
both_of
step() { echo "$1" >"$RUN/clock.new" && mv "$RUN/clock.new" "$RUN/clock"; }
clock_is() { [ "$(shown client clock)" = "$1" ]; }

step +0
LOADER_ENV="LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME_TIMESTAMP_FILE=$RUN/clock FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1" up client
up server
reach client "${INNER[server]}"
equal "clock" follows "$(shown client clock)"

start rx server python3 "$LAB/flow.py" receive 5000 40
listening server 5000 u
start tx client python3 "$LAB/flow.py" send "${INNER[server]}" 5000 500 24
sleep 1
step +0.8
check "a step of 0.8 s is slewed" within 3 clock_is slews
sleep 4
step +0
check "back again: slewed too" within 25 clock_is follows
step +60
check "a step of 60 s is not believed at once" within 3 clock_is holds
sleep 3
step +0
check "and forgotten when it was a passing one" within 5 clock_is follows
await tx
await rx
say "  stream: $(log_of rx)"
none_lost "lost meanwhile" rx.log

step +60
check "a step that stands" within 3 clock_is holds
check "is believed after ten seconds and more" within 20 clock_is follows
refute "then this host is in other slots than its peer" quiet on client ping -c 3 -i 0.2 -W 1 "${INNER[server]}"
step +0
check "until its clock is right again" within 30 on client ping -c 1 -W 1 "${INNER[server]}"
finish
