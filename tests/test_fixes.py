"""A fix mends: what fails is audited, its printed commands are run, and the next audit passes.

Commands of govc are run by VMware's own govc against the live API, PowerCLI's over the same API,
and those of an ESXi shell by the tools of `tests.peers.esx_tools`, whose changes the peers then
serve. What a check says it needs (maintenance mode, a reboot, the VM off) is given, nothing else.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

from hostcheck import app, ways
from hostcheck.checks import fixes
from hostcheck.checks.engine import all_checks
from hostcheck.fleet import threads
from hostcheck.model.result import Command, Result, Status
from hostcheck.model.run import HostReport
from hostcheck.sources.live import LiveSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from hostcheck.ways.base import SoFar
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere.transport import VsphereTransport
from tests.peers import esx_tools, live, powercli, shapes
from tests.peers.fleet import Cluster, Driver, Fleet, HostShape, PassedDevice
from tests.peers.live import Shells, Vcenter
from tests.remembering import opening_by, remembered
from tests.test_matrix import (
    GPU,
    KINDS,
    VGPU_8,
    Change,
    Kind,
    _newer_vib,
    _one_of_two_lost,
    _wants_mig,
    _wrong_package,
    healthy,
    of_driver,
    of_gpu,
    of_host,
    of_vm,
)
from tests.ways.shell.reaching import reach

MANUALS = {check.id: check.manual for check in all_checks()}
BY_MODEL = {kind.model: kind for kind in KINDS}
ON_ESXI = ("esxcli", "nvidia-smi", "shell")
OVER_API = ("govc", "PowerCLI")
GIB_MB = 1024
SETTINGS = (("pciPassthru0.cfg.enable_uvm", "1"), ("pciPassthru0.cfg.enable_debugging", "1"))


@dataclass(frozen=True)
class Case:
    """A fault, the check that names it, and the words of the commands that are run, in order.

    Without words those of all commands that fit the ways (`over`) are run. `depot` is the driver
    that is installed.
    """

    check: str
    model: str
    change: Change
    words: tuple[str, ...] = ()
    over: tuple[str, ...] = ON_ESXI
    cluster: str = ""
    depot: Driver | None = None

    @property
    def kind(self) -> Kind:
        return BY_MODEL[self.model]


def api(check: str, model: str, change: Change, *words: str, **more: Any) -> Case:
    return Case(check, model, change, words, OVER_API, **more)


def shell(check: str, model: str, change: Change, *words: str, **more: Any) -> Case:
    return Case(check, model, change, words, **more)


def _whole(host: HostShape) -> HostShape:
    device = PassedDevice("static", GPU, device=host.gpus[0].model.device)
    return of_vm(profiles=(), passed=(device,))(host)


def _two_sizes(host: HostShape) -> HostShape:
    (vm,), (gpu,) = host.vms, host.gpus
    other = replace(vm, name=f"{vm.name}-other", profiles=("nvidia_a40-24q",))
    gpus = (gpu, replace(gpu, address="0000:ca:00.0", node=1))
    return replace(host, vms=(vm, other), gpus=gpus, assignment_policy="performance")


def _hot_plug(host: HostShape) -> HostShape:
    on = of_gpu(graphics_active="direct")(_whole(host))
    boot = (("enablePCIEHotplug", "TRUE", "TRUE"),)
    return replace(on, vendor="HPE", model="ProLiant DL380a Gen11", boot=boot)


def _none(host: HostShape) -> HostShape:
    return host


SHARED = of_gpu(graphics_configured="shared", graphics_active="shared")
CASES = (
    api("VM-001", "a40", of_vm(reservation_mb=1024, locked=False)),
    api("VM-003", "a40", of_vm(hardware=14)),
    api("VM-003", "t4", of_vm(hardware=13)),
    api("VM-004", "a100-pcie-80", of_vm(options=(), profiles=("grid_a100d-80c",))),
    api("VM-005", "a40", of_vm(options=(*shapes.MMIO, *SETTINGS))),
    api("VM-009", "t4", of_vm(cpu_hot_add=True)),
    api("VM-010", "a40", of_vm(memory_hot_add=True)),
    api("VM-011", "t4", of_vm(viommu=True), "-iommu-enabled"),
    api("VM-011", "a40", of_vm(viommu=True), "-iommu-enabled"),
    api("VM-011", "l40s", of_vm(viommu=True), "allowViommu"),
    api("VM-012", "a40", of_vm(vbs=True)),
    api("VM-013", "a40", of_vm(sev=True)),
    api("VM-015", "a40", of_vm(vcpus=256), "govc"),
    api("VM-015", "l40s", of_vm(vcpus=256), "Set-VM"),
    api("VM-016", "a40", of_vm(latency="high"), "-cpu.reservation"),
    api("VM-016", "a40", of_vm(latency="high"), "-latency"),
    api("VM-017", "a40", of_vm(cpu_reservation_mhz=1_000_000)),
    api("VM-018", "a40", of_vm(cpu_reservation_mhz=4000, pool="silver"), "pool.change"),
    api("VM-018", "t4", of_vm(cpu_reservation_mhz=4000, pool="silver"), "vm.change"),
    api("LOC-002", "a40", of_vm(vcpus=48, cores_per_socket=12, memory_mb=600 * GIB_MB,
                                reservation_mb=600 * GIB_MB, locked=False)),
    api("LOC-002", "l40s", of_vm(vcpus=48, cores_per_socket=48, memory_mb=600 * GIB_MB,
                                 reservation_mb=600 * GIB_MB)),
    api("MEM-001", "a40", of_vm(memory_mb=1100 * GIB_MB, reservation_mb=1100 * GIB_MB)),
    api("MEM-001", "t4", of_vm(memory_mb=1100 * GIB_MB, reservation_mb=1100 * GIB_MB,
                               locked=False)),
    api("MEM-002", "a40", of_vm(pool="gold $(reboot)"), "pool.change"),
    api("MEM-002", "a40", of_host(cluster="small"), "vm.change", cluster="small"),
    api("HOST-001", "a40", of_host(connection="notResponding")),
    api("HOST-002", "a40", of_host(maintenance=True)),
    api("HOST-004", "t4", of_host(cluster="all by itself"), cluster="all by itself"),
    api("HOST-008", "a40", of_host(cluster="does not empty"), cluster="does not empty"),
    api("VGPU-007", "a40", _none),
    shell("HOST-002", "a40", of_host(maintenance=True)),
    shell("HOST-003", "a40", of_host(reboot_required=True)),
    shell("GFX-001", "a40", of_gpu(graphics_active="shared")),
    shell("GFX-002", "m60", SHARED),
    shell("GFX-002", "t4", SHARED),
    shell("GFX-002", "l40s", SHARED),
    shell("GFX-002", "a40", SHARED),
    shell("GFX-003", "m60", of_host(graphics_default="shared")),
    shell("GFX-003", "a40", of_host(graphics_default="shared")),
    shell("VGPU-009", "a40", _two_sizes),
    shell("ECC-001", "m60", of_gpu(ecc=(True, True))),
    shell("ECC-001", "t4", lambda host: of_gpu(ecc=(True, True))(replace(host, driver=VGPU_8))),
    shell("ECC-002", "a40", of_gpu(ecc=(False, True)), "shutdown"),
    shell("ECC-002", "a40", of_gpu(ecc=(False, True)), "-e 0"),
    shell("ECC-002", "a40", of_gpu(ecc=(True, False)), "-e 1"),
    shell("MIG-001", "a30", of_gpu(mig=(False, True)), "shutdown"),
    shell("MIG-001", "a30", of_gpu(mig=(False, True)), "-mig 0"),
    shell("MIG-001", "a30", of_gpu(mig=(True, False)), "-mig 1"),
    shell("MIG-002", "a30", of_gpu(mig=(True, True))),
    shell("MIG-002", "a100-pcie-80", _wants_mig),
    shell("DRV-001", "a40", of_host(driver=None), depot=shapes.GRAPHICS_8),
    shell("DRV-001", "m60", of_host(driver=None), depot=shapes.GRAPHICS_67),
    shell("DRV-002", "t4", of_host(driver=None), depot=shapes.GRAPHICS_70),
    shell("DRV-002", "m60", of_host(driver=None), depot=shapes.GRAPHICS_67),
    shell("DRV-003", "a40", of_driver(talks=False)),
    shell("DRV-004", "a40", _wrong_package, depot=shapes.GRAPHICS_8),
    shell("DRV-004", "a100-pcie-80", _wrong_package, depot=shapes.AIE_8),
    shell("DRV-005", "a40", _newer_vib),
    shell("GPU-001", "a40", _one_of_two_lost),
    shell("GPU-001", "a40", of_gpu(lost_now=True)),
    shell("GPU-006", "a40", of_gpu(given_up="GPU is lost")),
    shell("GPU-006", "h100-sxm-80", of_gpu(reset_required=True)),
    shell("GPU-007", "a40", of_gpu(uncorrected=5, ecc=(True, True))),
    shell("GPU-008", "a40", of_gpu(mode="None")),
    shell("GPU-002", "a100-pcie-80", of_gpu(remap_pending=True)),
    shell("GPU-002", "t4", of_gpu(retire_pending=True)),
    shell("GPU-005", "h100-sxm-80", of_gpu(fabric=False)),
    shell("VM-008", "a40", _whole),
    shell("PCI-006", "a40", of_host(boot=(("noIOMMU", "TRUE", "TRUE"),))),
    shell("PCI-006", "t4", of_host(boot=(("noIOMMU", "TRUE", "TRUE"),
                                         ("disablePciPassthrough", "TRUE", "TRUE")))),
    shell("PCI-007", "a40", _hot_plug),
    shell("PCI-008", "a40", of_host(boot=(("vgpuMockDeviceCount", "8", "8"),))),
    shell("HOST-007", "a40", of_host(boot=(("noIOMMU", "FALSE", "TRUE"),)), "shutdown"),
    shell("HOST-007", "a40", of_host(boot=(("noIOMMU", "TRUE", "FALSE"),)), "kernel"),
    shell("NUMA-002", "a40", of_host(boot=(("useNUMAInfo", "FALSE", "FALSE"),),
                                     nodes_per_package=0)),
)  # fmt: skip
NAMES = [f"{n:02d} {case.check} {case.model} {' '.join(case.words)}".strip()
         for n, case in enumerate(CASES, 1)]  # fmt: skip
NOT_PLAYED = {
    "HOST-015": "tests/ways/shell/test_managed.py runs it",
    "DRV-004 before ESXi 7.0": "two packages came with vGPU 13, which no shape before 7.0 runs",
    "DRV-007": "the driver that drives the GPU is the reader's choice",
    "DRV-009": "the driver that cured it is the reader's choice",
    "SPARSE-001": "a GPU whose sparse cores are wrong is played by the smoke test alone",
    "VM-008 to end the waiting": "no shape has passthrough that waits for a reboot",
    "PCI-002": "NVIDIA's tool runs in a booted Linux",
}
"""Commands that no case runs, by check or by check and words, and why."""


READ_ONCE = remembered(32_768)
"""After the fix most of what a host answers is what it answered before."""
MENDED = {Status.PASS, Status.NOT_APPLICABLE}
"""What is wanted no more, such as low latency, is not judged any more."""


@dataclass
class Mended:
    """What became of a case: its fail, the commands that were run, and the result after them."""

    before: list[Result]
    ran: list[Command] = field(default_factory=list)
    after: list[Result] = field(default_factory=list)
    host: HostShape | None = None


def _shape(number: int, case: Case) -> HostShape:
    return case.change(healthy(number, case.kind))


def _fleet(hosts: list[HostShape]) -> Fleet:
    clusters = (
        Cluster("gpu-cluster-01"), Cluster("small", unreserved=40 << 30),
        Cluster("all by itself", drs="fullyAutomated"), Cluster("does not empty"),
    )  # fmt: skip
    return Fleet(tuple(hosts), clusters, hot_migrate=False)


def _audit(vcenter: Vcenter, shells: Shells) -> dict[str, HostReport]:
    def open_shell(so_far: SoFar) -> SshTransport:
        return SshTransport(reach(shells, so_far.ref.name), SHELL.allows)

    end = Endpoint(vcenter.host, vcenter.user, vcenter.port, (str(vcenter.ca_file),))
    session = VsphereTransport(end, lambda: vcenter.password, ways.requests())
    source = LiveSource("vcenter", session, openers={"shell": open_shell}, packages=True)
    with threads(8) as workers, opening_by(READ_ONCE):
        found = {
            recorded.ref.name: report_of(host_of(recorded))
            for recorded in app.recordings(
                source, source.machines(), workers=workers, done=lambda _: None
            )
        }
    source.close()
    return found


def _of(report: HostReport, check: str) -> list[Result]:
    return [one for one in report.results if one.check == check]


def _chosen(case: Case, fails: list[Result]) -> list[Command]:
    """The printed commands that the case runs, each once, in their order."""
    printed = dict.fromkeys(command for one in fails for command in one.fix)
    return [
        command for command in printed
        if command.tool.partition(" (")[0] in case.over and fixes.LOOKS not in command.tool
        and (not case.words or any(word in command.text for word in case.words))
    ]  # fmt: skip


def _over_api(command: Command, vcenter: Vcenter) -> None:
    if command.tool.startswith("PowerCLI"):
        session = SmartConnect(host=vcenter.host, port=vcenter.port, user=vcenter.user,
                               pwd=vcenter.password, sslContext=vcenter.context)  # fmt: skip
        try:
            powercli.Session(
                lambda vm_id: vim.VirtualMachine(vm_id, session._stub),
                lambda name: vim.HostSystem(vcenter.ids.hosts[name], session._stub).parent,
            ).run(command.text)
        finally:
            Disconnect(session)
        return
    environment = {
        **os.environ, "GOVC_URL": vcenter.url, "GOVC_USERNAME": vcenter.user,
        "GOVC_PASSWORD": vcenter.password, "GOVC_TLS_CA_CERTS": str(vcenter.ca_file),
    }  # fmt: skip
    done = subprocess.run(
        ["/bin/sh", "-c", command.text.replace("govc ", f"{shlex.quote(str(live.govc()))} ", 1)],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, f"{command.text}: {done.stdout}{done.stderr}"


def _on_esxi(case: Case, host: HostShape, commands: list[Command]) -> HostShape:
    needs = MANUALS[case.check].needs
    esx = esx_tools.Esx(host, case.depot)
    if "maintenance mode" in needs:
        esx.host = replace(host, maintenance=True)
    for command in commands:
        esx.run(command.text)
    if "host reboot" in needs and not esx.booted:
        esx.reboot()
    if "maintenance mode" in needs:
        esx.host = replace(esx.host, maintenance=host.maintenance)
    return esx.host


@pytest.fixture(scope="module")
def mended(keep_running: Callable[[Any], Any]) -> dict[str, Mended]:
    """Every case audited, mended as printed, and audited again."""
    hosts = [_shape(number, case) for number, case in enumerate(CASES, 1)]
    fleet = _fleet(hosts)
    vcenter: Vcenter = keep_running(live.running_vcenter(fleet))
    shells: Shells = keep_running(live.running_shells(fleet))
    before = _audit(vcenter, shells)
    found: dict[str, Mended] = {}
    for name, case, host in zip(NAMES, CASES, hosts, strict=True):
        fails = [one for one in _of(before[host.name], case.check) if one.status is Status.FAIL]
        made = found[name] = Mended(fails, _chosen(case, fails), host=host)
        if case.over == ON_ESXI:
            made.host = _on_esxi(case, host, made.ran)
        else:
            for command in made.ran:
                _over_api(command, vcenter)
    again = _fleet([one.host for one in found.values() if one.host is not None])
    changed: Vcenter = keep_running(live.running_vcenter(again))
    after = {
        OVER_API: _audit(vcenter, shells),
        ON_ESXI: _audit(changed, keep_running(live.running_shells(again))),
    }
    for name, case, host in zip(NAMES, CASES, hosts, strict=True):
        found[name].after = _of(after[case.over][host.name], case.check)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_what_failed_passes_after_the_printed_commands(
    name: str, mended: dict[str, Mended]
) -> None:
    one = mended[name]
    assert one.before, "the fault is not seen"
    assert one.ran, "nothing to run is printed"
    told = [(result.status.value, result.observed, result.note) for result in one.after]
    assert {result.status for result in one.after} <= MENDED, (one.ran, told)
    assert one.after


def _template(check: str, command: Command) -> str:
    """Which of the check's commands a printed one is."""
    for listed in MANUALS[check].commands:
        parts = re.split(r"\{\w+\}", listed.text)
        pattern = ".+".join(re.escape(part) for part in parts)
        if listed.tool == command.tool and re.fullmatch(pattern, command.text):
            return f"{check} {listed.tool}: {listed.text}"
    raise AssertionError(command)


