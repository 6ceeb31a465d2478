package main

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// guest is one VM's guest: files below /tmp of this machine, and processes of this machine.
type guest struct {
	User     string `json:"user"`
	Password string `json:"password"`
	// Tools says whether VMware Tools answer.
	Tools bool `json:"tools"`
	// Environment of every program, as NAME=value.
	Environment []string `json:"environment"`
	// Missing are programs that this guest does not have.
	Missing []string `json:"missing"`
	// Trouble is one of corrupt (an upload changes on the way), cut (a download ends early), refuse (a
	// download is refused), forget (processes vanish from the list), deaf (nothing can be ended),
	// keep (no directory can be removed).
	Trouble string `json:"trouble"`
}

type process struct {
	vm, line string
	pid      int64
	started  time.Time
	ended    *time.Time
	status   int32
}

type ticket struct {
	guest  *guest
	path   string
	mode   os.FileMode
	upload bool
}

// guests holds all guests of a fleet. Files travel over a listener of their own, with a certificate
// of its own, as they do with a vCenter: it sends clients to the ESXi host.
type guests struct {
	bed       *testbed
	registry  *simulator.Registry
	seen      *statistics
	address   string
	mu        sync.Mutex
	tickets   map[string]ticket
	processes []*process
}

// onlyOurs keeps a mistake in the program under test from reaching any other file of this machine.
var onlyOurs = regexp.MustCompile(`^/tmp/hostcheck-[0-9]+(/[a-z0-9.]+)?$`)

func serveGuests(registry *simulator.Registry, bed *testbed, seen *statistics, pair tls.Certificate) (*guests, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &guests{bed: bed, registry: registry, seen: seen, address: listener.Addr().String(), tickets: map[string]ticket{}}
	server := &http.Server{Handler: g, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		_ = server.Serve(tls.NewListener(listener, config))
	}()

	instance := registry.Get(vim25.ServiceInstance).(*simulator.ServiceInstance)
	manager := new(mo.GuestOperationsManager)
	manager.Self = *instance.Content.GuestOperationsManager
	files, programs := &guestFiles{all: g}, &guestProcesses{all: g}
	files.Self = types.ManagedObjectReference{Type: "GuestFileManager", Value: "guestOperationsFileManager"}
	programs.Self = types.ManagedObjectReference{Type: "GuestProcessManager", Value: "guestOperationsProcessManager"}
	manager.FileManager, manager.ProcessManager = &files.Self, &programs.Self
	registry.Put(manager)
	registry.Put(files)
	registry.Put(programs)
	return g, nil
}

// close ends what a test left running.
func (g *guests) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range g.processes {
		if one.ended == nil {
			_ = syscall.Kill(int(one.pid), syscall.SIGKILL)
		}
	}
}

// enter lets a user into a guest, or says why not, in the order in which vSphere says it.
func (g *guests) enter(ref types.ManagedObjectReference, auth types.BaseGuestAuthentication) (*guest, types.BaseMethodFault) {
	vm, ok := g.registry.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return nil, &types.ManagedObjectNotFound{Obj: ref}
	}
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return nil, &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: vm.Runtime.PowerState}
	}
	found := g.bed.Guests[ref.Value]
	if found == nil || !found.Tools {
		return nil, new(types.GuestOperationsUnavailable)
	}
	login, ok := auth.(*types.NamePasswordAuthentication)
	if !ok || login.Username != found.User || login.Password != found.Password {
		return nil, new(types.InvalidGuestLogin)
	}
	return found, nil
}

func refused(fault types.BaseMethodFault) *soap.Fault {
	return simulator.Fault(strings.TrimPrefix(fmt.Sprintf("%T", fault), "*types."), fault)
}

func fileFault(path string, err error) types.BaseMethodFault {
	inner := types.FileFault{File: path}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return &types.FileNotFound{FileFault: inner}
	case errors.Is(err, os.ErrExist):
		return &types.FileAlreadyExists{FileFault: inner}
	default:
		return &types.CannotAccessFile{FileFault: inner}
	}
}

func (g *guests) issue(t ticket) string {
	token := make([]byte, 16)
	_, _ = rand.Read(token)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tickets[hex.EncodeToString(token)] = t
	return "https://" + g.address + "/guestFile?id=1&token=" + hex.EncodeToString(token)
}

