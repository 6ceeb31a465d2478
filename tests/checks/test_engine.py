"""The engine: what a check need not think of."""

import inspect
import re
import shlex
import subprocess
import sys
from unittest.mock import patch

import pytest

import hostcheck.checks
from hostcheck.checks import graphics
from hostcheck.checks.engine import (
    Facts,
    all_checks,
    check,
    deciding,
    judge,
    look,
    run,
    run_all,
)
from hostcheck.checks.fixes import fill
from hostcheck.checks.manual import markdown, page
from hostcheck.checks.subjects import every_gpu, every_host, every_vm
from hostcheck.model.fact import Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Command, Severity, Status, Verdict
from tests.checks.synthetic import (
    NEEDS,
    a_gpu,
    a_host,
    a_vm,
    changed,
    synthetic,
    told_by,
    unknown,
    with_gpu,
    with_vm,
)
from tests.checks.synthetic import known as given
from tests.private_data import FIXTURES

NASTY = "$(reboot); 'x' \"y\""
HOST = synthetic("2 package, 2 node, 1 gpu/node, 1 nic/node, 1 vm/gpu")


SAID = {
    "title": "A title", "why": "because.", "fix": "do it.", "how": (run("govc", "govc x {host}"),),
    "severity": Severity.REQUIRED, "source": "https://x.test/", "each": every_host,
}  # fmt: skip


def a_check(function, each=every_host, id_="TEST-001"):
    return check(id_, **{**SAID, "each": each})(function)


# --- finding checks -------------------------------------------------------------------------------


def test_every_id_once_and_sorted():
    ids = [one.id for one in all_checks()]
    assert ids == sorted(set(ids))
    assert len(ids) >= 20


def test_two_checks_of_one_id_are_refused():
    def again(_host: Host, _needs: Requirements, _known: Facts) -> Verdict:
        return judge(ok=True, observed="", expected="")

    twin = a_check(again, id_="GFX-001")
    with (
        patch.object(graphics, "twin", twin, create=True),
        pytest.raises(ValueError, match="two checks are called GFX-001"),
    ):
        all_checks.__wrapped__()
    assert all_checks.__wrapped__() == all_checks()


def test_a_check_imported_by_another_module_is_no_duplicate():
    with patch.object(hostcheck.checks.numa, "same", graphics.active_shared_direct, create=True):
        assert len(all_checks.__wrapped__()) == len(all_checks())


def test_declaring_a_check_registers_nothing():
    before = all_checks.__wrapped__()

    def lonely(_host: Host, _needs: Requirements, _known: Facts) -> Verdict:
        return judge(ok=True, observed="", expected="")

    a_check(lonely)
    assert all_checks.__wrapped__() == before


# --- unknowns, crashes, nothing -------------------------------------------------------------------


def test_an_unknown_fact_carries_its_reason():
    lost = unknown(Why.DENIED, "NoPermission: no", "HostSystem config.service", "System.Read")

    def opens(host: Host, _needs: Requirements, known: Facts) -> Verdict:
        known(host.model)
        return judge(ok=bool(known(host.version)), observed="", expected="")

    (one,) = a_check(opens).run(changed(HOST, version=lost), NEEDS)
    assert one.status is Status.UNKNOWN
    assert one.unseen.why == "denied"
    assert one.unseen.detail == "NoPermission: no"
    assert one.unseen.asked == "HostSystem config.service"
    assert one.unseen.privilege == "System.Read"
    assert one.sources == (0,)
    assert one.fix == ()


def test_what_decides_is_required_or_decides_now():
    ids = {
        one.id
        for one in all_checks()
        if one.severity is Severity.REQUIRED or one.manual.decides_now
    }
    assert deciding() == ids
    assert {"VM-001", "MEM-001"} <= ids
    assert not {one.id for one in all_checks()} <= ids
    assert ids == {one.id for one in all_checks() if one.decides}


def test_a_crash_is_an_error_with_its_place_and_the_run_goes_on():
    def crashes(gpu, _needs: Requirements, _known: Facts) -> Verdict:
        if gpu.gpu.address == HOST.gpus.value[0].address:
            raise KeyError("no such thing")
        return judge(ok=True, observed="", expected="")

    first, second = a_check(crashes, every_gpu).run(HOST, NEEDS)
    assert first.status is Status.ERROR
    assert re.fullmatch(r"KeyError: 'no such thing' \(test_engine\.py:\d+\)", first.trace)
    assert first.unseen is None
    assert second.status is Status.PASS


