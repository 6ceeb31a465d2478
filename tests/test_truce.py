"""`hostcheck truce`: which VMs a hardening audit would find fault with, in forms its tools read."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.catalog import hardening
from hostcheck.cli import main
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.run import Run
from hostcheck.reports import pieces
from hostcheck.truce import truce
from hostcheck.words import one_line, spelled
from tests.peers import powercli
from tests.private_data import FIXTURES

MACHINE = FIXTURES / "2n-2xA100-80-esxi803"
VMS = ["infer-01", "train-01-a", "train-01-b"]
ODD = (
    "a", "a  b", " a", "it's", "''", '"', "\u2018); Stop-Computer; (\u2019", "x\u201a", "\u201b",
    "$(reboot)", "`reboot`", "a\nrun: false", "a\tb", "a\x1b[2J", "\u202egpj", "\ud800",
    "\U0001f600", "\U000e0041", "a%2fb%5c%25", "# a", "', 'b", ")", "@('x')", "\x00", "\u00a0",
    "\u2028", "\x85", "ü",
)  # fmt: skip
"""What a VM may be called."""
SIGNED = ("--owner", "k.meyer@example.com", "--expires", "2027-03-31", "--ticket", "CHG-1")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("run") / "run.json"
    CliRunner().invoke(main, ["audit", "--from", str(MACHINE), "-q", "-o", str(found)])
    return found


@pytest.fixture(scope="module")
def run(place: Path) -> Run:
    return runfile.read(place)


def told(place: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["truce", str(place), *words])


def with_host(run: Run, **facts: object) -> Run:
    (report,) = run.hosts
    return replace(run, hosts=(replace(report, host=replace(report.host, **facts)),))


def test_every_vm_with_a_gpu_is_named_with_its_control_and_devices(run):
    made = truce(run)
    assert [one.vm for one in made.vms] == VMS
    assert {one.control for one in made.vms} == {"VMCH-80-000214"}
    assert {one.devices for one in made.vms} == {("vGPU grid_a100d-40c",)}
    assert [one.id for one in made.controls] == ["VMCH-80-000214", "ESXI-80-000193"]


@pytest.mark.parametrize(
    ("version", "control"),
    [("8.0.3", "VMCH-80-000214"), ("9.0.0", "VCFV-9X-000219"), ("7.0.3", ""), ("80.1", "")],
)
def test_the_control_is_that_of_the_release(run, version, control):
    made = truce(with_host(run, version=Known(version)))
    assert {one.control for one in made.vms} == {control}
    assert ("no control that is known" in "".join(pieces("truce", "text", made))) is not control


def test_what_is_not_known_is_told_and_is_no_absence(run):
    lost = Unknown(Why.DENIED, "NoPermission", "VirtualMachine", "System.Read")
    made = truce(with_host(run, vms=lost, services=lost, version=lost))
    assert (made.vms, made.shells, len(made.unread)) == ((), (), 1)
    assert "not known of esx-01.lab.test: denied: NoPermission" in "".join(
        pieces("truce", "text", made)
    )


def test_a_host_that_does_not_tell_its_services_is_named(run):
    lost = Unknown(Why.DENIED, "NoPermission", "HostSystem", "System.Read")
    made = truce(with_host(run, services=lost))
    assert made.shells == ()
    assert [(one.host, one.why) for one in made.unread] == [("esx-01.lab.test", lost)]


def test_ssh_is_no_exception_but_a_choice(run, place):
    assert [one.host for one in truce(run).shells] == ["esx-01.lab.test"]
    text = " ".join(told(place).stdout.split())
    assert "SSH runs where no GPU needs it" in text
    assert "ESXI-80-000193: esx-01.lab.test" in text


def test_inspec_takes_the_waiver(place):
    """By the rules of its documentation: justification, a date, and whether the control runs."""
    done = told(place, "--format", "inspec", *SIGNED)
    assert done.exit_code == 0
    waivers = yaml.safe_load(done.stdout)
    ((control, one),) = waivers.items()
    assert control == "VMCH-80-000214"
    assert one.keys() == {"expiration_date", "justification", "run"}
    assert (one["expiration_date"], one["run"]) == (date(2027, 3, 31), True)
    for words in (*VMS, "k.meyer@example.com", "CHG-1"):
        assert words in one["justification"]


def test_names_of_vms_cannot_leave_their_place(run):
    (report,) = run.hosts
    odd = 'x\'; Remove-VM "y"\n  run: false'
    vms = tuple(replace(one, name=odd) for one in report.host.vms.value)
    made = truce(with_host(run, vms=Known(vms)), owner="o", expires="2027-03-31")
    held = yaml.safe_load("".join(pieces("truce", "inspec", made)))
    assert held["VMCH-80-000214"]["run"] is True


@pytest.mark.parametrize("form", ["inspec", "powercli"])
def test_the_list_of_exceptions_says_each_name_to_the_letter(run, form):
    """A VM whose name is changed on it would lose its devices to the script that reads it."""
    (report,) = run.hosts
    vms = tuple(replace(report.host.vms.value[0], name=one, id=f"vm-{at}")
                for at, one in enumerate(ODD))  # fmt: skip
    made = truce(with_host(run, vms=Known(vms)), owner="o", expires="2027-03-31")
    told = "".join(pieces("truce", form, made))
    if form == "powercli":
        _, line = told.splitlines()
        name, _, value = line.partition(" = ")
        assert name == "passthruExceptions"
        assert sorted(powercli.array(value)) == sorted({spelled(one) for one in ODD})
    else:
        held = yaml.safe_load(told)
        assert list(held) == ["VMCH-80-000214"]
        for one in ODD:
            assert one_line(one) in held["VMCH-80-000214"]["justification"]


def test_a_checklist_for_each_vm_as_stig_manager_takes_it(place, tmp_path):
    folder = tmp_path / "checklists"
    assert told(place, "--format", "cklb", *SIGNED, "-o", str(folder)).exit_code == 0
    files = sorted(folder.iterdir())
    assert [one.name.rpartition("-vm-")[0] for one in files] == VMS
    for file in files:
        held = json.loads(file.read_text())
        (stig,) = held["stigs"]
        (rule,) = stig["rules"]
        assert held["target_data"]["host_name"] in VMS
        assert stig["stig_id"] == "VMW_vSphere_8-0_Virtual_Machine_STIG"
        assert (rule["rule_id_src"], rule["group_id"]) == ("SV-258727r933242_rule", "V-258727")
        assert rule["status"] == "open", "hostcheck approves nothing"
        assert "vGPU grid_a100d-40c on esx-01.lab.test" in rule["finding_details"]
        assert "k.meyer@example.com until 2027-03-31" in rule["comments"]
    one = told(place, "--format", "cklb", *SIGNED, "--vm", "INFER-*")
    assert json.loads(one.stdout)["title"] == "infer-01"


def test_the_script_of_vmware_gets_its_list(place):
    done = told(place, "--format", "powercli")
    assert "passthruExceptions = @('infer-01', 'train-01-a', 'train-01-b')\n" in done.stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--format", "inspec"), "--format inspec is signed: give --owner WHO and --expires DAY"),
        (("--format", "cklb", *SIGNED), "a checklist is of one VM and 3 need one"),
        (("--vm", "nobody"), "no VM that needs an exception is called nobody"),
        (("--expires", "soon"), "'soon' is no day"),
    ],
)
def test_what_is_wrong_is_one_line(place, words, why):
    done = told(place, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_each_control_has_its_source():
    assert len({one.id for one in hardening()}) == len(hardening()) == 3
    assert all(one.source.startswith("https://") for one in hardening())


def test_a_day_that_is_over_and_an_owner_who_is_none_are_refused(place):
    for format_ in ("inspec", "cklb", "text"):
        done = told(place, "--format", format_, "--owner", "k", "--expires", "2020-01-01")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "2020-01-01 is over already" in done.stderr
    done = told(place, "--format", "inspec", "--owner", " ", "--expires", "2999-01-01")
    assert "--owner must not be empty" in done.stderr


def test_checklists_of_vms_that_need_none_any_more_are_put_aside(run, place, tmp_path):
    folder = tmp_path / "checklists"
    words = ("--format", "cklb", *SIGNED, "-o", str(folder))
    assert told(place, *words).stderr == ""
    first, *rest = sorted(one.name for one in folder.iterdir())
    other = folder / "somebody-vm-77.cklb"
    other.write_text(json.dumps({"id": "of another tool"}))
    (report,) = run.hosts
    vms = report.host.vms.value
    gone = next(one for one in vms if first == f"{one.name}-{one.id}.cklb")
    later = tmp_path / "later.json"
    runfile.write(with_host(run, vms=Known(tuple(one for one in vms if one != gone))), later)
    chosen = told(later, *words, "--vm", "train-*")
    assert (chosen.stderr, (folder / first).exists()) == ("", True)
    done = told(later, *words)
    assert f"{folder}: {first} of an earlier run: these VMs need no exception now" in done.stderr
    assert sorted(one.name for one in folder.iterdir()) == sorted(
        [f"{first}.old", *rest, other.name]
    )


def test_checklists_stay_where_not_all_hosts_told_their_vms(run, place, tmp_path):
    folder = tmp_path / "checklists"
    words = ("--format", "cklb", *SIGNED, "-o", str(folder))
    told(place, *words)
    there = {one.name for one in folder.iterdir()}
    later = tmp_path / "later.json"
    runfile.write(with_host(run, vms=Unknown(Why.DENIED, "no permission")), later)
    done = told(later, *words)
    assert "may still be needed, because not all hosts told their VMs" in done.stderr
    assert {one.name for one in folder.iterdir()} == there
