#compdef mayflyctl
# SPDX-License-Identifier: GPL-2.0-only
# zsh completion for mayflyctl.

# Names of /etc/mayfly/NAME.conf, and files.
_mayflyctl_files() {
	local -a names=(/etc/mayfly/*.conf(N:t:r))
	_alternative 'names:configuration:compadd -a names' 'files:file:_files'
}

# Interfaces with a loader.
_mayflyctl_nics() {
	local -a names=(/run/mayfly/*.sock(N:t:r))
	_alternative 'names:interface:compadd -a names' 'files:file:_files'
}

_mayflyctl_commands() {
	local -a commands
	commands=(${${${(M)${(f)"$(mayflyctl --help 2>/dev/null)"}:#  [a-z]*}#  }/ ##/:} 'help:how a command goes')
	_describe command commands
}

_mayflyctl() {
	local state line
	local -a state_dir=('--state[where good nodes are remembered]:directory:_files -/') json=('--json[for programs]')
	local -a every=('--private-key-file:file:_files' '--peer:key' '--at:Unix seconds' '--period:duration' '--publish' '--read'
		'--form:form:(native full compact)' $json)
	_arguments -C '--socket[socket of the loader]:path:_files' '--help' '--version' '1: :_mayflyctl_commands' '*:: :->rest'
	[[ $state == rest ]] || return
	case $line[1] in
	help) _arguments '1: :_mayflyctl_commands' ;;
	up) _arguments '--wait:duration' '--no-wait' '--foreground' '--down' $state_dir '1: :_mayflyctl_files' ;;
	serve) _arguments '--down' '--no-loader' $state_dir '1: :_mayflyctl_files' ;;
	meet) _arguments '--print' $json $state_dir '1: :_mayflyctl_files' '2:peer' ;;
	reload | hosts) _arguments '1: :_mayflyctl_files' ;;
	doctor) _arguments $json '1: :_mayflyctl_files' ;;
	down) _arguments '1: :_mayflyctl_nics' ;;
	sessions) _arguments '--follow' $json '1: :_mayflyctl_nics' ;;
	show) _arguments $json '1:name' ;;
	events) _arguments $json ;;
	watch) _arguments '--interval:duration' ;;
	derive)
		_arguments '--iid:hex' '--key-file:file:_files' '--key:hex' '--rotation:duration' '--at:Unix ms' '--prefix:prefix' \
			'--slots:number' $json
		;;
	rendezvous)
		_arguments $every '--key-file:file:_files' '--two-stage:number' '--prefix:prefix' '--seed:hex' '--rotation:duration' \
			'--nonce:hex' '--raw' '1:step:(locate seal open)'
		;;
	esac
}

_mayflyctl "$@"
