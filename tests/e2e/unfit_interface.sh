#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Interfaces that no device can stand on: the loader's log, `mayflyctl up` and `doctor` say so and what to do,
# and nothing is left behind.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
both_of
loader client

# refused WHAT REMEDY
refused() {
	refute "$1: up fails" on client sh -c "mayflyctl up eth0.conf >up.log 2>&1"
	check "$1: up says what to do" grep -q "$2" "$RUN/client/up.log"
	check "$1: the log says what to do" grep -q "$2" "$RUN/loader-client.log"
	on client mayflyctl doctor eth0.conf >"$RUN/doctor" 2>&1
	check "$1: doctor says what to do" grep -q "$2" "$RUN/doctor"
	equal "$1: devices left" "" "$(on client sh -c 'ls /sys/class/net | grep mayfly')"
	equal "$1: pins left" "" "$(on client sh -c 'find /sys/fs/bpf/mayfly 2>/dev/null')"
}

on client sh -c "ip link add br0 type bridge; ip link set eth0 master br0"
refused "port of a bridge" "bridge"
on client ip link set eth0 nomaster
on client sh -c "ip link set eth0 name lower; ip link set lower up; ip link add eth0 link lower type macvlan mode bridge; ip link set eth0 up"
refused "a macvlan" "interface below it"
on client sh -c "ip link del eth0; ip link set lower down; ip link set lower name eth0; ip link set eth0 up"
lab_address client eth0 "${LINK[client]}"
up client server
reach client "${INNER[server]}"
say "  and works on the interface as it was"
refute "up: the interface cannot become a port" quiet on client ip link set eth0 master br0
finish
