#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Interfaces that no device can stand on: the loader's log, `mayflyctl up` and `doctor` say so and what to do,
# and nothing is left behind.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
both_of
loader client

# refused WHAT REMEDY [OTHER]: by its right name; OTHER is what it is not.
refused() {
	local said=$(wc -l <"$RUN/loader-client.log")
	refute "$1: up fails" on client sh -c "mayflyctl up eth0.conf >up.log 2>&1"
	check "$1: up says what to do" grep -q "$2" "$RUN/client/up.log"
	tail -n "+$((said + 1))" "$RUN/loader-client.log" >"$RUN/log"
	check "$1: the log says what to do" grep -q "$2" "$RUN/log"
	on client mayflyctl doctor eth0.conf >"$RUN/doctor" 2>&1
	check "$1: doctor says what to do" grep -q "$2" "$RUN/doctor"
	refute "$1: and nothing else" grep -E "^(warn|FAIL) .*(${3:-a port|macvlan itself})" "$RUN/doctor"
	refute "$1: nor do they" grep -hE "${3:-a port|macvlan itself}" "$RUN/client/up.log" "$RUN/log"
	equal "$1: devices left" "" "$(on client sh -c 'ls /sys/class/net | grep mayfly')"
	equal "$1: pins left" "" "$(on client sh -c 'find /sys/fs/bpf/mayfly 2>/dev/null')"
}

on client sh -c "ip link add br0 type bridge; ip link set eth0 master br0"
refused "port of a bridge" "bridge" "macvlan itself|Ethernet"
on client ip link set eth0 nomaster
on client sh -c "ip link set eth0 name lower; ip link set lower up; ip link add eth0 link lower type macvlan mode bridge; ip link set eth0 up"
refused "a macvlan" "interface below it" "a port|Ethernet"
on client sh -c "ip link del eth0; ip link set lower down; ip link set lower name eth0; ip link set eth0 up"
lab_address client eth0 "${LINK[client]}"
on client ip link set eth0 mtu 1000
refused "an MTU below that of IPv6" "1280" "a port|Ethernet|disable_ipv6|has no IPv6$"
on client ip link set eth0 mtu 1500
lab_address client eth0 "${LINK[client]}"
on client sh -c "ip link set eth0 down; ip link set eth0 name lower; ip tuntap add eth0 mode tun; ip link set eth0 up"
refused "a tun" "has no Ethernet"
on client sh -c "ip tuntap del eth0 mode tun; ip link set lower name eth0; ip link set eth0 up"
lab_address client eth0 "${LINK[client]}"

say "# where new interfaces have no IPv6"
on client sysctl -qw net.ipv6.conf.default.disable_ipv6=1
up client server
reach client "${INNER[server]}"
say "  and works on the interface as it was"
equal "its devices have it" "0 0 0" "$(on client sh -c 'cd /proc/sys/net/ipv6/conf && cat mayfly*/disable_ipv6' | xargs)"
on client sysctl -qw net.ipv6.conf.mayfly0.disable_ipv6=1
on client mayflyctl doctor eth0.conf >"$RUN/doctor" 2>&1
check "taken from it: doctor says so" grep -q "^FAIL .*IPv6 was switched off on mayfly0" "$RUN/doctor"
on client sh -c "sysctl -qw net.ipv6.conf.mayfly0.disable_ipv6=0; mayflyctl down eth0; mayflyctl up eth0.conf" >/dev/null 2>&1
reach client "${INNER[server]}"
refute "up: the interface cannot become a port" quiet on client ip link set eth0 master br0
finish
