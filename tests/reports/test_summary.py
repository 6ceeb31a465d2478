"""What every report says of a run, whatever its format."""

from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck import preflight, recording
from hostcheck.checks.engine import all_checks
from hostcheck.model.result import Result, Severity, Status, Subject, root_causes
from hostcheck.reports import summary, words
from hostcheck.reports.run import html, text
from hostcheck.reports.summary.steps import ORDER
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.reports.builders import one_host

FIXTURES = Path(__file__).parents[2] / "fixtures"
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


# --- what to mend, and in which order -------------------------------------------------------------


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
    assert {step.severity for step in found[:2]} == {Severity.REQUIRED}
    assert summary.of(run).one_window == (1, 2)
    assert "One reboot of the host serves steps 1, 2 together" in text.render(run)


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


def test_explanations_name_checks_and_never_run_in_circles():
    explains = {check.id: check.manual.explains for check in all_checks()}
    assert {other for others in explains.values() for other in others} <= set(explains)
    TopologicalSorter(explains).prepare()


def test_every_check_has_its_phase():
    order = {check.id: ORDER.index(check.manual.phase) for check in all_checks()}
    assert [one for one, place in order.items() if place == 0] == ["HOST-001"]
    assert [one for one, place in order.items() if place == max(order.values())] == ["HOST-002"]
    assert order["PCI-001"] < order["DRV-001"] < order["MIG-001"]
    assert order["MIG-001"] < order["GFX-001"] < order["VM-001"]
