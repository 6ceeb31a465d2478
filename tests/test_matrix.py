"""One healthy host per GPU generation and release, each fault alone: the cause is named, no other.

The hosts are served live by one vCenter, and some of them over SSH by their shells. Each is judged
with what all sources say, with the API alone, and with an nvidia-smi that is silent. A fault that
cannot be seen then is UNSURE, and never a GO.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from msgspec import structs

from hostcheck import app, ways
from hostcheck.checks.condition import ACTIONS
from hostcheck.checks.engine import all_checks
from hostcheck.fleet import threads
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host_ref import Key
from hostcheck.model.recording import Recording
from hostcheck.model.result import Answer, Severity, Status, root_causes
from hostcheck.model.run import Candidate, HostReport
from hostcheck.preflight.judge import candidate_of
from hostcheck.sources.live import LiveSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from hostcheck.ways.base import SoFar, Stopwatch, Transport
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere.transport import VsphereTransport
from tests import golden
from tests.causes import CAUSES
from tests.peers import live, shapes, shell
from tests.peers.fleet import (
    Cluster,
    Driver,
    Fleet,
    Gpu,
    HostShape,
    PassedDevice,
    Rule,
    Vm,
    gib_of,
    type_of,
)
from tests.peers.live import Shells, Vcenter
from tests.remembering import opening_by, remembered
from tests.ways.shell.reaching import reach

ROOT = Path(__file__).parents[1]
Change = Callable[[HostShape], HostShape]
GPU = "0000:4a:00.0"
SEVERITIES = {check.id: check.severity for check in all_checks()}
REQUIRED = frozenset(check.id for check in all_checks() if check.severity is Severity.REQUIRED)
DECIDES_NOW = frozenset(check.id for check in all_checks() if check.manual.decides_now)


@dataclass(frozen=True)
class Kind:
    """A GPU generation on a release, a profile of it, another size, and a MIG-backed one."""

    model: str
    version: str
    profile: str
    other: str
    driver: Driver
    mig: str = ""
    sriov: bool = True


AIE_525 = shapes.driver("NVD-AIE_ESXi_8.0.0_Driver", "525.105.14", "800.1.0.20613240")
VGPU_8 = shapes.driver("NVIDIA-VMware_ESXi_6.7_Driver", "418.66", "670.0.0.8169922")
KINDS = (
    Kind("m60", "6.7.0", "grid_m60-2q", "grid_m60-4q", shapes.GRAPHICS_67, sriov=False),
    Kind("p4", "7.0.3", "grid_p4-2q", "grid_p4-4q", shapes.GRAPHICS_70, sriov=False),
    Kind("t4", "7.0.3", "grid_t4-4q", "grid_t4-8q", shapes.GRAPHICS_70, sriov=False),
    Kind("a16", "8.0.3", "nvidia_a16-4q", "nvidia_a16-8q", shapes.GRAPHICS_8),
    Kind("a30", "8.0.0", "nvidia_a30-8c", "nvidia_a30-12c", AIE_525, "nvidia_a30-2-12c"),
    Kind("a40", "8.0.3", "nvidia_a40-8q", "nvidia_a40-24q", shapes.GRAPHICS_8),
    Kind("a100-pcie-80", "8.0.3", "grid_a100d-40c", "grid_a100d-20c", shapes.AIE_8,
         "grid_a100d-3-40c"),
    Kind("l40s", "8.0.2", "nvidia_l40s-24q", "nvidia_l40s-8q", shapes.GRAPHICS_8),
    Kind("h100-sxm-80", "8.0.3", "nvidia_h100xm-40c", "nvidia_h100xm-20c", shapes.AIE_8,
         "nvidia_h100xm-3-40c"),
)  # fmt: skip


def of_gpu(**changes: Any) -> Change:
    return lambda host: replace(host, gpus=tuple(replace(gpu, **changes) for gpu in host.gpus))


def of_vm(**changes: Any) -> Change:
    return lambda host: replace(host, vms=tuple(replace(vm, **changes) for vm in host.vms))


def of_host(**changes: Any) -> Change:
    return lambda host: replace(host, **changes)


def of_driver(**changes: Any) -> Change:
    return lambda host: replace(host, driver=host.driver and replace(host.driver, **changes))


def _newer_vib(host: HostShape) -> HostShape:
    assert host.driver is not None
    vib = replace(host.driver.vib, version="570.86.10-1OEM.800", installed="2026-11-01")
    return replace(host, driver=replace(host.driver, vib=vib))


def _branch_without_it(host: HostShape) -> HostShape:
    """Install branch 595, which leaves such a GPU to the legacy drivers and finds none to drive."""
    base = str(host.version)[:1]
    vib = shapes.driver(f"NVD-VGPU_ESXi_{base}.0.0_Driver", "595.71.03", f"{base}00.1.0.20613240")
    return replace(host, driver=replace(vib, talks=False))


def _wrong_package(host: HostShape) -> HostShape:
    wrong = shapes.GRAPHICS_8 if "AIE" in str(host.driver) else shapes.AIE_8
    return replace(host, driver=wrong)


def _wants_mig(host: HostShape) -> HostShape:
    kind = next(one for one in KINDS if one.model == host.gpus[0].model_key)
    return of_vm(profiles=(kind.mig,))(host)


def _neighbour(host: HostShape) -> HostShape:
    """Start another VM with a vGPU of another size on the GPU."""
    kind = next(one for one in KINDS if one.model == host.gpus[0].model_key)
    (vm,) = host.vms
    other = replace(vm, name=f"{vm.name}-other", on=True, gpus=(GPU,), profiles=(kind.other,))
    return replace(host, vms=(vm, other))


def _full(host: HostShape) -> HostShape:
    """Start as many VMs with the same profile as the GPU takes."""
    (vm,), (gpu,) = host.vms, host.gpus
    count = gpu.model.mib_gib // gib_of(type_of(gpu, vm.profiles[0]))
    others = (replace(vm, name=f"{vm.name}-{n}", on=True, gpus=(GPU,)) for n in range(count))
    return replace(host, vms=(vm, *others))


NEWEST_HARDWARE = {"6.7.0": 14, "7.0.3": 19, "8.0.0": 20, "8.0.2": 21, "8.0.3": 21}
"""Virtual hardware of the releases that are played: Broadcom's list."""


