package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// changer changes one VM as a vCenter would, and refuses what a vCenter refuses; the library's own
// takes any number and does not survive VMs that were loaded.
type changer struct {
	bed *testbed
	vm  *simulator.VirtualMachine
}

func (c *changer) Reference() types.ManagedObjectReference { return c.vm.Self }

// poolChanger changes one resource pool, and lets an expandable one borrow from its parent.
type poolChanger struct {
	registry *simulator.Registry
	pool     *simulator.ResourcePool
}

func (p *poolChanger) Reference() types.ManagedObjectReference { return p.pool.Self }

// memoryStepMB is what a VM's memory is a multiple of.
const memoryStepMB = 4

// newestHardware are the virtual hardware versions of ESXi: Broadcom's list (KB 315655).
var newestHardware = []struct {
	release string
	version int
}{
	{"9.0", 22}, {"8.0.2", 21}, {"8.0.3", 21}, {"8.0", 20}, {"7.0.2", 19}, {"7.0.3", 19}, {"7.0.1", 18},
	{"7.0", 17}, {"6.7", 14}, {"6.5", 13},
}

func objected(fault types.BaseMethodFault, format string, words ...any) *types.LocalizedMethodFault {
	return &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: fmt.Sprintf(format, words...)}
}

func (c *changer) poweredOff() *types.LocalizedMethodFault {
	if state := c.vm.Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOff {
		fault := &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: state}
		return objected(fault, "The attempted operation cannot be performed in the current state (Powered on).")
	}
	if c.vm.Config.Template {
		return objected(new(types.NotSupported), "The operation is not supported on the object: it is a template.")
	}
	return nil
}

// ReconfigVMTask applies what the fixes change: sizes, reservation, flags, advanced settings.
func (c *changer) ReconfigVMTask(ctx *simulator.Context, request *types.ReconfigVM_Task) soap.HasFault {
	task := runTask(ctx, c.bed, c.vm, "ReconfigVM_Task", func() (types.AnyType, *types.LocalizedMethodFault) {
		if fault := c.poweredOff(); fault != nil {
			return nil, fault
		}
		config := *c.vm.Config
		if fault := resize(&config, &request.Spec); fault != nil {
			return nil, fault
		}
		switches(&config, &request.Spec)
		config.ExtraConfig = merged(config.ExtraConfig, request.Spec.ExtraConfig)
		c.update(ctx, types.PropertyChange{Name: "config", Val: &config})
		return nil, nil
	})
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: task}}
}

func (c *changer) update(ctx *simulator.Context, changes ...types.PropertyChange) {
	ctx.Map.AtomicUpdate(&simulator.Context{Map: ctx.Map, Session: ctx.Session}, c.vm, changes)
}

func resize(config *types.VirtualMachineConfigInfo, spec *types.VirtualMachineConfigSpec) *types.LocalizedMethodFault {
	hardware := &config.Hardware
	if spec.NumCPUs != 0 {
		hardware.NumCPU = spec.NumCPUs
	}
	if spec.NumCoresPerSocket != nil {
		hardware.NumCoresPerSocket = spec.NumCoresPerSocket
	}
	if cores := hardware.NumCoresPerSocket; cores != nil && *cores > 0 && hardware.NumCPU%*cores != 0 {
		return objected(&types.InvalidArgument{InvalidProperty: "numCPUs"},
			"The number of virtual CPUs (%d) is not a multiple of the cores per socket (%d).", hardware.NumCPU, *cores)
	}
	if spec.MemoryMB != 0 {
		hardware.MemoryMB = int32(spec.MemoryMB)
	}
	if hardware.MemoryMB%memoryStepMB != 0 {
		return objected(&types.InvalidArgument{InvalidProperty: "memoryMB"}, "Memory size %d is not a multiple of %d MB.", hardware.MemoryMB, memoryStepMB)
	}
	if spec.MemoryReservationLockedToMax != nil {
		config.MemoryReservationLockedToMax = spec.MemoryReservationLockedToMax
	}
	allocation := new(types.ResourceAllocationInfo)
	if config.MemoryAllocation != nil {
		*allocation = *config.MemoryAllocation
	}
	if spec.MemoryAllocation != nil && spec.MemoryAllocation.Reservation != nil {
		allocation.Reservation = spec.MemoryAllocation.Reservation
	}
	if locked := config.MemoryReservationLockedToMax; locked != nil && *locked {
		allocation.Reservation = types.NewInt64(int64(hardware.MemoryMB))
	}
	if allocation.Reservation != nil && *allocation.Reservation > int64(hardware.MemoryMB) {
		return objected(&types.InvalidArgument{InvalidProperty: "memoryAllocation"}, "The reservation is larger than the memory.")
	}
	config.MemoryAllocation = allocation
	return nil
}

