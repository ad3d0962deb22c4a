# SPDX-License-Identifier: GPL-2.0-only
# fish completion for mayflyctl.

function __mayflyctl_commands
    mayflyctl --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __mayflyctl_files
    path basename /etc/mayfly/*.conf 2>/dev/null | string replace -r '\.conf$' ''
end

function __mayflyctl_nics
    path basename /run/mayfly/*.sock 2>/dev/null | string replace -r '\.sock$' ''
end

complete -c mayflyctl -n __fish_use_subcommand -f -a '(__mayflyctl_commands)'
complete -c mayflyctl -l socket -r -d 'Socket of the loader'
complete -c mayflyctl -l help -d 'How it goes'
complete -c mayflyctl -n __fish_use_subcommand -l version

# OPTION of the commands, with (-r, files) or (-x) a value.
complete -c mayflyctl -n '__fish_seen_subcommand_from up serve meet reload doctor hosts' -a '(__mayflyctl_files)'
complete -c mayflyctl -n '__fish_seen_subcommand_from down sessions' -a '(__mayflyctl_nics)'
complete -c mayflyctl -n '__fish_seen_subcommand_from up' -l wait -x
complete -c mayflyctl -n '__fish_seen_subcommand_from up' -l no-wait
complete -c mayflyctl -n '__fish_seen_subcommand_from up' -l foreground
complete -c mayflyctl -n '__fish_seen_subcommand_from up serve' -l down
complete -c mayflyctl -n '__fish_seen_subcommand_from up serve meet' -l state -r
complete -c mayflyctl -n '__fish_seen_subcommand_from serve' -l no-loader
complete -c mayflyctl -n '__fish_seen_subcommand_from meet' -l print
complete -c mayflyctl -n '__fish_seen_subcommand_from meet show sessions events doctor derive rendezvous' -l json
complete -c mayflyctl -n '__fish_seen_subcommand_from sessions' -l follow
complete -c mayflyctl -n '__fish_seen_subcommand_from watch' -l interval -x
complete -c mayflyctl -n '__fish_seen_subcommand_from derive rendezvous' -l key-file -r
for option in iid key slots
    complete -c mayflyctl -n '__fish_seen_subcommand_from derive' -l $option -x
end
for option in rotation at prefix
    complete -c mayflyctl -n '__fish_seen_subcommand_from derive rendezvous' -l $option -x
end
complete -c mayflyctl -n '__fish_seen_subcommand_from rendezvous' -a 'locate seal open'
complete -c mayflyctl -n '__fish_seen_subcommand_from rendezvous' -l private-key-file -r
for option in peer period two-stage seed nonce
    complete -c mayflyctl -n '__fish_seen_subcommand_from rendezvous' -l $option -x
end
for option in publish read raw
    complete -c mayflyctl -n '__fish_seen_subcommand_from rendezvous' -l $option
end
complete -c mayflyctl -n '__fish_seen_subcommand_from rendezvous' -l form -x -a 'native full compact'
