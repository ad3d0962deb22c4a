#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Stateful firewalls before both ends, each with nothing let in that was not begun from inside: with
# Firewall = both the two find each other and lose nothing, whoever talks.

. "$(dirname "$0")/../lab/lib.sh"

lab_internet
lab_far
lab_firewall router client
lab_firewall gate far
node_of client
peer_of client far "Firewall = both"
node_of far
peer_of far client "Firewall = both"
up client far
reach client "${INNER[far]}"
stream client far "${INNER[far]}" 5000 500 4
unbroken "one way"
stream far client "${INNER[client]}" 5000 500 4
unbroken "the other way"
say "  the second firewall dropped $(on gate nft list chain ip6 wall forward | sed -n 's/.*packets \([0-9]*\) .*/\1/p')" \
	"packets, those that opened slots at the other"
finish
