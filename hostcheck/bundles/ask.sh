#!/bin/sh
# Asks this ESXi host what `hostcheck requests` lists for its shell, and keeps the answers as a recording.
# Made by hostcheck @VERSION@. For the sh of ESXi (BusyBox ash); read it before you run it.
#
#   sh FILE [NAME OF THE HOST IN vSPHERE] [FOLDER TO WRITE INTO]
#
# It changes nothing on the host. It writes into one new folder, whose name it prints, and nothing else.
# Each command has @LIMIT@ seconds. Nothing that the host says is run or put into a command line, but the
# numbers of PCI addresses, and those only after each was found to be hexadecimal digits.
set -u
umask 077
limit=@LIMIT@
most=@BLOCKS@ # of 512 bytes: what one stream of one command may write

give_up() {
    printf 'hostcheck: %s\n' "$1" >&2
    exit 2
}

name=${1:-$(uname -n)}
place=${2:-.}
case $name in
'' | [!A-Za-z0-9]* | *[!A-Za-z0-9._:-]*) give_up "'$name' is no name of a host; give the one that vSphere shows" ;;
esac
case $place in
-*) place=./$place ;;
esac
label=$(printf %s "$name" | tr : _)
work=$place/hostcheck-$label-$(date -u +%Y%m%dT%H%M%SZ)
mkdir "$work" 2>/dev/null || give_up "the folder $work cannot be made; give another place, such as /tmp"
cd "$work" || give_up "the folder $work cannot be used; give another place, such as /tmp"
work=$PWD
mkdir "$label" "$label/shell" || give_up "$work cannot be written to"
cd "$label" || give_up "$work cannot be used"
printf 'writing to %s\n' "$work"

running= watching=
end() {
    [ -z "$watching" ] || kill -9 "$watching" 2>/dev/null
    [ -z "$running" ] || kill -9 "$running" 2>/dev/null
    rm -f over gpus
}
trap 'end; give_up "interrupted; $work holds no whole recording"' HUP INT TERM
trap : USR1 # ends a wait for a command that cannot even be killed

whole() { # $1 when it is a whole number, else 0
    case $1 in
    '' | *[!0-9]*) printf 0 ;;
    *) printf %s "$1" ;;
    esac
}

length() { # bytes of a file
    set -- $(wc -c <"$1")
    whole "${1:-}"
}

digest() { # SHA-256 of a file, nothing where this host has no tool for it
    set -- $(sha256sum "$1" 2>/dev/null)
    printf %s "${1:-}"
}

count=0
between=
# ask AS-JSON WORD...: runs the words as one command and writes its entry of the manifest
ask() {
    asked=$1
    shift
    count=$((count + 1))
    out=shell/$count.txt
    err=shell/$count.err
    failure=
    taken=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    from=$(whole "$(date +%s)")
    rm -f over
    : >"$out"
    if command -v "$1" >/dev/null 2>&1; then
        (
            trap - USR1
            ulimit -f "$most" 2>/dev/null
            exec "$@"
        ) </dev/null >"$out" 2>"$err" &
        running=$!
        (
            trap - USR1
            past=0
            while [ "$past" -lt "$limit" ]; do
                sleep 1
                past=$((past + 1))
            done
            : >over # first: once the command is dead, this watcher is ended at once
            kill -9 "$running"
            sleep 2
            kill -USR1 $$
        ) </dev/null >/dev/null 2>&1 &
        watching=$!
        wait "$running" 2>/dev/null
        status=$?
        kill -9 "$watching" 2>/dev/null # a milder signal is lost while its shell still starts
        wait "$watching" 2>/dev/null
        running= watching=
        if [ -e over ] && [ "$status" -ge 128 ]; then
            failure=", \"failure\": {\"is\": \"unknown\", \"why\": \"timeout\", \"detail\": \"no end within $limit s, stopped\", \"asked\": $asked}"
        fi
    else
        printf 'sh: %s: not found\n' "$1" >"$err"
        status=127
    fi
    took=$(($(whole "$(date +%s)") - from))
    printf '%s{"wire": "shell", "asked": %s, "taken_at": "%s", "duration_ms": %s, "exit_status": %s' \
        "$between" "$asked" "$taken" "$(whole $((took * 1000)))" "$status" >>manifest.json
    printf ', "file": "%s", "bytes": %s, "sha256": "%s"' \
        "$out" "$(length "$out")" "$(digest "$out")" >>manifest.json
    printf ', "stderr_file": "%s", "stderr_bytes": %s, "stderr_sha256": "%s"%s}' \
        "$err" "$(length "$err")" "$(digest "$err")" "$failure" >>manifest.json
    between=',
'
    printf '.'
}

# devices FILE: the addresses of NVIDIA's display controllers in what `esxcli hardware pci list` said
devices() {
    address= vendor=
    while read -r first second third rest; do
        case "$first $second" in
        Address:*)
            address=$second
            vendor=
            ;;
        'Vendor ID:') vendor=$third ;;
        'Device Class:')
            case $vendor,$third in
            0x10[dD][eE],0x03?? | 0x10[dD][eE],0x3??) printf '%s\n' "$address" ;;
            esac
            ;;
        esac
    done <"$1"
}

# header ADDRESS: asks for the NUMA node of a GPU; vsish takes decimal numbers. What sits elsewhere than at
# slot 0, function 0 is a virtual function, unless the graphics list names it.
header() {
    case $1 in
    [0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]:[0-9a-fA-F][0-9a-fA-F]:[01][0-9a-fA-F].[0-7]) ;;
    *) return ;;
    esac
    case $1 in
    *:00.0) ;;
    *) grep -q "^$1" @GRAPHICS@ || return 0 ;;
    esac
    segment=${1%%:*}
    bus=${1#*:}
    slot=${bus#*:}
    bus=${bus%%:*}
    function=${slot#*.}
    segment=$((0x$segment)) bus=$((0x$bus)) slot=$((0x${slot%.*})) function=$((0x$function))
    @HEADER@
}

printf '{"schema": "%s", "tool_version": "%s", "target": "", "host": "%s", "host_id": "",\n' \
    '@SCHEMA@' '@VERSION@' "$name" >manifest.json
printf '"cluster_kind": "", "cluster_id": "", "vm_ids": [], "answers": [\n' >>manifest.json
@HOST@
devices @PCI@ >gpus
while read -r gpu; do
    header "$gpu"
done <gpus
if [ -s gpus ] || [ ! -s @PCI@ ]; then
    @LOG@
    grep -q '</nvidia_smi_log>' "$out" || @TEXT@
    @NVIDIA@
fi
printf '\n]}\n' >>manifest.json
rm -f over gpus
cd "$work" || give_up "$work cannot be used"
printf '\n'
if tar -cf "$label.tar" "$label" && gzip "$label.tar" && mv "$label.tar.gz" "$label.tgz"; then
    printf 'recording %s\nSHA-256   %s\n' "$work/$label.tgz" "$(digest "$label.tgz")"
else
    give_up "it cannot be packed; $work/$label is the recording, copy that folder"
fi