def test_a_crashing_check_does_not_end_a_run():
    broken = with_gpu(HOST, catalogue_key="not a key of the catalogue")
    found = run_all(broken, NEEDS)
    assert {one.check for one in found} == {one.id for one in all_checks() if not one.opt_in}
    errors = {one.check for one in found if one.status is Status.ERROR}
    assert "PCI-001" in errors
    assert all(one.status is not Status.PASS for one in found if one.check in errors
               and one.subject.id == broken.gpus.value[0].address)  # fmt: skip


@pytest.mark.parametrize("leaving", [SystemExit, KeyboardInterrupt])
def test_a_user_may_still_stop_the_run(leaving):
    def stops(_host: Host, _needs: Requirements, _known: Facts) -> Verdict:
        raise leaving

    with pytest.raises(leaving):
        list(a_check(stops).run(HOST, NEEDS))


@pytest.mark.parametrize("each", [every_gpu, every_vm])
def test_no_subject_is_exactly_one_not_applicable(each):
    def never(_one, _needs: Requirements, _known: Facts) -> Verdict:
        raise AssertionError

    (one,) = a_check(never, each).run(a_host(), NEEDS)
    assert one.status is Status.NOT_APPLICABLE
    assert one.subject.kind == "host"
    assert one.observed.startswith("no ")


def test_subjects_that_cannot_be_listed_are_one_unknown():
    def never(_one, _needs: Requirements, _known: Facts) -> Verdict:
        raise AssertionError

    (one,) = a_check(never, every_gpu).run(changed(HOST, gpus=unknown()), NEEDS)
    assert (one.status, one.subject.kind) == (Status.UNKNOWN, "host")


def test_opening_in_secret_leaves_no_source():
    known = Facts()
    assert not known.certainly(unknown(), value=True)
    assert not known.certainly(given(value=False), value=True)
    assert known.sources == set()
    assert known.certainly(given(value=True), value=True)
    assert known.sources == {0}


def test_sources_are_told_on_a_pass_too():
    found = [one for one in run_all(HOST, NEEDS) if one.status is Status.PASS]
    assert found
    assert all(one.sources and one.observed and one.expected for one in found)


def test_a_fix_is_told_on_a_fail_only():
    host = with_gpu(HOST, graphics_active=unknown())
    assert all(one.fix == () for one in run_all(host, NEEDS) if one.status is not Status.FAIL)


# --- manuals --------------------------------------------------------------------------------------

NO_SYMPTOM = {
    "BMC-001": "it works until the restart",
    "BMC-002": "that of the switch which the profile holds: PCI-001",
    "BMC-003": "that of the switch: PCI-001, PCI-003, PCI-004",
    "BMC-004": "the BMC's log alone",
    "BMC-005": "it works until the next peak",
    "VM-025": "it starts",
    "VM-026": "it starts, and its guest has no NVLink",
    "ECC-002": "it works until the reboot",
    "GFX-003": "it works until a GPU is replaced",
    "CAT-001": "it shows as a wrong count",
    "DRV-008": "it is not supported, whatever it says",
    "DRV-010": "it works, and nobody mends it",
    "HOST-014": "it works, and nobody mends it",
    "GPU-003": "it shows as slow transfers",
    "GPU-002": "it shows as random errors",
    "HOST-015": "no VM is concerned",
    "HOST-003": "it shows as whatever the pending change was to mend",
    "HOST-007": "it shows after the next reboot",
    "HOST-008": "the host waits in maintenance mode and says nothing",
    "NUMA-002": "it is slow and says nothing",
    "PCI-008": "each of them shows in its own way",
    "LOC-001": "it is slow and says nothing",
    "LOC-002": "it is slow and says nothing",
    "NUMA-001": "it is slow and says nothing",
    "VGPU-006": "it starts, and cannot be moved while it runs",
    "VGPU-008": "it starts, and cannot be moved while it runs",
    "VM-012": "it is not supported, whatever it says",
    "VM-009": "it is slow and says nothing",
    "VM-010": "it starts, and memory cannot be added",
    "SPARSE-002": "it is slow and says nothing",
    "VM-003": "an old virtual machine starts until a GPU asks for more",
    "SRC-001": "a contradiction says nothing",
    "VC-001": "what vCenter says is shown as it is",
    "VC-002": "a contradiction says nothing",
    "VC-005": "a contradiction says nothing",
    "VC-004": "what vCenter says is shown as it is",
}
"""Checks whose fail shows no message, and why."""