def _newer_hardware(host: HostShape) -> HostShape:
    return of_vm(hardware=NEWEST_HARDWARE[host.version] + 1)(host)


def _runs(**changes: Any) -> Change:
    return of_vm(on=True, gpus=(GPU,), **changes)


def _one_of_two_lost(host: HostShape) -> HostShape:
    (gpu,) = host.gpus
    return replace(host, gpus=(gpu, replace(gpu, address="0000:ca:00.0", node=1, lost=True)))


def _one_of_two_lost_now(host: HostShape) -> HostShape:
    (gpu,) = host.gpus
    return replace(host, gpus=(gpu, replace(gpu, address="0000:ca:00.0", node=1, lost_now=True)))


def _bad_and_full(host: HostShape) -> HostShape:
    """Fill the good GPU; the other has room, and its driver has given it up."""
    (gpu,) = host.gpus
    bad = replace(gpu, address="0000:ca:00.0", node=1, recovery="Reset")
    return replace(_full(host), gpus=(gpu, bad))


def _two_vgpus(host: HostShape) -> HostShape:
    return of_vm(profiles=host.vms[0].profiles * 2)(host)


def _given(host: HostShape, device: PassedDevice) -> HostShape:
    """Give the VM a whole device, and its GPU away."""
    given = of_gpu(graphics_active="direct", graphics_configured="shared", mig=None)(host)
    return of_vm(profiles=(), passed=(device,))(given)


def _whole(host: HostShape, address: str = GPU) -> HostShape:
    """Give the VM the GPU as a fixed device, which it looks for at an address."""
    return _given(host, PassedDevice("static", address, device=host.gpus[0].model.device))


def _other_name(host: HostShape) -> HostShape:
    """Let the VM name its profile as drivers of another time do."""
    (name,) = host.vms[0].profiles
    maker, _, rest = name.partition("_")
    return of_vm(profiles=(f"{'grid' if maker == 'nvidia' else 'nvidia'}_{rest}",))(host)


def _group(host: HostShape) -> HostShape:
    (gpu,) = host.gpus
    whole = gpu.model.profile(f"{gpu.model.family}-80C")
    options = (*shapes.MMIO[:1], ("pciPassthru.64bitMMIOSizeGB", "512"))
    named = (f"Nvidia:2@{whole}%NVLink",)
    return of_vm(profiles=(whole,) * 2, device_groups=named, options=options)(host)


