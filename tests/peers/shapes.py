"""Named machines: each a fleet of one host and its VMs, known by what is special about it.

`RECORDED["2n-2xA100-80-esxi803"]` is the healthy one; every other differs from it by a fact or a
fault. Host and VM names are unique over all of them, so `everything()` can serve them from one
vCenter. `many(n)` is a larger fleet with variety, for tests of scale.
"""

from dataclasses import replace
from random import Random
from typing import TypedDict

from tests.peers.bmcs import BmcShape
from tests.peers.fleet import (
    GIB,
    Cluster,
    DeniedProperty,
    Driver,
    Fleet,
    Gpu,
    HostShape,
    MigInstance,
    Nic,
    PassedDevice,
    Service,
    Switch,
    Vib,
    Vm,
)

CLUSTER = Cluster("gpu-cluster-01", drs_options=(("VgpuMMAutomationTimeoutSecs", "-1"),))
AWAY = Cluster("gpu-cluster-02")
"""Of hosts that give no memory to its sum: in maintenance, or without connection."""
DVS = "50 2b 6f 1c 3e 5a 4d 77-9b 0a 8c 51 2f 6e 90 1d"


def driver(package: str, version: str, release: str, vendor: str = "NVIDIA") -> Driver:
    """A vGPU manager: `package` is its VIB, `release` the tail of the VIB's version."""
    vib = Vib(package, f"{version}-1OEM.{release}", vendor, "VMwareAccepted",
              "NVIDIA vGPU manager", "2026-03-12")  # fmt: skip
    return Driver(version, vib)


AIE_8 = driver("NVD-AIE_ESXi_8.0.0_Driver", "550.54.16", "800.1.0.20613240")
GRAPHICS_8 = driver("NVD-VMware_ESXi_8.0.0_Driver", "550.54.16", "800.1.0.20613240", "NVD")
GRAPHICS_70 = driver("NVIDIA-VMware_ESXi_7.0.2_Driver", "535.129.03", "702.0.0.17630552")
GRAPHICS_67 = driver("NVIDIA-VMware_ESXi_6.7_Driver", "450.191.01", "670.0.0.8169922")

NICS = (
    Nic("vmnic0", "0000:31:00.0", 0),
    Nic("vmnic1", "0000:31:00.1", 0),
    Nic("vmnic2", "0000:b1:00.0", 1),
    Nic("vmnic3", "0000:b1:00.1", 1, speed=0),
)
SWITCHES = (
    Switch("vSwitch0", ("vmnic0",), ("Management Network",)),
    Switch("dvs-data", ("vmnic0", "vmnic1"), ("vm-net",), DVS),
    Switch("vSwitch1", ("vmnic2", "vmnic3"), ("vm-net-b",)),
)
"""`vm-net` leaves through two ports of the adapter at node 0, `vm-net-b` at node 1."""

MMIO = (("pciPassthru.use64bitMMIO", "TRUE"), ("pciPassthru.64bitMMIOSizeGB", "256"))
TWO_OF_80 = (MMIO[0], ("pciPassthru.64bitMMIOSizeGB", "512"))
WHOLE_A30 = (MMIO[0], ("pciPassthru.64bitMMIOSizeGB", "64"))


class Place(TypedDict):
    """Where a host is found."""

    name: str
    address: str


def at(number: int) -> Place:
    """Name and loopback address of the host with this number, from 1."""
    return {
        "name": f"esx-{number:02d}.lab.test",
        "address": f"127.1.{number // 250}.{number % 250}",
    }


def a100s(*nodes: int) -> tuple[Gpu, ...]:
    """A100 80 GB boards in the slots of a four-GPU server, one per node number given."""
    slots = ("0000:4a:00.0", "0000:61:00.0", "0000:ca:00.0", "0000:e1:00.0")
    chosen = slots if len(nodes) == 4 else (slots[0], slots[2])
    return tuple(Gpu(slot, "a100-pcie-80", node) for slot, node in zip(chosen, nodes, strict=True))


