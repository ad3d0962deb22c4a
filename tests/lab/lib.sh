# SPDX-License-Identifier: GPL-2.0-only
#
# A small internet to test in. A script that sources this file runs itself again in
# process and mount namespaces of its own: whatever it starts, mounts or pins ends with
# it, however it ends, and it can see and end nothing else.
#
#	. "$(dirname "$0")/../lab/lib.sh"
#	lab_internet
#	start web server python3 -m http.server --bind ::
#	check "client reaches the server" on client ping -c 1 2001:db8:5::2
#	finish

if [ "${MAYFLY_LAB:-}" != inside ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "$0: network namespaces need root" >&2
		exit 1
	fi
	exec unshare --pid --fork --kill-child --mount --mount-proc --propagation private \
		env MAYFLY_LAB=inside bash "$0" "$@"
fi

set -u
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$LAB/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
TEST=$(basename "$0" .sh)
RUN=$(mktemp -d "/tmp/mf-$TEST.XXXXXX")
# Debian's own programs first: its python3 has the modules, and begins at once where another one stands behind a wrapper.
PATH=$BUILD:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
declare -A HOST_PID=() HOST_CPU=() PID=()
FAILED=0
STARTED=$(date +%s.%N)

# The end of this shell, the first process of its namespace, ends all that is left in it.
lab_close() {
	local status=$?
	trap - EXIT INT TERM HUP
	[ -z "${MF_COVERAGE:-}" ] || . "$TOP/tests/coverage/end.sh"
	[ -n "${KEEP:-}" ] && echo "kept: $RUN" || rm -rf "$RUN"
	exit "$status"
}
trap lab_close EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- hosts, wires, processes ---------------------------------------------------------

# lab_host NAME: a machine with its own network, /sys, /run, name, and home $RUN/NAME.
lab_host() {
	local name=$1
	mkdir -p "$RUN/$name"
	unshare --net --mount --uts sleep infinity &
	HOST_PID[$name]=$!
	until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
	      [ "$(cat "/proc/$!/comm")" = sleep ]; do
		sleep 0.01
	done
	on "$name" sh -ec "
		hostname $name
		mount -t tmpfs tmpfs /run
		mkdir -p /run/sshd /run/lock
		mount -t sysfs sysfs /sys
		mount -t bpf bpf /sys/fs/bpf
		for scope in all default; do
			echo 0 >/proc/sys/net/ipv6/conf/\$scope/accept_dad
			echo 0 >/proc/sys/net/ipv6/conf/\$scope/accept_ra
			echo 0 >/proc/sys/net/ipv6/conf/\$scope/router_solicitations
		done
		ip link set lo up"
}

# lab_pin HOST CPU: what runs there from now on runs on this CPU, so that its packets keep one queue.
lab_pin() { HOST_CPU[$1]=$(($2 % $(nproc))); }

# on HOST COMMAND...: run it there, at home.
on() {
	local name=$1
	shift
	nsenter --target "${HOST_PID[$name]}" --net --mount --uts -- \
		${HOST_CPU[$name]:+taskset -c ${HOST_CPU[$name]}} env -C "$RUN/$name" "$@"
}

# start LABEL HOST COMMAND...: run it there in the background; output in $RUN/LABEL.log.
start() {
	local label=$1 name=$2
	shift 2
	nsenter --target "${HOST_PID[$name]}" --net --mount --uts -- \
		${HOST_CPU[$name]:+taskset -c ${HOST_CPU[$name]}} env -C "$RUN/$name" "$@" >"$RUN/$label.log" 2>&1 &
	PID[$label]=$!
}

# stop LABEL [SIGNAL]: end what `start` started; the status of the process.
stop() {
	local pid=${PID[$1]:-}
	[ -n "$pid" ] || return 0
	unset "PID[$1]"
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# await LABEL: wait for its end; its status.
await() {
	local pid=${PID[$1]}
	unset "PID[$1]"
	wait "$pid"
}

running() { kill -0 "${PID[$1]}" 2>/dev/null; }
log_of() { cat "$RUN/$1.log"; }

# within SECONDS COMMAND...: try until it succeeds.
within() {
	local deadline=$(($(date +%s%N) + $1 * 1000000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# lab_wire HOST DEVICE HOST DEVICE: a cable. Checksums are complete on it, as on a real one;
# XDP_PASS at a device lets its other end transmit and redirect from XDP (lab_pass).
lab_wire() {
	local end
	on "$1" ip link add "$2" type veth peer name "$4" netns "${HOST_PID[$3]}"
	for end in "$1 $2" "$3 $4"; do
		set -- $end
		on "$1" sh -c "ethtool -K $2 tx off tso off gso off gro off >/dev/null 2>&1; ip link set $2 up"
	done
}

# lab_pass HOST DEVICE...
lab_pass() {
	local name=$1 device
	shift
	lab_pass_object
	for device in "$@"; do
		on "$name" ip link set dev "$device" xdpdrv obj "$BUILD/lab/pass.bpf.o" sec xdp
	done
}

lab_pass_object() {
	local object=$BUILD/lab/pass.bpf.o
	[ "$object" -nt "$LAB/pass.bpf.c" ] && return
	mkdir -p "$BUILD/lab"
	# Not $$, which is 1 in every test: this shell is the first process of its namespace.
	clang -O2 -g -target bpf "-I/usr/include/$(uname -m)-linux-gnu" -c "$LAB/pass.bpf.c" -o "$object.${RUN##*.}" &&
		mv "$object.${RUN##*.}" "$object"
}

# --- the internet --------------------------------------------------------------------
#
#	client --------------- router --------------- switch --------------- server
#	2001:db8:c::2/64      ::1    ::1                 |      2001:db8:5::2/64
#	hops in 2001:db8:c1::/64                      stranger          hops in 2001:db8:51::/64
#	inner fd00:c::1                        2001:db8:5::bad          inner fd00:5::1
#
# The router routes each hopping prefix to its host (routed mode); in on-link mode
# (lab_internet on-link) the hopping prefixes are those of the links.

declare -A LINK=([client]=2001:db8:c [server]=2001:db8:5)
declare -A HOP=([client]=2001:db8:c1:: [server]=2001:db8:51::)
declare -A INNER=([client]=fd00:c::1 [server]=fd00:5::1)
declare -A INNER4=([client]=10.9.0.1 [server]=10.9.0.2)
declare -A SEED=([client]=00000000000000c1 [server]=0000000000000051)
STRANGER=2001:db8:5::bad

# hopping HOST A B C D: an address within its hopping prefix.
hopping() { printf '%s:0:%x:%x:%x:%x\n' "${HOP[$1]%::}" "${@:2}"; }

lab_internet() {
	LAB_MODE=${1:-routed}
	local name
	for name in client router switch server stranger; do
		lab_host "$name"
	done
	lab_wire client eth0 router client
	lab_wire router server switch router
	lab_wire server eth0 switch server
	lab_wire stranger eth0 switch stranger
	lab_switch switch router server stranger
	lab_pass router client server
	lab_router
	lab_address client eth0 "${LINK[client]}"
	lab_address server eth0 "${LINK[server]}"
	on stranger ip -batch - <<-END
		addr add $STRANGER/64 dev eth0 nodad
		route add default via 2001:db8:5::1
	END
	[ "$LAB_MODE" = routed ] || HOP=([client]=${LINK[client]}:: [server]=${LINK[server]}::)
	within 5 on client ping -c 1 -W 1 "${LINK[server]}::2" &&
		within 5 on client ping -c 1 -W 1 "$STRANGER" && return
	echo "the lab's own network does not come up" >&2
	exit 1
}

# lab_pair: client and server on one cable, with no hop in between, and no way for the client but to where the server hops.
lab_pair() {
	local host
	LAB_MODE=routed
	for host in client server; do
		lab_host "$host"
	done
	lab_wire client eth0 server eth0
	lab_pass client eth0
	on client sh -c "ip addr add ${LINK[server]}::1/64 dev eth0 nodad; ip route add ${HOP[server]}/64 via ${LINK[server]}::2"
	on server sh -c "ip addr add ${LINK[server]}::2/64 dev eth0 nodad; ip route add default via ${LINK[server]}::1"
}

# lab_switch HOST PORT...: a learning switch that looks at nothing.
lab_switch() {
	local name=$1 port
	shift
	on "$name" ip link add br0 type bridge mcast_snooping 0 forward_delay 0
	on "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	for port in "$@"; do
		on "$name" ip link set "$port" master br0
	done
	on "$name" ip link set br0 up
	lab_pass "$name" "$@"
}

lab_router() {
	on router sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.forwarding=1
	on router ip -batch - <<-END
		addr add ${LINK[client]}::1/64 dev client nodad
		addr add ${LINK[server]}::1/64 dev server nodad
	END
	[ "$LAB_MODE" = routed ] || return 0
	on router ip -batch - <<-END
		route add ${HOP[client]}/64 via ${LINK[client]}::2 dev client
		route add ${HOP[server]}/64 via ${LINK[server]}::2 dev server
	END
}

# lab_address HOST DEVICE LINK
lab_address() {
	on "$1" ip -batch - <<-END
		addr add $3::2/64 dev $2 nodad
		route add default via $3::1 dev $2
	END
}

# lab_firewall ROUTER PORT: who is behind the port may begin what he likes, and nobody anything towards him.
lab_firewall() {
	on "$1" nft -f - <<-END
		table ip6 wall {
			chain forward {
				type filter hook forward priority 0; policy accept;
				ct state established,related accept
				oifname $2 counter drop
			}
		}
	END
}

# lab_far: one more host, "far", behind a router of its own, "gate":  router --- gate --- far
lab_far() {
	lab_host gate
	lab_host far
	lab_wire gate out router gate
	lab_wire far eth0 gate far
	lab_pass gate far
	LINK[far]=2001:db8:f HOP[far]=2001:db8:f1:: INNER[far]=fd00:f::1 SEED[far]=00000000000000f1
	on gate sysctl -qw net.ipv6.conf.all.forwarding=1
	on router ip addr add 2001:db8:9::1/64 dev gate nodad
	on router ip route add "${LINK[far]}::/64" via 2001:db8:9::2
	on router ip route add "${HOP[far]}/64" via 2001:db8:9::2
	on gate ip -batch - <<-END
		addr add 2001:db8:9::2/64 dev out nodad
		addr add ${LINK[far]}::1/64 dev far nodad
		route add default via 2001:db8:9::1
		route add ${HOP[far]}/64 via ${LINK[far]}::2
	END
	lab_address far eth0 "${LINK[far]}"
	within 5 on client ping -c 1 -W 1 "${LINK[far]}::2"
}

# overflows: packets so far that a full queue of this small machine lost: of a cable (256 packets), of a
# CPU's backlog, of a UDP socket. A stalled CPU loses packets there, hop or no hop. What the programs drop of the
# device's is dropped for a reason, and said to be its.
overflows() {
	local host
	for host in "${!HOST_PID[@]}"; do
		nsenter --target "${HOST_PID[$host]}" --net cat /proc/net/dev /proc/net/snmp6
	done | awk '
		/^ *(br0|mayfly[0-9]):/ { next }
		/^ *[a-z0-9.-]+:/ { sub(/^[^:]*:/, ""); total += $4 + $12 }
		/^Udp6RcvbufErrors/ { total += $2 }
		END { print total + 0 }'
}

# --- verdicts ------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }

# check WHAT COMMAND...
check() {
	local what=$1
	shift
	if "$@"; then
		say "  ok      $what"
	else
		say "  FAILED  $what"
		FAILED=$((FAILED + 1))
	fi
}

# refute WHAT COMMAND...: it must not succeed.
refute() {
	local what=$1
	shift
	check "$what" negate "$@"
}

negate() { ! "$@"; }

# equal WHAT WANTED FOUND
equal() {
	if [ "$2" = "$3" ]; then
		say "  ok      $1: $3"
	else
		say "  FAILED  $1: wanted $2, found $3"
		FAILED=$((FAILED + 1))
	fi
}

# compare WHAT A OP B: awk's operators, also on fractions.
compare() {
	if awk -v a="$2" -v b="$4" "BEGIN { exit !((a + 0) $3 (b + 0)) }" && [ -n "$2" ]; then
		say "  ok      $1: $2 $3 $4"
	else
		say "  FAILED  $1: $2 is not $3 $4"
		FAILED=$((FAILED + 1))
	fi
}

quiet() { "$@" >/dev/null 2>&1; }

# skip REASON
skip() {
	say "skipped: $*"
	exit 77
}

# finish: the end of every test.
finish() {
	if [ "$FAILED" != 0 ]; then
		local log
		for log in "$RUN"/loader-*.log; do
			[ -s "$log" ] && say "--- end of $(basename "$log")" && tail -n 15 "$log"
		done
		exit 1
	fi
	exit 0
}

. "$LAB/mayfly.sh"
