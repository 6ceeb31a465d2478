package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// checker is the library's compatibility checker, able to test a power-on and to object as the fleet
// says. Like a vCenter's it tests one host that is named, or every one of the pool that could take a
// VM: connected, and not in maintenance mode.
type checker struct {
	simulator.VmCompatibilityChecker
	bed *testbed
}

// starter starts one VM: the library never refuses for want of a GPU.
type starter struct {
	bed *testbed
	vm  *simulator.VirtualMachine
}

// serveChecks puts our checker in the place of the library's, which only a vCenter has.
func serveChecks(registry *simulator.Registry, bed *testbed) {
	own := &checker{bed: bed}
	own.Self = registry.VmCompatibilityChecker().Self
	registry.Put(own)
}

var taskNumber atomic.Int64

// runTask makes a task that ends with what `end` returns, when the rules of the bed let it.
func runTask(ctx *simulator.Context, bed *testbed, of mo.Reference, method string, end func() (types.AnyType, *types.LocalizedMethodFault)) types.ManagedObjectReference {
	task := simulator.CreateTask(of, method, nil)
	task.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-9%d", taskNumber.Add(1))}
	task.Info.Key, task.Info.Task = task.Self.Value, task.Self
	task.Info.State = types.TaskInfoStateRunning
	task.Info.Reason = &types.TaskReasonUser{UserName: taskUser}
	registry := ctx.Map
	registry.Put(task)
	go func() {
		if !bed.hold(method) {
			return
		}
		result, fault := end()
		changes := []types.PropertyChange{
			{Name: "info.completeTime", Val: time.Now()},
			{Name: "info.state", Val: types.TaskInfoStateSuccess},
			{Name: "info.result", Val: result},
		}
		if fault != nil {
			changes = []types.PropertyChange{
				{Name: "info.state", Val: types.TaskInfoStateError}, {Name: "info.error", Val: *fault},
			}
		}
		registry.AtomicUpdate(&simulator.Context{Map: registry, Session: ctx.Session}, task, changes)
	}()
	return task.Self
}

// taskUser is planted where a task names the account: it must not turn up in what a client keeps.
const taskUser = "s3cr3t-canary"

func (c *checker) CheckPowerOnTask(ctx *simulator.Context, request *types.CheckPowerOn_Task) soap.HasFault {
	if request.Host == nil && request.Pool == nil {
		return &methods.CheckPowerOn_TaskBody{Fault_: simulator.Fault("A specified parameter was not correct.", &types.InvalidArgument{InvalidProperty: "host"})}
	}
	hosts := c.hosts(ctx, request.Host, request.Pool)
	task := runTask(ctx, c.bed, c, "CheckPowerOn_Task", func() (types.AnyType, *types.LocalizedMethodFault) {
		return c.bed.checked(&request.Vm, request.Vm.Value, hosts), nil
	})
	return &methods.CheckPowerOn_TaskBody{Res: &types.CheckPowerOn_TaskResponse{Returnval: task}}
}

// CheckVmConfigTask judges a VM that does not exist yet: objections to it name the VM "given".
func (c *checker) CheckVmConfigTask(ctx *simulator.Context, request *types.CheckVmConfig_Task) soap.HasFault {
	hosts := c.hosts(ctx, request.Host, request.Pool)
	task := runTask(ctx, c.bed, c, "CheckVmConfig_Task", func() (types.AnyType, *types.LocalizedMethodFault) {
		return c.bed.checked(request.Vm, "given", hosts), nil
	})
	return &methods.CheckVmConfig_TaskBody{Res: &types.CheckVmConfig_TaskResponse{Returnval: task}}
}

func (c *checker) hosts(ctx *simulator.Context, host, pool *types.ManagedObjectReference) []types.ManagedObjectReference {
	if host != nil {
		return []types.ManagedObjectReference{*host}
	}
	var found []types.ManagedObjectReference
	owner := ctx.Map.Get(*pool).(*simulator.ResourcePool).Owner
	for _, object := range ctx.Map.All("HostSystem") {
		one := object.(*simulator.HostSystem)
		if *one.Parent == owner && !one.Runtime.InMaintenanceMode && one.Runtime.ConnectionState == types.HostSystemConnectionStateConnected {
			found = append(found, one.Self)
		}
	}
	return found
}

