#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `sealed` beside this kernel's own WireGuard, each between two hosts of its own, in turns: TCP, and datagrams of 64 bytes
# a second. In an emulator only the ratio says anything. ROUNDS may be given.

. "$(dirname "$0")/../lab/lib.sh"
. "$TOP/tests/bench/paths.sh"
. "$TOP/tests/bench/measure.sh"
. "$TOP/tests/bench/sealed.sh"

LAB_MODE=routed STORE=$BUILD/bench
ROUNDS=${ROUNDS:-3} SECONDS_EACH=4

# path_wireguard PATH
path_wireguard() {
	local path=$1 end other=b
	path_plain "$path"
	for end in a b; do
		on "$path-$end" sh -c "umask 077; wg genkey >wg.key; wg pubkey <wg.key >wg.pub"
	done
	for end in a b; do
		on "$path-$end" sh -c "ip link add wg0 type wireguard; ip addr add fd77::$end/64 dev wg0 nodad
			ip link set wg0 mtu 1420 up"
		on "$path-$end" wg set wg0 listen-port 51820 private-key wg.key peer "$(cat "$RUN/$path-$other/wg.pub")" \
			allowed-ips "fd77::$other/128" endpoint "[2001:db8:5::$other]:51820"
		other=a
	done
	TARGET[$path]=fd77::b
}

# sample MEASURE PATH ROUND VALUE, for rounds().
sample() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$RUN/samples"; }

ip link add wg-there type wireguard 2>/dev/null || skip "this kernel has no WireGuard"
ip link del wg-there
stand sealed
stand wireguard
rounds kernel "$ROUNDS" "tcp udp collect" sealed wireguard
python3 - "$RUN/samples" "$TOP/tests/bench" <<'END'
import sys

sys.path.append(sys.argv[2])
from samples import Samples

samples = Samples(sys.argv[1])
for measure in ("tcp", "udp", "collect"):
    found = samples.ratio("kernel." + measure, "sealed", "wireguard")
    both = [samples.median("kernel." + measure, path) for path in ("sealed", "wireguard")]
    print("  %s: sealed %.0f, WireGuard %.0f" % (measure, *both))
    print("result sealed_to_wireguard_%s %.2f (%.2f to %.2f)" % (measure, found["ratio"], found["low"], found["high"]))
END
for measure in tcp udp collect; do
	compare "rounds of $measure that brought something" "$(awk -v m="kernel.$measure" '$1 == m && $4 > 0' "$RUN/samples" | wc -l)" "==" \
		$((2 * ROUNDS))
done
finish