@pytest.mark.parametrize("one", all_checks(), ids=lambda one: one.id)
class TestManuals:
    def test_is_complete(self, one):
        manual = one.manual
        assert manual.id == one.id
        assert manual.title
        assert not manual.title.endswith(".")
        assert manual.why
        assert manual.fix
        assert manual.subject
        assert manual.symptom or NO_SYMPTOM.get(one.id), "no symptom, and no reason for none"
        assert re.match(r"https://[a-z.]+/", manual.source)
        assert manual.severity is one.severity
        assert re.fullmatch(r"[A-Z]+-\d{3}", manual.id)
        assert manual.family == manual.id.partition("-")[0]

    def test_every_slot_is_filled(self, one):
        offered = {"host": "h", "gpu": "g", "vm": "v", "vm_id": "VirtualMachine-v"}
        kind = {"every_vm": {"host", "vm", "vm_id"}, "every_placement": {"host", "vm", "vm_id"},
                "every_opinion": {"host", "vm", "vm_id"},
                "every_comparison": {"host", "vm", "vm_id"},
                "every_gpu": {"host", "gpu"}, "every_smoked_gpu": {"host", "gpu"},
                }.get(one.each.of.__name__, {"host"})  # fmt: skip
        source = inspect.getsource(inspect.getmodule(one.function))
        told = dict.fromkeys(re.findall(r"[ (](\w+)=", source), "1")
        for command in one.manual.commands:
            values = {name: word for name, word in offered.items() if name in kind} | told
            assert not re.search(r"\{\w+\}", fill(command, values)), command.text

    def test_interruptions_are_of_a_closed_list(self, one):
        assert set(one.manual.needs) <= {
            "maintenance mode",
            "host reboot",
            "VM power off",
            "guest reboot",
        }


EXPERIENCE = frozenset((
    "ECC-001", "GRP-001", "GRP-002", "LOC-001", "LOC-002", "NUMA-001", "PCI-001", "PCI-002",
    "PCI-003", "PCI-004", "PCI-005", "PCI-006", "SPARSE-002", "VM-003",
))  # fmt: skip
"""Checks of which something is in no text of a vendor, so that their manual must say what."""


def test_what_no_vendor_says_is_told_as_experience():
    manuals = {one.id: one.manual for one in all_checks()}
    assert {one for one, manual in manuals.items() if manual.experience} >= EXPERIENCE
    for manual in (manuals[one] for one in EXPERIENCE):
        told = page(manual, NEEDS.bios)
        assert told.index(manual.why[:20]) < told.index("From experience") < told.index("\nFix\n")
        assert manual.experience in markdown([manual], NEEDS.bios)


def test_a_required_check_names_what_the_user_saw():
    assert [one.id for one in all_checks() if one.severity is Severity.REQUIRED
            and not one.manual.symptom] == []  # fmt: skip


@pytest.mark.parametrize("missing", ["title", "why", "fix"])
def test_an_undocumented_check_is_refused(missing):
    with pytest.raises(ValueError, match="TEST-001: a check needs a title, a reason and a fix"):
        check("TEST-001", **{**SAID, missing: ""})


def test_a_command_says_where_it_is_used_and_whether_it_only_looks():
    assert run("esxcli (8.0.3)", "a {gpu}") == Command("esxcli (8.0.3)", "a {gpu}")
    assert look("shell", "ls") == Command("shell (only looks)", "ls")
    assert look("shell (the log)", "ls") == Command("shell (only looks, the log)", "ls")


def test_what_a_check_is_does_not_hang_on_docstrings():
    """Under -OO there are none."""
    asked = ["-m", "hostcheck", "audit", "--from", str(FIXTURES / "2n-2xM60-ecc-on-esxi670"), "-q"]
    told = [
        subprocess.run(
            [sys.executable, *flags, *asked, "--details"], capture_output=True, check=False
        )
        for flags in ([], ["-OO"])
    ]
    assert told[0].stdout == told[1].stdout
    assert told[0].returncode == told[1].returncode == 1
    assert told[1].stderr == b""
    manuals = [
        subprocess.run([sys.executable, *flags, "-m", "hostcheck", "checks", "--format", "json"],
                       capture_output=True, check=True).stdout
        for flags in ([], ["-OO"])
    ]  # fmt: skip
    assert manuals[0] == manuals[1]


