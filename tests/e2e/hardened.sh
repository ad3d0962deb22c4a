#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the compiler and the linker were to put into all programs is in them: a wrong write ends the program, and does not
# become somebody's way in.

. "$(dirname "$0")/../lab/lib.sh"

[ -z "${MF_COVERAGE:-}" ] || skip "a build that measures coverage is not hardened"

# has WHAT PATTERN COMMAND...: in what it prints.
has() {
	local what=$1 pattern=$2
	shift 2
	check "$what" grep -qE -- "$pattern" <("$@")
}

lacks() {
	local what=$1 pattern=$2
	shift 2
	refute "$what" grep -qE -- "$pattern" <("$@")
}

# calls PROGRAM: what it takes from libraries.
calls() { readelf --dyn-syms --wide "$1" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }'; }

# probed PROGRAM: a frame of many pages is touched page by page as it is made.
probed() { objdump -d "$1" | grep -qE '(or|mov)[a-z]? +\$0x0,(0x0)?\(%rsp\)'; }

# marked PROGRAM: functions begin with a mark, without which the processor lets no indirect jump in.
marked() { [ "$(objdump -d "$1" | grep -c endbr64)" -gt 20 ]; }

for program in mayfly-loader mayflyctl mayfly-page; do
	file=$BUILD/$program
	equal "$program is there" yes "$([ -x "$file" ] && echo yes || echo no)"
	has "$program: position independent" 'Type: +DYN' readelf -h "$file"
	has "$program: an executable, not a library" 'FLAGS_1.*PIE' readelf -d "$file"
	has "$program: all relocations at the start" 'FLAGS_1.*NOW' readelf -d "$file"
	has "$program: and read-only then" 'GNU_RELRO' readelf -lW "$file"
	has "$program: a stack without code" 'GNU_STACK.* RW ' readelf -lW "$file"
	lacks "$program: nothing is writable and code at once" 'LOAD.* RWE ' readelf -lW "$file"
	lacks "$program: libraries come from where the system has them" 'RPATH|RUNPATH' readelf -d "$file"
	lacks "$program: no relocation in code" 'TEXTREL' readelf -d "$file"
	has "$program: frames are guarded" '^__stack_chk_fail$' calls "$file"
	for call in snprintf vsnprintf memcpy; do
		has "$program: $call knows how long its buffer is" "^__${call}_chk\$" calls "$file"
	done
	[ "$(uname -m)" = x86_64 ] || continue
	check "$program: no frame reaches over the guard page" probed "$file"
	check "$program: indirect jumps lead to functions" marked "$file"
done
finish
