# SPDX-License-Identifier: GPL-2.0-only
#
# Page and metrics of a server with many clients.

part_page() {
	local figure clients=15000
	fresh page.
	[ -z "$QUICK" ] || clients=1000
	apart page.sh "$clients"
	take_figures
	"$BUILD/bench/boardturn" "$clients" >"$RUN/apart.log"
	take_figures
	env -u MAYFLY_LAB bash "$TOP/tests/page/check.sh" >"$RUN/apart.log" 2>&1 || say "  no first paint: $(tail -n 1 "$RUN/apart.log")"
	take_figures
}

# take_figures: what stands in the log as name=value.
take_figures() {
	for figure in $(grep -o '\b[a-z_0-9]*=[0-9.]*' "$RUN/apart.log"); do
		sample "page.${figure%%=*}" page 1 "${figure#*=}"
	done
}