func (bed *testbed) checked(vm *types.ManagedObjectReference, id string, hosts []types.ManagedObjectReference) types.ArrayOfCheckResult {
	var results types.ArrayOfCheckResult
	for _, host := range hosts {
		result := types.CheckResult{Vm: vm, Host: &host}
		for _, one := range bed.Objections {
			if one.VM != id || one.Host != "" && one.Host != host.Value || !one.Before {
				continue
			}
			if one.Warning {
				result.Warning = append(result.Warning, one.fault())
			} else {
				result.Error = append(result.Error, one.fault())
			}
		}
		results.CheckResult = append(results.CheckResult, result)
	}
	return results
}

func (s *starter) Reference() types.ManagedObjectReference { return s.vm.Self }

// place chooses where the VM starts: on the host that is named, if it can; where it is registered; or by
// DRS on the first host that can.
func (s *starter) place(ctx *simulator.Context, wanted *types.ManagedObjectReference) (types.ManagedObjectReference, *objection) {
	home := *s.vm.Runtime.Host
	if wanted != nil && s.bed.against(s.vm.Self.Value, wanted.Value) == nil {
		return *wanted, nil
	}
	against := s.bed.against(s.vm.Self.Value, home.Value)
	parent := ctx.Map.Get(home).(*simulator.HostSystem).Parent
	cluster, ok := ctx.Map.Get(*parent).(*simulator.ClusterComputeResource)
	if against == nil || !ok {
		return home, against
	}
	drs := cluster.ConfigurationEx.(*types.ClusterConfigInfoEx).DrsConfig
	if drs.Enabled != nil && *drs.Enabled && drs.DefaultVmBehavior != types.DrsBehaviorManual {
		for _, host := range cluster.Host {
			if s.bed.against(s.vm.Self.Value, host.Value) == nil {
				return host, nil
			}
		}
	}
	return home, against
}

// against returns what keeps a VM from starting on a host.
func (bed *testbed) against(vm, host string) *objection {
	for i := range bed.Objections {
		if one := &bed.Objections[i]; one.VM == vm && (one.Host == "" || one.Host == host) && one.AtStart {
			return one
		}
	}
	return nil
}

// PowerOnVMTask fails with the fleet's words, or starts the VM where it is registered.
func (s *starter) PowerOnVMTask(ctx *simulator.Context, request *types.PowerOnVM_Task) soap.HasFault {
	task := runTask(ctx, s.bed, s.vm, "PowerOnVM_Task", func() (types.AnyType, *types.LocalizedMethodFault) {
		if s.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			return nil, &types.LocalizedMethodFault{
				Fault:            &types.InvalidPowerState{RequestedState: "poweredOn", ExistingState: "poweredOn"},
				LocalizedMessage: "The attempted operation cannot be performed in the current state (Powered on).",
			}
		}
		host, against := s.place(ctx, request.Host)
		if against != nil {
			fault := against.fault()
			return nil, &fault
		}
		on := types.VirtualMachinePowerStatePoweredOn
		ctx.Map.AtomicUpdate(&simulator.Context{Map: ctx.Map, Session: ctx.Session}, s.vm, []types.PropertyChange{
			{Name: "runtime.powerState", Val: on}, {Name: "summary.runtime.powerState", Val: on},
			{Name: "runtime.bootTime", Val: time.Now()}, {Name: "runtime.host", Val: host},
		})
		return nil, nil
	})
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: task}}
}

// browser tells what each host offers to a VM; the library's own knows of no GPU.
type browser struct{ bed *testbed }

func (*browser) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "EnvironmentBrowser", Value: "any"}
}

