"""Synthetic hosts, after hwloc's synthetic topologies: healthy unless a keyword says otherwise.

    synthetic("2 package, 2 node, 1 gpu/node, 1 nic/node, 1 vm/gpu")

Every fact is Known and read from source 0. A keyword replaces a field; a plain value given for a
fact becomes a Known one.
"""

import re
from typing import Any

from msgspec.structs import replace

from hostcheck import catalog
from hostcheck.assemble.kinds import with_own_types
from hostcheck.checks.engine import all_checks
from hostcheck.model.capture import Origin, Wire
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import (
    BootOption,
    GraphicsType,
    Host,
    Mode,
    Nic,
    NumaNode,
    Package,
    Passthrough,
    PcieLink,
    PhysicalGpu,
    Service,
    Software,
    Sriov,
    Testimony,
    VgpuAbility,
    VgpuInstance,
    VgpuLimit,
)
from hostcheck.model.pci import PciId, address
from hostcheck.model.result import Result, Status
from hostcheck.model.vm import Pool, Vm, VmDatastore, VmNic, VmPassthrough, VmVgpu

GIB = 2**30
HOST_ID = "host-1"
SOURCE = Origin(Wire.PROPERTIES, "HostSystem", HOST_ID, "2026-11-21T09:00:00Z")
THREADS, CORES = 32, 16
NODE_MEMORY = 256 * GIB
NEEDS = catalog.requirements()


def known(value):
    return Known(value, (0,))


def unknown(why=Why.TIMEOUT, detail="the time limit passed", asked="a question", privilege=""):
    return Unknown(why, detail, asked, privilege)


def _with(made, changes: dict[str, Any]):
    mode = changes.get("vgpu_mode")
    tells_mig = isinstance(getattr(made, "mig_current", None), Known)
    if isinstance(mode, str) and tells_mig and made.mig_current.value is not Mode.NOT_SUPPORTED:
        mig = Mode.ENABLED if mode == "multiInstanceGpu" else Mode.DISABLED
        changes = {"mig_current": mig, **changes}  # nvidia-smi says the same, unless told otherwise
    lifted = {
        name: known(value)
        if isinstance(getattr(made, name), Known | Unknown)
        and not isinstance(value, Known | Unknown)
        else value
        for name, value in changes.items()
    }
    return replace(made, **lifted)


def a_gpu(index=0, node=0, model="a100-pcie-80", **changes) -> PhysicalGpu:
    entry = NEEDS.models[model]
    one = entry.ids[0]
    old = entry.architecture.value in ("Maxwell", "Pascal", "Volta", "Turing")
    mode = Mode.DISABLED if entry.ecc else Mode.NOT_SUPPORTED
    mig = Mode.DISABLED if entry.mig else Mode.NOT_SUPPORTED
    bus = 0x10 + 0x10 * index
    made = PhysicalGpu(
        address=address(0, bus, 0, 0),
        pci_id=PciId(one.vendor, one.device, 0x10DE, one.sub_device),
        name=entry.name,
        catalogue_key=known(entry.key),
        bridges=(address(0, bus - 1, 1, 0),),
        numa_node=known(node),
        graphics_active=known(GraphicsType.SHARED_DIRECT),
        graphics_configured=known(GraphicsType.SHARED_DIRECT),
        vgpu_mode=known("sameSize"),
        graphics_memory_bytes=known(entry.framebuffer_gib * GIB),
        vm_ids=known(()),
        sriov=known(Sriov(capable=entry.sriov == "required", enabled=False)),
        passthrough=known(Passthrough(capable=True, enabled=False, active=False)),
        hardware_label=known(""),
        smi_seen=known(True),
        uuid=known(f"GPU-{index:08d}"),
        ecc_current=known(mode),
        ecc_pending=known(mode),
        mig_current=known(mig),
        mig_pending=known(mig),
        framebuffer_bytes=known(entry.framebuffer_gib * GIB),
        framebuffer_used_bytes=known(0),
        bar1_bytes=known(128 * GIB),
        link=known(PcieLink(4, 4, 16, 16)),
        display_mode=known("Enabled"),
        display_active=known("Disabled"),
        virtualization_mode=known("Host VGPU"),
        host_vgpu_mode=known("SR-IOV"),
        inforom_corrupted=known(False),
        fabric_state=known("Completed" if "sxm" in model else "N/A"),
        fabric_status=known("Success" if "sxm" in model else "N/A"),
        rows_remap_pending=unknown(Why.ABSENT) if old else known(False),
        rows_remap_failed=unknown(Why.ABSENT) if old else known(False),
        pages_retire_pending=known(False) if old and entry.ecc else unknown(Why.ABSENT),
        profiles_supported=known(tuple(one.name for one in entry.profiles)),
        profile_limits=known(
            tuple(
                VgpuLimit(one.name, known(one.max_per_gpu), known(one.framebuffer_mib * 2**20))
                for one in entry.profiles
            )
        ),
        profiles_creatable=known(tuple(one.name for one in entry.profiles)),
        mig_instances=known(()),
        vgpu_listed=known(True),
        given_up=known(""),
        recovery_action=known("None"),
        reset_required=known(False),
        ecc_uncorrected=known(0),
        ecc_uncorrected_ever=known(0),
        repairs=known(()),
        fabric_health=known("Healthy" if "sxm" in model else "N/A"),
        fabric_faults=known(()),
    )
    made = _with(made, changes)
    if "own_types" not in changes:
        (made,) = with_own_types([made], NEEDS.models, unknown(Why.NOT_ASKED))
    return made


