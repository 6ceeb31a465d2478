"""VMs that have, or may have, a GPU, and the GPUs and adapters behind them."""

from collections.abc import Iterable

from msgspec.structs import replace

from hostcheck.assemble.book import Book, Parsed
from hostcheck.assemble.network import uplinks_of
from hostcheck.assemble.offers import cpu_features_wanted
from hostcheck.assemble.passthrough import may_be_gpu, may_be_gpu_elsewhere, passthroughs_of
from hostcheck.assemble.placement import Answers, datastores_of, rules_of
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import PhysicalGpu
from hostcheck.model.pci import PciAddress
from hostcheck.model.vm import Pool, Vm, VmNic, VmPassthrough, VmVgpu
from hostcheck.parsers import vim_resource_pool, vim_virtual_machine
from hostcheck.parsers.vim_compute_resource import ComputeResource
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.syntax import vim_devices

SERVED_BY = "HostSystem config.graphicsInfo"
DVX = "dvx"


def vm_answers(book: Book, vm_ids: Iterable[str]) -> Answers:
    """Open the answers about every VM of a host: all of it about those with a GPU."""
    return {
        vm_id: book.read(vim_virtual_machine.REQUEST.of(vm_id), vim_virtual_machine.parse_neighbour)
        for vm_id in vm_ids
    }


def vms_of(
    book: Book,
    system: Parsed[HostSystem],
    cluster: Parsed[ComputeResource],
    answers: Answers,
    gpus: Fact[tuple[PhysicalGpu, ...]],
) -> Fact[tuple[Vm, ...]]:
    """List the VMs that have, or may have, a GPU; one that cannot be read may have one."""
    if isinstance(system.value, Unknown):
        return system.value
    found = []
    for vm_id, answer in answers.items():
        if not isinstance(answer.value, vim_virtual_machine.VirtualMachine | Unknown):
            continue
        vm = _vm(book, Parsed(answer.value, answer.source), vm_id, system, gpus)
        if vm is not None:
            rules = rules_of(vm_id, system.value.id, cluster, answers)
            found.append(replace(vm, rules=rules))
    return Known(tuple(sorted(found, key=lambda vm: (vm.name, vm.id))), (system.source,))


def _vm(
    book: Book,
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    vm_id: str,
    system: Parsed[HostSystem],
    gpus: Fact[tuple[PhysicalGpu, ...]],
) -> Vm | None:
    name = answer.fact(lambda one: one.name)
    devices = answer.fact(lambda one: one.devices)
    groups = answer.fact(lambda one: one.device_groups)
    template = answer.fact(lambda one: one.template)
    if template == Known(True, (answer.source,)):
        return None
    held = devices.value if isinstance(devices, Known) else None
    passed = passthroughs_of(answer, held, system)
    if held is not None and not held.vgpus and not _may_have_gpu(passed, answer, system):
        return None
    return Vm(
        name=name.value if isinstance(name, Known) else vm_id,
        id=vm_id,
        host_id=answer.fact(lambda one: one.host_id),
        power_state=answer.fact(lambda one: one.power_state),
        hardware_version=answer.fact(lambda one: one.hardware_version),
        firmware=answer.fact(lambda one: one.firmware),
        vcpu_count=answer.fact(lambda one: one.vcpu_count),
        cores_per_socket=answer.fact(lambda one: one.cores_per_socket),
        memory_bytes=answer.fact(lambda one: one.memory_bytes),
        memory_reserved_bytes=answer.fact(lambda one: one.memory_reserved_bytes),
        memory_locked_to_max=answer.fact(lambda one: one.memory_locked_to_max),
        memory_overhead_bytes=answer.fact(lambda one: one.memory_overhead_bytes),
        pools=_pools(book, answer, system),
        cpu_hot_add=answer.fact(lambda one: one.cpu_hot_add),
        memory_hot_add=answer.fact(lambda one: one.memory_hot_add),
        vnuma_with_hot_add=answer.fact(lambda one: one.vnuma_with_hot_add),
        viommu=answer.fact(_viommu),
        vbs=answer.fact(lambda one: one.vbs),
        sev=answer.fact(lambda one: one.sev),
        sev_snp=answer.fact(lambda one: one.sev_snp),
        tdx=answer.fact(lambda one: one.tdx),
        latency_sensitivity=answer.fact(lambda one: one.latency_sensitivity),
        cores_per_numa_node=answer.fact(lambda one: one.cores_per_numa_node),
        options=answer.fact(lambda one: one.options),
        devices=_judged_devices(answer, template, held),
        vgpus=_vgpus(answer, held),
        passthroughs=passed,
        device_groups=groups,
        nics=_vm_nics(held, system),
        gpu_addresses=_vm_gpus(answer, held, passed, vm_id, gpus),
        cpu_reserved_mhz=answer.fact(lambda one: one.cpu_reserved_mhz),
        threads_per_core=answer.fact(lambda one: one.threads_per_core),
        connection_state=answer.fact(lambda one: one.connection_state),
        datastores=answer.fact(datastores_of),
        networks=answer.fact(lambda one: _networks(one, held)),
        cpu_features=cpu_features_wanted(book, vm_id),
    )


def _viommu(vm: vim_virtual_machine.VirtualMachine) -> Reading[bool]:
    """Say whether the VM has a virtual IOMMU: by its flag, or by the advanced setting."""
    if isinstance(vm.viommu, Unknown) or vm.viommu:
        return vm.viommu
    if isinstance(vm.options, Unknown):
        return vm.options
    return vm.options.get("vvtd.enable", "").upper() == "TRUE"


