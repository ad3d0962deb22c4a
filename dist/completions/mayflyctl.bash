# SPDX-License-Identifier: GPL-2.0-only
# Bash completion for mayflyctl.

# What --socket said, or the usual directory.
_mayflyctl_socket() {
	local i
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		[[ ${words[i]} == --socket ]] || continue
		[[ ${words[i + 1]} == = ]] && ((i++))
		printf '%s' "${words[i + 1]}"
		return
	done
	printf /run/mayfly
}

# Names of /etc/mayfly/NAME.conf, for commands that take a file.
_mayflyctl_configurations() {
	local path
	for path in /etc/mayfly/*.conf; do
		[[ -e $path ]] && path=${path##*/} && printf '%s\n' "${path%.conf}"
	done
}

# Interfaces with a loader.
_mayflyctl_interfaces() {
	local path
	for path in /run/mayfly/*.sock; do
		[[ -e $path ]] && path=${path##*/} && printf '%s\n' "${path%.sock}"
	done
}

_mayflyctl_associations() {
	mayflyctl --socket "$(_mayflyctl_socket)" dump 2>/dev/null | awk -F '\t' '$1 == "association" { print $2 }'
}

# The step, then its options.
_mayflyctl_rendezvous() {
	local every='--private-key-file --peer --at --period --publish --read --form --json' i
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		locate) COMPREPLY=($(compgen -W "$every --key-file --two-stage" -- "$cur")); return ;;
		seal)
			COMPREPLY=($(compgen -W "$every --key-file --prefix --seed --rotation --nonce --raw" -- "$cur"))
			return
			;;
		open) COMPREPLY=($(compgen -W "$every" -- "$cur")); return ;;
		esac
	done
	COMPREPLY=($(compgen -W 'locate seal open' -- "$cur"))
}

_mayflyctl() {
	local cur prev words cword command='' i
	local every='up down reload serve meet show sessions dump watch events doctor hosts derive rendezvous genkey pubkey genpsk'
	_init_completion || return

	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--socket)
			[[ ${words[i + 1]} == = ]] && ((i++))
			((i++))
			;;
		-*) ;;
		*) command=${words[i]}; break ;;
		esac
	done

	case $prev in
	--socket | --key-file | --private-key-file) _filedir; return ;;
	--form) COMPREPLY=($(compgen -W 'native full compact' -- "$cur")); return ;;
	--period) COMPREPLY=($(compgen -W '60s 600s 1h' -- "$cur")); return ;;
	--state) _filedir -d; return ;;
	--wait) COMPREPLY=($(compgen -W '10s 30s 2m' -- "$cur")); return ;;
	--rotation | --interval) COMPREPLY=($(compgen -W '200ms 1s 3s 10s 1m' -- "$cur")); return ;;
	--iid | --key | --at | --prefix | --slots | --peer | --seed | --nonce | --two-stage) return ;;
	esac

	case $command in
	'')
		COMPREPLY=($(compgen -W "$every help --socket --help --version" -- "$cur"))
		return
		;;
	up)
		COMPREPLY=($(compgen -W '--wait --no-wait --foreground --down --state' -- "$cur"))
		_filedir conf
		[[ $cur == */* ]] || COMPREPLY+=($(compgen -W "$(_mayflyctl_configurations)" -- "$cur"))
		;;
	reload | doctor | hosts)
		[[ $command == doctor ]] && COMPREPLY=($(compgen -W '--json' -- "$cur"))
		_filedir conf
		[[ $cur == */* ]] || COMPREPLY+=($(compgen -W "$(_mayflyctl_configurations)" -- "$cur"))
		;;
	down)
		_filedir conf
		[[ $cur == */* ]] || COMPREPLY+=($(compgen -W "$(_mayflyctl_interfaces)" -- "$cur"))
		;;
	serve)
		COMPREPLY=($(compgen -W '--down --state --no-loader' -- "$cur"))
		_filedir conf
		[[ $cur == */* ]] || COMPREPLY+=($(compgen -W "$(_mayflyctl_configurations)" -- "$cur"))
		;;
	meet)
		COMPREPLY=($(compgen -W '--print --json --state' -- "$cur"))
		_filedir conf
		[[ $cur == */* ]] || COMPREPLY+=($(compgen -W "$(_mayflyctl_configurations)" -- "$cur"))
		;;
	show) COMPREPLY=($(compgen -W "--json $(_mayflyctl_associations)" -- "$cur")) ;;
	sessions)
		COMPREPLY=($(compgen -W '--json --follow' -- "$cur"))
		_filedir conf
		[[ $cur == */* ]] || COMPREPLY+=($(compgen -W "$(_mayflyctl_interfaces)" -- "$cur"))
		;;
	help) COMPREPLY=($(compgen -W "$every" -- "$cur")) ;;
	watch) COMPREPLY=($(compgen -W '--interval' -- "$cur")) ;;
	events) COMPREPLY=($(compgen -W '--json' -- "$cur")) ;;
	derive)
		COMPREPLY=($(compgen -W '--iid --key-file --key --rotation --at --prefix --slots --json' -- "$cur"))
		;;
	rendezvous) _mayflyctl_rendezvous ;;
	esac
	[[ $cur == -* ]] && COMPREPLY+=($(compgen -W '--help --socket' -- "$cur"))
} &&
	complete -F _mayflyctl mayflyctl