func (b *browser) QueryConfigTarget(request *types.QueryConfigTarget) soap.HasFault {
	target, offer := new(types.ConfigTarget), b.bed.Offers[request.Host.Value]
	for _, one := range offer.Profiles {
		target.SharedGpuPassthroughTypes = append(target.SharedGpuPassthroughTypes, types.VirtualMachinePciSharedGpuPassthroughInfo{
			VirtualMachineTargetInfo: types.VirtualMachineTargetInfo{Name: one.Name}, Vgpu: one.Name,
		})
		target.VgpuProfileInfo = append(target.VgpuProfileInfo, types.VirtualMachineVgpuProfileInfo{
			VirtualMachineTargetInfo: types.VirtualMachineTargetInfo{Name: one.Name}, ProfileName: one.Name,
			DeviceVendorId: one.Device, FbSizeInGib: one.Gib, ProfileSharing: one.Sharing, ProfileClass: one.Class,
		})
	}
	for _, one := range offer.Dynamic {
		target.DynamicPassthrough = append(target.DynamicPassthrough, types.VirtualMachineDynamicPassthroughInfo{
			VirtualMachineTargetInfo: types.VirtualMachineTargetInfo{Name: one.Name}, VendorName: "NVIDIA Corporation",
			DeviceName: one.Name, CustomLabel: one.Label, VendorId: one.Vendor, DeviceId: one.Device,
		})
	}
	for _, one := range offer.Groups {
		group := types.VirtualMachineVendorDeviceGroupInfo{
			VirtualMachineTargetInfo: types.VirtualMachineTargetInfo{Name: one.Name}, DeviceGroupName: one.Name,
		}
		for _, kind := range one.Devices {
			group.ComponentDeviceInfo = append(group.ComponentDeviceInfo, types.VirtualMachineVendorDeviceGroupInfoComponentDeviceInfo{
				Type: kind, VendorName: "NVIDIA", DeviceName: one.Name, Device: &types.VirtualPCIPassthrough{},
			})
		}
		target.VendorDeviceGroupInfo = append(target.VendorDeviceGroupInfo, group)
	}
	return &methods.QueryConfigTargetBody{Res: &types.QueryConfigTargetResponse{Returnval: target}}
}

func (b *browser) QueryConfigOptionEx(request *types.QueryConfigOptionEx) soap.HasFault {
	option := &types.VirtualMachineConfigOption{Version: request.Spec.Key}
	if request.Spec.Host != nil {
		if most := b.bed.Offers[request.Spec.Host.Value].MaxVgpus; most > 0 {
			option.HardwareOptions.VirtualDeviceOption = []types.BaseVirtualDeviceOption{&types.VirtualPCIPassthroughOption{
				VirtualDeviceOption: types.VirtualDeviceOption{
					Type: "VirtualPCIPassthrough",
					BackingOption: []types.BaseVirtualDeviceBackingOption{&types.VirtualPCIPassthroughVmiopBackingOption{
						VirtualPCIPassthroughPluginBackingOption: types.VirtualPCIPassthroughPluginBackingOption{
							VirtualDeviceBackingOption: types.VirtualDeviceBackingOption{Type: "VirtualPCIPassthroughVmiopBackingInfo"},
						},
						MaxInstances: most,
					}},
				},
			}}
		}
	}
	return &methods.QueryConfigOptionExBody{Res: &types.QueryConfigOptionExResponse{Returnval: option}}
}

// profiles counts how many more vGPUs of a profile fit on a host, as vCenter does from 9.0 on.
type profiles struct{ bed *testbed }

func (*profiles) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "DirectPathProfileManager", Value: "DirectPathProfileManager"}
}

func (p *profiles) DirectPathProfileManagerQueryCapacity(request *types.DirectPathProfileManagerQueryCapacity) soap.HasFault {
	host := request.Target.(*types.DirectPathProfileManagerTargetHost).Host.Value
	response := new(types.DirectPathProfileManagerQueryCapacityResponse)
	for _, query := range request.QuerySpec {
		config := query.(*types.DirectPathProfileManagerCapacityQueryByDeviceConfig).DeviceConfig
		wanted := config.(*types.DirectPathProfileManagerVmiopDirectPathConfig).VgpuProfile
		if left, ok := p.bed.Offers[host].Left[wanted]; ok {
			response.Returnval = append(response.Returnval, &types.DirectPathProfileManagerCapacityInfo{
				Profile: types.DirectPathProfileInfo{Name: wanted}, Remaining: left, Max: left,
			})
		} else {
			response.Returnval = append(response.Returnval, &types.DirectPathProfileManagerCapacityUnknown{QuerySpec: query})
		}
	}
	return &methods.DirectPathProfileManagerQueryCapacityBody{Res: response}
}
