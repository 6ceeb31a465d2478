"""What every report says of a run, whatever its format."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck import preflight, recording
from hostcheck.checks.engine import all_checks
from hostcheck.model.result import (
    Phase,
    Result,
    Severity,
    Status,
    Subject,
    Unseen,
    root_causes,
)
from hostcheck.reports import words
from hostcheck.reports.run import html, text
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.summary.plans import GUEST_REBOOT, MAINTENANCE, VM_OFF
from hostcheck.reports.summary.sight import causes
from hostcheck.reports.summary.steps import HOST_REBOOT, ORDER, FixStep
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.reports.builders import one_host

FIXTURES = Path(__file__).parents[2] / "fixtures"
PENDING = "2n-2xA100-80-pending-esxi803"
BASIC = "2n-1xA100-40-driver-missing-esxi801"
HOLES = "2n-2xA100-80-readonly-holes-esxi803"


@pytest.mark.parametrize(
    ("edition", "asked", "words", "warns"),
    [
        ("2026-08-22", "2026-11-21T08:01:26Z", "91 days old", False),
        ("2026-11-20", "2026-11-21T08:01:26Z", "1 day old", False),
        ("2026-11-22", "2026-11-21T08:01:26Z", "newer than the answers", False),
        ("2026-08-22", "2027-02-18T00:00:00Z", "180 days old", False),
        ("2026-08-22", "2027-02-19T00:00:00Z", "181 days old", True),
        ("2026-08-22", "", "2026-08-22", False),
        ("no date", "2026-11-21T08:01:26Z", "no date", False),
    ],
)
def test_the_age_of_the_catalogue_counts_to_the_answers(edition, asked, words, warns):
    made = replace(one_host(), catalogue_edition=edition, last_answer_at=asked)
    assert words in summary.catalogue(made)
    assert any("catalogue was" in one for one in summary.notices(made)) is warns
    for rendered in (text.render(made, width=100, colour=False), html.render(made)):
        assert words in rendered
        assert ("update hostcheck" in rendered) is warns


def test_what_settles_an_unknown_is_explained_by_a_check_that_decides():
    unseen = Unseen("absent", "it exits with 9", "")
    (cause,) = causes("esx1", [
        Result(check, severity, Status.UNKNOWN, Subject("gpu", "g", "g"), "", "", unseen=unseen)
        for check, severity in (("CAT-001", Severity.INFORMATIONAL), ("GPU-001", Severity.REQUIRED))
    ])  # fmt: skip
    assert cause.settled_by == "hostcheck explain GPU-001"


def test_an_unknown_says_each_thing_once():
    told = "the recording does not hold it"
    assert words.reason("not recorded", told) == "The recording does not hold it"
    assert words.reason("absent", "no such field") == "The answer has no field for it"
    assert words.reason("timeout", "9 s") == "The time limit passed: 9 s"


# --- what to mend, and in which order -------------------------------------------------------------


def flat(rendered):
    return " ".join(rendered.split())


def preflight_of(vm):
    source = RecordedSource(FIXTURES)
    return preflight.preflight(source, vm, done=lambda _: None)


def test_a_no_go_names_what_is_behind_it_and_leaves_out_what_follows():
    run = preflight_of("vgpu-13")
    best = run.preflight.candidates[0]
    failing = {one.check for one in best.results if one.status is Status.FAIL}
    assert {"DRV-001", "DRV-002", "DRV-003", "GFX-001", "GFX-002"} <= failing
    assert best.host == "esx-13.lab.test"
    assert "DRV-002" in best.summary
    assert not {"DRV-001", "DRV-003", "GFX-001"} & set(best.summary.split())
    found = summary.of(run).steps
    assert [step.check for step in found][:2] == ["DRV-002", "GFX-002"]
    assert {step.weight for step in found[:2]} == {Severity.REQUIRED}
    (plan,) = summary.of(run).plans
    assert "maintenance mode on, 1, 2, one reboot, maintenance mode off" in plan.sentence
    assert "on, 1, 2, one reboot, maintenance mode off, audit again" in flat(text.render(run))


def test_hosts_without_a_gpu_of_its_kind_are_one_entry_behind_all_that_can_be_mended():
    run = preflight_of("vgpu-13")
    first, last = summary.choices(run)
    assert (first.first.host, first.others) == ("esx-13.lab.test", ())
    assert len(last.others) == len(run.preflight.candidates) - 2
    assert "No GPU of its kind either" in text.render(run)
    assert last.others[-1].host in html.render(run)


def test_a_go_says_what_was_proven_and_what_nobody_looked_at():
    run = preflight_of("train-01-a")
    assert "SR-IOV is on for a GPU that serves vGPUs through virtual functions [PCI-001]" in (
        summary.proven(run)
    )
    for rendered in (text.render(run), html.render(run)):
        assert "10-bit tags" in rendered
    assert "10-bit tags" not in text.render(preflight_of("vgpu-13"))


def test_an_unknown_says_what_would_settle_it():
    run = run_of("t", [report_of(host_of(recording.load(FIXTURES / HOLES)))])
    assert "To settle it: grant the account System.Read, then run again." in text.render(run)
    assert "grant the account System.Read" in html.render(run)


def test_a_missing_service_is_started_and_not_granted():
    told = words.settled_by("not asked", "", "the ESXi shell was not asked (--ssh)")
    assert told == "run again with --ssh"
    assert words.settled_by("not asked", "", "only a preflight asks this") == ""
    told = words.settled_by("unreachable", "service TSM-SSH")
    assert told == "start the service TSM-SSH on the host, then run again"


def test_what_an_ssh_login_lacked_is_no_privilege_to_be_granted():
    told = words.settled_by("denied", "password that has not expired")
    assert told == "change the password by hand: ssh USER@HOST; then run again"


def a_fail(check, severity=Severity.REQUIRED, subject=("gpu", "0000:4a:00.0")):
    return Result(check, severity, Status.FAIL, Subject(*subject, "it"), "", "")


def test_a_fail_of_one_gpu_explains_none_of_another():
    manuals = [check.manual for check in all_checks()]
    driver = a_fail("DRV-001")
    same, other = a_fail("GFX-001"), a_fail("GFX-001", subject=("gpu", "0000:61:00.0"))
    assert root_causes([same], [driver, same, other], manuals) == (driver,)
    assert root_causes([other], [driver, same, other], manuals) == (other,)
    package = a_fail("DRV-002", Severity.RECOMMENDED, ("host", "host-1"))
    assert root_causes([same, other], [package, driver, same, other], manuals) == (package,)


def test_a_step_has_the_severity_that_the_host_shows_and_says_what_it_stands_for():
    run = run_of("t", [report_of(host_of(recording.load(FIXTURES / BASIC)))])
    (report,) = run.hosts
    shown = {
        one.check: one.severity
        for one in summary.Grouping(run).of(report.results)
        if one.status is Status.FAIL
    }
    steps = {one.check: one for one in summary.of(run).steps}
    assert {check: one.severity for check, one in steps.items()} == {
        check: shown[check] for check in steps
    }
    assert steps["DRV-002"].standing == ("recommended, and DRV-001, GFX-001 (required) fail for it")
    assert steps["GFX-002"].standing == "required"
    assert {one.weight for one in [*steps.values()][:2]} == {Severity.REQUIRED}
    for rendered in (text.render(run), html.render(run)):
        assert "recommended, and DRV-001" in rendered


def test_a_result_cites_no_page_since_its_check_does():
    cited = re.compile(r"\b[a-z0-9-]+\.(?:ai|com|io|net|org)/")
    for folder in sorted(FIXTURES.glob("*/manifest.json")):
        for one in report_of(host_of(recording.load(folder.parent))).results:
            assert not cited.search(f"{one.observed} {one.expected} {one.note}"), one


def test_explanations_name_checks_and_never_run_in_circles():
    explains = {check.id: check.manual.explains for check in all_checks()}
    assert {other for others in explains.values() for other in others} <= set(explains)
    TopologicalSorter(explains).prepare()


def test_every_check_has_its_phase():
    order = {check.id: ORDER.index(check.manual.phase) for check in all_checks()}
    assert [one for one, place in order.items() if place == 0] == ["HOST-001"]
    last = [one for one, place in order.items() if place == max(order.values())]
    assert last == ["HOST-002", "HOST-015"]
    assert order["PCI-001"] < order["DRV-001"] < order["MIG-001"]
    assert order["MIG-001"] < order["GFX-001"] < order["VM-001"]


# --- the order on each host -----------------------------------------------------------------------


def step(check, phase, *needs, severity=Severity.REQUIRED):
    return FixStep(check, check, severity, severity, (), phase, "", needs, (), 1, (), 0, ())


STEPS = (
    step("A-1", Phase.MODES, MAINTENANCE, HOST_REBOOT),
    step("A-2", Phase.BIOS, MAINTENANCE, HOST_REBOOT),
    step("A-3", Phase.END),
    step("A-4", Phase.HOST, severity=Severity.RECOMMENDED),
    step("A-5", Phase.VM, VM_OFF, severity=Severity.RECOMMENDED),
    step("A-6", Phase.VM, GUEST_REBOOT, severity=Severity.RECOMMENDED),
)


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        (("A-1", "A-2"), "maintenance mode on, 2, 1, one reboot, maintenance mode off"),
        (("A-3", "A-1"), "1, one reboot, maintenance mode off (3)"),
        (("A-3",), "maintenance mode off (3)"),
        (("A-5", "A-4"), "4, 5 with the VM off"),
        (("A-6",), "6 with a reboot of the guest"),
    ],
)
def test_a_plan_is_in_the_order_of_the_work_and_reboots_once(checks, told):
    (plan,) = summary.plans_of(STEPS, {"esx": checks})
    assert plan.sentence == f"{told}, audit again"


def test_hosts_reboot_one_by_one_and_only_for_their_own_steps():
    plans = summary.plans_of(STEPS, {"esx-2": ("A-1",), "esx-1": ("A-4",), "esx-3": ("A-2",)})
    assert [plan.host for plan in plans] == ["esx-1", "esx-2", "esx-3"]
    assert [plan.reboot for plan in plans] == [False, True, True]
    assert summary.reboots(plans, 8) == "2 hosts reboot, once each: esx-2, esx-3."
    assert summary.reboots(plans[:2], 8) == "One reboot of esx-2 serves all its steps."
    assert summary.reboots(plans[:1], 8) == ""
    assert summary.plans_of(STEPS[:1], {"esx-1": ("A-4",)}) == ()


def test_every_step_of_a_host_is_in_its_plan_once_and_nothing_else():
    run = run_of("t", [report_of(host_of(recording.load(FIXTURES / PENDING)))])
    told = summary.of(run)
    (plan,) = told.plans
    steps = {step.check: str(number) for number, step in enumerate(told.steps, 1)}
    moves = plan.moves[:-1]
    numbers = [re.sub(r".*\((.*)\)|( with.*)", r"\1", move) for move in moves]
    numbers = [one for one in numbers if one.isdecimal()]
    (checks,) = told.by_host.values()
    assert sorted(numbers) == sorted(steps[check] for check in checks)
    assert moves.index("one reboot") < moves.index(
        "maintenance mode off (" + steps["HOST-002"] + ")"
    )
    assert "maintenance mode on" not in moves, "it is on already"
    page = html.render(run)
    assert "In order, on" in page
    assert all(f'<span class="keep">{move}</span>' in page for move in moves)
