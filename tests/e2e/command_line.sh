#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands as a person uses them: exit statuses, what an error names, permissions, every form of output.

. "$(dirname "$0")/../lab/lib.sh"

# status WANTED COMMAND...
status() {
	local wanted=$1
	shift
	limited "$@" >"$RUN/out" 2>"$RUN/err" </dev/null
	equal "status of: ${*##*/}" "$wanted" $?
}

# What would go on is ended, with a status that no command has.
limited() {
	if [ "$1" = on ]; then
		on "$2" timeout 20 "${@:3}"
	else
		timeout 20 "$@"
	fi
}

# says WHAT PATTERN [FILE]
says() { check "$1: $(tail -n 1 "$RUN/${3:-err}" | cut -c1-110)" grep -qiE -- "$2" "$RUN/${3:-err}"; }

# statuses HOST: of the commands that stand on standard input, each behind the status that it is to have.
statuses() {
	local wanted words
	while read -r wanted words; do
		if [ "$1" = here ]; then
			status "$wanted" $words
		else
			status "$wanted" on "$1" $words
		fi
	done
}

statuses here <<-END
	2 mayflyctl
	2 mayflyctl no-such-command
	2 mayflyctl --socket
	0 mayflyctl --help
	0 mayflyctl --version
	2 mayflyctl --no-such-option
	0 mayflyctl help
	0 mayflyctl help show
	2 mayflyctl help no-such-command
	2 mayflyctl up
	2 mayflyctl up one two
	2 mayflyctl up one --wait soon
	2 mayflyctl up one --wait
	2 mayflyctl down one two
	2 mayflyctl reload
	2 mayflyctl reload one --json
	2 mayflyctl serve
	2 mayflyctl serve one --no-such-option
	2 mayflyctl meet
	2 mayflyctl meet one two three
	2 mayflyctl show one two
	2 mayflyctl show --no-such-option
	2 mayflyctl sessions one two
	2 mayflyctl sessions --followed-by
	2 mayflyctl dump one
	2 mayflyctl watch one
	2 mayflyctl watch --interval 1ms
	2 mayflyctl watch --interval 2h
	2 mayflyctl events one
	2 mayflyctl doctor one two
	2 mayflyctl hosts
	2 mayflyctl derive
	2 mayflyctl derive --iid 12
	2 mayflyctl derive --iid 0102030405060708
	2 mayflyctl derive --iid 0102030405060708 --key 12
	2 mayflyctl derive --iid 0102030405060708 --key 00112233445566778899aabbccddeeff --slots 0
	0 mayflyctl derive --iid 0102030405060708 --key 00112233445566778899aabbccddeeff
	1 mayflyctl derive --iid 0102030405060708 --key-file /no/such/file
	2 mayflyctl rendezvous
	2 mayflyctl rendezvous look
	2 mayflyctl rendezvous locate
	2 mayflyctl rendezvous seal --two-stage 4
	1 mayflyctl rendezvous locate --private-key-file /no/such/file
	2 mayflyctl genkey one
	1 mayflyctl pubkey
	1 mayflyctl hosts /no/such/file
	1 mayflyctl meet /no/such/file
	1 mayflyctl serve /no/such/file
	0 mayfly-loader --help
	0 mayfly-loader --version
	2 mayfly-loader
	2 mayfly-loader --no-such-option
	2 mayfly-loader --interface
	2 mayfly-loader --interface ../eth0
	2 mayfly-loader --interface eth0 more
	2 mayfly-loader --interface eth0 --in fast
	2 mayfly-loader --interface eth0 --user no-such-user
	2 mayfly-loader --interface eth0 --clock-ahead soon
END
status 1 sh -c 'mayflyctl --help >/dev/full'
says "what cannot be written is an error" "cannot write"
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
both_of
cp "$RUN/client/eth0.conf" "$RUN/client/good.conf"
statuses client <<-END
	1 mayflyctl up eth0.conf
	1 mayflyctl reload eth0.conf
	1 mayflyctl down
	1 mayflyctl dump
	1 mayflyctl watch
	1 mayflyctl events
	1 mayflyctl sessions
	1 mayflyctl doctor
	1 mayflyctl doctor --json
	1 mayflyctl show --json
	1 mayflyctl show
	0 mayfly-loader --interface eth0 --detach
