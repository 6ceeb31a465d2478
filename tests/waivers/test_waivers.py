"""Waivers: a waived fail stays a fail, losing sight waives nothing, errors tell their place."""

from datetime import date
from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.exits import Counting, exit_code
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.waiver import State
from hostcheck.reports import pieces
from hostcheck.reports.summary import whole as summary
from hostcheck.runs import run_of
from hostcheck.verdict import report_of
from hostcheck.waivers.apply import apply
from hostcheck.waivers.file import read
from hostcheck.waivers.write import entries
from tests.diff.test_diff import HEALTHY, hosts, recorded

DENIED = Unknown(Why.DENIED, "no permission", "runtime.inMaintenanceMode", "System.Read")
IN_MAINTENANCE = Known(value=True)
STRICT = Counting(recommended=True)
ENTRY = """
[[waiver]]
check = "HOST-002"
host = "esx-1"
reason = "a part is on its way"
owner = "k.meyer@example.com"
expires = {expires}
"""


def one(tmp_path, more="", expires="2099-12-31", **changed):
    text = ENTRY.format(expires=expires)
    for key, value in changed.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
        text = "\n".join([*lines, f"{key} = {value}"])
    path = tmp_path / "waivers.toml"
    path.write_text(f"{text}\n{more}")
    return path


def waived(path, found, day=None):
    run = run_of("vc.lab.test", tuple(map(report_of, found)))
    if day is not None:
        run = replace(run, last_answer_at=day)
    return apply(run, read(path), path.name)


def odd(**changes):
    """Three hosts of which the second is odd."""
    found = hosts()
    found[1] = replace(found[1], **changes)
    return found


def test_a_waived_fail_stays_a_fail_and_does_not_count(tmp_path):
    run = waived(one(tmp_path), odd(in_maintenance_mode=IN_MAINTENANCE))
    assert [host.verdict for host in run.hosts] == [Answer.GO, Answer.NO_GO, Answer.GO]
    (use,) = run.waivers.uses
    assert (use.state, use.results, use.hosts) == (State.APPLIES, 1, ("esx-1.lab.test",))
    (host,) = run.waivers.hosts
    assert (host.host, host.excused) == ("esx-1.lab.test", True)
    assert exit_code(replace(run, waivers=None)) == 1
    assert exit_code(run) == 0
    assert "1 result is waived on" in "".join(pieces("run", "brief", run))
    told = summary.of(run)
    assert told.verdict is Answer.NO_GO
    assert "HOST-002" not in {step.check for step in told.steps}
    assert "HOST-002" in {step.check for step in summary.of(replace(run, waivers=None)).steps}


def test_what_is_not_waived_still_counts(tmp_path):
    worse = odd(in_maintenance_mode=IN_MAINTENANCE, connection_state=Known("disconnected"))
    run = waived(one(tmp_path), worse)
    assert not run.waivers.hosts[0].excused
    assert exit_code(run) == 1


def test_losing_sight_of_a_waived_fail_waives_nothing(tmp_path):
    run = waived(one(tmp_path), odd(in_maintenance_mode=DENIED))
    assert (run.waivers.results, run.waivers.uses[0].state) == ((), State.UNUSED)
    assert exit_code(run) == 3


def test_an_unknown_is_waived_only_by_name(tmp_path):
    path = one(tmp_path, status='["unknown"]')
    assert exit_code(waived(path, odd(in_maintenance_mode=DENIED))) == 0
    assert exit_code(waived(path, odd(in_maintenance_mode=IN_MAINTENANCE))) == 1


def test_strict_counts_what_is_recommended_and_not_waived(tmp_path):
    found = odd(reboot_required=Known(value=True))
    fails = {
        each.check for host in map(report_of, hosts()) for each in host.results
        if each.status is Status.FAIL
    }  # fmt: skip
    everywhere = ENTRY.format(expires="2099-12-31").replace('"esx-1"', '"*"')
    others = "".join(everywhere.replace("HOST-002", check) for check in fails)
    but_one = waived(one(tmp_path, others), found)
    assert exit_code(but_one, STRICT) == 1
    every = waived(one(tmp_path, others, check='"HOST-003"'), found)
    assert exit_code(every, STRICT) != 1
    assert exit_code(replace(every, waivers=None), STRICT) == 1


