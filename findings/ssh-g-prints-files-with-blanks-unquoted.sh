#!/usr/bin/env bash
# OpenSSH 9.2p1: `ssh -G` prints names of files with blanks unquoted; two files and three look the same.
#
# Seen with Debian's openssh-client 1:9.2p1-2+deb12u10 on amd64. `ssh -G HOST` is the way for other programs to learn what a
# ssh_config means. UserKnownHostsFile and GlobalKnownHostsFile are lists of files, split at blanks and quoted in the file; in the
# answer the quotes are gone. So "/keys/known one" and /two are printed as /keys/known, one and /two would be, and the answer
# itself is no ssh_config: read again, it names other files. Whoever asks has to look which of the readings exists.
#
#     UserKnownHostsFile "/keys/known one" /two    ->  userknownhostsfile /keys/known one /two
#     UserKnownHostsFile /keys/known one /two      ->  userknownhostsfile /keys/known one /two
#     IdentityFile "/keys/id one"                  ->  identityfile /keys/id one
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -qq openssh-client=1:9.2p1-2+deb12u10 2>/dev/null
dpkg -x openssh-client_*.deb .

told() { # LINE OF THE CONFIG
	printf 'Host a\n  %s\n' "$1" >config
	usr/bin/ssh -F config -G a | grep -E '^(userknownhostsfile|identityfile) /keys' || true
}
two=$(told 'UserKnownHostsFile "/keys/known one" /two')
three=$(told 'UserKnownHostsFile /keys/known one /two')
key=$(told 'IdentityFile "/keys/id one"')
printf '%s\n' "$two" "$three" "$key"
[ "$two" = "userknownhostsfile /keys/known one /two" ] || { echo "changed: $two"; exit 1; }
[ "$two" = "$three" ] || { echo "changed: two files and three differ"; exit 1; }
[ "$key" = "identityfile /keys/id one" ] || { echo "changed: $key"; exit 1; }
