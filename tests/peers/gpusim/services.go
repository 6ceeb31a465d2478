package main

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sshService is the only service that a door stands for.
const sshService = "TSM-SSH"

// door is the SSH port of a played host: open while its service runs. What was let in stays, as on ESXi.
type door struct {
	Listen string `json:"listen"`
	To     string `json:"to"`
	// Stuck stays closed whatever the service says.
	Stuck bool `json:"stuck"`

	mu       sync.Mutex
	listener net.Listener
}

func (d *door) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Stuck || d.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp", d.Listen)
	if err != nil {
		return err
	}
	d.listener = listener
	go func() {
		for {
			guest, err := listener.Accept()
			if err != nil {
				return
			}
			go d.through(guest)
		}
	}()
	return nil
}

func (d *door) through(guest net.Conn) {
	defer guest.Close()
	inside, err := net.DialTimeout("tcp", d.To, 10*time.Second)
	if err != nil {
		return
	}
	defer inside.Close()
	ended := make(chan struct{}, 2)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		ended <- struct{}{}
	}
	go carry(inside, guest)
	go carry(guest, inside)
	<-ended
}

func (d *door) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener != nil {
		_ = d.listener.Close()
		d.listener = nil
	}
}

// serviceSystem starts and stops the services of one host, and opens the door that stands for its SSH port.
type serviceSystem struct {
	mo.HostServiceSystem
	host *simulator.HostSystem
	door *door
}

// serveServices lets every host start and stop its services. What is returned closes all doors.
func serveServices(registry *simulator.Registry, bed *testbed) (func(), error) {
	for _, object := range registry.All("HostSystem") {
		host := object.(*simulator.HostSystem)
		ref := host.ConfigManager.ServiceSystem
		if ref == nil {
			continue
		}
		system := &serviceSystem{host: host, door: bed.Doors[host.Self.Value]}
		system.Self = *ref
		if host.Config != nil && host.Config.Service != nil {
			system.ServiceInfo = *host.Config.Service
		}
		registry.Put(system)
		if one := system.find(sshService); one != nil && one.Running && system.door != nil {
			if err := system.door.open(); err != nil {
				return nil, err
			}
		}
	}
	return func() {
		for _, one := range bed.Doors {
			one.close()
		}
	}, nil
}

func (s *serviceSystem) find(id string) *types.HostService {
	for at := range s.ServiceInfo.Service {
		if s.ServiceInfo.Service[at].Key == id {
			return &s.ServiceInfo.Service[at]
		}
	}
	return nil
}

// turned sets whether a service runs, in every place that tells it.
func (s *serviceSystem) turned(ctx *simulator.Context, id string, running bool) types.BaseMethodFault {
	one := s.find(id)
	if one == nil {
		return new(types.NotFound)
	}
	if one.Running == running {
		return new(types.InvalidState)
	}
	if id == sshService && s.door != nil {
		if !running {
			s.door.close()
		} else if s.door.open() != nil {
			return new(types.HostConfigFault)
		}
	}
	info := types.HostServiceInfo{Service: append([]types.HostService{}, s.ServiceInfo.Service...)}
	for at := range info.Service {
		if info.Service[at].Key == id {
			info.Service[at].Running = running
		}
	}
	ctx.Update(s, []types.PropertyChange{{Name: "serviceInfo", Val: info}})
	config := *s.host.Config
	config.Service = &info
	ctx.Map.AtomicUpdate(ctx, s.host, []types.PropertyChange{{Name: "config", Val: &config}})
	return nil
}

func (s *serviceSystem) StartService(ctx *simulator.Context, request *types.StartService) soap.HasFault {
	body := new(methods.StartServiceBody)
	if fault := s.turned(ctx, request.Id, true); fault != nil {
		body.Fault_ = simulator.Fault("The service cannot be started.", fault)
		return body
	}
	body.Res = new(types.StartServiceResponse)
	return body
}

func (s *serviceSystem) StopService(ctx *simulator.Context, request *types.StopService) soap.HasFault {
	body := new(methods.StopServiceBody)
	if fault := s.turned(ctx, request.Id, false); fault != nil {
		body.Fault_ = simulator.Fault("The service cannot be stopped.", fault)
		return body
	}
	body.Res = new(types.StopServiceResponse)
	return body
}