@dataclass(frozen=True)
class Fault:
    """One thing broken, and the checks that name it, whatever follows from it.

    `seen_by` are further checks that may name it where the first ones have no answer; `by_api`
    says whether the API alone shows it.
    """

    cause: int
    name: str
    change: Change
    checks: frozenset[str]
    concerns: Callable[[Kind], bool] = lambda _: True
    by_api: bool = True
    seen_by: frozenset[str] = field(default_factory=frozenset)

    followed: bool = False
    """Named by a recommended check from which required fails follow."""
    doubted: bool = False
    """Its checks are unknown, not failed: nobody can tell whether the VM starts, so it is no GO."""
    doubts: bool = False
    """Another GPU of the host may still serve the VM: it is UNSURE."""
    shell_alone: bool = False
    """Only nvidia-smi tells it: where nobody asked the shell, a GO says that nobody did."""
    unknown: frozenset[str] = field(default_factory=frozenset)
    """Required checks that cannot be answered because of it."""

    @property
    def required(self) -> bool:
        """Whether the host is NO-GO with it."""
        if self.doubted:
            return False
        return self.followed or all(SEVERITIES[check] is Severity.REQUIRED for check in self.checks)

    @property
    def lost(self) -> bool:
        """Whether a neighbour of the GPU would be in doubt."""
        return self.doubts or "GPU-001" in self.checks

    @property
    def stops(self) -> bool:
        """Whether the VM does not start now."""
        unsure = self.doubted or self.doubts
        return not unsure and (self.required or bool(self.checks & DECIDES_NOW))


def fault(cause: int, name: str, change: Change, *checks: str, **more: Any) -> Fault:
    return Fault(cause, name, change, frozenset(checks), **more)


def given_up(name: str, change: Change, *checks: str, **more: Any) -> Fault:
    """Return a fault of a GPU that vSphere goes on showing as it was."""
    return fault(18, name, change, *checks, by_api=False, shell_alone=True, **more)


def on(*models: str) -> Callable[[Kind], bool]:
    return lambda kind: kind.model in models


def split_package(kind: Kind) -> bool:
    return int(kind.driver.version.split(".")[0]) >= 535 and kind.version >= "8"


def maps_all(kind: Kind) -> bool:
    """Say whether the GPU shows all of its memory to whoever has it whole."""
    return kind.sriov


