#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mayflyctl rendezvous by hand: MTD'15 figure 1 as printed, then both ends in every form, then what is refused and how.

. "$(dirname "$0")/../lab/lib.sh"

T=1431376080
SERVER=7a1294c77b0c33db228d0572b7ea32117cfce4bd854594a3000faa5c0a537206
CLIENT=175abafc765430c67893adbbd1dd3a2a4edabd81a03b208bd97135c52fcf0436
MESSAGE=da4e54c638ce622e8539fcb1a195990b267547521bf649698d9c9d97a6231751
MESSAGE+=2abc91287f6cc2edcca0ccad89e594dc0598e2b58a869cea5017178b4904551c1f
cd "$RUN" || exit 1
umask 077
echo 94197ec9bbaa690954a8e2d18c7b93aa032229b56289cae2a0ac8ba1f4638bc3 >server.key
echo 20dea16802a9fd9a5658be00e7f507d7 >K
paper=(--private-key-file server.key --peer "$CLIENT" --at $T --period 240)
offer=(--key-file K --prefix 2001:468:c80:c111::/64)

# of NAME FILE: what stands behind NAME.
of() { awk -v name="$1" '$1 == name { print $2 }' "$2"; }

# status WANTED COMMAND...: stdin is whatever it is.
status() {
	local wanted=$1
	shift
	"$@" >out 2>err
	equal "status of: ${*:1:3} ..." "$wanted" $?
}

says() { check "$1: $(tail -n 1 err | cut -c1-110)" grep -qE -- "$2" err; }

# --- the paper's run
status 0 mayflyctl rendezvous locate "${paper[@]}" --form compact --key-file K </dev/null
equal "descriptor of figure 1" 89b5b7fe806fa26c9eb22d933f53ca46671ca8cb "$(of descriptor out)"
equal "the client's seed identifier of figure 1" c31d129a6aacd457 "$(of reader_seed out)"
status 0 mayflyctl rendezvous open "${paper[@]}" --publish <<<"$MESSAGE"
equal "K of figure 1" 20dea16802a9fd9a5658be00e7f507d7 "$(of key out)"
equal "prefix of figure 1" 2001:468:c80:c111::/64 "$(of prefix out)"
equal "rotation of figure 1" 2s "$(of rotation out)"
equal "the same message again under its nonce" "$MESSAGE" \
	"$(mayflyctl rendezvous seal "${paper[@]}" "${offer[@]}" --rotation 2 --form compact --nonce "${MESSAGE:0:48}")"
status 0 mayflyctl rendezvous locate "${paper[@]}" --publish --two-stage 6 </dev/null
equal "native: target" 0dacd606891ea355781595321c4fe531f1664bba "$(of target out)"
equal "two stages: the long window's item" 480ce508eb6fe0f7626b6feb6d6d4bf464698f1b3354b1ca7f1f389e70655453 \
	"$(of window_item out)"
equal "target is the SHA-1 of the item" "$(of target out)" "$(of item out | xxd -r -p | sha1sum | cut -c1-40)"

# --- two ends with keys of their own
mayflyctl genkey >one
mayflyctl genkey >other
here=(--private-key-file one --peer "$(mayflyctl pubkey <other)" --at 1700000000)
there=(--private-key-file other --peer "$(mayflyctl pubkey <one)" --at 1700000399) # the same 600 s
status 0 mayflyctl rendezvous locate "${here[@]}" --publish --json </dev/null
check "locate --json is JSON" python3 -m json.tool out /dev/null
cp out located
mayflyctl rendezvous locate "${there[@]}" --read --json >out
check "both ends meet" cmp located out
mayflyctl rendezvous locate "${there[@]}" --publish --json >out
refute "but not where the other direction does" cmp -s located out
mayflyctl genpsk >K2
for form in native full compact; do
	seed=(--seed 0102030405060708)
	[ $form = compact ] && seed=()
	mayflyctl rendezvous seal "${here[@]}" --key-file K2 --prefix 2001:db8:1:2::/64 "${seed[@]}" --form $form --raw >value
	status 0 mayflyctl rendezvous open "${there[@]}" <value
	equal "$form: K at the other end" "$(base64 -d <K2 | xxd -p)" "$(of key out)"
	equal "$form: seed" "${seed[1]:-0000000000000000}" "$(of seed out)"
	status 0 mayflyctl rendezvous open "${there[@]}" --json < <(xxd -p -c 256 value)
	mayflyctl rendezvous open "${there[@]}" --json <value >out
	check "$form: open --json is JSON" python3 -m json.tool out /dev/null
done
mayflyctl rendezvous seal "${here[@]}" --key-file K2 --prefix 2001:db8:1:2:3::/80 >value
status 0 mayflyctl rendezvous open "${there[@]}" <value
equal "native: a /80" 48 "$(of hop_bits out)"

# --- refused
status 1 mayflyctl rendezvous open "${here[@]}" <value
says "a value that came back" "sent it back|exchanged"
status 1 mayflyctl rendezvous open "${there[@]}" --at 1700001000 <value
says "of another period" "period"
status 1 mayflyctl rendezvous open --private-key-file server.key --peer "$CLIENT" --at 1700000000 <value
says "between others" "does not open"
sed 's/^../zz/' value >broken
status 1 mayflyctl rendezvous open "${there[@]}" <broken
says "no digits" "expected 240, 76 or 65"
head -c 5000 /dev/urandom >broken
status 1 mayflyctl rendezvous open "${there[@]}" <broken
says "too much" "expected 240, 76 or 65"
status 1 mayflyctl rendezvous seal "${here[@]}" "${offer[@]}" --rotation 2500ms --form compact </dev/null
says "what the form cannot say" "whole seconds"
status 1 mayflyctl rendezvous locate "${here[@]}" --publish --peer "$(printf '0%.0s' {1..64})" </dev/null
says "a public key of low order" "no secret"
chmod 644 one
status 1 mayflyctl rendezvous locate "${here[@]}" --publish </dev/null
says "a private key that others can read" "chmod 600"
chmod 600 one
status 2 mayflyctl rendezvous </dev/null
status 2 mayflyctl rendezvous nonsense </dev/null
status 2 mayflyctl rendezvous locate "${here[@]}" </dev/null
says "which end" "usage:"
status 2 mayflyctl rendezvous locate "${here[@]}" --publish --read </dev/null
status 2 mayflyctl rendezvous locate --peer "$CLIENT" </dev/null
status 2 mayflyctl rendezvous locate --private-key-file one --peer nonsense </dev/null
status 2 mayflyctl rendezvous locate "${here[@]}" --publish --period 0 </dev/null
status 2 mayflyctl rendezvous locate "${here[@]}" --publish --period 1500ms </dev/null
status 2 mayflyctl rendezvous locate "${here[@]}" --publish --period 24h --two-stage 2 </dev/null
status 2 mayflyctl rendezvous open "${there[@]}" --raw <value
status 2 mayflyctl rendezvous seal "${here[@]}" --key-file K </dev/null
status 2 mayflyctl rendezvous seal "${here[@]}" "${offer[@]}" --read </dev/null
finish
