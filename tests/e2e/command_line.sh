#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands as a person uses them: exit statuses, what an error names, permissions, every form of output.

. "$(dirname "$0")/../lab/lib.sh"

# status WANTED COMMAND...
status() {
	local wanted=$1
	shift
	"$@" >"$RUN/out" 2>"$RUN/err" </dev/null
	equal "status of: ${*##*/}" "$wanted" $?
}

# says WHAT PATTERN [FILE]
says() { check "$1: $(tail -n 1 "$RUN/${3:-err}" | cut -c1-110)" grep -qiE -- "$2" "$RUN/${3:-err}"; }

status 2 mayflyctl
status 2 mayflyctl no-such-command
status 0 mayflyctl --help
status 0 mayflyctl --version
status 0 mayfly-loader --help
status 0 mayfly-loader --version
status 2 mayfly-loader --no-such-option
for command in genkey pubkey genpsk derive rendezvous up down reload serve meet show sessions dump watch doctor hosts events; do
	status 0 mayflyctl "$command" --help
done

umask 077
mayflyctl genkey >"$RUN/private"
equal "length of a private key in base64" 45 "$(wc -c <"$RUN/private")"
equal "the same public key twice" "$(mayflyctl pubkey <"$RUN/private")" "$(mayflyctl pubkey <"$RUN/private")"
equal "bytes of a genpsk" 16 "$(mayflyctl genpsk | base64 -d | wc -c)"
check "pubkey agrees with WireGuard's" test "$(mayflyctl pubkey <"$RUN/private")" = "$(wg pubkey <"$RUN/private")"
umask 022

lab_internet
status 1 on client mayflyctl show
says "without a loader it says what to do" "mayfly-loader"
both_up

status 1 on client mayflyctl up nosuch
says "no such file: where it was looked for" "neither a file nosuch here nor /etc/mayfly/nosuch.conf"
cp "$RUN/client/eth0.conf" "$RUN/client/good.conf"
printf '[Peer]\nName = friend\n' >>"$RUN/client/eth0.conf"
status 1 on client mayflyctl reload eth0.conf
says "a peer of whom nothing is known" "eth0.conf:[0-9]+: found no PublicKey for peer friend"
cp "$RUN/client/good.conf" "$RUN/client/eth0.conf"
echo "Rotaton = 3s" >>"$RUN/client/eth0.conf"
lines=$(wc -l <"$RUN/client/eth0.conf")
status 1 on client mayflyctl reload eth0.conf
says "an unknown key: file, line, what was meant" "eth0.conf:$lines: .*Rotaton.*Rotation"
sed 's/^Rotation = .*/Rotation = 5/; s/^Prefix = .*/Prefix = nonsense/' "$RUN/client/good.conf" >"$RUN/client/eth0.conf"
status 1 on client mayflyctl reload eth0.conf
says "a wrong value: file, line, what was expected" "eth0.conf:[0-9]+: .*nonsense.*prefix"
cp "$RUN/client/good.conf" "$RUN/client/eth0.conf"
chmod 644 "$RUN/hop.key"
status 1 on client mayflyctl reload eth0.conf
says "a key that others can read" "0?600|chmod|others"
chmod 600 "$RUN/hop.key"
status 0 on client mayflyctl reload eth0.conf

status 0 on client mayflyctl show
says "show: the peer" "server" out
says "show: that this is not encryption" "encr" out
status 0 on client mayflyctl show server
status 1 on client mayflyctl show nobody
status 0 on client mayflyctl show --json
check "show --json is JSON" python3 -m json.tool "$RUN/out" /dev/null
status 0 on client mayflyctl dump
check "dump: tab-separated" grep -qP '\t' "$RUN/out"
status 0 on client mayflyctl hosts eth0.conf
says "hosts: the peer's line" "^${INNER[server]}[[:space:]]+.*server" out
on client timeout 3 mayflyctl watch --interval 1 >"$RUN/out" 2>&1
says "watch: the peer" "server" out
on client mayflyctl doctor eth0.conf >"$RUN/out" 2>&1
check "doctor names things ($(wc -l <"$RUN/out") lines)" test "$(wc -l <"$RUN/out")" -ge 5
say "$(sed 's/^/    | /' "$RUN/out")"

start events server timeout 20 mayflyctl events
sleep 0.5
on stranger ping -c 3 -i 0.1 -W 1 "$(hopping server 0xdead 0xbeef 0xdead 0xbeef)" >/dev/null
check "events: the stranger's probe" within 5 grep -q "$STRANGER" "$RUN/events.log"
say "$(sed 's/^/    | /' "$RUN/events.log" | head -n 3)"
stop events

status 1 on client mayflyctl --socket /run/mayfly/eth0.sock down eth1
says "down of another interface than the loader's" "serves eth0, not eth1"
reach client "${INNER[server]}"
status 0 on client mayflyctl down eth0.conf
refute "after down the peer is out of reach" quiet on client ping -c 1 -W 1 "${INNER[server]}"
check "and the loader is still there" running loader-client
status 0 on client mayflyctl down eth0.conf
echo "[Node" >"$RUN/client/broken.conf"
status 1 on client mayflyctl down broken.conf
says "down by a file that is broken: what else there is" "mayflyctl down NIC"
status 2 on client mayflyctl down one two
status 0 on client mayflyctl up eth0.conf
reach client "${INNER[server]}"

# Somebody else may not talk to the loader.
on client cp "$BUILD/mayflyctl" /run/
status 1 on client setpriv --reuid=65534 --clear-groups /run/mayflyctl show
says "another user is refused" "permi|refus|denied|root"

# Maps that a person can read.
on client bpftool map dump pinned /sys/fs/bpf/mayfly/eth0/mf_assoc >"$RUN/out" 2>&1
says "bpftool map dump prints fields" "rotation_ms.*200" out
finish
