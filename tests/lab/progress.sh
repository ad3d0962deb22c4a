# SPDX-License-Identifier: GPL-2.0-only
#
# How far long work is, on stderr: on a terminal one line that is rewritten, elsewhere a line a minute.

PROGRESS_AT=$EPOCHSECONDS

progress_on_screen() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; }

# progress TEXT
progress() {
	if progress_on_screen; then
		printf '\r\033[K%.*s' $(($(tput cols 2>/dev/null || echo 80) - 1)) "$*" >&2
	elif [ $((EPOCHSECONDS - PROGRESS_AT)) -ge 60 ]; then
		PROGRESS_AT=$EPOCHSECONDS
		printf '... %s\n' "$*" >&2
	fi
}

# progress_over: before anything else is printed.
progress_over() { progress_on_screen && printf '\r\033[K' >&2; return 0; }

# progress_while PID WHAT FILE: as long as it runs: WHAT, for how long, and the last line of FILE; then its status.
progress_while() {
	local began=$EPOCHSECONDS
	while kill -0 "$1" 2>/dev/null; do
		progress "$2, $((EPOCHSECONDS - began)) s: $(tail -n 1 "$3" 2>/dev/null)"
		sleep 1
	done
	progress_over
	wait "$1"
}
