#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/MAPS.md and what is in the kernel say the same: every map, field and program is named, every command line of the
# page works and prints the same fields. With --write it puts into the page what they print now.

. "$(dirname "$0")/../lab/lib.sh"

PAGE=$TOP/docs/MAPS.md PINS=/sys/fs/bpf/mayfly/eth0
ROTATION=3s

# Something in every map: a peer whose packets are sealed, another by its network, a lent address, a stranger's probes.
lab_internet on-link
HOP[net]=2001:db8:f1:: SEED[net]=00000000000000f1
node_of server "Capacity = 8" "Dark = yes"
peer_of server net "Address = fd00:f::/64" "LocalAddress = fd00:5:1::/64" "LocalSeed = 0000000000000052"
peer_of server client "Carriage = sealed"
node_of client
peer_of client server "Carriage = sealed"
loader server
loader client
start up-server server mayflyctl up eth0.conf --wait 20s
on client mayflyctl up eth0.conf --wait 20s >"$RUN/up-client.log" 2>&1
await up-server
reach client "${INNER[server]}"
check "an address is lent" on server python3 "$LAB/introduce.py" /run/mayfly/eth0.sock lend "$(hopping server 1 2 3 4)" 4242 120000
on stranger python3 "$LAB/forge.py" eth0 "$(on server cat /sys/class/net/eth0/address)" "$STRANGER" \
	"$(hopping server 5 6 7 8)" >/dev/null
stats=$(cat /proc/sys/kernel/bpf_stats_enabled)
check "names and fields" on server python3 "$LAB/maps_page.py" names "$PAGE" "$BUILD/mayfly.bpf.o" "$PINS"
check "command lines" on server python3 "$LAB/maps_page.py" run "$PAGE" "$@"
echo "$stats" >/proc/sys/kernel/bpf_stats_enabled
finish