def _pools(
    book: Book,
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    system: Parsed[HostSystem],
) -> Fact[tuple[Pool, ...]]:
    """Return the VM's pool; which one it would be in on a host elsewhere is not known."""
    pool_id = answer.fact(lambda one: one.resource_pool)
    if isinstance(pool_id, Unknown):
        return pool_id
    found = book.read(vim_resource_pool.REQUEST.of(pool_id.value), vim_resource_pool.parse)
    if isinstance(found.value, Unknown):
        return found.value
    home = system.fact(lambda one: one.parent_id)
    owner = found.fact(lambda one: one.owner_id)
    if isinstance(home, Unknown):
        return home
    if isinstance(owner, Unknown):
        return owner
    if home.value != owner.value:
        detail = "the VM's resource pool belongs to another cluster than this host"
        return Unknown(Why.ABSENT, detail, "ResourcePool owner")
    name = found.fact(lambda one: one.name)
    pool = Pool(
        name.value if isinstance(name, Known) else pool_id.value,
        found.fact(lambda one: one.unreserved_bytes),
        found.fact(lambda one: one.unreserved_mhz),
        pool_id.value,
    )
    return Known((pool,), (answer.source, found.source))


def _may_have_gpu(
    passed: tuple[VmPassthrough, ...],
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    system: Parsed[HostSystem],
) -> bool:
    """Tell a VM with a whole GPU from one that was given an adapter or a disk."""
    at_home = (
        not isinstance(answer.value, Unknown)
        and not isinstance(system.value, Unknown)
        and answer.value.host_id == system.value.id
    )
    return any(map(may_be_gpu if at_home else may_be_gpu_elsewhere, passed))


def _judged_devices(
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    template: Fact[bool],
    held: vim_devices.Devices | None,
) -> Fact[int]:
    """Count the devices; Unknown where the VM may be a template, of which nothing is asked."""
    if isinstance(template, Unknown):
        return template
    return answer.fact(lambda one: held.count if held else one.devices)  # type: ignore[arg-type, return-value]


def _networks(
    vm: vim_virtual_machine.VirtualMachine, held: vim_devices.Devices | None
) -> Reading[tuple[str, ...]]:
    """Return the networks of a VM; one with adapters is on some."""
    if vm.network_ids == () and (held is None or held.adapters):
        told = "it has network adapters, and is on no network"
        return Unknown(Why.UNPARSED, told, "VirtualMachine network")
    return vm.network_ids


def _vgpus(
    answer: Parsed[vim_virtual_machine.VirtualMachine], held: vim_devices.Devices | None
) -> tuple[VmVgpu, ...]:
    return tuple(VmVgpu(one.label, answer.lift(one.profile)) for one in held.vgpus) if held else ()


def _vm_nics(
    held: vim_devices.Devices | None,
    system: Parsed[HostSystem],
) -> tuple[VmNic, ...]:
    """Find the host adapters behind each adapter: its port group's, or its switch's, uplinks."""
    if held is None:
        return ()

    def uplinks(adapter: vim_devices.Adapter) -> Fact[tuple[str, ...]]:
        def find(one: HostSystem) -> Reading[tuple[str, ...]]:
            if isinstance(one.switches, Unknown):
                return one.switches
            if isinstance(one.pnics, Unknown):
                return one.pnics
            for switch in one.switches:
                if (adapter.switch_uuid and adapter.switch_uuid == switch.uuid) or (
                    not adapter.switch_uuid and adapter.network in switch.port_groups
                ):
                    return uplinks_of(switch, one.pnics)
            network = adapter.network or "its network"
            return Unknown(
                Why.ABSENT, f"no switch of this host carries {network}", "HostSystem config.network"
            )

        return system.fact(find)

    return tuple(
        VmNic(one.label, one.network, uplinks(one), one.network_id, one.starts_connected)
        for one in held.adapters
    )


def _vm_gpus(
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    held: vim_devices.Devices | None,
    passed: tuple[VmPassthrough, ...],
    vm_id: str,
    gpus: Fact[tuple[PhysicalGpu, ...]],
) -> Fact[tuple[PciAddress, ...]]:
    """Return the GPUs that serve the VM now."""
    if isinstance(answer.value, Unknown):
        return answer.value
    if held is None:
        return answer.fact(lambda _: Unknown(Why.ABSENT, "its devices are not known"))
    if isinstance(gpus, Unknown):
        return gpus
    given = []
    for one in passed:
        if one.kind == DVX or not may_be_gpu(one):
            continue
        if isinstance(one.address, Unknown):
            return one.address
        given.append(one.address.value)
    whole = Known(tuple(gpu.address for gpu in gpus.value if gpu.address in given), gpus.sources)
    if not held.vgpus:
        return whole
    if answer.value.power_state != "poweredOn":
        return Unknown(Why.ABSENT, "the VM is not running, no GPU serves it yet", SERVED_BY)
    sliced = _serving(vm_id, gpus.value)
    if isinstance(sliced, Unknown):
        return sliced
    addresses = sorted({*whole.value, *sliced.value})
    return Known(tuple(addresses), tuple(sorted({answer.source, *sliced.sources})))


def _serving(vm_id: str, gpus: tuple[PhysicalGpu, ...]) -> Fact[tuple[PciAddress, ...]]:
    """Return the GPUs that list the VM among those they serve."""
    found: list[PciAddress] = []
    sources: set[int] = set()
    for gpu in gpus:
        if isinstance(gpu.vm_ids, Unknown):
            return gpu.vm_ids
        sources.update(gpu.vm_ids.sources)
        if vm_id in gpu.vm_ids.value:
            found.append(gpu.address)
    if not found:
        return Unknown(Why.ABSENT, "vSphere does not say on which GPU it runs", SERVED_BY)
    return Known(tuple(found), tuple(sorted(sources)))