@pytest.mark.parametrize(
    ("expires", "more", "day", "state"),
    [
        ("2026-11-28", "", "2026-11-28T23:59:59Z", State.SOON),
        ("2026-11-28", "", "2026-11-29T00:00:01Z", State.EXPIRED),
        ("2026-12-11", "", "2026-11-28T12:00:00Z", State.SOON),
        ("2026-12-12", "", "2026-11-28T12:00:00Z", State.APPLIES),
        ("2027-01-01", "starts = 2026-11-29", "2026-11-28T12:00:00Z", State.NOT_YET),
        ("2027-01-01", "starts = 2026-11-28", "2026-11-28T12:00:00Z", State.APPLIES),
        ("2027-01-01", "", "", State.UNDATED),
    ],
)
def test_days_are_utc_and_of_the_answers(tmp_path, expires, more, day, state):
    run = waived(one(tmp_path, more, expires), odd(in_maintenance_mode=IN_MAINTENANCE), day)
    assert run.waivers.uses[0].state is state
    lives = state in (State.APPLIES, State.SOON)
    assert exit_code(run) == (0 if lives else 1)
    assert run.waivers.uses[0].results == 1


@pytest.mark.parametrize(
    ("key", "value", "meets"),
    [
        ("host", '"esx-1"', True),
        ("host", '"ESX-1.LAB.test"', True),
        ("host", '"esx-[2-9]"', False),
        ("vcenter", '"vcenter.*"', True),
        ("vcenter", '"other"', False),
        ("cluster", '"gpu-cluster-*"', True),
        ("cluster", '"other"', False),
        ("subject", '"host-1"', True),
        ("subject", '"esx-1.*"', True),
        ("subject", '"0000:*"', False),
    ],
)
def test_patterns(tmp_path, key, value, meets):
    run = waived(one(tmp_path, **{key: value}), odd(in_maintenance_mode=IN_MAINTENANCE))
    assert (run.waivers.uses[0].state is State.APPLIES) is meets


def test_a_waiver_of_evidence_is_void_when_something_else_is_seen(tmp_path):
    run = run_of("vc", tuple(map(report_of, odd(driver_version=Known("999.0")))))
    made = "\n".join(entries(
        run, ("DRV-005",), "*", reason="tried", owner="me", expires=date(2099, 1, 1)))  # fmt: skip
    path = tmp_path / "made.toml"
    path.write_text(made)
    assert apply(run, read(path), "made").waivers.uses[0].state is State.APPLIES
    other = waived(path, odd(driver_version=Known("999.1")))
    assert other.waivers.uses[0].state is State.CHANGED
    assert (other.waivers.results, other.waivers.uses[0].results) == ((), 1)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("check", '"HOST-02"', "line 3: [[waiver]] 1 check: no check is called 'HOST-02'; did you"),
        ("reason", '" "', "[[waiver]] 1 reason: it must not be empty"),
        ("host", '""', "'*' is every host"),
        ("expires", '"soon"', "expires"),
        ("ticker", '"CHG"', "did you mean ticket?"),
        ("status", '["pass"]', "'pass' cannot be waived; give fail, unknown, error"),
        ("starts", "2100-01-01", "it begins after it ends"),
        ("status", "[]", "line 3: [[waiver]] 1 status: it must not be empty"),
        (
            "subject",
            '""',
            "line 3: [[waiver]] 1 subject: it must not be empty; '*' is every subject",
        ),
        ("cluster", '" "', "[[waiver]] 1 cluster: it must not be empty"),
        ("reason", "7", "line 3: [[waiver]] 1 reason: give text in quotes, not a whole number"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path, key, value, says):
    path = one(tmp_path)
    text = path.read_text()
    lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
    lines.insert(2, f"{key} = {value}")
    path.write_text("\n".join(lines))
    with pytest.raises(UsageError) as raised:
        read(path)
    message = str(raised.value)
    assert says in message
    assert message.startswith(str(path))
    assert "docs/waivers.md" in message


def test_every_report_shows_it(tmp_path):
    run = waived(one(tmp_path), odd(in_maintenance_mode=IN_MAINTENANCE))
    for name in ("text", "html"):
        text = " ".join("".join(pieces("run", name, run)).split())
        assert "1 result is waived on 1 host; 1 host has nothing else against a GO" in text, name
        assert "a part is on its way" in text, name
    line = "".join(pieces("run", "line", run)).splitlines()[-1]
    assert " waived=1 excused=1 " in line
    assert "verdict=NO-GO" in line
    junit = fromstring("".join(pieces("run", "junit", run)))
    assert junit.get("failures") == str(sum(
        each.status is Status.FAIL and each.severity is Severity.REQUIRED
        for host in run.hosts for each in host.results) - 1)  # fmt: skip
    said = [each.get("message") for each in junit.iter("skipped")]
    assert [one for one in said if "waived until 2099-12-31 by k.meyer@example.com" in one]


def test_it_is_kept_in_the_run_file(tmp_path):
    run = waived(one(tmp_path), odd(in_maintenance_mode=IN_MAINTENANCE))
    runfile.write(run, tmp_path / "run.json")
    kept = runfile.read(tmp_path / "run.json")
    assert kept.waivers == run.waivers
    assert exit_code(kept) == 0