def a_nic(index=0, node=0, **changes) -> Nic:
    made = Nic(
        name=f"vmnic{index}",
        address=address(0, 0x08 + 0x10 * index, 0, 0),
        link_up=known(True),
        speed_mbps=known(100_000),
        driver=known("nmlx5_core"),
        bridges=(),
        numa_node=known(node),
        switches=("vSwitch0",),
    )
    return _with(made, changes)


def a_vm(index=0, on: PhysicalGpu | None = None, uplinks=("vmnic0",), **changes) -> Vm:
    """A VM with one vGPU that runs on the GPU `on`, or is powered off."""
    made = Vm(
        name=f"train-{index}",
        id=f"vm-{index}",
        host_id=known(HOST_ID),
        power_state=known("poweredOn" if on else "poweredOff"),
        hardware_version=known(21),
        firmware=known("efi"),
        vcpu_count=known(8),
        cores_per_socket=known(8),
        memory_bytes=known(64 * GIB),
        memory_reserved_bytes=known(64 * GIB),
        memory_locked_to_max=known(True),
        memory_overhead_bytes=known(GIB // 4),
        pools=known((Pool("Resources", known(400 * GIB), known(100_000)),)),
        cpu_hot_add=known(False),
        memory_hot_add=known(False),
        vnuma_with_hot_add=known(False),
        viommu=known(False),
        vbs=known(False),
        sev=known(False),
        sev_snp=known(False),
        tdx=known(False),
        latency_sensitivity=known("normal"),
        cores_per_numa_node=known(0),
        options=known({}),
        devices=known(12),
        vgpus=asks("grid_a100d-40c"),
        passthroughs=(),
        device_groups=known(()),
        nics=(VmNic("Network adapter 1", "VM Network", known(tuple(uplinks)), "network-1"),),
        cpu_reserved_mhz=known(0),
        threads_per_core=known(1),
        connection_state=known("connected"),
        datastores=known((VmDatastore("datastore-1", "vsan0", ("Hard disk 1",)),)),
        networks=known(("network-1",)),
        rules=known(()),
        cpu_features=known({"cpuid.lm": "Bool:Min:1"}),
        gpu_addresses=known((on.address,)) if on else unknown(Why.ABSENT, "it does not run"),
    )
    return _with(made, changes)


def asks(*profiles) -> tuple[VmVgpu, ...]:
    """VGPUs of these profiles."""
    return tuple(
        VmVgpu(f"PCI device {index}", one if isinstance(one, Unknown) else known(one))
        for index, one in enumerate(profiles)
    )


A100 = PciId(0x10DE, 0x20B5)


def static(gpu_or_address, **changes) -> VmPassthrough:
    """A whole device by address: the GPU that is there, or an A100 that was meant to be."""
    where = getattr(gpu_or_address, "address", gpu_or_address)
    fact = where if isinstance(where, Unknown) else known(where)
    found = getattr(gpu_or_address, "pci_id", None)
    itself = PciId(found.vendor, found.device) if found else A100
    made = VmPassthrough(
        "PCI device 0", "static", fact, (),
        device=known(itself), there=known((itself,) if found else ()),
        hardware_label=unknown(Why.ABSENT, "only a dynamic device asks for a label"),
    )  # fmt: skip
    return _with(made, changes)


def dynamic(*ids: str, assigned=None, **changes) -> VmPassthrough:
    """A whole device by its ids, and by its label where one is given."""
    where = known(assigned.address) if assigned else unknown(Why.ABSENT, "not assigned")
    loose = unknown(Why.ABSENT, "a dynamic device has no fixed address")
    made = VmPassthrough("PCI device 0", "dynamic", where, ids, loose, loose, known(""))
    return _with(made, changes)


def told_by(topic: str, *statements) -> Testimony:
    """A fact as several sources tell it: words, or an Unknown."""
    return Testimony(
        topic, tuple(one if isinstance(one, Unknown) else known(one) for one in statements)
    )


def processors(
    cut: tuple[int, ...], *, vendor="intel", description="Intel(R) Xeon(R) Gold 6338 CPU"
) -> dict[str, Any]:
    """Packages cut into nodes: (1, 1) is healthy, (2, 2) is SNC-2, (2, 1) is SNC on one only."""
    packages, nodes = [], []
    for os_index, ways in enumerate(cut):
        first = os_index * THREADS
        mine = tuple(range(len(nodes), len(nodes) + ways))
        packages.append(
            Package(os_index, vendor, description, tuple(range(first, first + THREADS)), mine)
        )
        width = THREADS // max(ways, 1)
        for way, node in enumerate(mine):
            pus = tuple(range(first + way * width, first + (way + 1) * width))
            nodes.append(NumaNode(node, known(NODE_MEMORY // ways), pus, (os_index,)))
    return _counted(packages, nodes)


def interleaved(packages: int, nodes: int = 1) -> dict[str, Any]:
    """Fewer nodes than packages: each node spans several."""
    made = processors((1,) * packages)["packages"].value
    boxes = [replace(one, node_os_indexes=(one.os_index * nodes // packages,)) for one in made]
    spans = [[box for box in boxes if box.node_os_indexes == (node,)] for node in range(nodes)]
    return _counted(
        boxes,
        [
            NumaNode(
                node,
                known(NODE_MEMORY * len(span)),
                tuple(pu for box in span for pu in box.pus),
                tuple(box.os_index for box in span),
            )
            for node, span in enumerate(spans)
        ],
    )


def _counted(packages, nodes) -> dict[str, Any]:
    return {
        "packages": known(tuple(packages)),
        "numa_nodes": known(tuple(nodes)),
        "package_count": known(len(packages)),
        "numa_node_count": known(len(nodes)),
        "core_count": known(CORES * len(packages)),
        "pu_count": known(THREADS * len(packages)),
    }


def _runs(vm: Vm) -> bool:
    return isinstance(vm.power_state, Known) and vm.power_state.value == "poweredOn"


def a_host(*, gpus=(), nics=(), vms=(), **changes) -> Host:
    """A healthy two-socket host with these devices and VMs."""
    gpus, nics, vms = tuple(gpus), tuple(nics), tuple(vms)
    gpus = tuple(
        replace(
            gpu,
            vm_ids=known(
                tuple(
                    vm.id
                    for vm in vms
                    if isinstance(vm.gpu_addresses, Known) and gpu.address in vm.gpu_addresses.value
                )
            ),
        )
        for gpu in gpus
    )
    made = Host(
        name="esx-1.example.com",
        id=HOST_ID,
        sources=(SOURCE,),
        cluster=known("gpu"),
        connection_state=known("connected"),
        power_state=known("poweredOn"),
        in_maintenance_mode=known(False),
        reboot_required=known(False),
        boot_time=known("2026-11-01T00:00:00Z"),
        vendor=known("Dell Inc."),
        model=known("PowerEdge R750xa"),
        bios_version=known("1.14.1"),
        bios_date=known("2026-05-02T00:00:00Z"),
        firmware_type=known("UEFI"),
        version=known("8.0.3"),
        build=known("24022510"),
        api_version=known("8.0.3.0"),
        core_hz=known(2_000_000_000),
        cpu_reserved_mhz=known(0),
        cpu_hypervisor_mhz=known(1000),
        datastores=known(("datastore-1", "datastore-2")),
        networks=known(("network-1",)),
        cpu_features=known({"cpuid.lm": "1"}),
        lockdown_mode=known("lockdownDisabled"),
        services=known((Service("TSM-SSH", running=False, policy="off"),)),
        memory_bytes=known(2 * NODE_MEMORY),
        memory_dram_bytes=known(2 * NODE_MEMORY),
        memory_reserved_bytes=known(64 * GIB * sum(map(_runs, vms))),
        memory_overhead_bytes=known(GIB // 4 * sum(map(_runs, vms))),
        memory_hypervisor_bytes=known(12 * GIB),
        graphics_default=known(GraphicsType.SHARED_DIRECT),
        assignment_policy=known("performance"),
        profiles_offered=known(("grid_a100d-4c", "grid_a100d-40c")),
        vgpu_abilities=known(
            tuple(
                VgpuAbility(name, migrate=True, suspend=True, memory_snapshot=True,
                            disk_snapshot=True)
                for name in ("grid_a100d-4c", "grid_a100d-40c")
            )
        ),
        hot_migration=known(True),
        drs_automation=known("partiallyAutomated"),
        drs_evacuation=known("-1"),
        boot_options=known(
            tuple(
                BootOption(name, known(value), known(value), known(value))
                for name, value in {
                    "disablePciPassthrough": "FALSE", "enablePCIEHotplug": "TRUE",
                    "fakeNUMAnodes": "0", "iovDisableIR": "FALSE", "noIOMMU": "FALSE",
                    "useNUMAInfo": "TRUE",
                }.items()
            )
        ),
        gpus=known(gpus),
        nics=known(nics),
        smi_answers=known(True),
        smi_gpu_count=known(len(gpus)),
        driver_version=known("550.90.05"),
        driver_packages=known((Software("NVD-AIE_ESXi_8.0.0_Driver", "550.90.05", "NVIDIA"),)),
        nvlink=known(tuple(tuple("X" for _ in gpus) for _ in gpus)),
        nvlink_order=tuple(gpu.address for gpu in gpus),
        vgpu_instances=known(
            tuple(
                VgpuInstance(
                    vm.gpu_addresses.value[0], vm.name, vm.vgpus[0].profile.value,
                    known("550.90.07"), known("Licensed"),
                )
                for vm in vms
                if vm.vgpus and isinstance(vm.gpu_addresses, Known)
            )
        ),
        vms=known(vms),
        testimonies=(
            told_by("NUMA node count", "2", "2", "2"),
            told_by("ESXi version", "8.0.3"),
        ),
        **processors((1, 1)),
    )  # fmt: skip
    return _with(made, changes)


_WORD = re.compile(r"(\d+) (package|node|gpu|nic|vm)(/node|/gpu)?")


def synthetic(shape: str, *, model="a100-pcie-80", vendor="intel", **changes) -> Host:
    """Read a shape: "2 package, 4 node, 1 gpu/node, 2 nic, 1 vm/gpu".

    Nodes are dealt out to packages evenly, the first ones taking what is left over; devices without
    "/node" all sit on node 0. A VM runs on its GPU and its uplink is an adapter of the GPU's node.
    """
    wanted: dict[str, tuple[int, str]] = {}
    for part in shape.split(","):
        match = _WORD.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"not a part of a shape: {part!r}")
        wanted[match[2]] = (int(match[1]), match[3] or "")
    packages, nodes = wanted.get("package", (1, ""))[0], wanted.get("node", (1, ""))[0]
    if nodes < packages:
        cores = interleaved(packages, nodes)
    else:
        cut = tuple(nodes // packages + (box < nodes % packages) for box in range(packages))
        cores = processors(cut, vendor=vendor)

    def dealt(kind: str) -> list[int]:
        count, per = wanted.get(kind, (0, ""))
        return [node for node in range(nodes) for _ in range(count)] if per else [0] * count

    gpus = [a_gpu(index, node, model) for index, node in enumerate(dealt("gpu"))]
    nics = [a_nic(index, node) for index, node in enumerate(dealt("nic"))]
    near = {node: nic.name for nic in reversed(nics) for node in [nic.numa_node.value]}
    profile = f"{NEEDS.models[model].profile_prefixes[0]}4c"
    count, per = wanted.get("vm", (0, ""))
    seats = gpus * count if per == "/gpu" else gpus[:1] * count
    vms = [
        a_vm(
            index, gpu, tuple(filter(None, [near.get(gpu.numa_node.value)])),
            vgpus=asks(profile),
        )
        for index, gpu in enumerate(seats)
    ]  # fmt: skip
    return a_host(gpus=gpus, nics=nics, vms=vms, **{**cores, **changes})


def with_gpu(host: Host, index=0, **changes) -> Host:
    """Replace fields of one GPU of a host."""
    gpus = list(host.gpus.value)
    gpus[index] = _with(gpus[index], changes)
    return replace(host, gpus=known(tuple(gpus)))


def with_vm(host: Host, index=0, **changes) -> Host:
    """Replace fields of one VM of a host."""
    vms = list(host.vms.value)
    vms[index] = _with(vms[index], changes)
    return replace(host, vms=known(tuple(vms)))


def changed(host: Host, **changes) -> Host:
    """Replace fields of a host."""
    return _with(host, changes)


def results(check: str, host: Host) -> list[Result]:
    """Run one check on a host."""
    (found,) = (one for one in all_checks() if one.id == check)
    judged = list(found.run(host, NEEDS))
    for one in judged:
        for command in one.fix:
            assert not re.search(r"\{\w+\}", command.text), command.text
    return judged


def result(check: str, host: Host, subject: str = "") -> Result:
    """Run one check on a host and return its only result, or the one of that subject's id."""
    found = [one for one in results(check, host) if subject in ("", one.subject.id)]
    assert len(found) == 1, found
    return found[0]


def says(one: Result, status: Status | str, *words: str) -> None:
    """Assert a status, and words anywhere in observed, expected or note."""
    told = f"{one.observed} | {one.expected} | {one.note}"
    assert one.status.value == Status(status).value, (one.status, told, one.unseen, one.trace)
    for word in words:
        assert word in told, (word, told)
