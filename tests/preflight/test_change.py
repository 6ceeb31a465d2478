"""A VM that exists, with other hardware in thought."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.result import Answer
from hostcheck.preflight import VmChange, preflight
from hostcheck.preflight.change import NOTHING, changed
from hostcheck.sources.recorded import RecordedSource
from tests.checks.synthetic import GIB, a_host, a_vm, asks, known, unknown

FIXTURES = Path(__file__).parents[2] / "fixtures"
HEALTHY = FIXTURES / "2n-2xA100-80-esxi803"
MIB = 1024 * 1024
OFF = a_vm(memory_overhead_bytes=200 * MIB, vcpu_count=8, cores_per_socket=4)


def would(change: VmChange, vm: str = "infer-01"):
    return preflight(RecordedSource(HEALTHY), vm, change=change, done=lambda _: None).preflight


def test_nothing_is_nothing():
    assert not NOTHING
    host = a_host(vms=[OFF])
    assert changed(host, OFF.id, NOTHING) is host
    asked = would(NOTHING)
    assert (asked.verdict, asked.changed) == (Answer.GO, "")


@pytest.mark.parametrize(
    ("change", "check", "told"),
    [
        (VmChange(vcpus=900), "VM-015", "900 vCPUs (now 8)"),
        (VmChange(memory_mb=2 << 20), "MEM-001", "2048 GiB of memory (now 32 GiB)"),
        (VmChange(profile="grid_a100d-80c"), "VGPU-002",
         "1 x grid_a100d-80c (now 1 x grid_a100d-40c)"),
        (VmChange(profile="nvidia_l40s-48q"), "VGPU-001",
         "1 x nvidia_l40s-48q (now 1 x grid_a100d-40c)"),
    ],
)  # fmt: skip
def test_what_would_keep_it_from_starting_is_told_with_what_it_has_now(change, check, told):
    asked = would(change)
    assert (asked.verdict, asked.changed) == (Answer.NO_GO, told)
    assert check in asked.summary


def test_a_smaller_vm_and_more_vgpus_are_judged_too():
    assert would(VmChange(vcpus=4, memory_mb=8192)).verdict is Answer.GO
    two = would(VmChange(count=2))
    assert two.changed == "2 x grid_a100d-40c (now 1 x grid_a100d-40c)"
    assert two.verdict is Answer.UNSURE  # how many one VM may have nobody asked this host


def test_memory_is_reserved_as_the_vm_is_told_to():
    def reserved(**vm):
        one = replace(OFF, **{name: known(value) if not isinstance(value, Unknown) else value
                              for name, value in vm.items()})  # fmt: skip
        return VmChange(memory_mb=128 * 1024).on(one, 1).memory_reserved_bytes

    assert reserved(memory_locked_to_max=True) == Known(128 * GIB, (1,))
    assert reserved(memory_locked_to_max=False) == OFF.memory_reserved_bytes
    assert isinstance(reserved(memory_locked_to_max=unknown()), Unknown)


def test_what_esxi_needs_beside_it_grows_with_it_and_never_shrinks():
    def beside(**change):
        return VmChange(**change).on(OFF, 1).memory_overhead_bytes.value // MIB

    assert beside(memory_mb=128 * 1024) == 400
    assert beside(memory_mb=128 * 1024, vcpus=16) == 800
    assert beside(memory_mb=1024, vcpus=1) == 200
    lost = replace(OFF, memory_overhead_bytes=unknown())
    assert isinstance(VmChange(vcpus=16).on(lost, 1).memory_overhead_bytes, Unknown)
    lost = replace(OFF, vcpu_count=unknown())
    assert isinstance(VmChange(vcpus=16).on(lost, 1).memory_overhead_bytes, Unknown)


def test_sockets_stay_where_they_come_out_whole():
    assert VmChange(vcpus=16).on(OFF, 1).cores_per_socket == OFF.cores_per_socket
    assert isinstance(VmChange(vcpus=6).on(OFF, 1).cores_per_socket, Unknown)
    assert VmChange(memory_mb=1024).on(OFF, 1).cores_per_socket == OFF.cores_per_socket


def test_a_count_needs_one_profile():
    mixed = replace(OFF, vgpus=asks("grid_a100d-40c", "grid_a100d-20c"))
    with pytest.raises(UsageError, match="several profiles: --count needs --profile too"):
        VmChange(count=2).on(mixed, 1)
    with pytest.raises(UsageError, match="has no vGPU: --count needs --profile too"):
        VmChange(count=2).on(replace(OFF, vgpus=()), 1)
    assert len(VmChange(count=2, profile="grid_a100d-80c").on(mixed, 1).vgpus) == 2


def test_a_vm_that_runs_is_not_changed():
    with pytest.raises(UsageError, match="train-01-a runs: a change is judged of a VM that is off"):
        would(VmChange(vcpus=4), "train-01-a")


def test_what_a_host_does_not_tell_stays_so():
    host = a_host()
    host = replace(host, vms=unknown())
    assert changed(host, "vm-1", VmChange(vcpus=4)) is host


def run(*words):
    return CliRunner().invoke(main, ["preflight", "--from", str(HEALTHY), *map(str, words)])


def test_the_headline_says_it_and_the_exit_code_is_of_it():
    done = run("infer-01", "--vcpus", 900)
    assert done.exit_code == 1
    assert "infer-01 with 900 vCPUs (now 8) would not start" in done.output
    assert 'changed="4 vCPUs (now 8)"' in run("infer-01", "--vcpus", 4, "-q").output
    assert run("infer-01", "--profile", "grid_a100d-41c", "-q").exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("infer-01", "--spec", HEALTHY / "manifest.json"), "leave out the VM, or --spec"),
        (("--vcpus", "4"), "name one of: a VM, --all, --profile, --spec"),
        (("infer-01", "--all"), "leave out the names"),
        (("--spec", HEALTHY / "manifest.json", "--vcpus", "4"), "leave out --profile and the like"),
    ],
)
def test_what_does_not_go_together_is_refused(words, told):
    done = run(*words)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert told in done.output
