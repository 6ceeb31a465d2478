package main

import (
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// testbed is testbed.json of a load directory: all that the managed objects themselves cannot say.
type testbed struct {
	// Version is the product version to announce, such as 8.0.3.
	Version string `json:"version"`
	// Direct plays one ESXi host that is asked without a vCenter.
	Direct bool `json:"direct"`
	// Options are advanced settings of the vCenter, by name.
	Options map[string]any `json:"options"`
	// TooNew holds "DataType.property" of everything the announced API version does not know yet.
	TooNew []string `json:"too_new"`
	// Denied lists properties that are withheld from everyone.
	Denied []denial `json:"denied"`
	// Packages are the installed VIBs by host id.
	Packages map[string][]software `json:"packages"`
	// Esxcli holds, by host id and then by command in dots, the XML that ExecuteSoap returns.
	Esxcli map[string]map[string]string `json:"esxcli"`
	// Guests are the guests that guest operations can enter, by VM id.
	Guests map[string]*guest `json:"guests"`
	// Objections are what vSphere has against starting a VM.
	Objections []objection `json:"objections"`
	// Doors are SSH ports that open and close with the SSH service, by host id.
	Doors map[string]*door `json:"doors"`
	// Offers say, by host id, what the host can give a VM.
	Offers map[string]offer `json:"offers"`
	// Images are answers of the lifecycle manager, by cluster id.
	Images map[string]any `json:"images"`
	// Supervisors are answers about Supervisors and their namespaces, by path of the REST API.
	Supervisors map[string]any `json:"supervisors"`
	// Granted are the privileges of the only account; nil grants everything and refuses nothing.
	Granted []string `json:"granted"`
	// Needs are privileges by method, or by "GET /path" of the REST API up to the last slash.
	Needs map[string]string `json:"needs"`
	// Rules are the misbehaviours of the front, the first that matches wins.
	Rules []*rule `json:"rules"`

	seen *statistics
}

type denial struct {
	Type      string `json:"type"`
	Object    string `json:"object"`
	Path      string `json:"path"`
	Privilege string `json:"privilege"`
}

type software struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Vendor     string `json:"vendor"`
	Acceptance string `json:"acceptance"`
	Summary    string `json:"summary"`
}

// objection is one warning or error. Host is empty where it is of every host.
type objection struct {
	VM   string `json:"vm"`
	Host string `json:"host"`
	Kind string `json:"kind"`
	Text string `json:"text"`
	// Warning is no error: it is told before a start and does not stop one.
	Warning bool `json:"warning"`
	// Before: the compatibility checker tells it. AtStart: the power-on fails with it.
	Before  bool `json:"before"`
	AtStart bool `json:"at_start"`
}

func (o *objection) fault() types.LocalizedMethodFault {
	detail := types.MethodFault{FaultMessage: []types.LocalizableMessage{{Key: "msg.hostcheck.test", Message: o.Text}}}
	switch o.Kind {
	case "InsufficientGraphicsResourcesFault":
		fault := new(types.InsufficientGraphicsResourcesFault)
		fault.MethodFault = detail
		return types.LocalizedMethodFault{Fault: fault, LocalizedMessage: o.Text}
	case "NoPermission":
		fault := &types.NoPermission{PrivilegeId: "Resource.AssignVMToPool"}
		return types.LocalizedMethodFault{Fault: fault, LocalizedMessage: o.Text}
	case "InvalidState":
		fault := new(types.InvalidState)
		fault.MethodFault = detail
		return types.LocalizedMethodFault{Fault: fault, LocalizedMessage: o.Text}
	}
	fault := &types.GenericVmConfigFault{Reason: o.Text}
	fault.MethodFault = detail
	return types.LocalizedMethodFault{Fault: fault, LocalizedMessage: "Module 'DevicePowerOn' power on failed. "}
}

type offer struct {
	// Left says how many more vGPUs of a profile fit.
	Left     map[string]int32 `json:"left"`
	Profiles []struct {
		Name    string `json:"name"`
		Device  int64  `json:"device"`
		Gib     int64  `json:"gib"`
		Sharing string `json:"sharing"`
		Class   string `json:"class"`
	} `json:"profiles"`
	Dynamic []struct {
		Name   string `json:"name"`
		Label  string `json:"label"`
		Vendor int32  `json:"vendor"`
		Device int32  `json:"device"`
	} `json:"dynamic"`
	Groups []struct {
		Name    string   `json:"name"`
		Devices []string `json:"devices"`
	} `json:"groups"`
	MaxVgpus int32 `json:"max_vgpus"`
}

// hold keeps a task of that method back as the rules say, and tells whether it ends at all.
func (bed *testbed) hold(method string) bool {
	for _, one := range bed.Rules {
		if one.Kind != "hold" || one.Method != method {
			continue
		}
		for bed.seen.count("WaitForUpdatesEx") < one.From {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Duration(one.Amount) * time.Millisecond)
		return one.Amount > 0
	}
	return true
}

// rule makes calls of one method misbehave.
type rule struct {
	// Method as it is spelled on the wire; "*" is any.
	Method string `json:"method"`
	// Object narrows the rule to calls on this managed object id; empty is any.
	Object string `json:"object"`
	// Kind is one of no_permission, not_authenticated, busy, drop, truncate, delay, hold (a task).
	Kind string `json:"kind"`
	// Privilege is what no_permission says is missing.
	Privilege string `json:"privilege"`
	// Amount is bytes for truncate and milliseconds for delay and hold; a task held 0 never ends.
	Amount int `json:"amount"`
	// From and Until are the first and last matching call that it applies to; 0 leaves that end open.
	// A task is held until clients have waited From times, however slow they are.
	From  int `json:"from"`
	Until int `json:"until"`

	matched int
}
