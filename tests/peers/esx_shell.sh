#!/bin/sh
# Plays the ESXi shell: answers a command with what was recorded for the host that was dialled.
# Runs as sshd's ForceCommand; $1 is the replay directory with one directory per server address.
set -u
replay=$1
set -- $SSH_CONNECTION # client address, client port, server address, server port
host=$replay/$3
command=${SSH_ORIGINAL_COMMAND:-}

if [ -z "$command" ]; then
    echo "This machine answers single commands only." >&2
    exit 1
fi

trouble=
[ -f "$host/trouble" ] && read -r trouble <"$host/trouble"
case $trouble in
hang) exec sleep 300 ;;
close) kill -KILL "$PPID" ;;
flood)
    head -c 1048576 /dev/zero | tr '\0' 'e' >&2
    head -c 1048576 /dev/zero | tr '\0' 'o'
    ;;
esac

digest=$(printf %s "$command" | sha256sum)
answer=$host/${digest%% *}
if [ ! -f "$answer.out" ]; then
    echo "sh: ${command%% *}: not found" >&2
    exit 127
fi
[ -f "$answer.err" ] && cat "$answer.err" >&2
cat "$answer.out"
status=0
[ -f "$answer.rc" ] && read -r status <"$answer.rc"
exit "$status"
