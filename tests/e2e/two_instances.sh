#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two instances on one host, one for each of its NICs, side by side; one goes, the other goes on. The second NIC has a name as
# those of VLANs are.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_wire client eth1.7 router client1
lab_pass router client1
LINK[client1]=2001:db8:d HOP[client1]=2001:db8:d1:: INNER[client1]=fd00:d::1 SEED[client1]=00000000000000d1
on router ip addr add "${LINK[client1]}::1/64" dev client1 nodad
on router ip route add "${HOP[client1]}/64" via "${LINK[client1]}::2"
on client ip addr add "${LINK[client1]}::2/64" dev eth1.7 nodad
on client ip route add default via "${LINK[client1]}::1" dev eth1.7 metric 2048
# The second NIC speaks to the server's second hopping prefix.
HOP[server1]=2001:db8:52:: INNER[server1]=fd00:5::2 SEED[server1]=0000000000000052
on router ip route add "${HOP[server1]}/64" via "${LINK[server]}::2"
on client ip route add "${HOP[server1]}/64" via "${LINK[client1]}::1" dev eth1.7

node_of server "Prefix = ${HOP[server]}/64, ${HOP[server1]}/64" "Address = ${INNER[server]}/128, ${INNER[server1]}/128"
peer_of server client "LocalAddress = ${INNER[server]}/128"
peer_of server client1 "LocalAddress = ${INNER[server1]}/128" \
	"LocalPrefix = ${HOP[server1]}/64" "LocalSeed = ${SEED[server1]}"
node_of client
peer_of client server "RemoteSeed = 0000000000000051"
mkdir -p "$RUN/client1"
node_of client1 "Interface = eth1.7" "Device = mayfly1"
peer_of client1 server1
up server client
start loader-client1 client sh -c 'exec mayfly-loader --interface eth1.7 <&- >&- 2>&-' # none of its sockets is taken for a terminal
within 10 on client test -S /run/mayfly/eth1.7.sock
check "the second instance comes up" on client sh -c "exec mayflyctl up '$RUN/client1/eth0.conf' <&- >&- 2>&-"
reach client "${INNER[server]}"
check "the second reaches its peer" within 5 on client ping -c 1 -W 1 -I "${INNER[client1]}" "${INNER[server1]}"
refute "mayflyctl show without a socket asks which" quiet on client mayflyctl show
check "and names them" sh -c "nsenter -t ${HOST_PID[client]} -n -m $BUILD/mayflyctl show 2>&1 | grep -q 'eth1[.]7'"

start rx server python3 "$LAB/flow.py" receive 5000 12
listening server 5000 u
start tx client python3 "$LAB/flow.py" send "${INNER[server1]}" 5000 1000 6 --source "${INNER[client1]}"
on client ping -q -i 0.02 -c 100 "${INNER[server]}" >"$RUN/ping.log" 2>&1
all_answered "the first" ping 100
equal "pins of the second" "eth1:7" "$(on client ls /sys/fs/bpf/mayfly | grep -v '^eth0$')"
stop loader-client TERM
say "  the first instance has gone"
await tx
await rx
none_lost "the second, lost" rx.log
refute "the first does not reach its peer any more" quiet on client ping -c 1 -W 1 -I "${INNER[client]}" "${INNER[server]}"
check "its device is gone, the other's is there" sh -c \
	"nsenter -t ${HOST_PID[client]} -n ip link show mayfly1 >/dev/null && ! nsenter -t ${HOST_PID[client]} -n ip link show mayfly0 2>/dev/null"
finish
