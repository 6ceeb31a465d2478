"""What any VM needs of its host, from recorded answers to the exit code."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import preflight as judging
from hostcheck.cli import main
from hostcheck.model.result import Answer, Status
from hostcheck.parsers import vim_virtual_machine
from hostcheck.sources.live import LiveSource
from hostcheck.sources.recorded import RecordedSource
from tests.peers import shapes
from tests.peers.fleet import Cluster, DeniedProperty, Fleet, Rule

FIXTURES = Path(__file__).parents[1] / "fixtures"
MACHINE = FIXTURES / "2n-1xL40S-amd-nps1-esxi802"
"""ESXi 8.0.2 with 128 logical processors, and a VM that is powered off."""


def off_vm(folder: Path) -> tuple[Path, str]:
    """Return the answer about the VM that is powered off, and its name."""
    for path in sorted(folder.glob("api/VirtualMachine-*.xml")):
        text = path.read_text(encoding="utf-8")
        if "poweredOff" in text:
            return path, re.search(r"<name>name</name><val[^>]*>([^<]+)<", text)[1]
    raise AssertionError("no such VM")


def with_vm(folder: Path, old: str, new: str) -> str:
    """Record the machine with one thing of its VM changed; return the VM's name."""
    shutil.copytree(MACHINE, folder)
    path, name = off_vm(folder)
    text = path.read_text(encoding="utf-8")
    changed = re.sub(old, new, text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    return name


def preflight(folder: Path, vm: str) -> tuple[int, str]:
    told = CliRunner().invoke(main, ["preflight", vm, "--from", str(folder), "--format", "line"])
    return told.exit_code, told.stdout


def test_the_machine_itself_is_good():
    assert preflight(MACHINE, off_vm(MACHINE)[1])[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        (">vmx-20<", ">vmx-22<", "VM-014"),
        (r"<numCPU>\d+<", "<numCPU>129<", "VM-015"),
    ],
)
def test_what_the_host_cannot_run_is_no_go(tmp_path, old, new, check):
    folder = tmp_path / "machine"
    vm = with_vm(folder, old, new)
    code, told = preflight(folder, vm)
    assert code == 1
    assert f"failed={check}" in told
    audit = ["audit", "--from", str(folder), "--quiet"]
    assert CliRunner().invoke(main, audit).exit_code == 1


def test_a_recording_that_is_older_than_the_questions_keeps_its_verdict(tmp_path):
    """What nobody asked then is told as such and decides nothing: not a fail, and not a doubt."""
    folder = tmp_path / "machine"
    shutil.copytree(MACHINE, folder)
    later = {
        "VirtualMachine": vim_virtual_machine.LATER, "HostSystem": ("datastore", "network"),
        "ResourcePool": ("runtime.cpu",), "ClusterComputeResource": (),
    }  # fmt: skip
    for path in folder.glob("api/*.xml"):
        text = path.read_text(encoding="utf-8")
        for name in later.get(re.split(r"[-.]", path.name)[0], ()):
            text, found = re.subn(rf"<propSet><name>{name}</name>.*?</propSet>", "", text)
            assert found == 1, (path, name)
        text = re.sub(
            r"<name>configurationEx</name>.*?</propSet>",
            "<name>configurationEx.drsConfig</name><val><enabled>true</enabled>"
            "<defaultVmBehavior>manual</defaultVmBehavior></val></propSet>",
            text,
        )
        path.write_text(text, encoding="utf-8")
    vm = off_vm(folder)[1]
    told = CliRunner().invoke(main, ["preflight", vm, "--from", str(folder), "--format", "json"])
    assert told.exit_code == 0
    (one,) = json.loads(told.stdout)["preflight"]["candidates"]
    results = {result["check"]: result for result in one["results"]}
    for check in ("VM-017", "VM-018", "VM-019", "VM-020", "VM-021", "VM-023"):
        assert results[check]["status"] == "unknown"
        assert results[check]["unseen"]["why"] == "not recorded"
    path = off_vm(folder)[0]
    text = path.read_text(encoding="utf-8")
    high = re.sub(r"<level>normal</level>", "<level>high</level>", text)
    assert high != text
    path.write_text(high, encoding="utf-8")
    assert preflight(folder, vm)[0] == 3, "here it does decide"


# --- asked of a live vCenter ----------------------------------------------------------------------

BASE = shapes.HEALTHY.hosts[0]
VM = replace(BASE.vms[0], name="new-vm", on=False, gpus=())
NEIGHBOUR = replace(BASE.vms[0], name="old-vm", profiles=(), gpus=())
HOME, OTHER = BASE.name, "esx-100.lab.test"
HERE, THERE = Rule("licence", ("new-vm",), (HOME,)), Rule("licence", ("new-vm",), (OTHER,))
PAIR = Rule("pair", ("new-vm", "old-vm"), apart=True)


