#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two hosts that know each other's public keys and nothing else meet by way of 24 nodes of libtorrent.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"

lab_internet
rendezvous_nodes 24 || exit 1
meeting_of server client
meeting_of client server
loader server
serve server
check "serve publishes" within 20 published server 1
say "  serve: $(log_of serve-server | tr '\n' ' ')"
check "the client finds it" meet client --print
equal "prefix" "${HOP[server]}/64" "$(number meet.log prefix)"
compare "nodes that gave it" "$(number meet.log holders)" ">=" 1
finish
