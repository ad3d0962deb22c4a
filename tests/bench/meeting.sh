# SPDX-License-Identifier: GPL-2.0-only
#
# How two ends meet: the DHT client among other people's nodes and in a simulated network, sealing, publishing, and the
# memory of `mayflyctl meet`. Networks that other parts do not know of are made in namespaces of their own.

# apart SCRIPT [ARGUMENT...]: a script of this directory in a lab of its own. One that says why it is skipped may be.
apart() {
	local status
	env -u MAYFLY_LAB bash "$TOP/tests/bench/$1" "${@:2}" >"$RUN/apart.log" 2>&1
	status=$?
	sed 's/^ */  /' "$RUN/apart.log"
	[ $status = 0 ] || [ $status = 77 ] || { say "$1: failed"; exit 1; }
	return 0
}

# --- the DHT client ------------------------------------------------------------------

part_dht() {
	local count=100 mixed=100 operations=500
	fresh dht.
	[ -z "$QUICK" ] || count=20 mixed=10 operations=100
	apart dht.sh libtorrent "$count" "$SAMPLES"
	apart dht.sh mixed "$mixed" "$SAMPLES"
	simulated simulated "$operations"
	simulated simulated-cold "$operations" --cold
}

# simulated NAME COUNT [OPTION...]: 1,000 nodes, a fifth of them dead, round trips of 50 to 200 ms.
simulated() {
	"$STORE/dhtsim" --operations "$2" "${@:3}" >"$RUN/dhtsim.log" || exit 1
	awk -v OFS='\t' -v name="$1" '{
		n = ++seen[$1]
		print "dht." $1 ".ms", name, n, $2
		print "dht." $1 ".sent", name, n, $3
		print "dht." $1 ".right", name, n, ($4 > 0) }' "$RUN/dhtsim.log" >>"$SAMPLES"
}

# --- rendezvous ----------------------------------------------------------------------

part_rendezvous() {
	local clients=1000 period=10m
	fresh seal.
	fresh publish.
	[ -z "$QUICK" ] || clients=60 period=2m
	taskset -c 1 "$STORE/seal" 15000 >"$RUN/seal.tsv" || exit 1
	cat "$RUN/seal.tsv" >>"$SAMPLES"
	published_by pairwise 0 "$clients" "$period"
	published_by two-stage 10 "$clients" "$period"
}

# published_by NAME STAGES CLIENTS PERIOD: what publish.sh found, each of its figures a sample.
published_by() {
	local figure
	TWO_STAGE=$2 CLIENTS=$3 PERIOD=$4 apart publish.sh
	grep -q '^clients=' "$RUN/apart.log" || return 0
	for figure in $(grep '^clients=' "$RUN/apart.log"); do
		sample "publish.${figure%%=*}" "$1" 1 "${figure#*=}"
	done
}