OFFERED = frozenset({"VGPU-003"})
SMALL = Cluster("small pool", unreserved_mhz=1000)
RULED = "must run on other hosts"
OTHER_GPU = 0x2235
"""The device id of an A40, which the hosts of other kinds have not."""
FAULTS = (
    fault(1, "graphics type not active", of_gpu(graphics_active="shared"), "GFX-001"),
    fault(1, "graphics type not configured", of_gpu(graphics_configured="shared"), "GFX-002"),
    fault(2, "SR-IOV off", of_gpu(sriov=False), "PCI-001", concerns=lambda kind: kind.sriov),
    fault(3, "IOMMU off", of_host(iommu=False), "PCI-003", concerns=on("t4", "a40")),
    fault(3, "mapped below 4 GB", of_gpu(bar1_mib=256), "PCI-004", by_api=False, shell_alone=True,
          concerns=on("a16", "a30", "a100-pcie-80", "h100-sxm-80")),
    fault(4, "memory not reserved", of_vm(reservation_mb=1024, locked=False), "VM-001"),
    fault(5, "ECC on", of_gpu(ecc=(True, True)), "ECC-001", concerns=on("m60"), by_api=False),
    fault(5, "ECC on under vGPU 8", lambda host: of_gpu(ecc=(True, True))(
        replace(host, driver=VGPU_8)), "ECC-001", concerns=on("t4"), by_api=False),
    fault(6, "no driver", of_host(driver=None), "DRV-002", followed=True),
    fault(6, "driver does not talk", of_driver(talks=False), "DRV-003", by_api=False, followed=True,
          seen_by=frozenset({"DRV-001"})),
    fault(6, "wrong driver package", _wrong_package, "DRV-004", concerns=split_package,
          followed=True),
    fault(7, "driver replaced since the boot", _newer_vib, "DRV-005", concerns=split_package,
          by_api=False),
    fault(7, "ECC change pending", of_gpu(ecc=(False, True)), "ECC-002", by_api=False,
          concerns=on("a40", "t4")),
    fault(7, "MIG change pending", of_gpu(mig=(False, True)), "MIG-001", by_api=False,
          concerns=on("a30", "h100-sxm-80")),
    fault(7, "reboot required", of_host(reboot_required=True), "HOST-003", concerns=on("a40")),
    fault(8, "GPU in passthrough", of_gpu(graphics_active="direct", graphics_configured="shared"),
          "VGPU-001"),
    fault(9, "profile of another GPU", of_vm(profiles=("nvidia_a10-8q",)), "VGPU-001"),
    fault(10, "GPU full", _full, "VGPU-002", by_api=False),
    fault(11, "MIG on under a time-sliced profile", of_gpu(mig=(True, True)), "MIG-002",
          concerns=on("a30", "a100-pcie-80"), seen_by=OFFERED),
    fault(11, "MIG off under a MIG-backed profile", _wants_mig, "MIG-002",
          concerns=on("a30", "a100-pcie-80"), seen_by=OFFERED),
    fault(11, "MIG on, on a GPU that may change it itself", of_gpu(mig=(True, True)), "VGPU-003",
          concerns=on("h100-sxm-80")),
    fault(11, "MIG off, on a GPU that may change it itself", _wants_mig, "VGPU-003",
          concerns=on("h100-sxm-80")),
    fault(12, "another size runs on a GPU of one size", _neighbour, "VGPU-002", by_api=False,
          concerns=on("t4", "a40", "a100-pcie-80", "l40s")),
    fault(13, "BIOS firmware under a part of a GPU", of_vm(firmware="bios"), "VM-025",
          concerns=on("a40", "l40s")),
    fault(13, "BIOS firmware under a whole GPU", lambda host: of_vm(firmware="bios")(
        _whole(host)), "VM-002", concerns=maps_all),
    fault(13, "64-bit MMIO off under a whole GPU", lambda host: of_vm(options=())(
        _whole(host)), "VM-004", concerns=maps_all),
    fault(13, "MMIO space too small", of_vm(options=(), profiles=("grid_a100d-80c",)), "VM-004",
          concerns=on("a100-pcie-80")),
    fault(14, "fractional vGPUs combined on vSphere 7", _two_vgpus, "VGPU-004", concerns=on("t4")),
    fault(15, "display mode on", of_gpu(bar1_mib=256), "PCI-002", by_api=False, shell_alone=True,
          concerns=on("a40", "l40s")),
    fault(16, "fabric not joined", of_gpu(fabric=False), "GPU-005", by_api=False,
          concerns=on("h100-sxm-80")),
    fault(16, "fabric unhealthy", of_gpu(fabric_health="Unhealthy"), "GPU-005", by_api=False,
          concerns=on("h100-sxm-80")),
    fault(18, "one of two GPUs lost", _one_of_two_lost, "GPU-001", by_api=False, followed=True,
          doubts=True, concerns=on("a16", "a40"), seen_by=frozenset({"DRV-001"})),
    given_up("one of two GPUs lost since the boot", _one_of_two_lost_now, "GPU-001", doubts=True),
    given_up("GPU lost since the boot", of_gpu(lost_now=True), "GPU-001"),
    given_up("GPU is lost in place of values", of_gpu(given_up="GPU is lost"), "GPU-006"),
    given_up("GPU requires reset in place of values", of_gpu(given_up="GPU requires reset"),
             "GPU-006", concerns=on("a40", "h100-sxm-80")),
    *(given_up(f"recovery action {action}", of_gpu(recovery=action), "GPU-006",
               concerns=on("a40", "l40s", "h100-sxm-80")) for action in ACTIONS),
    given_up("reset required", of_gpu(reset_required=True), "GPU-006"),
    given_up("uncorrected memory errors", of_gpu(uncorrected=5, ecc=(True, True)), "GPU-007",
             concerns=lambda kind: kind.model != "m60"),
    given_up("no GPU in vGPU mode", of_gpu(mode="None"), "GPU-008"),
    given_up("GPU in the mode of shared graphics", of_gpu(mode="Host VSGA"), "GPU-008",
             concerns=on("t4", "a40")),
    given_up("room only on a GPU that was given up", _bad_and_full, "GPU-006",
             concerns=on("a16", "a40")),
    fault(18, "memory channel to be repaired", of_gpu(repair="channel_repair_pending"), "GPU-002",
          by_api=False, concerns=on("h100-sxm-80")),
    fault(18, "the only GPU gone", of_host(gpus=()), "VGPU-001", concerns=on("t4", "a40")),
    fault(18, "row remapping failed", of_gpu(remap_failed=True), "GPU-002", by_api=False,
          concerns=on("a100-pcie-80", "h100-sxm-80")),
    fault(18, "narrow link", of_gpu(width_now=1), "GPU-003", by_api=False, concerns=on("l40s")),
    fault(18, "infoROM corrupted", of_gpu(inforom_corrupted=True), "GPU-004", by_api=False,
          concerns=on("a30", "t4")),
    fault(19, "guest driver newer", _runs(guest_driver="580.65.06"), "DRV-006", by_api=False,
          concerns=on("a40", "h100-sxm-80")),
    fault(19, "unlicensed", _runs(licence="Unlicensed (Unrestricted)"), "VGPU-005", by_api=False,
          concerns=on("a40", "t4")),
    fault(20, "unified memory on a part of a GPU", of_vm(
        options=(*shapes.MMIO, ("pciPassthru0.cfg.enable_uvm", "1"))), "VM-005",
        concerns=on("a30", "l40s")),
    fault(16, "device group of more GPUs than there are", _group, "GRP-001",
          concerns=on("h100-sxm-80", "a100-pcie-80")),
    fault(17, "more memory than the host has left", of_vm(
        memory_mb=1100 * 1024, reservation_mb=1100 * 1024), "MEM-001", concerns=on("a40", "t4")),
    fault(20, "profile that does not migrate", lambda host: replace(
        host, unable=host.vms[0].profiles), "VGPU-006", concerns=on("a40", "t4")),
    fault(30, "memory that is an NVMe tier", lambda host: of_vm(
        memory_mb=700 * 1024, reservation_mb=700 * 1024)(replace(host, nvme_tier=512 * 2**30)),
        "MEM-001", concerns=on("a16", "a40", "a100-pcie-80", "h100-sxm-80"), doubted=True),
    fault(31, "IOMMU off by a boot option", of_host(boot=(("noIOMMU", "TRUE", "TRUE"),)),
          "PCI-006", by_api=False, seen_by=frozenset({"PCI-003"})),
    fault(31, "passthrough off by a boot option", of_host(
        boot=(("disablePciPassthrough", "TRUE", "TRUE"),)), "PCI-006", by_api=False,
        seen_by=frozenset({"PCI-003"}), concerns=on("t4", "l40s", "h100-sxm-80")),
    fault(32, "a boot option that waits", of_host(boot=(("noIOMMU", "TRUE", "FALSE"),)), "HOST-007",
          by_api=False, concerns=on("m60", "a40", "h100-sxm-80")),
    fault(32, "NUMA switched off at boot", of_host(
        boot=(("useNUMAInfo", "FALSE", "FALSE"),), nodes_per_package=0), "NUMA-002", by_api=False,
        concerns=on("t4", "a100-pcie-80")),
    fault(32, "vGPU devices made up", of_host(boot=(("vgpuMockDeviceCount", "8", "8"),)), "PCI-008",
          by_api=False, concerns=on("a40")),
    fault(33, "hot-plug on an HPE server", lambda host: of_gpu(
        graphics_active="direct", graphics_configured="direct")(replace(
            _whole(host), vendor="HPE")), "PCI-007", by_api=False, concerns=on("a40", "l40s")),
    fault(20, "a cluster that does not evacuate", of_host(cluster=shapes.AWAY.name), "HOST-008",
          concerns=on("t4", "h100-sxm-80")),
    fault(17, "maintenance mode", of_host(maintenance=True), "HOST-002"),
    fault(21, "virtual hardware newer than the release", _newer_hardware, "VM-014"),
    fault(22, "more vCPUs than logical processors", of_vm(vcpus=192), "VM-015"),
    fault(23, "latency sensitivity without its CPU", of_vm(
        latency="high", cpu_reservation_mhz=1000), "VM-016"),
    fault(23, "more CPU reserved than the host has", of_vm(cpu_reservation_mhz=200_000), "VM-017"),
    fault(23, "more CPU reserved than the pool has left", lambda host: of_vm(
        cpu_reservation_mhz=4000)(replace(host, cluster=SMALL.name)), "VM-018"),
    fault(24, "a disk on a datastore of other hosts", of_vm(datastores=("vsan0", "nvme-09")),
          "VM-019"),
    fault(24, "a port group of other hosts", of_host(gone_networks=("vm-net",)), "VM-020"),
    fault(24, RULED, of_host(cluster=RULED), "VM-021"),
    fault(24, "VM whose files are out of reach", of_vm(connection="inaccessible"), "VM-023"),
    fault(28, "driver branch that ignores the GPU", _branch_without_it, "DRV-003",
          "DRV-007", concerns=on("m60", "p4"), followed=True, seen_by=frozenset({"DRV-001"})),
    fault(25, "fixed GPU that was moved", lambda host: _whole(host, "0000:4b:00.0"), "VM-006",
          unknown=frozenset({"VGPU-001"})),
    fault(25, "dynamic device that is not there", lambda host: _given(
        host, PassedDevice("dynamic", device=OTHER_GPU)), "VM-007",
        unknown=frozenset({"VGPU-001"}),
        concerns=lambda kind: kind.model != "a40" and kind.version >= "7"),
    fault(26, "profile offered under another name", _other_name, "VGPU-003", doubted=True),
    fault(27, "whole GPU of a board with NVSwitch", lambda host: replace(
        _whole(host), nvswitches=("0000:05:00.0",)), "VM-026", concerns=on("h100-sxm-80")),
    fault(17, "disconnected", of_host(connection="notResponding"), "HOST-001"),
)  # fmt: skip