def trainers(number: int, **changes: object) -> tuple[Vm, ...]:
    """Well placed VMs for a host with two A100: one per GPU, one powered off, one without a GPU."""
    usual: tuple[Vm, ...] = (
        Vm(f"train-{number:02d}-a", profiles=("grid_a100d-40c",), gpus=("0000:4a:00.0",),
           options=MMIO),
        Vm(f"train-{number:02d}-b", profiles=("grid_a100d-40c",), gpus=("0000:ca:00.0",),
           nics=("vm-net-b",), home_node=1, options=MMIO),
        Vm(f"infer-{number:02d}", on=False, profiles=("grid_a100d-40c",), vcpus=8,
           cores_per_socket=8, memory_mb=32768, reservation_mb=32768, options=MMIO),
        Vm(f"web-{number:02d}", vcpus=4, cores_per_socket=4, memory_mb=8192, reservation_mb=0,
           locked=False),
    )  # fmt: skip
    return (replace(usual[0], **changes), *usual[1:]) if changes else usual  # type: ignore[arg-type]


def _two_sockets(number: int, **changes: object) -> HostShape:
    """The healthy host, with another number and these differences."""
    host = HostShape(
        **at(number), gpus=a100s(0, 1), nics=NICS, switches=SWITCHES, driver=AIE_8,
        vms=trainers(number),
    )  # fmt: skip
    return replace(host, **changes) if changes else host  # type: ignore[arg-type]


def _sub_numa(number: int) -> HostShape:
    """SNC-2 on both sockets; one VM outgrows its half socket."""
    big = Vm(f"big-{number:02d}", vcpus=24, cores_per_socket=24, memory_mb=384 * 1024,
             reservation_mb=384 * 1024, profiles=("grid_a100d-40c",), gpus=("0000:ca:00.0",),
             nics=("vm-net-b",), home_node=2, options=MMIO)  # fmt: skip
    placed = (trainers(number)[0], big, *trainers(number)[2:])
    return _two_sockets(
        number, nodes_per_package=2, gpus=a100s(0, 3), vms=placed,
        nics=tuple(replace(nic, node=nic.node * 3) for nic in NICS),
    )  # fmt: skip


def _epyc(number: int, **changes: object) -> HostShape:
    """Two 32-core EPYC and one L40S at the second socket."""
    last = {1: 1, 4: 6, 8: 13}[int(changes.get("nodes_per_package", 1))]  # type: ignore[call-overload]
    host = HostShape(
        **at(number), vendor="HPE", model="ProLiant DL385 Gen11", bios="2.20",
        bios_date="2024-06-27", cpu_vendor="amd", cpu="AMD EPYC 9354 32-Core Processor",
        hz=3_250_000_000, memory=768 * GIB, version="8.0.2", build="23305546",
        gpus=(Gpu("0000:c1:00.0", "l40s", last),),
        nics=(Nic("vmnic0", "0000:81:00.0", last, driver="i40en", speed=40000),),
        switches=(Switch("vSwitch0", ("vmnic0",), ("Management Network", "vm-net")),),
        driver=GRAPHICS_8,
        vms=(
            Vm(f"cad-{number:02d}-a", vcpus=8, cores_per_socket=8, memory_mb=32768,
               reservation_mb=32768, profiles=("nvidia_l40s-12q",), gpus=("0000:c1:00.0",),
               home_node=last),
            Vm(f"cad-{number:02d}-b", vcpus=8, cores_per_socket=8, memory_mb=32768,
               reservation_mb=32768, locked=False, on=False, profiles=("nvidia_l40s-12q",)),
        ),
    )  # fmt: skip
    return replace(host, **changes)  # type: ignore[arg-type]


