"""What went wrong once for those who do this job: each as a recording, with the right answer.

A case is a machine of `fixtures/` with one thing changed. Recordings of the same kind that lie
beside the repository are judged too, where they are.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hostcheck.model.result import Answer, Status
from hostcheck.model.run import Candidate, HostReport
from hostcheck.preflight import preflight
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"
BESIDE = ROOT.parent / "shared" / "cases"
Edit = tuple[str, str, str]
"""A file of the recording, what is written there, and what is put in its place."""


@dataclass(frozen=True)
class Case:
    """One changed recording. `answers` are of the audit and of the preflight of `vm`."""

    name: str
    machine: str
    edits: tuple[Edit, ...]
    audit: Answer
    vm: str = ""
    start: Answer | None = None
    fails: frozenset[str] = field(default_factory=frozenset)
    """Checks that must fail for the VM or the host, beside those of the untouched machine."""
    passes: frozenset[str] = field(default_factory=frozenset)
    words: tuple[str, ...] = ()
    """What the reason of the preflight must say."""
    beside: str = ""
    """The recording of the same kind beside the repository."""


HOST_SYSTEM = "api/HostSystem.xml"
SECOND_GPU = "<pciId>0000:ca:00.0</pciId><graphicsType>"
FULL = (
    "shell/nvidia-smi_vgpu_-c.txt",
    "GPU 00000000:4A:00.0\n    GRID A100D-40C\n",
    "GPU 00000000:4A:00.0\n",
)
WHOLE = "api/VirtualMachine-vm-10048.xml"
OFF = (WHOLE, ">poweredOn<", ">poweredOff<")
DEVICE = '<device _XMLSchema-instance:type="VirtualPCIPassthrough"><key>{}</key>'
BACKING = (
    '<backing _XMLSchema-instance:type="VirtualPCIPassthrough{}BackingInfo">'
    "<deviceName></deviceName>"
)


def beside(device: str, ids: str) -> Edit:
    """Give the VM a second fixed device."""
    first, second = DEVICE.format(13000), DEVICE.format(13001)
    body = f"<id>{device}</id>{ids}<systemId>5f0d7b8e-0000-0000</systemId>"
    return WHOLE, first, f"{second}{BACKING.format('Device')}{body}</backing></device>{first}"


FIRST = '<device _XMLSchema-instance:type="VirtualPCIController">'


def dynamic(file: str, vendor: int, device: int) -> Edit:
    """Give a VM a dynamic device."""
    ids = f"<vendorId>{vendor}</vendorId><deviceId>{device}</deviceId>"
    body = f"<allowedDevice>{ids}</allowedDevice></backing></device>"
    return file, FIRST, f"{DEVICE.format(13000)}{BACKING.format('Dynamic')}{body}{FIRST}"


CASES = (
    Case(
        "a profile in another spelling than the host offers", "16n-1xL40S-amd-ccx-esxi802",
        (("api/VirtualMachine-vm-10018.xml", "nvidia_l40s-", "grid_l40s-"),),
        Answer.UNSURE, "cad-06-b", Answer.UNSURE,
        words=("nvidia_l40s-12q is offered, grid_l40s-12q is not",),
        beside="k3-profile-spelled-grid",
    ),
    Case(
        "a fixed GPU that was moved", "1n-interleaved",
        (OFF, (WHOLE, "<id>0000:c1:00.0</id>", "<id>0000:c2:00.0</id>")),
        Answer.NO_GO, "whole-18", Answer.NO_GO, frozenset({"VM-006"}),
        words=("0000:c2:00.0: nothing", "10de:20b7 sits at 0000:af:00.0, 0000:c1:00.0"),
        beside="k4-fixed-gpu-moved",
    ),
    Case(
        "a GPU and an adapter by passthrough", "1n-interleaved",
        (beside("0000:b1:00.0", "<deviceId>0x101d</deviceId><vendorId>5555</vendorId>"),),
        Answer.GO, passes=frozenset({"VM-004"}), beside="k4-gpu-and-nic-passthrough",
    ),
    *(
        Case(
            f"a VM with {what} by dynamic passthrough", "2n-2xA100-80-esxi803",
            (dynamic("api/VirtualMachine-vm-10004.xml", vendor, device),),
            Answer.GO, beside="k4-dynamic-nic-vm" if vendor == 0x15B3 else "",
        )
        for what, vendor, device in (
            ("an adapter", 0x15B3, 0x101D), ("an accelerator", 0x8086, 0x4940),
            ("a SATA controller", 0x1B4B, 0x9215), ("an NVSwitch", 0x10DE, 0x22A3),
        )
    ),
    Case(
        "a whole GPU for a VM with BIOS firmware", "1n-interleaved",
        (OFF, (WHOLE, ">efi<", ">bios<")),
        Answer.NO_GO, "whole-18", Answer.NO_GO, frozenset({"VM-002"}),
        words=("VM-002 VM whole-18: firmware bios",),
    ),
    Case(
        "a whole GPU for a VM without 64-bit MMIO", "1n-interleaved",
        (OFF, (WHOLE, "pciPassthru.use64bitMMIO", "pciPassthru.was64bitMMIO")),
        Answer.NO_GO, "whole-18", Answer.NO_GO, frozenset({"VM-004"}),
        words=("64-bit MMIO off", "64 GiB for 1 whole GPU"),
        beside="k9-whole-gpu-bios-firmware-no-mmio",
    ),
    Case(
        "room on the one GPU, and the right graphics type on the other", "2n-2xA100-80-esxi803",
        (FULL, (HOST_SYSTEM, f"{SECOND_GPU}sharedDirect<", f"{SECOND_GPU}shared<")),
        Answer.NO_GO, "infer-01", Answer.NO_GO, frozenset({"GFX-001", "VGPU-002"}),
        words=("can take grid_a100d-40c", "0000:ca:00.0 has room, but Shared [GFX-001]"),
    ),
    Case(
        "room on one of two GPUs alone", "2n-2xA100-80-esxi803", (FULL,),
        Answer.GO, "infer-01", Answer.GO, words=("on GPU 0000:ca:00.0",),
    ),
)  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Case], Path]:
    """Copy the machine of a case and change it; what is to be changed must be there."""

    def change(case: Case) -> Path:
        folder = tmp_path / case.machine
        shutil.copytree(FIXTURES / case.machine, folder)
        for name, old, new in case.edits:
            text = (folder / name).read_text(encoding="utf-8")
            assert old in text, f"{case.name}: {old} is not in {name}"
            (folder / name).write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return change


def audited(folder: Path) -> HostReport:
    source = RecordedSource(folder)
    (target,) = source.machines()
    return report_of(host_of(source.collect(target)))


def started(folder: Path, vm: str) -> Candidate:
    run = preflight(RecordedSource(folder), vm, done=lambda _: None)
    assert run.preflight is not None
    return run.preflight.candidates[0]


def assert_right(case: Case, folder: Path) -> None:
    report = audited(folder)
    statuses = {(one.check, one.status) for one in report.results}
    assert report.verdict is case.audit
    assert {(one, Status.FAIL) for one in case.fails} <= statuses
    assert {(one, Status.PASS) for one in case.passes} <= statuses
    assert not {(one, Status.FAIL) for one in case.passes} & statuses
    if case.vm:
        best = started(folder, case.vm)
        assert best.verdict is case.start
        for words in case.words:
            assert words in best.summary


def test_a_case_is_answered_right(case: Case, changed: Callable[[Case], Path]) -> None:
    assert_right(case, changed(case))


def test_the_untouched_machine_is_go(case: Case) -> None:
    """Else a case would not show that its change is what was seen."""
    assert audited(FIXTURES / case.machine).verdict is Answer.GO


def test_the_recording_of_the_same_kind_is_answered_right(case: Case) -> None:
    folder = BESIDE / case.beside
    if not case.beside or not folder.is_dir():
        pytest.skip("no recording of this kind lies beside the repository")
    assert_right(case, folder)