def test_the_commands(tmp_path):
    found = odd(in_maintenance_mode=IN_MAINTENANCE)
    run = run_of("vc", tuple(map(report_of, found)))
    place, file = tmp_path / "run.json", tmp_path / "waivers.toml"
    runfile.write(run, place)
    words = ["--check", "host-002", "--reason", 'a "part" \\ is missing', "--owner", "me"]
    done = CliRunner().invoke(main, ["waive", str(place), *words, "--expires", "2099-01-31"])
    assert done.exit_code == 0, done.output
    file.write_text(done.output)
    (waiver,) = read(file)
    assert (waiver.reason, waiver.subject) == ('a "part" \\ is missing', "host-1")
    shown = CliRunner().invoke(main, ["report", str(place), "--waivers", str(file)])
    assert "WAIVED" in shown.output
    file.write_text(done.output.replace("2099-01-31", "2020-01-31"))
    stale = ["report", str(place), "--waivers", str(file), "--fail-on-unused-waiver"]
    assert CliRunner().invoke(main, stale).exit_code == 1
    assert CliRunner().invoke(main, [*stale[:2], stale[-1]]).exit_code == 2
    carried = tmp_path / "carried.json"
    carried.write_text(CliRunner().invoke(main, [*stale[:4], "--format", "json"]).output)
    of_its_own = CliRunner().invoke(main, ["report", str(carried), "--fail-on-unused-waiver"])
    assert (of_its_own.exit_code, "expired: HOST-002" in of_its_own.stdout) == (1, True)
    over = CliRunner().invoke(main, ["waive", str(place), *words, "--expires", "2020-01-31"])
    assert (over.exit_code, "is over already" in over.output) == (2, True)
    nothing = CliRunner().invoke(
        main, ["waive", str(place), "--check", "GPU-001", *words[2:], "--expires", "2099-01-31"]
    )
    assert (nothing.exit_code, len(nothing.output.strip().splitlines())) == (2, 1)


def test_an_audit_takes_the_file_of_its_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = one(tmp_path, host='"*"', check='"VM-001"')
    (tmp_path / "hostcheck.toml").write_text(f'[audit]\nwaivers = "{path.name}"\n')
    from tests.diff.test_diff import ROOT  # noqa: PLC0415

    fixture = str(ROOT / "fixtures" / "2n-2xM60-ecc-on-esxi670")
    done = CliRunner().invoke(main, ["audit", "-q", "--from", fixture, "--format", "line"])
    assert done.exit_code == 1
    assert " waived=1 excused=0" in done.output
    path.write_text("[[waiver]]\ncheck = 1\n")
    done = CliRunner().invoke(main, ["audit", "-q", "--from", fixture])
    assert (done.exit_code, len(done.output.strip().splitlines())) == (2, 1)


def test_names_that_look_like_patterns_are_written_as_names(tmp_path):
    name = 'esx[1]*\u202e".lab'
    found = [replace(recorded(HEALTHY), name=name, in_maintenance_mode=IN_MAINTENANCE)]
    run = run_of("vc", tuple(map(report_of, found)))
    made = list(entries(
        run, ("HOST-002",), "*", reason="r", owner="o", expires=date(2099, 1, 1)))  # fmt: skip
    path = tmp_path / "made.toml"
    path.write_text("\n".join(made))
    assert msgspec.structs.asdict(read(path)[0])["host"].startswith("esx[[]1][*]")
    plain = replace(found[0], name="esx1.lab")
    assert waived(path, [plain]).waivers.results == ()


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("ESX-1.lab.test", [1]),
        ("esx-1", [1]),
        ("esx-?.lab*", [0, 1, 2]),
        ("lab", []),
        ("*", [0, 1, 2]),
    ],
)
def test_hosts_by_name_short_name_and_pattern(tmp_path, pattern, named):
    broken = [replace(one, in_maintenance_mode=IN_MAINTENANCE) for one in hosts()]
    run = waived(one(tmp_path, host=f'"{pattern}"'), broken)
    assert [each.host for each in run.waivers.results] == [broken[at].name for at in named]


def test_of_two_waivers_the_first_in_the_file_holds(tmp_path):
    more = ENTRY.format(expires="2099-12-31").replace('"esx-1"', '"*"')
    for text, first in ((more, 0), (more.replace('"*"', '"esx-1.lab.test"'), 0)):
        run = waived(one(tmp_path, text), odd(in_maintenance_mode=IN_MAINTENANCE))
        assert [each.waiver for each in run.waivers.results] == [first]
