#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the completions of bash, zsh and fish offer: commands, files where files go, and nothing else.

. "$(dirname "$0")/../lab/lib.sh"

export HOME=$RUN
mkdir "$RUN/here" && cd "$RUN/here" && touch some.conf other.conf

# offered SHELL LINE: a word a line.
offered() {
	local completion=$TOP/dist/completions/mayflyctl.$1
	case $1 in
	bash) timeout 10 bash --norc "$LAB/complete.bash" "$completion" "$2" ;;
	zsh) timeout 10 zsh -f "$LAB/complete.zsh" "$completion" "$RUN/zsh" "$2" ;;
	fish) timeout 10 fish -N -c "source $completion; complete -C '$2'" | cut -f1 ;;
	esac </dev/null 2>"$RUN/err" | sort -u | grep .
}

# files_of SHELL LINE, missing SHELL LINE: files that are offered, commands that are not.
files_of() { offered "$1" "mayflyctl $2" | grep conf | paste -sd' '; }
missing() { comm -23 <(echo "$commands") <(offered "$1" "$2") | paste -sd' '; }

commands=$(mayflyctl --help | sed -n 's/^  \([a-z]\+\) .*/\1/p' | sort)
for shell in bash zsh fish; do
	command -v "$shell" >/dev/null || skip "$shell is not installed"
	[ "$shell" != bash ] || [ -e /usr/share/bash-completion/bash_completion ] || skip "bash-completion is not installed"
	for line in "mayflyctl " "mayflyctl --socket /x " "mayflyctl help "; do
		equal "$shell: commands behind '$line' that are missing" "" "$(missing "$shell" "$line")"
	done
	for line in "" "show " "events " "genkey " "help " "watch " "derive " "rendezvous " "--socket /x show "; do
		equal "$shell: files where none go: '$line'" "" "$(files_of "$shell" "$line")"
	done
	for line in "up " "--socket " "reload " "--socket /x down " "derive --key-file "; do
		equal "$shell: files where they go: '$line'" "other.conf some.conf" "$(files_of "$shell" "$line")"
	done
	equal "$shell: steps of rendezvous" "locate open seal" "$(offered "$shell" "mayflyctl rendezvous " | paste -sd' ')"
	check "$shell: options of show" grep -qx -- --json <(offered "$shell" "mayflyctl show --")
done
equal "bash: a socket behind =" "" "$(missing bash "mayflyctl --socket=/x ")"
finish
