#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is installed is what is listed, units name the programs where they are, uninstall takes all of it away; completions
# know every command and option; and the source packs to the same bytes twice.

. "$(dirname "$0")/../lab/lib.sh"

# make_there TARGET: quietly, into $RUN/root.
make_there() { make -s -C "$TOP" --no-print-directory "$1" "DESTDIR=$RUN/root" PREFIX=/opt/local; }

# files: of $RUN/root, in order.
files() { find "$RUN/root" ! -type d | sort; }

check "make install" make_there install
equal "files that differ from the list" "" "$(diff <(files) <(make_there installed | sort))"
compare "files" "$(files | wc -l)" ">=" 20
for program in sbin/mayfly-loader bin/mayflyctl; do
	check "$program runs" quiet "$RUN/root/opt/local/$program" --version
done
equal "programs that units start" "/opt/local/bin/mayflyctl /opt/local/sbin/mayfly-loader" \
	"$(sed -n 's/^Exec[A-Za-z]*=-\?\([^ ]*\).*/\1/p' "$RUN"/root/lib/systemd/system/*.service | sort -u | paste -sd' ')"
for unit in mayfly-loader mayfly mayfly-serve; do
	[ -x /usr/bin/systemd-analyze ] || break
	exposure=$(systemd-analyze security --offline=yes "$TOP/dist/systemd/$unit@.service" | sed -n 's/.*level for.*: \([0-9.]*\) .*/\1/p')
	compare "$unit@: exposure (systemd-analyze security)" "$exposure" "<=" 3.2
done

options() { mayflyctl "$1" --help | grep -o -- '--[a-z][a-z-]*' | sed 's/^--//' | sort -u | grep -vx -e help -e socket; }
for completion in "$TOP"/dist/completions/*; do
	unknown=
	for command in $(mayflyctl --help | sed -n 's/^  \([a-z]\+\) .*/\1/p'); do
		for option in $(options "$command"); do
			grep -qE -- "[ '(\"-]$option\>" "$completion" || unknown="$unknown $command:--$option"
		done
	done
	equal "options that $(basename "$completion") does not know" "" "$unknown"
done
bash -n "$TOP/dist/completions/mayflyctl.bash" || FAILED=1

check "make uninstall" make_there uninstall
equal "files left" "" "$(files)"
equal "directories of ours left" "" "$(find "$RUN/root" -name '*mayfly*')"

if git -C "$TOP" rev-parse -q --verify HEAD >/dev/null 2>&1 || [ -e "$TOP/VERSION" ]; then
	one=$("$TOP/dist/archive" "$RUN/one" 2>/dev/null)
	sleep 1.1 # time is none of what it is made of
	two=$(TZ=America/New_York umask 077 && "$TOP/dist/archive" "$RUN/two" 2>/dev/null)
	check "make dist: twice the same bytes" cmp "$one" "$two"
	mkdir "$RUN/source" && tar -C "$RUN/source" -xzf "$one"
	version=$("$RUN"/source/mayfly-*/dist/version)
	equal "the version inside is that of its name" "mayfly-$version.tar.gz" "$(basename "$one")"
	three=$("$RUN"/source/mayfly-*/dist/archive "$RUN/three")
	four=$("$RUN"/source/mayfly-*/dist/archive "$RUN/four")
	check "from an unpacked one, too" cmp "$three" "$four"
	equal "which holds the same files" "" "$(diff <(tar tzf "$one" | grep -v '/$' | sort) <(tar tzf "$three" | grep -v '/$' | sort) | head -n 5)"
else
	say "  (not in a git repository, and no source archive: nothing to pack)"
fi
finish
