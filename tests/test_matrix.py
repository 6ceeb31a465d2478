"""One healthy host per GPU generation and release, each fault alone: the cause is named, no other.

The hosts are served live by one vCenter and, with SSH, by their shells. A fault that only the
shell shows is UNSURE without it, and never a GO.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hostcheck import app
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import HostReport
from hostcheck.transports.ssh import Shell, SshTransport, shell_from_ssh_config
from hostcheck.transports.vsphere import Endpoint, VsphereTransport
from tests.peers import live, shapes
from tests.peers.fleet import Driver, Fleet, Gpu, HostShape, Vm
from tests.peers.live import Shells, Vcenter

Change = Callable[[HostShape], HostShape]
GPU = "0000:4a:00.0"


@dataclass(frozen=True)
class Kind:
    """A GPU generation on a release, and a profile of it."""

    model: str
    version: str
    profile: str
    driver: Driver
    mig: bool = False
    sriov: bool = True


AIE_525 = shapes.driver("NVD-AIE_ESXi_8.0.0_Driver", "525.105.14", "800.1.0.20613240")
KINDS = (
    Kind("m60", "6.7.0", "grid_m60-2q", shapes.GRAPHICS_67, sriov=False),
    Kind("t4", "7.0.3", "grid_t4-4q", shapes.GRAPHICS_70, sriov=False),
    Kind("a16", "8.0.3", "nvidia_a16-4q", shapes.GRAPHICS_8),
    Kind("a30", "8.0.0", "nvidia_a30-8c", AIE_525, mig=True),
    Kind("a40", "8.0.3", "nvidia_a40-8q", shapes.GRAPHICS_8),
    Kind("a100-pcie-80", "8.0.3", "grid_a100d-40c", shapes.AIE_8, mig=True),
    Kind("l40s", "8.0.2", "nvidia_l40s-24q", shapes.GRAPHICS_8),
    Kind("h100-sxm-80", "8.0.3", "nvidia_h100xm-40c", shapes.AIE_8, mig=True),
)


def of_gpu(**changes: Any) -> Change:
    return lambda host: replace(host, gpus=tuple(replace(gpu, **changes) for gpu in host.gpus))


def of_vm(**changes: Any) -> Change:
    return lambda host: replace(host, vms=tuple(replace(vm, **changes) for vm in host.vms))


def of_host(**changes: Any) -> Change:
    return lambda host: replace(host, **changes)


@dataclass(frozen=True)
class Fault:
    """One thing broken: the checks that fail for it, and whether the API alone shows it."""

    name: str
    change: Change
    causes: frozenset[str]
    concerns: Callable[[Kind], bool] = lambda _: True
    by_api: bool = True


FAULTS = (
    Fault("graphics type not active", of_gpu(graphics_active="shared"), frozenset({"GFX-001"})),
    Fault(
        "graphics type not configured", of_gpu(graphics_configured="shared"), frozenset({"GFX-002"})
    ),
    Fault(
        "SR-IOV off", of_gpu(sriov=False), frozenset({"PCI-001"}), concerns=lambda kind: kind.sriov
    ),
    Fault(
        "memory not reserved", of_vm(reservation_mb=1024, locked=False), frozenset({"VM-001"})
    ),
    Fault(
        "ECC on", of_gpu(ecc=(True, True)), frozenset({"ECC-001"}),
        concerns=lambda kind: kind.model == "m60", by_api=False,
    ),
    Fault("maintenance", of_host(maintenance=True), frozenset({"HOST-002"})),
    Fault("disconnected", of_host(connection="notResponding"), frozenset({"HOST-001"})),
    Fault(
        "profile of another GPU", of_vm(profiles=("nvidia_a10-8q",)), frozenset({"VGPU-001"})
    ),
    Fault(
        "MIG on under a time-sliced profile", of_gpu(mig=(True, True)),
        frozenset({"MIG-002", "VGPU-003"}), concerns=lambda kind: kind.mig,
    ),
)  # fmt: skip


def healthy(number: int, kind: Kind) -> HostShape:
    """A two-socket host with one such GPU and a powered-off VM that fits it."""
    gpu = Gpu(GPU, kind.model, 0)
    if kind.model == "m60":
        gpu = replace(gpu, ecc=(False, False))
    if kind.version < "8.0.3":
        gpu = replace(gpu, vgpu_mode="")
    vm = Vm(f"vm-{number:03d}", on=False, profiles=(kind.profile,), options=shapes.MMIO)
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


@pytest.fixture(scope="module")
def reports(keep_running: Callable[[Any], Any]) -> dict[tuple[str, bool], HostReport]:
    """Every host judged, by (host name, with SSH)."""
    fleet = Fleet(tuple(host for host, _, _ in CASES.values()))
    vcenter: Vcenter = keep_running(live.running_vcenter(fleet))
    shells: Shells = keep_running(live.running_shells(fleet))

    def open_shell(name: str) -> SshTransport:
        base = Shell("", known_hosts=(str(shells.known_hosts_file),))
        shell = shell_from_ssh_config(name, config=shells.config_file, base=base)
        return SshTransport(shell, app.may_run, lambda: shells.password)

    found = {}
    for with_ssh in (False, True):
        end = Endpoint(vcenter.host, vcenter.user, vcenter.port, (str(vcenter.ca_file),))
        session = VsphereTransport(end, lambda: vcenter.password)
        source = app.LiveSource("vcenter", session, open_shell=open_shell if with_ssh else None)
        for recorded in app.recordings(
            source, source.machines(), workers=8 if with_ssh else 1, done=lambda _: None
        ):
            found[recorded.host, with_ssh] = app.report_of(app.host_of(recorded))
        source.close()
    return found


def required(report: HostReport, status: Status) -> set[str]:
    return {
        one.check
        for one in report.results
        if one.severity is Severity.REQUIRED and one.status is status
    }


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_named_and_no_other(
    name: str, reports: dict[tuple[str, bool], HostReport]
) -> None:
    host, _, fault = CASES[name]
    report = reports[host.name, True]
    assert required(report, Status.ERROR) == set()
    assert required(report, Status.FAIL) == (fault.causes if fault else set())
    assert required(report, Status.UNKNOWN) == set()
    assert report.verdict is (Answer.NO_GO if fault else Answer.GO)


@pytest.mark.parametrize("name", CASES)
def test_without_the_shell_nothing_is_invented_and_nothing_waved_through(
    name: str, reports: dict[tuple[str, bool], HostReport]
) -> None:
    host, _, fault = CASES[name]
    report = reports[host.name, False]
    causes = fault.causes if fault else set()
    assert required(report, Status.FAIL) <= causes
    if fault and fault.by_api:
        # MIG mode shows in the API from 8.0 U3 on; before that the missing profile does
        assert required(report, Status.FAIL) & causes
    elif fault:
        assert report.verdict is Answer.UNSURE
        assert fault.causes <= required(report, Status.UNKNOWN)
    else:
        assert report.verdict in (Answer.GO, Answer.UNSURE)


def test_the_matrix_is_not_empty() -> None:
    assert len(CASES) > 60
    assert {fault.name for _, _, fault in CASES.values() if fault} == {one.name for one in FAULTS}