END
status 1 on client mayflyctl show
says "without a loader it says what to do" "mayfly-loader"
loader client
statuses client <<-END
	0 mayflyctl show
	0 mayflyctl dump
	0 mayflyctl doctor eth0.conf
	0 mayflyctl down
	1 mayflyctl reload eth0.conf
	1 mayflyctl sessions
	1 mayflyctl show server
	1 mayfly-loader --interface eth0
END
up client server
reach client "${INNER[server]}"

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
# wrong WHAT PATTERN LINE...: of a file for a session with one peer, which ends in these lines; no loader is asked.
wrong() {
	local what=$1 pattern=$2
	shift 2
	sed '/^\[Peer\]/,$d' "$RUN/client/good.conf" >"$RUN/client/eth0.conf"
	printf '%s\n' "PrivateKeyFile = $RUN/private" "$@" >>"$RUN/client/eth0.conf"
	status 1 on client mayflyctl up eth0.conf --no-wait
	says "$what" "eth0.conf:$(wc -l <"$RUN/client/eth0.conf"): $pattern"
}
wrong "a key of low order" "found PublicKey = something else \(a point of low order" "[Peer]" "PublicKey = $(head -c 32 /dev/zero | base64)"
wrong "this node's own key" "found this node's own public key" "[Peer]" "PublicKey = $(mayflyctl pubkey <"$RUN/private")"
wrong "a prefix where nothing is routed" "found PublishPrefix = fe80::/64 \(nothing is routed there" "PublishPrefix = fe80::/64"
wrong "a line that is too long" "found a line of [0-9]+ bytes, expected at most" "Clients = /$(head -c 300 /dev/zero | tr '\0' d)"
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

# On a terminal of 60 columns, and on none. terminal [NAME=VALUE...] COMMAND...: what it gets, in $RUN/out.
terminal() { on client env TERM=xterm script -qec "stty cols 60 rows 20; exec env $*" /dev/null </dev/null | tr -d '\r' >"$RUN/out"; }
coloured() { grep -q $'\033' "$RUN/out"; }
fits() { sed 's/\x1b\[[0-9;]*m//g' "$RUN/out" | awk 'length($0) > 60 { print; wide = 1 } END { exit wide }'; }
for command in show "doctor eth0.conf" "derive --help" sessions; do
	terminal mayflyctl $command
	check "$command: lines fit the terminal" fits
done
terminal mayflyctl show
check "show is coloured there" coloured
terminal NO_COLOR=1 mayflyctl show
refute "and not with NO_COLOR" coloured
terminal TERM=dumb mayflyctl show
refute "nor on a dumb one" coloured
terminal TERM=dumb timeout 2 mayflyctl watch
refute "on which watch draws nothing" coloured
terminal timeout 2 mayflyctl watch
check "as it does on others" grep -q $'\033\\[?1049h' "$RUN/out"
kill -STOP "${PID[loader-client]}"
terminal timeout 4 mayflyctl show
kill -CONT "${PID[loader-client]}"
says "who waits is told for what" "waiting for mayfly-loader at /run/mayfly/eth0.sock" out
on client mayflyctl show >"$RUN/out"
refute "elsewhere nothing is coloured" coloured
on client mayflyctl doctor eth0.conf >"$RUN/out"
refute "and no line is broken" fits >/dev/null

start events server timeout 20 mayflyctl events
sleep 0.5
on stranger ping -c 3 -i 0.1 -W 1 "$(hopping server 0xdead 0xbeef 0xdead 0xbeef)" >/dev/null
check "events: the stranger's probe" within 5 grep -q "$STRANGER" "$RUN/events.log"
say "$(sed 's/^/    | /' "$RUN/events.log" | head -n 3)"
stop events

status 1 on client mayflyctl --socket /run/mayfly/eth0.sock down eth1
says "down of another interface than the loader's" "serves eth0, not eth1"
reach client "${INNER[server]}"
status 0 on client mayflyctl reload eth0.conf
says "nothing to change is said" "nothing to change" out
status 0 on client timeout --preserve-status 1 mayflyctl watch
status 143 on client timeout --preserve-status 1 mayflyctl events
status 0 on client mayflyctl down eth0.conf
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