def healthy(number: int, kind: Kind) -> HostShape:
    """A two-socket host with one such GPU and a powered-off VM that fits it."""
    gpu = Gpu(GPU, kind.model, 0)
    if kind.model == "m60":
        gpu = replace(gpu, ecc=(False, False))
    if kind.version < "8.0.3":
        gpu = replace(gpu, vgpu_mode="")
    vm = Vm(
        f"vm-{number:03d}",
        on=False,
        profiles=(kind.profile,),
        options=shapes.MMIO,
        hardware=min(20, NEWEST_HARDWARE[kind.version]),
    )
    base = shapes.HOSTS["2n-2xA100-80-esxi803"]
    return replace(
        base, **shapes.at(number), version=kind.version, gpus=(gpu,), vms=(vm,), driver=kind.driver
    )


CASES: dict[str, tuple[HostShape, Kind, Fault | None]] = {}
for _kind in KINDS:
    for _fault in (None, *FAULTS):
        if _fault is None or _fault.concerns(_kind):
            _host = healthy(len(CASES) + 1, _kind)
            _name = f"{_kind.model} {_kind.version}: {_fault.name if _fault else 'healthy'}"
            CASES[_name] = (_fault.change(_host) if _fault else _host, _kind, _fault)


def _silent_smi(recorded: Recording) -> Recording:
    silence = Unknown(Why.TIMEOUT, "the time limit passed")
    captures = {
        key: Capture(capture.request, failure=silence)
        if capture.request.text.startswith("nvidia-smi")
        else capture
        for key, capture in recorded.captures.items()
    }
    return structs.replace(recorded, captures=captures)