// switches sets what is given and leaves the rest, as a vCenter does.
func switches(config *types.VirtualMachineConfigInfo, spec *types.VirtualMachineConfigSpec) {
	set := func(to **bool, from *bool) {
		if from != nil {
			*to = from
		}
	}
	set(&config.CpuHotAddEnabled, spec.CpuHotAddEnabled)
	set(&config.MemoryHotAddEnabled, spec.MemoryHotAddEnabled)
	set(&config.SevEnabled, spec.SevEnabled)
	set(&config.SevSnpEnabled, spec.SevSnpEnabled)
	set(&config.TdxEnabled, spec.TdxEnabled)
	if spec.Flags != nil {
		set(&config.Flags.VvtdEnabled, spec.Flags.VvtdEnabled)
		set(&config.Flags.VbsEnabled, spec.Flags.VbsEnabled)
	}
	if spec.LatencySensitivity != nil {
		config.LatencySensitivity = spec.LatencySensitivity
	}
	if spec.CpuAllocation != nil && spec.CpuAllocation.Reservation != nil {
		allocation := new(types.ResourceAllocationInfo)
		if config.CpuAllocation != nil {
			*allocation = *config.CpuAllocation
		}
		allocation.Reservation = spec.CpuAllocation.Reservation
		config.CpuAllocation = allocation
	}
}

// merged overwrites advanced settings by key, and removes one that is set to nothing.
func merged(old, changes []types.BaseOptionValue) []types.BaseOptionValue {
	var kept []types.BaseOptionValue
	for _, one := range old {
		replaced := false
		for _, change := range changes {
			replaced = replaced || change.GetOptionValue().Key == one.GetOptionValue().Key
		}
		if !replaced {
			kept = append(kept, one)
		}
	}
	for _, change := range changes {
		if text, ok := change.GetOptionValue().Value.(string); !ok || text != "" {
			kept = append(kept, change)
		}
	}
	return kept
}

// UpgradeVMTask raises the virtual hardware, no further than the VM's host can run it.
func (c *changer) UpgradeVMTask(ctx *simulator.Context, request *types.UpgradeVM_Task) soap.HasFault {
	task := runTask(ctx, c.bed, c.vm, "UpgradeVM_Task", func() (types.AnyType, *types.LocalizedMethodFault) {
		if fault := c.poweredOff(); fault != nil {
			return nil, fault
		}
		host := ctx.Map.Get(*c.vm.Runtime.Host).(*simulator.HostSystem)
		newest := hardwareOf(host.Config.Product.Version)
		wanted, now := number(request.Version), number(c.vm.Config.Version)
		if wanted > newest {
			return nil, objected(new(types.NotSupported), "%s is not supported: the host runs vmx-%d.", request.Version, newest)
		}
		if wanted <= now {
			return nil, objected(new(types.AlreadyUpgraded), "The virtual machine is already at %s.", c.vm.Config.Version)
		}
		config := *c.vm.Config
		config.Version = request.Version
		c.update(ctx, types.PropertyChange{Name: "config", Val: &config})
		return nil, nil
	})
	return &methods.UpgradeVM_TaskBody{Res: &types.UpgradeVM_TaskResponse{Returnval: task}}
}

func number(version string) int {
	parsed, _ := strconv.Atoi(strings.TrimPrefix(version, "vmx-"))
	return parsed
}

func hardwareOf(release string) int {
	for _, one := range newestHardware {
		if strings.HasPrefix(release, one.release) {
			return one.version
		}
	}
	return 0
}

