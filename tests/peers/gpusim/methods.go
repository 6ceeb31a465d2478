package main

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// imageManager answers which VIBs one host has.
type imageManager struct {
	mo.HostImageConfigManager
	packages []types.SoftwarePackage
}

func (m *imageManager) FetchSoftwarePackages(*types.FetchSoftwarePackages) soap.HasFault {
	return &methods.FetchSoftwarePackagesBody{Res: &types.FetchSoftwarePackagesResponse{Returnval: m.packages}}
}

// serveMethods adds the managers that a host refers to and the library does not have, and takes over
// esxcli so that it answers from the fleet.
func serveMethods(registry *simulator.Registry, bed *testbed, seen *statistics) {
	executers := &executers{bed: bed, seen: seen}
	for _, object := range registry.All("HostSystem") {
		host := object.(*simulator.HostSystem)
		if ref := host.ConfigManager.ImageConfigManager; ref != nil {
			manager := &imageManager{packages: packagesOf(bed.Packages[host.Self.Value])}
			manager.Self = *ref
			registry.Put(manager)
		}
	}
	registry.Handler = func(_ *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		if found := changes(registry, bed, method); found != nil {
			return found, nil
		}
		switch method.Name {
		case "RetrieveManagedMethodExecuter", "ExecuteSoap":
			return executers, nil
		case "QueryConfigTarget", "QueryConfigOptionEx":
			return &browser{bed}, nil
		case "DirectPathProfileManagerQueryCapacity":
			return &profiles{bed}, nil
		case "PowerOnVM_Task":
			ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: method.This.Value}
			if vm, ok := registry.Get(ref).(*simulator.VirtualMachine); ok {
				return &starter{bed: bed, vm: vm}, nil
			}
		}
		return nil, nil
	}
}

func packagesOf(list []software) []types.SoftwarePackage {
	packages := make([]types.SoftwarePackage, 0, len(list))
	for _, item := range list {
		packages = append(packages, types.SoftwarePackage{
			Name: item.Name, Version: item.Version, Vendor: item.Vendor, Type: "bootbank",
			AcceptanceLevel: item.Acceptance, Summary: item.Summary, Description: item.Summary,
			MaintenanceModeRequired: types.NewBool(true),
		})
	}
	return packages
}

// executers plays the internal object that runs esxcli, for every host. Its request and response types
// are internal to the library too, so requests are read by reflection and responses declared here.
type executers struct {
	bed  *testbed
	seen *statistics
}

const (
	executerPrefix = "managedMethodExecuter-"
	ourType        = "Testbed"
)

// ours are the methods that the library would answer with objects of its own.
var ours = map[string]bool{
	"RetrieveManagedMethodExecuter": true, "PowerOnVM_Task": true, "QueryConfigTarget": true, "QueryConfigOptionEx": true,
	"DirectPathProfileManagerQueryCapacity": true, "ReconfigVM_Task": true, "UpgradeVM_Task": true,
	"UpdateConfig": true, "ReconnectHost_Task": true, "ReconfigureComputeResource_Task": true,
}

func (*executers) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "ReflectManagedMethodExecuter", Value: "any"}
}

type executerReference struct {
	Returnval types.ManagedObjectReference `xml:"returnval"`
}

type executerBody struct {
	Res *executerReference `xml:"urn:vim25 RetrieveManagedMethodExecuterResponse"`
}

func (*executerBody) Fault() *soap.Fault { return nil }

func (*executers) RetrieveManagedMethodExecuter(request any) soap.HasFault {
	host := reflect.ValueOf(request).Elem().FieldByName("This").Interface().(types.ManagedObjectReference)
	return &executerBody{Res: &executerReference{Returnval: types.ManagedObjectReference{
		Type: "ReflectManagedMethodExecuter", Value: executerPrefix + host.Value,
	}}}
}

type soapFault struct {
	FaultMsg    string `xml:"faultMsg"`
	FaultDetail string `xml:"faultDetail,omitempty"`
}

type soapResult struct {
	Response string     `xml:"response,omitempty"`
	Fault    *soapFault `xml:"fault,omitempty"`
}

type executeResponse struct {
	Returnval soapResult `xml:"returnval"`
}

type executeBody struct {
	Res *executeResponse `xml:"urn:vim25 ExecuteSoapResponse"`
}

func (*executeBody) Fault() *soap.Fault { return nil }

// ExecuteSoap answers a command from the fleet. An unknown one is a fault inside a good answer, as on
// a host, and not a SOAP fault.
func (x *executers) ExecuteSoap(request any) soap.HasFault {
	fields := reflect.ValueOf(request).Elem()
	this := fields.FieldByName("This").Interface().(types.ManagedObjectReference)
	command := strings.TrimPrefix(fields.FieldByName("Method").String(), "vim.EsxCLI.")
	moid := fields.FieldByName("Moid").String()
	x.seen.command(command)

	answer, ok := x.bed.Esxcli[strings.TrimPrefix(this.Value, executerPrefix)][command]
	namespace, _, _ := cutLast(command, ".")
	if !ok || moid != "ha-cli-handler-"+strings.ReplaceAll(namespace, ".", "-") {
		return &executeBody{Res: &executeResponse{Returnval: soapResult{Fault: &soapFault{
			FaultMsg:    "The object or item referred to could not be found.",
			FaultDetail: `<LocalizedMethodFault xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><fault xsi:type="NotFound"></fault><localizedMessage>The object or item referred to could not be found.</localizedMessage></LocalizedMethodFault>`,
		}}}}
	}
	return &executeBody{Res: &executeResponse{Returnval: soapResult{Response: answer}}}
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