def _hgx(number: int) -> HostShape:
    """Eight H100 behind switches shared with adapters; four in MIG mode, one about to be."""
    buses = (0x1B, 0x43, 0x52, 0x61, 0x9D, 0xC3, 0xD1, 0xDF)
    halves = (MigInstance("3g.40gb", 9, 1, 0, 4), MigInstance("3g.40gb", 9, 2, 4, 4))
    slices = tuple(MigInstance("1g.10gb", 19, 7 + k, k, 1) for k in range(3))
    modes = {0: (True, True), 1: (True, True), 2: (True, True), 3: (True, True), 4: (False, True)}
    made = {0: halves, 1: halves[:1], 2: slices}

    def upstream(bus: int, port: int) -> tuple[str, ...]:
        return (f"0000:{bus - 1:02x}:{port:02x}.0", f"0000:{bus - 2:02x}:00.0",
                f"0000:{bus - 3:02x}:01.0")  # fmt: skip

    gpus = tuple(
        Gpu(f"0000:{bus:02x}:00.0", "h100-sxm-80", index // 4, upstream(bus, 0),
            mig=modes.get(index), mig_instances=made.get(index, ()), nvlink_group=1)
        for index, bus in enumerate(buses)
    )  # fmt: skip
    nics = tuple(
        Nic(f"vmnic{index}", f"0000:{bus + 1:02x}:00.0", place // 4, 200000,
            bridges=upstream(bus, 1))
        for index, (place, bus) in enumerate((p, b) for p, b in enumerate(buses) if p in {0, 4})
    )  # fmt: skip
    vms = (
        Vm(f"mig-{number:02d}-a", profiles=("nvidia_h100xm-3-40c",), gpus=(gpus[0].address,),
           options=MMIO),
        Vm(f"mig-{number:02d}-b", profiles=("nvidia_h100xm-3-40c",), gpus=(gpus[0].address,),
           options=MMIO),
        Vm(f"mig-{number:02d}-c", profiles=("nvidia_h100xm-1-10c",), gpus=(gpus[2].address,),
           options=MMIO),
        Vm(f"llm-{number:02d}", vcpus=48, cores_per_socket=48, memory_mb=512 * 1024,
           reservation_mb=512 * 1024, profiles=("nvidia_h100xm-80c",) * 2, home_node=1,
           gpus=(gpus[6].address, gpus[7].address), nics=("vm-net-b",),
           device_groups=("Nvidia:2@nvidia_h100xm-80c%NVLink",), options=TWO_OF_80),
    )  # fmt: skip
    return HostShape(
        **at(number), vendor="Supermicro", model="SYS-821GE-TNHR", bios="2.1a", cores=56,
        cpu="INTEL(R) XEON(R) PLATINUM 8480+", hz=2_000_000_000, memory=2048 * GIB, gpus=gpus,
        nics=nics, driver=driver("NVD-AIE_ESXi_8.0.0_Driver", "550.90.05", "800.1.0.20613240"),
        switches=(Switch("vSwitch0", ("vmnic0",), ("Management Network", "vm-net")),
                  Switch("vSwitch1", ("vmnic1",), ("vm-net-b",))), vms=vms,
    )  # fmt: skip


