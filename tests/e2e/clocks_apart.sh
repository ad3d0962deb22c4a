#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two hosts whose clocks are apart by nearly a rotation, either way: nothing is lost.
# Apart by more than the window, nothing gets through, and the verdict says why.

. "$(dirname "$0")/../lab/lib.sh"

FAKETIME_LIBRARY=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)
[ -n "$FAKETIME_LIBRARY" ] || skip "libfaketime is not installed"
ROTATION=1s
lab_internet
both_of

# apart SECONDS: the server's loader takes its clock to be so much ahead.
apart() {
	stop loader-client
	stop loader-server
	up client
	LOADER_ENV="LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME=$1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1" up server
}

for skew in +0.45 -0.45 +0.9 -0.9; do
	apart "$skew"
	reach client "${INNER[server]}"
	start rx server python3 "$LAB/flow.py" receive 5000 8
	start back client python3 "$LAB/flow.py" receive 5001 8
	listening server 5000 u
	listening client 5001 u
	start tx-back server python3 "$LAB/flow.py" send "${INNER[client]}" 5001 500 5
	on client python3 "$LAB/flow.py" send "${INNER[server]}" 5000 500 5
	await tx-back
	await rx
	await back
	none_lost "$skew s, packets lost towards the server" rx.log
	none_lost "$skew s, packets lost towards the client" back.log
done

apart +2.5
refute "+2.5 s: nothing gets through" quiet on client ping -c 3 -i 0.2 -W 1 "${INNER[server]}"
compare "and the verdict is that of an address past its time" \
	"$(($(verdict server drop_late) + $(verdict server drop_dead)))" ">=" 3
finish
