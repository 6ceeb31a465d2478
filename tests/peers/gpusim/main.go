// Command gpusim serves a GPU fleet as a vSphere API on a loopback address.
//
// The inventory, the SOAP codec, TLS and the sessions are those of VMware's own simulator library.
// What that library leaves out is added here, one file by role:
//
//	testbed.go    what the fleet's testbed.json says: packages, esxcli answers, denials, rules
//	properties.go refused, unknown and too new property paths, as a vCenter treats them
//	methods.go    fetchSoftwarePackages and esxcli through ExecuteSoap
//	guests.go     guest operations: files and processes of this machine, as a VM's guest
//	services.go   services of a host, started and stopped; the SSH port opens and closes with its own
//	changes.go    changes of a VM and of a resource pool, refused as a vCenter refuses them
//	start.go      vCenter's checks of a power-on, the power-on itself, and what a host offers
//	rest.go       the REST API: compliance of images, sessions counted, refusals
//	role.go       the privileges of the account: what it lacks is refused, and told as a vCenter tells it
//	front.go      the HTTP front: counting, delays, and every way a server can misbehave
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/namespace/simulator" // VM classes and namespaces, over REST
	_ "github.com/vmware/govmomi/vapi/simulator"           // sessions of the REST API
	"github.com/vmware/govmomi/vim25/types"
)

type options struct {
	listen, load, cert, key, user, password, api string
	guestCert, guestKey                          string
	idle                                         time.Duration
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback address and port; port 0 picks one")
	flag.StringVar(&o.load, "load", "", "directory with one ObjectContent XML per managed object and testbed.json")
	flag.StringVar(&o.cert, "cert", "", "PEM certificate")
	flag.StringVar(&o.key, "key", "", "PEM key of the certificate")
	flag.StringVar(&o.guestCert, "guest-cert", "", "PEM certificate of the ESXi hosts, for files of guests")
	flag.StringVar(&o.guestKey, "guest-key", "", "PEM key of that certificate")
	flag.StringVar(&o.user, "user", "", "the only user name that may log in")
	flag.StringVar(&o.password, "password", "", "its password (environment: GPUSIM_PASSWORD)")
	flag.StringVar(&o.api, "api-version", "8.0.3.0", "API version to announce")
	flag.DurationVar(&o.idle, "session-idle", 0, "drop sessions that were idle this long; 0 keeps them")
	flag.Parse()
	if o.password == "" {
		o.password = os.Getenv("GPUSIM_PASSWORD")
	}
	host, _, err := net.SplitHostPort(o.listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		log.Fatalf("-listen %q: only loopback addresses are served", o.listen)
	}
	if o.user == "" || o.password == "" || o.load == "" || o.cert == "" || o.key == "" {
		log.Fatal("-load, -cert, -key, -user and a password are required")
	}
	return o
}

func run(o options) error {
	text, err := os.ReadFile(filepath.Join(o.load, "testbed.json"))
	if err != nil {
		return err
	}
	var bed testbed
	if err = json.Unmarshal(text, &bed); err != nil {
		return fmt.Errorf("testbed.json: %w", err)
	}

	model := simulator.VPX()
	model.ServiceContent.About.ApiVersion = o.api
	if bed.Version != "" {
		model.ServiceContent.About.Version = bed.Version
		model.ServiceContent.About.FullName = "VMware vCenter Server " + bed.Version + " (simulated)"
	}
	if strings.HasPrefix(o.api, "9.") {
		model.ServiceContent.DirectPathProfileManager = types.NewReference((&profiles{}).Reference())
	}
	if bed.Direct {
		about := &model.ServiceContent.About
		about.ApiType, about.FullName = "HostAgent", "VMware ESXi "+bed.Version+" (simulated)"
		model.ServiceContent.VmCompatibilityChecker = nil
	}
	if err = model.Load(o.load); err != nil {
		return err
	}
	defer model.Remove()

	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return err
	}
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	model.Service.Listen = &url.URL{Host: o.listen, User: url.UserPassword(o.user, o.password)}
	if o.idle > 0 {
		expireIdleSessions(model, o.idle)
	}

	for key, value := range bed.Options {
		setOption(model, key, value)
	}
	seen := newStatistics()
	bed.seen = seen
	serveProperties(model.Map(), &bed, seen)
	serveMethods(model.Map(), &bed, seen)
	closeDoors, err := serveServices(model.Map(), &bed)
	if err != nil {
		return err
	}
	defer closeDoors()
	if !bed.Direct {
		serveChecks(model.Map(), &bed)
	}

	if len(bed.Guests) > 0 {
		hostPair, err := tls.LoadX509KeyPair(o.guestCert, o.guestKey)
		if err != nil {
			return err
		}
		inside, err := serveGuests(model.Map(), &bed, seen, hostPair)
		if err != nil {
			return err
		}
		defer inside.close()
	}

	if !bed.Direct {
		model.Service.RegisterEndpoints = true
		serveImages(model.Service, &bed)
		serveSupervisors(model.Service, &bed)
	}
	server := model.Service.NewServer()
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are part of the tests
	server.Config.Handler = &front{next: server.Config.Handler, registry: model.Map(), rules: bed.Rules, seen: seen, role: roleOf(&bed)}
	defer server.Close()
	fmt.Printf("ready %s\n", server.URL.Host)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	return nil
}

// expireIdleSessions sets the option from which the library's own idle watch takes its limit.
func expireIdleSessions(model *simulator.Model, limit time.Duration) {
	setOption(model, "config.vmacore.soap.sessionTimeout", limit.String())
}

// setOption gives an advanced setting of the vCenter a value.
func setOption(model *simulator.Model, key string, value any) {
	manager := model.Map().OptionManager()
	for _, setting := range manager.Setting {
		if option := setting.GetOptionValue(); option.Key == key {
			option.Value = value
			return
		}
	}
	manager.Setting = append(manager.Setting, &types.OptionValue{Key: key, Value: value})
}

func main() {
	log.SetFlags(0)
	if err := run(parseOptions()); err != nil {
		log.Fatal(err)
	}
}
