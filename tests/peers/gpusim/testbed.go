package main

// testbed is testbed.json of a load directory: all that the managed objects themselves cannot say.
type testbed struct {
	// Version is the product version to announce, such as 8.0.3.
	Version string `json:"version"`
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
	// Rules are the misbehaviours of the front, the first that matches wins.
	Rules []*rule `json:"rules"`
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

// rule makes calls of one method misbehave.
type rule struct {
	// Method as it is spelled on the wire; "*" is any.
	Method string `json:"method"`
	// Object narrows the rule to calls on this managed object id; empty is any.
	Object string `json:"object"`
	// Kind is one of no_permission, not_authenticated, busy, drop, truncate, delay.
	Kind string `json:"kind"`
	// Privilege is what no_permission says is missing.
	Privilege string `json:"privilege"`
	// Amount is bytes for truncate and milliseconds for delay.
	Amount int `json:"amount"`
	// From and Until are the first and last matching call that it applies to; 0 leaves that end open.
	From  int `json:"from"`
	Until int `json:"until"`

	matched int
}
