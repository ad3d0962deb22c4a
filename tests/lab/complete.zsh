# SPDX-License-Identifier: GPL-2.0-only
#
#	zsh -f complete.zsh COMPLETION FILE LINE
#
# Prints what zsh would offer at the end of LINE, a word a line. FILE is written on the way: a shell that is typed to has them.

zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= PS2= RPS1=; stty cols 400 rows 500
autoload -Uz compinit; compinit -u -d $2.known; . $1 2>/dev/null; compdef _mayflyctl mayflyctl
compadd() {
	local -a offered
	[[ \${@[1,(i)(-|--)]} == *-(O|A|D)* ]] || { builtin compadd -A offered \"\$@\"; print -rl -- \$offered >>$2; }
	builtin compadd \"\$@\"
}
told() { print -r TO''LD; }; zle -N told; bindkey '^G' told
print REA''DY"
zpty -r shell said '*READY*'
: >$2
zpty -n -w shell "$3"$'\t\a'
zpty -r shell said '*TOLD*'
zpty -d shell
cat $2