// ServeHTTP moves one file; a token is good for one exchange.
func (g *guests) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	g.mu.Lock()
	found, ok := g.tickets[token]
	delete(g.tickets, token)
	g.mu.Unlock()
	if !ok || found.upload != (r.Method == http.MethodPut) {
		http.Error(w, "no such transfer", http.StatusNotFound)
		return
	}
	if found.upload {
		data, err := io.ReadAll(r.Body)
		if err == nil && found.guest.Trouble == "corrupt" && len(data) > 1000 {
			data[len(data)/2] ^= 1
		}
		if err == nil {
			err = os.WriteFile(found.path, data, found.mode)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
		return
	}
	data, err := os.ReadFile(found.path)
	switch {
	case err != nil || found.guest.Trouble == "refuse":
		http.Error(w, "refused", http.StatusInternalServerError)
	case found.guest.Trouble == "cut":
		_, _ = w.Write(data[:len(data)/2])
	default:
		_, _ = w.Write(data)
	}
}

type guestFiles struct {
	mo.GuestFileManager
	all *guests
}

func (f *guestFiles) MakeDirectoryInGuest(request *types.MakeDirectoryInGuest) soap.HasFault {
	body := new(methods.MakeDirectoryInGuestBody)
	_, fault := f.all.enter(request.Vm, request.Auth)
	path := request.DirectoryPath
	if fault == nil && !onlyOurs.MatchString(path) {
		fault = fileFault(path, os.ErrPermission)
	}
	if fault == nil {
		if err := os.Mkdir(path, 0o755); err != nil {
			fault = fileFault(path, err)
		}
	}
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	f.all.seen.place(path)
	body.Res = new(types.MakeDirectoryInGuestResponse)
	return body
}

func (f *guestFiles) ChangeFileAttributesInGuest(request *types.ChangeFileAttributesInGuest) soap.HasFault {
	body := new(methods.ChangeFileAttributesInGuestBody)
	_, fault := f.all.enter(request.Vm, request.Auth)
	path := request.GuestFilePath
	posix, ok := request.FileAttributes.(*types.GuestPosixFileAttributes)
	if fault == nil && (!ok || !onlyOurs.MatchString(path)) {
		fault = fileFault(path, os.ErrPermission)
	}
	if fault == nil {
		if err := os.Chmod(path, os.FileMode(posix.Permissions)); err != nil {
			fault = fileFault(path, err)
		}
	}
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	body.Res = new(types.ChangeFileAttributesInGuestResponse)
	return body
}

func (f *guestFiles) DeleteDirectoryInGuest(request *types.DeleteDirectoryInGuest) soap.HasFault {
	body := new(methods.DeleteDirectoryInGuestBody)
	found, fault := f.all.enter(request.Vm, request.Auth)
	path := request.DirectoryPath
	if fault == nil && (!onlyOurs.MatchString(path) || found.Trouble == "keep") {
		fault = fileFault(path, os.ErrPermission)
	}
	if fault == nil {
		if _, err := os.Stat(path); err != nil {
			fault = fileFault(path, err)
		} else if err = os.RemoveAll(path); err != nil {
			fault = fileFault(path, err)
		}
	}
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	body.Res = new(types.DeleteDirectoryInGuestResponse)
	return body
}

func (f *guestFiles) InitiateFileTransferToGuest(request *types.InitiateFileTransferToGuest) soap.HasFault {
	body := new(methods.InitiateFileTransferToGuestBody)
	found, fault := f.all.enter(request.Vm, request.Auth)
	path := request.GuestFilePath
	if fault == nil && !onlyOurs.MatchString(path) {
		fault = fileFault(path, os.ErrPermission)
	}
	if fault == nil {
		if _, err := os.Stat(path); err == nil && !request.Overwrite {
			fault = fileFault(path, os.ErrExist)
		}
	}
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	mode := os.FileMode(0o644)
	if posix, ok := request.FileAttributes.(*types.GuestPosixFileAttributes); ok && posix.Permissions != 0 {
		mode = os.FileMode(posix.Permissions)
	}
	body.Res = &types.InitiateFileTransferToGuestResponse{Returnval: f.all.issue(ticket{found, path, mode, true})}
	return body
}