# --- names in commands ----------------------------------------------------------------------------

SHELL_TOOLS = ("govc", "esxcli", "shell", "nvidia-smi", "esxcli (8.0.3 and later, one device)")
NAMES = (
    NASTY, "$(reboot)", "`reboot`", "a;b", "a b", "a\\", "-rf", "*", "{host}", "|", "&& reboot",
    "'", "''", '"', "\u2018; Stop-Computer; \u2019", "x\u201a", "\u201b", "\u2019", "ü", "",
)  # fmt: skip


@pytest.mark.parametrize("tool", SHELL_TOOLS)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_word_of_a_shell(tool, name):
    text = fill(Command(tool, "govc vm.change -vm {vm} -memory-pin"), {"vm": name})
    meant = re.sub(r"([*?\[\\])", r"\\\1", name) if tool == "govc" else name
    assert shlex.split(text) == ["govc", "vm.change", "-vm", meant, "-memory-pin"]


def powershell_word(text):
    """Read a single-quoted string as PowerShell does: every kind of single quote is one."""
    quotes = "'\u2018\u2019\u201a\u201b"
    assert text[0] == "'"
    word, at = "", 1
    while text[at] not in quotes or text[at + 1 : at + 2] in tuple(quotes):
        if text[at] in quotes:
            at += 1
        word += text[at]
        at += 1
    return word, text[at + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_word_of_powershell(name):
    text = fill(Command("PowerCLI", "(Get-VM {vm}).Extension"), {"vm": name})
    assert powershell_word(text.removeprefix("(Get-VM ")) == (name, ").Extension")


def test_single_quotes_are_doubled():
    assert fill(Command("PowerCLI", "Get-VM {vm}"), {"vm": NASTY}) == (
        "Get-VM '$(reboot); ''x'' \"y\"'"
    )


@pytest.mark.parametrize("tool", ["BIOS (Dell)", "vSphere Client"])
def test_a_menu_path_is_not_quoted(tool):
    assert fill(Command(tool, "{vm} > Edit"), {"vm": "a b"}) == "a b > Edit"


def test_braces_of_a_script_are_left_alone():
    text = "ForEach-Object { $_.x } {unknown}"
    assert fill(Command("PowerCLI", text), {"vm": "a"}) == text


def test_the_fix_of_a_failing_vm_is_quoted():
    host = with_vm(HOST, name=NASTY, memory_locked_to_max=False, memory_reserved_bytes=0)
    (one,) = [one for one in run_all(host, NEEDS) if one.check == "VM-001"
              and one.status is Status.FAIL]  # fmt: skip
    told = {command.tool: command.text for command in one.fix}
    assert shlex.split(told["govc"])[3] == NASTY


def test_the_script_of_a_failing_vm_names_it_by_its_id():
    host = with_vm(HOST, name=NASTY, vbs=True)
    (one,) = [one for one in run_all(host, NEEDS) if one.check == "VM-012"
              and one.status is Status.FAIL]  # fmt: skip
    text = {command.tool: command.text for command in one.fix}["PowerCLI"]
    assert "(Get-VM -Id 'VirtualMachine-vm-0')" in text


# --- names in reports -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evil",
    ["\x1b[2J\x1b[31mred", "a\r\nb", "a\x00b", "a\x07", "\x9b31m", "a\u202eb", "a\u2028b", "\x7f",
     "a\tb", "\x1b]0;title\x07", "\ud800"],
)  # fmt: skip
def test_control_characters_never_survive_in_a_subject(evil):
    gpu = a_gpu(0, 0, name=evil)
    host = a_host(gpus=[gpu], vms=[a_vm(0, gpu, name=evil, memory_locked_to_max=False,
                  memory_reserved_bytes=0)], name=evil, testimonies=[told_by(evil, "1", "2")],
                  in_maintenance_mode=True)  # fmt: skip
    for one in run_all(host, NEEDS):
        words = [one.subject.name, *one.subject.values.values(), *(fix.text for fix in one.fix)]
        assert all(word.isprintable() for word in words), words


# --- order ----------------------------------------------------------------------------------------


def test_the_order_is_stable():
    found = run_all(HOST, NEEDS)
    assert found == run_all(HOST, NEEDS)
    assert [one.check for one in found] == sorted(one.check for one in found)
    gpus = [one.subject.id for one in found if one.check == "GFX-001"]
    assert gpus == sorted(gpus)
