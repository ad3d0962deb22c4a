# SPDX-License-Identifier: GPL-2.0-only
# fish completion for mayflyctl.

# The first word that is neither an option nor what --socket says.
function __mayflyctl_command
    set -l words (commandline -opc)[2..]
    while set -q words[1]
        switch $words[1]
            case --socket
                set -q words[2]; and set -e words[1]
            case '-*'
            case '*'
                echo $words[1]
                return 0
        end
        set -e words[1]
    end
    return 1
end

function __mayflyctl_has_no_command
    not __mayflyctl_command >/dev/null
end

# __mayflyctl_in COMMAND...: it is one of these.
function __mayflyctl_in
    set -l command (__mayflyctl_command); and contains -- $command $argv
end

function __mayflyctl_commands
    mayflyctl --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __mayflyctl_files
    path basename /etc/mayfly/*.conf 2>/dev/null | string replace -r '\.conf$' ''
end

function __mayflyctl_nics
    path basename /run/mayfly/*.sock 2>/dev/null | string replace -r '\.sock$' ''
end

# Files go nowhere but where -F lets them.
complete -c mayflyctl -f
complete -c mayflyctl -n __mayflyctl_has_no_command -a '(__mayflyctl_commands)'
complete -c mayflyctl -n __mayflyctl_has_no_command -a help -d 'How a command goes'
complete -c mayflyctl -n '__mayflyctl_in help' -a '(__mayflyctl_commands)'
complete -c mayflyctl -l socket -rF -d 'Socket of the loader'
complete -c mayflyctl -l help -d 'How it goes'
complete -c mayflyctl -n __mayflyctl_has_no_command -l version

# OPTION of the commands, with (-rF, files) or (-x) a value.
complete -c mayflyctl -n '__mayflyctl_in up serve meet reload doctor hosts' -F -a '(__mayflyctl_files)'
complete -c mayflyctl -n '__mayflyctl_in down sessions' -F -a '(__mayflyctl_nics)'
complete -c mayflyctl -n '__mayflyctl_in up' -l wait -x
complete -c mayflyctl -n '__mayflyctl_in up' -l no-wait
complete -c mayflyctl -n '__mayflyctl_in up' -l foreground
complete -c mayflyctl -n '__mayflyctl_in up serve' -l down
complete -c mayflyctl -n '__mayflyctl_in up serve meet' -l state -rF
complete -c mayflyctl -n '__mayflyctl_in serve' -l no-loader
complete -c mayflyctl -n '__mayflyctl_in meet' -l print
complete -c mayflyctl -n '__mayflyctl_in meet show sessions events doctor derive rendezvous' -l json
complete -c mayflyctl -n '__mayflyctl_in sessions' -l follow
complete -c mayflyctl -n '__mayflyctl_in watch' -l interval -x
complete -c mayflyctl -n '__mayflyctl_in derive rendezvous' -l key-file -rF
for option in iid key slots
    complete -c mayflyctl -n '__mayflyctl_in derive' -l $option -x
end
for option in rotation at prefix
    complete -c mayflyctl -n '__mayflyctl_in derive rendezvous' -l $option -x
end
complete -c mayflyctl -n '__mayflyctl_in rendezvous' -a 'locate seal open'
complete -c mayflyctl -n '__mayflyctl_in rendezvous' -l private-key-file -rF
for option in peer period two-stage seed nonce
    complete -c mayflyctl -n '__mayflyctl_in rendezvous' -l $option -x
end
for option in publish read raw
    complete -c mayflyctl -n '__mayflyctl_in rendezvous' -l $option
end
complete -c mayflyctl -n '__mayflyctl_in rendezvous' -l form -x -a 'native full compact'
