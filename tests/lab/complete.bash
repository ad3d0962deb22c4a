# SPDX-License-Identifier: GPL-2.0-only
#
#	bash --norc complete.bash COMPLETION LINE
#
# Prints what bash would offer at the end of LINE, a word a line.

. /usr/share/bash-completion/bash_completion
. "$1"
compopt() { :; } # there is no command line to say it of
COMP_LINE=$2
COMP_POINT=${#2}
read -ra COMP_WORDS <<<"${2//=/ = }"
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_mayflyctl
printf '%s\n' "${COMPREPLY[@]}"
