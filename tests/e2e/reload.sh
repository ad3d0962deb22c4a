#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `reload` touches only what changed: a transfer over an association that stays as it was loses
# nothing while others come, change and go.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
SEED[second]=0000000000005ec0 INNER[second]=fd00:5::2
node_of server "Address = ${INNER[server]}/128, ${INNER[second]}/128"
peer_of server client "LocalAddress = ${INNER[server]}/128"
node_of client
peer_of client server
up client server
reach client "${INNER[server]}"
cp "$RUN/client/eth0.conf" "$RUN/client/one.conf"
generation=$(shown client generation server)
(umask 077 && mayflyctl genpsk >"$RUN/second.key")

# second [LINE...]: the same configuration with one more peer, which nobody answers.
second() {
	cp "$RUN/client/one.conf" "$RUN/client/eth0.conf"
	HOP[second]=${HOP[server]} peer_of client second "KeyFile = $RUN/second.key" "$@"
}

start rx server python3 "$LAB/flow.py" receive 5000 20
listening server 5000 u
start tx client python3 "$LAB/flow.py" send "${INNER[server]}" 5000 1000 8
sleep 0.5
HOP[second]=${HOP[server]}
second
check "a peer is added" on client mayflyctl reload eth0.conf
equal "associations" 2 "$(shown client associations)"
added=$(shown client generation second)
second "Rotation = 500ms"
check "its rotation changes" on client mayflyctl reload eth0.conf
refute "which is a new generation of it" test "$added" = "$(shown client generation second)"
equal "its rotation now" 500 "$(shown client rotation_ms second)"
second "Rotation = 1h"
check "its rotation becomes longer than the look-ahead" on client mayflyctl reload eth0.conf
equal "its rotation now" 3600000 "$(shown client rotation_ms second)"
(umask 077 && mayflyctl genpsk >"$RUN/second.key")
check "its key changes" on client mayflyctl reload eth0.conf
check "nothing changes" on client mayflyctl reload eth0.conf
cp "$RUN/client/eth0.conf" "$RUN/client/good.conf"
echo "Nonsense = 1" >>"$RUN/client/eth0.conf"
refute "a file with an error is refused" quiet on client mayflyctl reload eth0.conf
equal "and nothing of it applied: associations" 2 "$(shown client associations)"
cp "$RUN/client/one.conf" "$RUN/client/eth0.conf"
check "the peer goes" on client mayflyctl reload eth0.conf
equal "associations" 1 "$(shown client associations)"
await tx
await rx
say "  stream: $(log_of rx)"
none_lost "lost meanwhile" rx.log
equal "reordered meanwhile" 0 "$(number rx.log reordered)"
equal "the first association's generation" "$generation" "$(shown client generation server)"
finish
