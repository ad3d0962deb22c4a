#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The patent's port stuffing among 12 nodes of libtorrent: slow, and it works. Every port comes from an address of its
# own, which the nodes take for nodes for a while: a reader may need a second try.

. "$(dirname "$0")/../lab/lib.sh"
. "$LAB/rendezvous.sh"

lab_internet
rendezvous_nodes 12 || exit 1
meeting_of server client "Store = announce" "Form = compact"
meeting_of client server "Store = announce" "Form = compact"
loader server
serve server
check "serve publishes" within 180 published server 1 # paced, and slower where nodes share a processor
say "  $(served server last_publication_took_ms) ms, $(served server last_publication_holders) nodes"
check "the client finds it" within 60 meet client --print
say "  $(number meet.log took_ms) ms, $(number meet.log sent) datagrams"
equal "prefix" "${HOP[server]}/64" "$(number meet.log prefix)"
equal "form" compact "$(number meet.log form)"
finish