def test_every_command_is_run_or_says_why_not(mended: dict[str, Mended]) -> None:
    """A command that changes something is run by a case; a new one needs a case of its own."""
    ran = {
        _template(case.check, command)
        for name, case in zip(NAMES, CASES, strict=True)
        for command in mended[name].ran
    }
    missing = []
    for id_, manual in MANUALS.items():
        for command in manual.commands:
            changes = not command.is_menu and fixes.LOOKS not in command.tool
            template = f"{id_} {command.tool}: {command.text}"
            words = command.tool.partition(" (")[2]
            reasons = [key for key in NOT_PLAYED if key == id_ or (
                key.startswith(f"{id_} ") and key.removeprefix(f"{id_} ") in words)]  # fmt: skip
            if changes and template not in ran and not reasons:
                missing.append(template)
    assert not missing, "add cases to tests/test_fixes.py, or a reason to NOT_PLAYED: " + "; ".join(
        missing
    )


def test_the_vm_must_be_off_where_it_is_said(keep_running: Callable[[Any], Any]) -> None:
    case = api("VM-001", "a40", of_vm(on=True, gpus=(GPU,)))
    vcenter: Vcenter = keep_running(live.running_vcenter(_fleet([_shape(1, case)])))
    command = Command("govc", "govc vm.change -vm vm-001 -memory-pin")
    with pytest.raises(AssertionError, match="current state"):
        _over_api(command, vcenter)