class Told:
    """Answers as the shell of a host does, without a server: see the test of it below."""

    changes: Mapping[Key, str] = MappingProxyType({})
    login = None

    def __init__(self, host: HostShape) -> None:
        self._answers = shell.answers(host)

    def fetch(self, request: Request) -> Capture:
        assert SHELL.allows(request)
        missing = ("", f"sh: {request.text.split()[0]}: not found\n", 127)
        return Stopwatch().capture(request, *self._answers.get(request.text, missing))

    def expect(self, requests: Iterable[Request]) -> None:
        pass

    def close(self) -> None:
        pass


HOSTS = {host.name: host for host, _, _ in CASES.values()}
OVER_SSH = tuple(HOSTS)[::32]
"""Hosts that are asked over the wire too: the rest differs from these in words of answers alone."""


@pytest.fixture(scope="module")
def peers(keep_running: Callable[[Any], Any]) -> tuple[Vcenter, Shells]:
    hosts = tuple(HOSTS.values())
    rules = tuple(
        Rule(f"rule {number}", tuple(vm.name for vm in host.vms), (hosts[0].name,))
        for number, host in enumerate(hosts)
        if host.cluster == RULED
    )
    clusters = (shapes.CLUSTER, shapes.AWAY, SMALL, Cluster(RULED, rules=rules))
    vcenter: Vcenter = keep_running(live.running_vcenter(Fleet(hosts, clusters=clusters)))
    some = Fleet(tuple(HOSTS[one] for one in OVER_SSH), clusters=clusters)
    return vcenter, keep_running(live.running_shells(some))


