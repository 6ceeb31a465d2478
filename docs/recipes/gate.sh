#!/bin/sh
# Power a VM on only when its preflight says GO:  gate.sh VM
# Both programs take GOVC_URL, GOVC_USERNAME, GOVC_PASSWORD and GOVC_TLS_CA_CERTS.
set -u
vm=${1:?name a VM}

hostcheck preflight "$vm" --quiet --format line
code=$?
case $code in
0) exec govc vm.power -on "$vm" ;;
1) echo "$vm: NO-GO, not started" >&2 ;;
3) echo "$vm: UNSURE, not started; the lines above say what could not be read" >&2 ;;
esac
exit $code