def test_a_name_that_looks_like_a_pattern_is_that_vm(
    keep_running: Callable[[Any], Any],
) -> None:
    """`gpu[1]` is not gpu1, and `gpu*` is not every VM."""
    shape = _shape(1, api("VM-001", "a40", _none))
    named = tuple(replace(shape.vms[0], name=name, gpus=()) for name in ("gpu1", "gpu[1]", "gpu*"))
    vcenter: Vcenter = keep_running(live.running_vcenter(_fleet([replace(shape, vms=named)])))
    change = Command("govc", "govc vm.change -vm {vm} -c {vcpus}")
    for vcpus, name in (("32", "gpu[1]"), ("48", "gpu*")):
        text = fixes.fill(change, {"vm": name, "vcpus": vcpus})
        _over_api(Command("govc", text), vcenter)
    session = SmartConnect(host=vcenter.host, port=vcenter.port, user=vcenter.user,
                           pwd=vcenter.password, sslContext=vcenter.context)  # fmt: skip
    try:
        found = {
            name: vim.VirtualMachine(vcenter.ids.vms[name], session._stub).config.hardware.numCPU
            for name in ("gpu1", "gpu[1]", "gpu*")
        }
    finally:
        Disconnect(session)
    assert found == {"gpu1": shape.vms[0].vcpus, "gpu[1]": 32, "gpu*": 48}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("govc vm.change -vm vm-001 -m 262143", "multiple of 4 MB"),
        ("govc vm.change -vm vm-001 -c 17", "multiple of the cores per socket"),
        ("govc vm.upgrade -vm vm-001 -version 22", "runs vmx-21"),
        ("govc pool.change -mem.expandable=true ResourcePool:resgroup-c101", "root"),
        ("govc vm.change -vm vm-002 -memory-pin", "not found"),
    ],
)
def test_the_peer_refuses_what_vsphere_refuses(
    text: str, words: str, keep_running: Callable[[Any], Any]
) -> None:
    host = _shape(1, api("VM-001", "a40", _none))
    vcenter: Vcenter = keep_running(live.running_vcenter(_fleet([host])))
    with pytest.raises(AssertionError, match=words):
        _over_api(Command("govc", text), vcenter)


REBOOTS = [
    one for one in CASES if one.over == ON_ESXI and "host reboot" in MANUALS[one.check].needs
]


@pytest.mark.parametrize("case", REBOOTS[:6], ids=lambda one: f"{one.check}-{one.model}")
def test_a_reboot_needs_maintenance_mode(case: Case) -> None:
    with pytest.raises(esx_tools.Refused, match="maintenance mode"):
        esx_tools.Esx(_shape(1, case)).reboot()
