# SPDX-License-Identifier: GPL-2.0-only
#
# The page of mayflyctl serve and up, for scripts that have sourced lib.sh.

PAGE='http://[::1]:9808'

# page_get HOST PATH [OPTION...]: what stands there.
page_get() {
	local host=$1 path=$2
	shift 2
	on "$host" curl -s --max-time 10 "$@" "$PAGE$path"
}

# page_status HOST PATH [OPTION...]: the answer's number.
page_status() { page_get "$@" -o /dev/null -w '%{http_code}'; }

# page_says HOST PATH WORDS
page_says() { page_get "$1" "$2" | grep -qF -- "$3"; }

# page_is HOST METRIC VALUE
page_is() { [ "$(page_metric "$1" "$2")" = "$3" ]; }

# page_metric HOST METRIC: with its labels, as it stands there.
page_metric() { page_get "$1" /metrics | awk -v name="$2" '$1 == name { print $2 }'; }