// UpdateConfig changes the memory reservation of a pool; the root's cannot be changed.
func (p *poolChanger) UpdateConfig(_ *simulator.Context, request *types.UpdateConfig) soap.HasFault {
	body := new(methods.UpdateConfigBody)
	parent, nested := p.registry.Get(*p.pool.Parent).(*simulator.ResourcePool)
	if !nested {
		body.Fault_ = simulator.Fault("The root resource pool cannot be changed.", &types.InvalidArgument{InvalidProperty: "config"})
		return body
	}
	if request.Config != nil {
		if wanted := request.Config.MemoryAllocation.ExpandableReservation; wanted != nil {
			p.pool.Config.MemoryAllocation.ExpandableReservation = wanted
			if *wanted {
				p.pool.Runtime.Memory.UnreservedForVm = parent.Runtime.Memory.UnreservedForVm
			}
		}
		if wanted := request.Config.CpuAllocation.ExpandableReservation; wanted != nil {
			p.pool.Config.CpuAllocation.ExpandableReservation = wanted
			if *wanted {
				p.pool.Runtime.Cpu.UnreservedForVm = parent.Runtime.Cpu.UnreservedForVm
			}
		}
	}
	body.Res = new(types.UpdateConfigResponse)
	return body
}

// clusterChanger changes a cluster as the library does, which leaves out the advanced options of DRS.
type clusterChanger struct {
	cluster *simulator.ClusterComputeResource
}

func (c *clusterChanger) Reference() types.ManagedObjectReference { return c.cluster.Self }

func (c *clusterChanger) ReconfigureComputeResourceTask(ctx *simulator.Context, request *types.ReconfigureComputeResource_Task) soap.HasFault {
	spec, isCluster := request.Spec.(*types.ClusterConfigSpecEx)
	config, known := c.cluster.ConfigurationEx.(*types.ClusterConfigInfoEx)
	if isCluster && known && spec.DrsConfig != nil {
		config.DrsConfig.Option = merged(config.DrsConfig.Option, spec.DrsConfig.Option)
	}
	return c.cluster.ReconfigureComputeResourceTask(ctx, request)
}

// reconnecter brings a host back into the vCenter: its power state is known again then.
type reconnecter struct {
	bed  *testbed
	host *simulator.HostSystem
}

func (r *reconnecter) Reference() types.ManagedObjectReference { return r.host.Self }

func (r *reconnecter) ReconnectHostTask(ctx *simulator.Context, _ *types.ReconnectHost_Task) soap.HasFault {
	task := runTask(ctx, r.bed, r.host, "ReconnectHost_Task", func() (types.AnyType, *types.LocalizedMethodFault) {
		runtime := *r.host.Summary.Runtime
		runtime.ConnectionState = types.HostSystemConnectionStateConnected
		runtime.PowerState = types.HostSystemPowerStatePoweredOn
		ctx.Map.AtomicUpdate(&simulator.Context{Map: ctx.Map, Session: ctx.Session}, r.host, []types.PropertyChange{
			{Name: "runtime", Val: runtime}, {Name: "summary.runtime", Val: &runtime},
		})
		return nil, nil
	})
	return &methods.ReconnectHost_TaskBody{Res: &types.ReconnectHost_TaskResponse{Returnval: task}}
}

// changes finds who carries out a change of a VM, a pool, a cluster or a host.
func changes(registry *simulator.Registry, bed *testbed, method *simulator.Method) mo.Reference {
	switch method.Name {
	case "ReconfigVM_Task", "UpgradeVM_Task":
		ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: method.This.Value}
		if vm, ok := registry.Get(ref).(*simulator.VirtualMachine); ok {
			return &changer{bed: bed, vm: vm}
		}
	case "ReconnectHost_Task":
		ref := types.ManagedObjectReference{Type: "HostSystem", Value: method.This.Value}
		if host, ok := registry.Get(ref).(*simulator.HostSystem); ok {
			return &reconnecter{bed: bed, host: host}
		}
	case "ReconfigureComputeResource_Task":
		ref := types.ManagedObjectReference{Type: "ClusterComputeResource", Value: method.This.Value}
		if cluster, ok := registry.Get(ref).(*simulator.ClusterComputeResource); ok {
			return &clusterChanger{cluster}
		}
	case "UpdateConfig":
		ref := types.ManagedObjectReference{Type: "ResourcePool", Value: method.This.Value}
		if pool, ok := registry.Get(ref).(*simulator.ResourcePool); ok {
			return &poolChanger{registry: registry, pool: pool}
		}
	}
	return nil
}
