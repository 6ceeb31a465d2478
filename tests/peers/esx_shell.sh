#!/bin/sh
# Plays the ESXi shell: answers a command with what was recorded for the host that was dialled.
# Runs as sshd's ForceCommand; $1 is the replay directory with one directory per server address. Where
# there is a directory `tools` beside it, scripts run too: each tool in it is this file by another name.
set -u
case $0 in
*/tools/*)
    command=${0##*/}
    [ $# -gt 0 ] && command="$command $*"
    ;;
*)
    replay=$1
    set -- $SSH_CONNECTION # client address, client port, server address, server port
    export ESX_HOST=$replay/$3 ESX_SERVER=$PPID
    command=${SSH_ORIGINAL_COMMAND:-}
    if [ -z "$command" ]; then
        echo "This machine answers single commands only." >&2
        exit 1
    fi
    if [ -d "$replay/../tools" ] && [ "${command#*;}" != "$command" ]; then
        PATH=$replay/../tools:$PATH exec /bin/sh -c "$command"
    fi
    ;;
esac
host=$ESX_HOST

trouble=
[ -f "$host/trouble" ] && read -r trouble <"$host/trouble"
case $trouble in
hang) exec sleep 300 ;;
slow) [ "$command" = "nvidia-smi -q -x" ] && sleep 4 ;;
close) kill -KILL "$ESX_SERVER" ;;
flood)
    head -c 1048576 /dev/zero | tr '\0' 'e' >&2
    head -c 1048576 /dev/zero | tr '\0' 'o'
    ;;
esac

# The file of an answer is called like its command, cut where a name would grow too long. Nothing
# is forked to find it: a host is asked dozens of commands, and a suite hundreds of hosts.
answer=$host/ rest=$command
while [ ${#rest} -gt 100 ]; do
    tail=${rest#????????????????????????????????????????????????????????????????????????????????????????????????????}
    answer=$answer${rest%"$tail"}/ rest=$tail
done
answer=$answer$rest
if [ ! -e "$answer.out" ]; then
    echo "sh: ${command%% *}: not found" >&2
    exit 127
fi
[ -f "$answer.err" ] && cat "$answer.err" >&2
[ -f "$answer.rc" ] || exec cat "$answer.out"
cat "$answer.out"
read -r status <"$answer.rc"
exit "$status"
