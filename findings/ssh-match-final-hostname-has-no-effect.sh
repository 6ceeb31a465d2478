#!/usr/bin/env bash
# OpenSSH 9.2p1: HostName below `Match final` is taken for nothing, while Port beside it counts.
#
# Seen with Debian's openssh-client 1:9.2p1-2+deb12u10 on amd64. A block of `Match final` is read in a second pass, for what no
# block before it said. Its Port, User and ProxyJump count where nothing set them. Its HostName does not, though nothing set one:
# the name was made the host's own before that pass. No word is said, with -v neither. A program that reads ssh_config by itself,
# and takes the first value of each keyword, dials another machine than ssh does.
#
#     Match final, HostName 127.0.0.9, Port 99     ->  hostname a, port 99
#     Host a, HostName 127.0.0.9, Port 99          ->  hostname 127.0.0.9, port 99
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -qq openssh-client=1:9.2p1-2+deb12u10 2>/dev/null
dpkg -x openssh-client_*.deb .

told() { # BLOCK
	printf '%s\n  HostName 127.0.0.9\n  Port 99\n' "$1" >config
	usr/bin/ssh -F config -G a | grep -E '^(hostname|port) ' | paste -sd' '
}
final=$(told "Match final")
plain=$(told "Host a")
printf 'Match final: %s\nHost a:      %s\n' "$final" "$plain"
[ "$final" = "hostname a port 99" ] || { echo "changed: $final"; exit 1; }
[ "$plain" = "hostname 127.0.0.9 port 99" ] || { echo "changed: $plain"; exit 1; }