def collected(
    vcenter: Vcenter, open_shell: Callable[[SoFar], Transport] | None, names: Sequence[str] = ()
) -> Iterator[Recording]:
    """Collect hosts live, with their shells where something opens them."""
    end = Endpoint(vcenter.host, vcenter.user, vcenter.port, (str(vcenter.ca_file),))
    session = VsphereTransport(end, lambda: vcenter.password, ways.requests())
    openers = {"shell": open_shell} if open_shell else {}
    source = LiveSource("vcenter", session, hosts=names, openers=openers, packages=True)
    with threads(4 if names else 1) as workers:
        yield from app.recordings(source, source.machines(), workers=workers, done=lambda _: None)
    source.close()


def _by_api(recorded: Recording) -> Recording:
    captures = {key: one for key, one in recorded.captures.items() if key[0] != Wire.SHELL}
    return structs.replace(recorded, captures=captures)


def _answered(recorded: Recording) -> dict[tuple[str, str, str], Capture]:
    """What a machine answered, whenever it was."""
    return {
        key: structs.replace(one, taken_at="", duration_ms=0)
        for key, one in recorded.captures.items()
    }


def test_what_is_told_is_what_comes_over_the_wire(peers: tuple[Vcenter, Shells]) -> None:
    """An SSH server tells what the shape does, and an API that is asked alone tells no other."""
    vcenter, shells = peers

    def over_ssh(so_far: SoFar) -> SshTransport:
        return SshTransport(reach(shells, so_far.ref.name), SHELL.allows)

    wire = {one.ref.name: one for one in collected(vcenter, over_ssh, OVER_SSH)}
    told = {
        one.ref.name: one
        for one in collected(vcenter, lambda so_far: Told(HOSTS[so_far.ref.name]), OVER_SSH)
    }
    alone = {one.ref.name: one for one in collected(vcenter, None, OVER_SSH)}
    assert len({kind.model for host, kind, _ in CASES.values() if host.name in OVER_SSH}) == len(
        KINDS
    )
    for name in OVER_SSH:
        assert _answered(told[name]) == _answered(wire[name])
        assert _answered(_by_api(told[name])) == _answered(alone[name])
        assert sum(key[0] == Wire.SHELL for key in wire[name].captures) > 10
    statuses = {one.exit_status for each in wire.values() for one in each.captures.values()}
    assert len(statuses) > 1, "one that failed is among them"


@pytest.fixture(scope="module")
def reports(peers: tuple[Vcenter, Shells]) -> dict[tuple[str, str], HostReport]:
    """Every host judged, by (host name, what could be read)."""
    found = {}
    with opening_by(remembered(32_768)):  # what is read again is read of the same answers
        for recorded in collected(peers[0], lambda so_far: Told(HOSTS[so_far.ref.name])):
            name = recorded.ref.name
            found[name, "all"] = report_of(host_of(recorded))
            found[name, "silent"] = report_of(host_of(_silent_smi(recorded)))
            found[name, "api"] = report_of(host_of(_by_api(recorded)))
    return found


def named(report: HostReport, status: Status, *severities: Severity) -> set[str]:
    return {
        one.check
        for one in report.results
        if one.status is status and one.severity in (severities or tuple(Severity))
    }


def roots(report: HostReport) -> set[str]:
    """What a NO-GO of the host names: the fails behind its required fails."""
    required = [
        one
        for one in report.results
        if one.status is Status.FAIL and one.severity is Severity.REQUIRED
    ]
    manuals = [check.manual for check in all_checks()]
    return {one.check for one in root_causes(required, report.results, manuals)}


def start(report: HostReport, vm_name: str) -> Answer:
    """Judge the power-on of the VM."""
    return candidate(report, vm_name).verdict


def candidate(report: HostReport, vm_name: str) -> Candidate:
    assert isinstance(report.host.vms, Known)
    (vm,) = (one for one in report.host.vms.value if one.name == vm_name)
    return candidate_of(vm.id, vm.name, report)


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_named_and_no_other(
    name: str, reports: dict[tuple[str, str], HostReport]
) -> None:
    host, _, fault = CASES[name]
    report = reports[host.name, "all"]
    assert named(report, Status.ERROR) == set()
    silent = {"ECC-001", "MIG-002", "GPU-001", "GPU-006", "GPU-007", "GPU-008"}  # of its GPU
    assert named(report, Status.UNKNOWN, Severity.REQUIRED) <= (
        (silent if fault and (fault.cause in (6, 11, 28) or fault.lost) else set())
        | (fault.unknown | (fault.checks if fault.doubted else set()) if fault else set())
    )
    if fault is None:
        assert named(report, Status.FAIL) <= TASTE
        assert (report.verdict, start(report, host.vms[0].name)) == (Answer.GO, Answer.GO)
        return
    assert fault.checks <= named(report, Status.UNKNOWN if fault.doubted else Status.FAIL)
    assert roots(report) == (fault.checks if fault.required else set())
    asked = fault.doubted and fault.checks & REQUIRED
    verdict = Answer.NO_GO if fault.required else Answer.UNSURE if asked else Answer.GO
    assert report.verdict is verdict
    unsure = Answer.UNSURE if fault.doubted or fault.doubts else Answer.GO
    assert start(report, host.vms[0].name) is (Answer.NO_GO if fault.stops else unsure)


