// Command govmomi reads what an audit needs with VMware's own Go client.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const page = 250

func main() {
	port := flag.Int("port", 0, "port on loopback")
	host := flag.String("host", "", "paths of HostSystem, by comma")
	vm := flag.String("vm", "", "paths of VirtualMachine, by comma")
	flag.Parse()
	if err := run(context.Background(), *port, *host, *vm); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, port int, host, vm string) error {
	address := &url.URL{Scheme: "https", Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/sdk"}
	transport := soap.NewClient(address, false)
	if err := transport.SetRootCAs(os.Getenv("GOVC_TLS_CA_CERTS")); err != nil {
		return err
	}
	client, err := vim25.NewClient(ctx, transport)
	if err != nil {
		return err
	}
	manager := session.NewManager(client)
	user := url.UserPassword(os.Getenv("GOVC_USERNAME"), os.Getenv("GOVC_PASSWORD"))
	if err = manager.Login(ctx, user); err != nil {
		return err
	}
	defer func() { _ = manager.Logout(ctx) }()
	if err = read(ctx, client, "HostSystem", strings.Split(host, ",")); err != nil {
		return err
	}
	return read(ctx, client, "VirtualMachine", strings.Split(vm, ","))
}

func read(ctx context.Context, client *vim25.Client, kind string, paths []string) error {
	found, err := view.NewManager(client).CreateContainerView(ctx, client.ServiceContent.RootFolder, []string{kind}, true)
	if err != nil {
		return err
	}
	step := &types.TraversalSpec{Type: "ContainerView", Path: "view", Skip: types.NewBool(false)}
	answer, err := methods.RetrievePropertiesEx(ctx, client, &types.RetrievePropertiesEx{
		This:    client.ServiceContent.PropertyCollector,
		Options: types.RetrieveOptions{MaxObjects: page},
		SpecSet: []types.PropertyFilterSpec{{
			PropSet:   []types.PropertySpec{{Type: kind, PathSet: paths}},
			ObjectSet: []types.ObjectSpec{{Obj: found.Reference(), Skip: types.NewBool(true), SelectSet: []types.BaseSelectionSpec{step}}},
		}},
	})
	if err != nil {
		return err
	}
	for result := answer.Returnval; result != nil && result.Token != ""; {
		more, err := methods.ContinueRetrievePropertiesEx(ctx, client, &types.ContinueRetrievePropertiesEx{
			This: client.ServiceContent.PropertyCollector, Token: result.Token,
		})
		if err != nil {
			return err
		}
		result = &more.Returnval
	}
	return nil
}
