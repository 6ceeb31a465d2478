"""A preflight of a VM that does not exist yet, on the recorded machines."""

import gc
import re
from pathlib import Path

import pytest

from hostcheck.errors import UsageError
from hostcheck.model.host import Host
from hostcheck.model.recording import Recording
from hostcheck.model.result import Answer, Status
from hostcheck.model.run import Candidate
from hostcheck.parsers import vim_host_system
from hostcheck.preflight import VmSpec, read_spec, what_if
from hostcheck.preflight.look import TOGETHER
from hostcheck.sources.recorded import RecordedSource

FIXTURES = Path(__file__).parents[2] / "fixtures"
HEALTHY = "2n-2xA100-80-esxi803"
GIB = 1024


def judged(spec: VmSpec, machine: str = HEALTHY) -> Candidate:
    run = what_if(RecordedSource(FIXTURES / machine), spec, done=lambda _: None)
    assert run.preflight is not None
    (only,) = run.preflight.candidates
    return only


def test_a_vm_that_fits_is_go_and_its_gpus_are_named() -> None:
    one = judged(VmSpec(profile="grid_a100d-40c", vcpus=16, memory_mb=128 * GIB))
    assert one.verdict is Answer.GO
    assert one.gpus == ("0000:4a:00.0", "0000:ca:00.0")


def test_hosts_are_let_go_and_read_once_and_the_run_still_holds_them_all(monkeypatch) -> None:
    alive, read = [], []
    parse = vim_host_system.parse

    def parsed(text: str) -> vim_host_system.HostSystem:
        read.append(text)
        return parse(text)

    def count(_: Recording) -> None:
        alive.append(sum(isinstance(one, Host) for one in gc.get_objects()))

    source = RecordedSource(FIXTURES)
    spec = VmSpec(profile="grid_a100d-40c")
    monkeypatch.setattr(vim_host_system, "parse", parsed)
    run = what_if(source, spec, keep=count, done=lambda _: None)
    assert max(alive[2:]) <= alive[1]
    assert len(read) > TOGETHER
    assert len(read) == len(set(read))
    names = [target.name for target in source.machines()]
    assert [report.host.name for report in run.hosts] == names
    assert run.hosts[0].host.vms.value[-1].name == spec.name
    assert run.preflight is not None
    assert {one.host for one in run.preflight.candidates} == set(names)


def test_a_profile_in_another_spelling_than_vsphere_offers() -> None:
    told = judged(VmSpec(profile="nvidia_a100d-40c"))
    assert told.verdict is Answer.UNSURE
    assert "grid_a100d-40c is offered, nvidia_a100d-40c is not" in told.summary


@pytest.mark.parametrize(("mmio_gib", "status"), [(1024, Status.PASS), (0, Status.FAIL)])
def test_a_whole_gpu_for_a_large_vm_needs_mmio_space(mmio_gib: int, status: Status) -> None:
    spec = VmSpec(profile="grid_a100d-80c", memory_mb=64 * GIB, mmio_gib=mmio_gib)
    assert {one.status for one in judged(spec).results if one.check == "VM-004"} == {status}


def test_its_hardware_is_what_the_host_runs_unless_it_says_another() -> None:
    spec = VmSpec(profile="grid_t4-8q")
    assert "VM-014" not in judged(spec, "1n-1xT4-esxi703").summary
    newer = VmSpec(profile="grid_t4-8q", hardware_version=20)
    assert "VM-014" in judged(newer, "1n-1xT4-esxi703").summary


@pytest.mark.parametrize(
    ("spec", "check"),
    [
        (VmSpec(profile="nvidia_l40s-48q"), "VGPU-001"),
        (VmSpec(profile="grid_a100d-3-40c"), "MIG-002"),
        (VmSpec(profile="grid_a100d-80c"), "VGPU-002"),
        (VmSpec(profile="grid_a100d-40c", count=3), "VGPU-002"),
        (VmSpec(profile="grid_a100d-40c", memory_mb=64 * GIB, reserved_mb=GIB), "VM-001"),
    ],
)
def test_what_keeps_it_from_starting_is_named(spec: VmSpec, check: str) -> None:
    one = judged(spec)
    assert one.verdict is Answer.NO_GO
    assert check in one.summary


def test_a_vm_larger_than_the_gpus_node_starts_and_is_told_so() -> None:
    one = judged(VmSpec(profile="grid_a100d-40c", vcpus=40, memory_mb=64 * GIB))
    assert one.verdict is Answer.GO
    (fit,) = (result for result in one.results if result.check == "LOC-002")
    assert fit.status.value == "fail"
    assert "8 vCPU too many" in fit.note


def test_what_could_not_be_read_is_unsure() -> None:
    assert judged(VmSpec("grid_a100d-40c"), "2n-2xA100-80-readonly-holes-esxi803").verdict is (
        Answer.UNSURE
    )


def test_all_hosts_are_ranked() -> None:
    run = what_if(RecordedSource(FIXTURES), VmSpec("nvidia_a40-8q"), done=lambda _: None)
    assert run.preflight is not None
    assert len(run.preflight.candidates) == len(run.hosts)
    verdicts = [one.verdict for one in run.preflight.candidates]
    assert verdicts == sorted(verdicts, key=[Answer.GO, Answer.UNSURE, Answer.NO_GO].index)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vm.toml"
    path.write_text('profile = "grid_a100d-40c"\nvcpus = 8\nmemory_mb = 65536\nname = "llm"\n')
    assert read_spec(path) == VmSpec("grid_a100d-40c", vcpus=8, memory_mb=65536, name="llm")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ": it needs profile"),
        ("profile = 1", ", line 1: profile: give text in quotes, not a whole number"),
        ('profile = "x"\nmemory = 4096', ", line 2: there is no memory; did you mean memory_mb"),
        ('profile = "x"\ncount = 17', ", line 2: count: give a whole number of at most 16"),
        ("not toml", ": not TOML: "),
        ("\x00", ": not TOML: "),
    ],
)
def test_a_file_that_is_no_vm_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "vm.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=rf"vm\.toml{re.escape(told)}"):
        read_spec(path)
