# SPDX-License-Identifier: GPL-2.0-only
#
# Sessions of a server with many clients: handshakes, what they cost, traffic over rotations (sealed, and by encap),
# attacks; and how many associations a loader keeps hopping.

part_sessions() {
	local round rounds=$(((ROUNDS + 2) / 3)) clients=15000 seconds=300 kept="1000 15000 100000" attacks="none junk replay requests" attack
	fresh sessions.
	[ "$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -lt 12 ] || kept="$kept 1000000"
	[ -z "$QUICK" ] || rounds=1 clients=1000 seconds=15 kept="1000 15000"
	export PERIOD_S=120 CARRIAGE=encap
	taskset -c 1 "$STORE/sessionpure" "$rounds" >>"$SAMPLES" || exit 1
	for ((round = 1; round <= rounds; round++)); do
		thronged latency "$round" internet 200 1 0 1
		thronged rate "$round" near "$clients" 32 0 1
	done
	thronged crowd 1 near "$clients" 32 "$seconds" 1
	CARRIAGE=sealed thronged crowd-sealed 1 near "$clients" 32 "$seconds" 1
	for attack in $attacks; do
		thronged "attack-$attack" 1 near 100 4 10 10 "$attack"
	done
	for clients in $kept; do
		kept_by own "$clients"
	done
	kept_by shared 15000
}

# thronged PATH ROUND ARGUMENT...: what throng.sh found, each figure a sample.
thronged() {
	local path=$1 round=$2 figure
	apart throng.sh "${@:3}"
	for figure in $(grep -o '[a-z_0-9]*=-\{0,1\}[0-9.]*' "$RUN/apart.log"); do
		sample "sessions.${figure%%=*}" "$path" "$round" "${figure#*=}"
	done
}

# kept_by KIND COUNT: what it takes to keep so many associations hopping: each with a key of its own, or an introduction's.
kept_by() {
	local figure
	apart kept.sh "$1" "$2" "${QUICK:+5}"
	for figure in $(grep -o '[a-z_0-9]*=-\{0,1\}[0-9.]*' "$RUN/apart.log"); do
		sample "sessions.kept_${figure%%=*}" "$1-$2" 1 "${figure#*=}"
	done
}