UNASKED_BESIDE_GO = "by vSphere alone: nvidia-smi was not asked"
TASTE = frozenset({"LOC-001", "NUMA-001", "DRV-010", "HOST-014"})
"""Recommended checks that may fail on a healthy host of the matrix, whose shape they dislike."""


@pytest.mark.parametrize("read", ["api", "silent"])
@pytest.mark.parametrize("name", CASES)
def test_with_less_to_read_nothing_is_invented_and_nothing_waved_through(
    name: str, read: str, reports: dict[tuple[str, str], HostReport]
) -> None:
    host, _, fault = CASES[name]
    report = reports[host.name, read]
    checks = fault.checks | fault.seen_by if fault else frozenset()
    assert named(report, Status.ERROR) == set()
    assert roots(report) <= checks
    verdict = start(report, host.vms[0].name)
    if fault is not None and fault.doubted:
        assert verdict is Answer.UNSURE
    elif fault is None or not fault.stops:
        assert verdict in (Answer.GO, Answer.UNSURE)
    elif fault.shell_alone and read == "api":
        told = candidate(report, host.vms[0].name)
        assert verdict is not Answer.GO or UNASKED_BESIDE_GO in told.summary
    elif fault.by_api and read == "api":
        assert verdict is Answer.NO_GO
        assert roots(report) | (named(report, Status.FAIL) & DECIDES_NOW)
    else:
        assert verdict in (Answer.NO_GO, Answer.UNSURE)


def test_every_cause_is_played_or_says_why_not() -> None:
    played = {one.cause for one in FAULTS}
    assert len({cause.number for cause in CAUSES}) == len(CAUSES)
    assert played == {cause.number for cause in CAUSES}
    by_number = {cause.number: cause for cause in CAUSES}
    known = {check.id for check in all_checks()}
    for cause in CAUSES:
        assert set(cause.checks) <= known
    for one in FAULTS:
        assert one.checks <= set(by_number[one.cause].checks), one.name


def test_the_matrix_is_not_empty() -> None:
    assert len(CASES) > 130
    assert {one.name for _, _, one in CASES.values() if one} == {one.name for one in FAULTS}


def test_page_of_causes(update: bool) -> None:
    golden.check(ROOT / "docs" / "causes.md", _page(), update=update)


PAGE = """\
# The causes, and who names them

Generated; `pytest --update` rewrites it. The list is of what forums, issues, articles and NVIDIA's
guides tell, most often first.

A test plays {hosts} hosts: {kinds} healthy ones (GPU generations from Maxwell to Hopper on vSphere
6.7 to 8.0 U3), and each of {faults} faults alone on those that it concerns. Each is judged three
times, {judgements} judgements in all: with everything readable, with the API alone, and with an
nvidia-smi that is silent. With everything readable each fault is named by its own checks, and no
other required check fails; with less nothing is invented, and what would not start is NO-GO or
UNSURE, never GO. Two things vSphere shows nothing of: that the driver has lost a GPU or given it
up, and the memory window of a GPU ({alone} of the faults). With the API alone a GO therefore says
that nvidia-smi was not asked.

| | cause | what is seen at power-on | named by | hosts played |
|---|---|---|---|---|
{rows}

## What cannot be seen before a power-on

{blind}
"""


def _page() -> str:
    played = Counter(one.cause for _, _, one in CASES.values() if one is not None)
    rows = (
        f"| {one.number} | {one.title} | {one.message} | {', '.join(one.checks)} "
        f"| {played[one.number]} |"
        for one in CAUSES
    )
    return PAGE.format(
        hosts=len(CASES),
        kinds=len(KINDS),
        faults=len(FAULTS),
        alone=sum(one.shell_alone for one in FAULTS),
        judgements=3 * len(CASES),
        rows="\n".join(rows),
        blind="\n".join(f"- {one.title}: {one.blind}." for one in CAUSES if one.blind),
    )
