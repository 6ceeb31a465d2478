#!/usr/bin/env bash
# node_exporter 1.5.0: a text file whose HELP of a metric differs from another file's loses its samples, and all is "well".
#
# Seen with Debian's prometheus-node-exporter 1.5.0-1+b6 on amd64. Two files of the textfile collector hold the same
# gauge for other hosts, each file right by itself and valid for promtool. If their HELP texts differ by a word, or one has
# none, the samples of the second file are not there. The answer is HTTP 200, node_textfile_scrape_error is 0, the
# collector's success 1, and node_textfile_mtime_seconds names the file as read: only a line of the exporter's log tells.
# So two versions of a program that words a HELP anew must not write for one node_exporter.
#
#     HELP alike: samples of hosts a b    HTTP 200  scrape_error 0
#     HELP other: samples of hosts a      HTTP 200  scrape_error 0
#     HELP none:  samples of hosts a      HTTP 200  scrape_error 0
set -euo pipefail
place=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$place"' EXIT
cd "$place"
apt-get download -qq prometheus-node-exporter=1.5.0-1+b6 2>/dev/null
dpkg -x prometheus-node-exporter_*.deb .
mkdir files
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
usr/bin/prometheus-node-exporter --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="$place/files" --web.listen-address="127.0.0.1:$port" 2>log &
server=$!

write() { # FILE HOST HELP
	{
		[ -z "$3" ] || echo "# HELP gpu_host_checks_failed $3"
		echo "# TYPE gpu_host_checks_failed gauge"
		echo "gpu_host_checks_failed{host=\"$2\"} 1"
	} >"files/$1.prom"
}
ask() { python3 - "$port" <<'PYTHON'
import re, sys, time, urllib.request

for _ in range(50):
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics", timeout=5)
        break
    except OSError:
        time.sleep(0.1)
text = answer.read().decode()
hosts = re.findall(r'^gpu_host_checks_failed\{host="(\w)"\} 1', text, re.M)
read = len(re.findall(r"^node_textfile_mtime_seconds", text, re.M))
error = re.search(r"^node_textfile_scrape_error (\d)", text, re.M)[1]
print("hosts", *hosts, "HTTP", answer.status, "scrape_error", error, "files", read)
PYTHON
}
write a a "Failed checks of a host."
fails=0
expect() { # NAME HELP OF THE SECOND FILE, EXPECTED
	write b b "$2"
	got=$(ask)
	echo "HELP $1: $got"
	[ "$got" = "$3" ] || { echo "changed: it was $3"; fails=1; }
}
expect alike "Failed checks of a host." "hosts a b HTTP 200 scrape_error 0 files 2"
expect other "Failed checks of each host." "hosts a HTTP 200 scrape_error 0 files 2"
expect none "" "hosts a HTTP 200 scrape_error 0 files 2"
grep -q "but should have" log || { echo "changed: the log says nothing"; fails=1; }
exit $fails