def _nvlink(number: int) -> HostShape:
    """Four A100 in two NVLink pairs; a device group takes one pair whole."""
    gpus = tuple(
        replace(gpu, nvlink_group=index // 2) for index, gpu in enumerate(a100s(0, 0, 1, 1))
    )
    pair = Vm(f"pair-{number:02d}", vcpus=32, cores_per_socket=32, memory_mb=262144,
              reservation_mb=262144, profiles=("grid_a100d-80c",) * 2,
              gpus=(gpus[0].address, gpus[1].address), hardware=21,
              device_groups=("Nvidia:2@grid_a100d-80c%NVLink",), options=TWO_OF_80)  # fmt: skip
    far = Vm(f"far-nic-{number:02d}", profiles=("grid_a100d-80c",), gpus=(gpus[2].address,),
             home_node=1, nics=("vm-net",), options=MMIO)  # fmt: skip
    return _two_sockets(number, gpus=gpus, vms=(pair, far))


def _a30(number: int, **changes: object) -> HostShape:
    """A30 boards on an older 8.0 whose driver came with the first AI Enterprise release for 8."""
    host = _two_sockets(
        number, version="8.0.0", build="20513097", model="PowerEdge R750",
        driver=driver("NVD-AIE_ESXi_8.0.0_Driver", "525.105.14", "800.1.0.20613240"),
        gpus=(Gpu("0000:af:00.0", "a30", 1),),
        vms=(Vm(f"bench-{number:02d}", on=False, profiles=("nvidia_a30-8c",), nics=("vm-net-b",)),),
    )  # fmt: skip
    return replace(host, **changes)  # type: ignore[arg-type]


def _maxwell(number: int) -> HostShape:
    """Two GPUs of one M60 board on ESXi 6.7, with ECC on, so that no vGPU starts."""
    chain = ("0000:84:00.0", "0000:80:02.0")
    gpus = tuple(
        Gpu(f"0000:{bus:02x}:00.0", "m60", 1, (f"0000:85:{port:02x}.0", *chain), vgpu_mode="",
            ecc=(True, True))
        for bus, port in ((0x86, 8), (0x87, 16))
    )  # fmt: skip
    return HostShape(
        **at(number), model="PowerEdge R730", bios="2.19.0", bios_date="2023-12-12", cores=14,
        cpu="Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", hz=2_400_000_000, memory=256 * GIB,
        version="6.7.0", build="20497097", gpus=gpus, driver=GRAPHICS_67,
        nics=(Nic("vmnic0", "0000:01:00.0", 0, 1000, "ntg3", ("0000:00:1c.0",)),
              Nic("vmnic1", "0000:01:00.1", 0, 0, "ntg3", ("0000:00:1c.0",))),
        switches=(Switch("vSwitch0", ("vmnic0", "vmnic1"), ("Management Network", "vm-net")),),
        vms=(Vm(f"desk-{number:02d}", on=False, vcpus=4, cores_per_socket=4, memory_mb=16384,
                reservation_mb=16384, locked=True, profiles=("grid_m60-2q",), hardware=14),
             Vm(f"desk-{number:02d}-unreserved", on=False, vcpus=4, cores_per_socket=4,
                memory_mb=16384, reservation_mb=0, locked=False, profiles=("grid_m60-2q",),
                hardware=14, firmware="bios")),
    )  # fmt: skip


def _turing(number: int) -> HostShape:
    """One socket, one T4, ESXi 7.0 U3, standalone."""
    vms = (
        Vm(f"vdi-{number:02d}-a", vcpus=4, cores_per_socket=2, memory_mb=16384,
           reservation_mb=16384, locked=False, profiles=("grid_t4-4q",), gpus=("0000:3b:00.0",),
           hardware=19),
        Vm(f"vdi-{number:02d}-b", vcpus=4, cores_per_socket=2, memory_mb=16384, on=False,
           reservation_mb=8192, locked=False, profiles=("grid_t4-4q",), hardware=19),
    )  # fmt: skip
    return HostShape(
        **at(number), model="PowerEdge R650xs", packages=1, cores=16, memory=256 * GIB,
        cpu="Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz", hz=2_400_000_000, version="7.0.3",
        build="21930508", gpus=(Gpu("0000:3b:00.0", "t4", 0, vgpu_mode=""),), cluster=None,
        nics=(Nic("vmnic0", "0000:18:00.0", 0, 10000, "ixgben"),), driver=GRAPHICS_70,
        switches=(Switch("vSwitch0", ("vmnic0",), ("Management Network", "vm-net")),), vms=vms,
    )  # fmt: skip


def _display(number: int) -> HostShape:
    """Two A40, of which the second has fallen off the bus."""
    gpus = (Gpu("0000:41:00.0", "a40", 0), Gpu("0000:82:00.0", "a40", 1, lost=True))
    vms = (
        Vm(f"render-{number:02d}", profiles=("nvidia_a40-24q",), gpus=("0000:41:00.0",)),
        Vm(f"render-{number:02d}-off", on=False, profiles=("nvidia_a40-24q",)),
    )
    return _two_sockets(number, gpus=gpus, driver=GRAPHICS_8, vms=vms)


def _bare(number: int) -> HostShape:
    """No driver: the GPU is basic under its raw name; a VM asks for it by dynamic DirectPath."""
    gpu = Gpu("0000:86:00.0", "a100-pcie-40", 1, graphics_active="basic",
              graphics_configured="shared", label="ml-pool")  # fmt: skip
    vms = (
        Vm(f"dyn-{number:02d}", on=False, nics=("vm-net-b",),
           passed=(PassedDevice("dynamic", device=0x20F1, label="ml-pool"),)),
        Vm(f"vgpu-{number:02d}", on=False, profiles=("grid_a100-20c",)),
    )  # fmt: skip
    return _two_sockets(
        number, version="8.0.1", build="22088125", gpus=(gpu,), driver=None,
        graphics_default="shared", vms=vms,
    )  # fmt: skip


def _nested(number: int) -> HostShape:
    """ESXi in a VM: eight one-core packages on one node, no GPU, no locality."""
    return HostShape(
        **at(number), vendor="VMware, Inc.", model="VMware7,1", serial="VMware-42 36 49 50",
        bios="VMW71.00V.18227214.B64.2106252220", bios_date="2021-06-25",
        cpu="Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz", packages=8, nodes_per_package=0, cores=1,
        threads=1, memory=17_178_767_360, nested=True, graphics_default="shared",
        nics=(Nic("vmnic0", "0000:0b:00.0", 0, 10000, "nvmxnet3", ("0000:00:16.0",)),),
        switches=(Switch("vSwitch0", ("vmnic0",), ("Management Network", "vm-net")),),
        vms=(Vm(f"tiny-{number:02d}", vcpus=1, cores_per_socket=1, memory_mb=1024,
                reservation_mb=0, locked=False),), cluster=None,
    )  # fmt: skip


def _interleaved(number: int) -> HostShape:
    """Node interleaving: two packages, one node. One A30 is shared, one is passed through whole."""
    passed = "0000:c1:00.0"
    gpus = (
        Gpu("0000:af:00.0", "a30", 0),
        Gpu(passed, "a30", 0, graphics_active="direct", graphics_configured="shared", mig=None),
    )
    vms = (
        Vm(f"shared-{number:02d}", profiles=("nvidia_a30-12c",), gpus=("0000:af:00.0",)),
        Vm(
            f"whole-{number:02d}",
            passed=(PassedDevice("static", passed, device=0x20B7),),
            options=WHOLE_A30,
        ),
    )
    return _two_sockets(
        number, nodes_per_package=0, gpus=gpus, vms=vms,
        nics=tuple(replace(nic, node=0) for nic in NICS),
    )  # fmt: skip


_HOLES = (
    DeniedProperty("config.pciPassthruInfo"),
    DeniedProperty("config.service"),
    DeniedProperty("config.lockdownMode"),
    DeniedProperty("hardware.numaInfo"),
    DeniedProperty("config.extraConfig", "VirtualMachine.Config.AdvancedConfig", "train-15-a"),
)
_STOPPED_SSH = (Service("TSM", False, "off"), Service("TSM-SSH", False, "off"),
                Service("gpuManager", True, "on"))  # fmt: skip

HOSTS: dict[str, HostShape] = {
    "2n-2xA100-80-esxi803": _two_sockets(1),
    "4n-2xA100-80-esxi803-snc2": _sub_numa(2),
    "3n-2xA100-80-esxi803-snc-one-socket": _two_sockets(
        3, nodes_per_package=(2, 1), gpus=a100s(0, 2),
        nics=tuple(replace(nic, node=nic.node * 2) for nic in NICS),
    ),
    "2n-1xL40S-amd-nps1-esxi802": _epyc(4),
    "8n-1xL40S-amd-nps4-esxi802": _epyc(5, nodes_per_package=4),
    "16n-1xL40S-amd-ccx-esxi802": _epyc(6, nodes_per_package=8),
    "2n-1xA30-sriov-off-esxi800": _a30(7, gpus=(Gpu("0000:af:00.0", "a30", 1, sriov=False),)),
    "2n-4xA100-80-nvlink-esxi803": _nvlink(8),
    "2n-8xH100-mig-mixed-esxi803": _hgx(9),
    "1n-1xT4-esxi703": _turing(10),
    "2n-2xM60-ecc-on-esxi670": _maxwell(11),
    "2n-2xA40-gpu-lost-esxi803": _display(12),
    "2n-1xA100-40-driver-missing-esxi801": _bare(13),
    "2n-2xA100-80-ssh-denied-esxi803": _two_sockets(14, shell=False,
                                                    lockdown="lockdownNormal"),
    "2n-2xA100-80-readonly-holes-esxi803": _two_sockets(
        15, denied=_HOLES, denied_methods=("fetchSoftwarePackages", "ExecuteSoap")
    ),
    "1n-nested-esxi803": _nested(16),
    "2n-2xA100-80-disagree-esxi803": _two_sockets(17, esxcli_nodes=4),
    "1n-interleaved": _interleaved(18),
    "2n-2xA100-80-driver-mute-esxi803": _two_sockets(
        19, driver=replace(AIE_8, talks=False),
        vms=tuple(replace(vm, on=False, gpus=()) for vm in trainers(19)),
    ),
    "2n-2xA100-80-pending-esxi803": _two_sockets(
        20, reboot_required=True, maintenance=True, cluster=AWAY.name, gpus=(
            replace(a100s(0, 1)[0], ecc=(True, False), remap_pending=True),
            replace(a100s(0, 1)[1], mig=(False, True), graphics_active="shared"),
        ),
        vms=tuple(replace(vm, on=False, gpus=()) for vm in trainers(20)),
    ),
    "2n-2xA100-80-no-pci-nodes-esxi803": _two_sockets(21, pci_nodes_filled=False),
    "2n-2xA100-80-disconnected-esxi803": _two_sockets(
        22, connection="notResponding", shell_trouble="refuse", cluster=AWAY.name
    ),
    "2n-2xA100-80-ssh-stopped-esxi803": _two_sockets(
        24, shell_trouble="refuse", services=_STOPPED_SSH
    ),
    "2n-1xA16-esxi803": _two_sockets(
        23, driver=GRAPHICS_8, gpus=tuple(
            Gpu(f"0000:{bus:02x}:00.0", "a16", 1, (f"0000:12:{port:02x}.0", "0000:11:00.0",
                                                    "0000:10:01.0"))
            for bus, port in ((0x13, 0), (0x14, 4), (0x15, 8), (0x16, 12))
        ),
        vms=(Vm("vdi-23-a", vcpus=4, cores_per_socket=4, memory_mb=16384, reservation_mb=16384,
                profiles=("nvidia_a16-4q",), gpus=("0000:13:00.0",), nics=("vm-net-b",),
                home_node=1),
             Vm("vdi-23-b", vcpus=4, cores_per_socket=4, memory_mb=16384, reservation_mb=0,
                locked=False, on=False, profiles=("nvidia_a16-4q",), nics=("vm-net-b",))),
    ),
}  # fmt: skip
"""By shape: NUMA nodes, GPUs, what is special, release of ESXi."""

_NO_FUNCTION = (Gpu("0000:af:00.0", "a30", 1, sriov=False),)
WITH_BMC: dict[str, tuple[HostShape, BmcShape]] = {
    "2n-2xA100-80-bmc-dell-esxi803": (_two_sockets(41), BmcShape("dell")),
    "2n-1xA30-bmc-dell-sriov-off-esxi800": (
        _a30(42, gpus=_NO_FUNCTION),
        BmcShape("dell", {"SriovGlobalEnable": "Disabled"}, {"SriovGlobalEnable": "Enabled"}),
    ),
    "8n-1xL40S-bmc-hpe-profile-esxi802": (
        _epyc(43, nodes_per_package=4, iommu=False, gpus=(
            Gpu("0000:c1:00.0", "l40s", 6, sriov=False),
        )),
        BmcShape("hpe", {"WorkloadProfile": "GraphicProcessing", "Sriov": "Disabled",
                         "ProcAmdIoVt": "Disabled",
                         "NumaMemoryDomainsPerSocket": "FourMemoryDomainsPerSocket"},
                 identity="tag"),
    ),
    "2n-8xH100-bmc-supermicro-sick-esxi803": (
        _hgx(44), BmcShape("supermicro", sick_gpu="0000:9d:00.0", supply="Critical"),
    ),
    "4n-2xA100-80-bmc-lenovo-snc2-esxi803": (
        replace(_sub_numa(45), vendor="Lenovo", model="ThinkSystem SR670 V2", bios="U8E122J"),
        BmcShape("lenovo", {"Processors_SNC": "Enabled"}, {"Processors_SNC": "Disabled"},
                 identity="swapped"),
    ),
    "2n-2xA100-80-bmc-of-another-esxi803": (_two_sockets(46), BmcShape("dell", identity="another")),
    "2n-1xA30-bmc-cisco-none-shown-esxi800": (
        _a30(47, gpus=_NO_FUNCTION, vendor="Cisco Systems Inc", model="UCSC-C240-M6SX",
             bios="C240M6.4.3.2a"),
        BmcShape("cisco"),
    ),
}  # fmt: skip
"""Hosts whose BMC was asked as well. They are no part of `everything`."""

MANAGED: dict[str, HostShape] = {
    "2n-2xA100-80-ssh-managed-esxi803": _two_sockets(25, services=_STOPPED_SSH, vms=()),
}
"""Hosts whose SSH was started for the run, and stopped. They are no part of `everything`."""

RECORDED: dict[str, Fleet] = {
    name: Fleet((host,), tuple(one for one in (CLUSTER, AWAY) if one.name == host.cluster))
    for name, host in HOSTS.items()
}
SHAPES = {**HOSTS, **{name: host for name, (host, _) in WITH_BMC.items()}, **MANAGED}
HEALTHY = RECORDED["2n-2xA100-80-esxi803"]


def everything() -> Fleet:
    """All named hosts under one vCenter."""
    return Fleet(tuple(HOSTS.values()), (CLUSTER, AWAY))


def _crowd(number: int, host: HostShape, random: Random) -> tuple[Vm, ...]:
    """Five to ten VMs, a few with vGPUs, not all of them well kept."""
    vms: list[Vm] = []
    offered = host.offered()
    by_gpu = {gpu.address: gpu for gpu in host.seen_gpus()} if offered else {}
    for index in range(random.randint(5, 10)):
        memory = random.choice((8, 16, 32, 64, 96)) * 1024
        vm = Vm(
            f"vm-{number:04d}-{index:02d}", on=random.random() < 0.7,
            vcpus=random.choice((2, 4, 8, 16, 24)), cores_per_socket=2, memory_mb=memory,
            reservation_mb=random.choice((0, memory, memory, memory)),
            locked=random.random() < 0.8, nics=(random.choice(("vm-net", "vm-net-b")),),
            options=(("numa.nodeAffinity", str(index % 2)),) if index % 5 == 4 else (),
        )  # fmt: skip
        free = [gpu for address, gpu in by_gpu.items()
                if all(address not in other.gpus for other in vms)]  # fmt: skip
        if index < 4 and offered:
            gpu = free[0] if free else None
            choices = [name for name in offered if gpu is None or name in
                       {gpu.model.profile(kind) for kind in gpu.model.time_sliced}]  # fmt: skip
            profile = random.choice(choices or list(offered))
            usable = gpu is not None and bool(choices) and not gpu.in_mig
            vm = replace(vm, profiles=(profile,), on=vm.on and usable,
                         gpus=(gpu.address,) if vm.on and usable and gpu else ())  # fmt: skip
        vms.append(vm)
    return tuple(vms)


def many(count: int, seed: int = 1) -> Fleet:
    """`count` varied hosts with 5 to 10 VMs each, in clusters of eight. Same seed, same fleet."""
    random = Random(seed)
    kinds = [name for name, host in HOSTS.items() if host.gpus and not host.denied]
    clusters = tuple(
        Cluster(f"gpu-cluster-{index + 1:03d}",
                random.choice(("fullyAutomated", "partiallyAutomated", "manual", "")))
        for index in range((count + 7) // 8)
    )  # fmt: skip
    hosts = []
    for index in range(count):
        kind = kinds[index % len(kinds)] if index < len(kinds) else random.choice(kinds)
        host = replace(
            HOSTS[kind], name=f"esx-{index + 1:04d}.lab.test",
            address=f"127.1.{(index + 1) // 250}.{(index + 1) % 250 + 1}",
            cluster=clusters[index // 8].name, serial=f"S{index + 1:06d}",
            bios=f"1.{random.randint(8, 15)}.{random.randint(0, 3)}", vms=(),
        )  # fmt: skip
        hosts.append(replace(host, vms=_crowd(index + 1, host, random)))
    return Fleet(tuple(hosts), clusters, api="8.0.3.0")
