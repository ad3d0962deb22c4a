# SPDX-License-Identifier: GPL-2.0-only
#
# The paths that are compared. Each has two hosts of its own and one cable, all stand at once:
#
#	PATH-a eth0 ============ eth0 PATH-b        2001:db8:5::a, ::b; each the other's gateway to
#	hops in 2001:db8:a::/64     2001:db8:b::/64     its hopping prefix; inner fd00:a::1, fd00:b::1
#
# Every NIC runs a native XDP program (a veth hands large frames over by reference otherwise)
# and merges what it receives (GRO), the references as well.

declare -A TARGET=()

# pair PATH: both hosts, wired.
pair() {
	local end
	for end in a b; do
		lab_host "$1-$end"
		HOP[$1-$end]=2001:db8:$end::
		INNER[$1-$end]=fd00:$end::1
		SEED[$1-$end]=00000000000000$end$end
	done
	ip link add "bench-a$$" type veth peer name "bench-b$$"
	for end in a b; do
		ip link set "bench-$end$$" netns "${HOST_PID[$1-$end]}" name eth0
		on "$1-$end" sh -c "ip addr add 2001:db8:5::$end/64 dev eth0 nodad; ip link set eth0 up
			ethtool -K eth0 gro on"
	done
	TARGET[$1]=fd00:b::1
}

# path_plain PATH
path_plain() {
	local end
	pair "$1"
	for end in a b; do
		lab_pass "$1-$end" eth0
		on "$1-$end" ethtool -K eth0 gro on
	done
	TARGET[$1]=2001:db8:5::b
}

path_vxlan() {
	local end other=b
	pair vxlan
	for end in a b; do
		lab_pass "vxlan-$end" eth0
		on "vxlan-$end" sh -c "ethtool -K eth0 gro on
			ip link add vx0 type vxlan id 7 dstport 4789 dev eth0 local 2001:db8:5::$end remote 2001:db8:5::$other
			ip addr add fd00::$end/64 dev vx0 nodad; ip link set vx0 up"
		other=a
	done
	TARGET[vxlan]=fd00::b
}

# path_mayfly PATH [LINE...]: with those lines in the peer's part of both files.
path_mayfly() {
	local path=$1 end
	shift
	pair "$path"
	on "$path-a" ip -6 route add 2001:db8:b::/64 via 2001:db8:5::b dev eth0
	on "$path-b" ip -6 route add 2001:db8:a::/64 via 2001:db8:5::a dev eth0
	node_of "$path-a"
	peer_of "$path-a" "$path-b" "Name = peer" "$@"
	node_of "$path-b"
	peer_of "$path-b" "$path-a" "Name = peer" "$@"
	up "$path-a" "$path-b"
	for end in a b; do
		on "$path-$end" ethtool -K eth0 gro on
	done
}

# stand PATH: build it unless it stands.
stand() {
	[ -z "${TARGET[$1]:-}" ] || return 0
	case $1 in
	plain | vxlan | wireguard | hidden | sealed | threaded | openvpn) "path_$1" "$1" ;;
	encap) path_mayfly encap "Rotation = 3s" ;;
	zero) path_mayfly zero "Rotation = 3s" "ZeroChecksum = yes" ;;
	rewrite) path_mayfly rewrite "Rotation = 3s" "Carriage = rewrite" ;;
	fixed) path_mayfly fixed "Rotation = 1h" ;;
	fast) path_mayfly fast "Rotation = 200ms" ;;
	esac
	within 5 on "$1-a" ping -c 1 -W 1 "${TARGET[$1]}" || { say "$1: the far end does not answer"; exit 1; }
	start "iperf-$1" "$1-b" taskset -c 1 iperf3 -s
	within 5 on "$1-b" sh -c "ss -ltn | grep -q :5201"
}