func (f *guestFiles) InitiateFileTransferFromGuest(request *types.InitiateFileTransferFromGuest) soap.HasFault {
	body := new(methods.InitiateFileTransferFromGuestBody)
	found, fault := f.all.enter(request.Vm, request.Auth)
	path := request.GuestFilePath
	if fault == nil && !onlyOurs.MatchString(path) {
		fault = fileFault(path, os.ErrPermission)
	}
	size := int64(0)
	if fault == nil {
		info, err := os.Stat(path)
		if err != nil {
			fault = fileFault(path, err)
		} else {
			size = info.Size()
		}
	}
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	body.Res = &types.InitiateFileTransferFromGuestResponse{Returnval: types.FileTransferInformation{
		Attributes: new(types.GuestPosixFileAttributes), Size: size,
		Url: f.all.issue(ticket{found, path, 0, false}),
	}}
	return body
}

type guestProcesses struct {
	mo.GuestProcessManager
	all *guests
}

// StartProgramInGuest passes program and arguments to a shell, as VMware Tools do.
func (p *guestProcesses) StartProgramInGuest(request *types.StartProgramInGuest) soap.HasFault {
	body := new(methods.StartProgramInGuestBody)
	spec := request.Spec.GetGuestProgramSpec()
	found, fault := p.all.enter(request.Vm, request.Auth)
	if fault == nil {
		for _, missing := range found.Missing {
			if missing == spec.ProgramPath {
				fault = fileFault(spec.ProgramPath, os.ErrNotExist)
			}
		}
	}
	if fault == nil {
		if _, err := os.Stat(spec.ProgramPath); err != nil {
			fault = fileFault(spec.ProgramPath, err)
		}
	}
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	command := exec.Command("/bin/sh", "-c", "exec "+spec.ProgramPath+" "+spec.Arguments)
	command.Env = append(os.Environ(), found.Environment...)
	command.Dir = "/"
	if err := command.Start(); err != nil {
		body.Fault_ = refused(fileFault(spec.ProgramPath, err))
		return body
	}
	one := &process{
		vm: request.Vm.Value, line: spec.ProgramPath + " " + spec.Arguments,
		pid: int64(command.Process.Pid), started: time.Now(),
	}
	p.all.mu.Lock()
	p.all.processes = append(p.all.processes, one)
	p.all.mu.Unlock()
	go p.all.await(command, one)
	body.Res = &types.StartProgramInGuestResponse{Returnval: one.pid}
	return body
}

func (g *guests) await(command *exec.Cmd, one *process) {
	_ = command.Wait()
	status := int32(command.ProcessState.ExitCode())
	if state, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		status = 128 + int32(state.Signal())
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	one.ended, one.status = &now, status
}

func (p *guestProcesses) ListProcessesInGuest(request *types.ListProcessesInGuest) soap.HasFault {
	body := new(methods.ListProcessesInGuestBody)
	found, fault := p.all.enter(request.Vm, request.Auth)
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	body.Res = new(types.ListProcessesInGuestResponse)
	wanted := map[int64]bool{}
	for _, pid := range request.Pids {
		wanted[pid] = true
	}
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	for _, one := range p.all.processes {
		if one.vm != request.Vm.Value || len(wanted) > 0 && (!wanted[one.pid] || found.Trouble == "forget") {
			continue
		}
		body.Res.Returnval = append(body.Res.Returnval, types.GuestProcessInfo{
			Name: "sh", Pid: one.pid, Owner: found.User, CmdLine: one.line,
			StartTime: one.started, EndTime: one.ended, ExitCode: one.status,
		})
	}
	return body
}

func (p *guestProcesses) TerminateProcessInGuest(request *types.TerminateProcessInGuest) soap.HasFault {
	body := new(methods.TerminateProcessInGuestBody)
	found, fault := p.all.enter(request.Vm, request.Auth)
	if fault == nil && !p.all.kill(request.Vm.Value, request.Pid, found.Trouble == "deaf") {
		fault = &types.GuestProcessNotFound{Pid: request.Pid}
	}
	if fault != nil {
		body.Fault_ = refused(fault)
		return body
	}
	body.Res = new(types.TerminateProcessInGuestResponse)
	return body
}

// kill ends one of the processes that were started here, and never any other of this machine.
func (g *guests) kill(vm string, pid int64, deaf bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range g.processes {
		if one.vm == vm && one.pid == pid && one.ended == nil {
			if !deaf {
				_ = syscall.Kill(int(pid), syscall.SIGKILL)
			}
			return true
		}
	}
	return false
}