def fleet(vm=None, rules=(), home=None, there=None):
    homes = replace(BASE, vms=(replace(VM, **(vm or {})), NEIGHBOUR), **(home or {}))
    other = replace(BASE, **shapes.at(100), vms=(), **(there or {}))
    return Fleet((homes, other), (Cluster("gpu-cluster-01", rules=rules),))


CASES = {
    "nothing": (fleet(), (Answer.GO, Answer.GO), ""),
    "must run there": (fleet(rules=(THERE,)), (Answer.NO_GO, Answer.GO), "VM-021"),
    "must run here": (fleet(rules=(HERE,)), (Answer.GO, Answer.NO_GO), "VM-021"),
    "must not run here": (
        fleet(rules=(replace(HERE, apart=True),)), (Answer.NO_GO, Answer.GO), "VM-021",
    ),
    "a rule that is off": (
        fleet(rules=(replace(THERE, enabled=False),)), (Answer.GO, Answer.GO), "",
    ),
    "should run there": (
        fleet(rules=(replace(THERE, mandatory=False),)), (Answer.GO, Answer.GO), "",
    ),
    "apart from what runs here": (fleet(rules=(PAIR,)), (Answer.NO_GO, Answer.GO), "VM-021"),
    "a feature that one lacks": (
        fleet({"features": (("cpuid.avx512f", "Bool:Min:1"),)}, there={"features": ()}),
        (Answer.GO, Answer.NO_GO), "VM-022",
    ),
    "a datastore that one lacks": (
        fleet({"datastores": ("vsan0", "nvme")}, home={"datastores": ("vsan0", "nvme")}),
        (Answer.GO, Answer.NO_GO), "VM-019",
    ),
    "a port group that one lacks": (
        fleet(there={"gone_networks": ("vm-net",)}), (Answer.GO, Answer.NO_GO), "VM-020",
    ),
    "an older release": (
        fleet({"hardware": 21}, there={"version": "8.0.1"}), (Answer.GO, Answer.NO_GO), "VM-014",
    ),
    "fewer processors": (
        fleet({"vcpus": 128}, there={"cores": 16}), (Answer.GO, Answer.NO_GO), "VM-015",
    ),
    "slower cores are enough": (
        fleet({"latency": "high", "cpu_reservation_mhz": 16 * 1995}, there={"hz": 2_600_000_000}),
        (Answer.GO, Answer.NO_GO), "VM-016",
    ),
    "less CPU": (
        fleet({"cpu_reservation_mhz": 60_000}, there={"cores": 12}),
        (Answer.GO, Answer.NO_GO), "VM-017",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_candidate_is_judged_by_what_it_has(name, new_vcenter, log_in):
    served, expected, check = CASES[name]
    kept = {}

    def keep(one):
        kept[one.ref.name] = one

    source = LiveSource("vcenter.test", log_in(new_vcenter(served)))
    run = judging.preflight(source, "new-vm", keep=keep, done=lambda _: None)
    found = {one.host: one for one in run.preflight.candidates}
    assert tuple(found[host].verdict for host in (HOME, OTHER)) == expected, run.preflight.summary
    for host, verdict in zip((HOME, OTHER), expected, strict=True):
        failed = {one.check for one in found[host].results if one.status is Status.FAIL}
        assert (check in failed) is (verdict is Answer.NO_GO)
    features = [key for key in kept[HOME].captures if "about=features" in key[2]]
    assert len(features) == 2, "the host's and the VM's are saved and replayed"


def test_a_privilege_that_is_missing_is_told(new_vcenter, log_in):
    closed = (
        DeniedProperty("datastore"), DeniedProperty("network", vm="new-vm"),
        DeniedProperty("config.featureCapability"),
        DeniedProperty("config.cpuAllocation", vm="new-vm"),
    )  # fmt: skip
    source = LiveSource("vcenter.test", log_in(new_vcenter(fleet(home={"denied": closed}))))
    run = judging.preflight(source, "new-vm", hosts=[HOME], done=lambda _: None)
    (one,) = run.preflight.candidates
    assert one.verdict is Answer.UNSURE
    unseen = {result.check: result.unseen for result in one.results if result.unseen}
    for check in ("VM-017", "VM-018", "VM-019", "VM-020", "VM-022"):
        assert (unseen[check].why, unseen[check].privilege) == ("denied", "System.Read")


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"hardware_version": 22}, "VM-014"),
        ({"vcpus": 960}, "VM-015"),
        ({"latency": "high", "vcpus": 16}, "VM-016"),
        ({"cpu_reserved_mhz": 999_999}, "VM-017"),
    ],
)
def test_a_vm_to_be_is_judged_alike(changed, check):
    source = RecordedSource(MACHINE)
    for spec, verdict in (({}, Answer.GO), (changed, Answer.NO_GO)):
        wish = judging.VmSpec("nvidia_l40s-12q", **spec)
        run = judging.what_if(source, wish, opinion=False, done=lambda _: None)
        (one,) = run.preflight.candidates
        failed = {one.check for one in one.results if one.status is Status.FAIL}
        assert (one.verdict, check in failed) == (verdict, bool(spec))
