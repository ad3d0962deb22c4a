#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What it costs a loader to keep COUNT associations hopping every 3 s:
#
#	kept.sh own|shared COUNT [SECONDS]
#
# own: each has a key of its own, as sessions have; shared: clients of one introduction, which has one for all. Prints
# added=N per_second=R core=SHARE of a core over SECONDS (default 30), the loader's memory, and what the host has lost of
# its available memory since before the node was set up and since before the associations were added.

. "$(dirname "$0")/../lab/lib.sh"
. "$TOP/tests/bench/paths.sh"

KIND=$1 COUNT=$2 SECONDS_EACH=${3:-30}
LAB_MODE=routed

available() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
cpu_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
of_status() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$pid/status"; }

pair kept
on kept-a ip -6 route add 2001:db8::/32 via 2001:db8:5::b dev eth0
CAPACITY=$COUNT
[ "$KIND" = own ] || CAPACITY=$((COUNT + 1)) # and the introduction itself
node_of kept-a "Capacity = $CAPACITY" "Address = fd98::1/128"
before=$(available)
up kept-a
pid=$(on kept-a pgrep -x mayfly-loader)
set_up=$(available)
on kept-a "$BUILD/bench/assocload" /run/mayfly/eth0.sock "$KIND" "$COUNT" 3000 2001:db8:a::
sleep 5
ticks=$(cpu_of "$pid")
sleep "$SECONDS_EACH"
ticks=$(($(cpu_of "$pid") - ticks))
after=$(available)
awk -v ticks="$ticks" -v seconds="$SECONDS_EACH" 'BEGIN { printf "core=%.4f\n", ticks / 100 / seconds }'
echo "rss_kb=$(of_status VmRSS) anonymous_kb=$(of_status RssAnon) set_up_kb=$((before - set_up)) added_kb=$((set_up - after))"
finish
