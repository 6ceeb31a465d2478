"""What hosts were judged, read without what they are: the same as of the whole hosts."""

import re
from collections import Counter

import msgspec
import pytest
from click.testing import CliRunner

from hostcheck import runfile, runlines
from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.reports.run import line
from hostcheck.runbrief import HostName, briefs, line_briefs
from tests.test_runlines import file, run  # noqa: F401  fixtures

NOTHING = (Status.PASS, Status.NOT_APPLICABLE, Status.NOT_SELECTED)


def bare(results, **without):
    """Return results without what none of a line has."""
    return [
        msgspec.structs.replace(
            one, sources=(), subject=msgspec.structs.replace(one.subject, values={}), **without
        )
        for one in results
    ]


def plain(run):  # noqa: F811
    """Return the briefs of a run as they can be compared: of its facts who it is."""
    return [
        one._replace(
            host=(one.host.name, one.host.target), passes=one.passes(), open=bare(one.open),
            counts=+one.counts,
        )
        for one in briefs(run, HostName)
    ]  # fmt: skip


def of_lines(run):  # noqa: F811
    """Return the lines of a run as they can be compared: fails and what is not known apart."""
    return [
        one._replace(
            passes=one.passes(),
            deciding=sorted(bare(one.deciding(), fix=()), key=lambda each: each.status.value),
        )
        for one in line_briefs(run)
    ]


def off(run):  # noqa: F811
    """Return a run whose policy keeps every third result from being judged."""
    hosts = tuple(
        msgspec.structs.replace(report, results=tuple(
            msgspec.structs.replace(one, status=Status.NOT_SELECTED) if number % 3 == 0 else one
            for number, one in enumerate(report.results)
        ))
        for report in run.hosts
    )  # fmt: skip
    return msgspec.structs.replace(run, hosts=hosts)


def test_a_line_tells_what_the_whole_host_tells(run, file):  # noqa: F811
    whole = plain(run)
    assert plain(runlines.whole(file)) == plain(runfile.read(file)) == whole
    assert len(whole) == len(run.hosts) > 20
    for one, report in zip(whole, run.hosts, strict=True):
        assert (one.verdict, *one.host) == (report.verdict, report.host.name, report.host.target)
        assert len(one.open) == sum(r.status not in NOTHING for r in report.results)
        required = [r for r in report.results if r.severity is Severity.REQUIRED]
        assert one.counts == Counter(r.status for r in report.results)
        assert one.passes == sum(r.status is Status.PASS for r in required)


def test_the_brief_of_a_line_tells_what_the_whole_host_tells(run, file):  # noqa: F811
    whole = of_lines(run)
    assert of_lines(runlines.whole(file)) == of_lines(runfile.read(file)) == whole
    assert {len(one.failed) > 0 for one in whole} == {len(one.unknown) > 0 for one in whole}
    for one, report in zip(whole, run.hosts, strict=True):
        found = [r for r in report.results if r.status not in NOTHING]
        fails = [r.check for r in found if r.status is Status.FAIL]
        assert sorted((*one.failed, *one.findings)) == sorted(fails)
        required = [r.check for r in found if r.severity is Severity.REQUIRED]
        assert sorted((*one.failed, *one.unknown)) == sorted(required)
        assert len(one.deciding) == len(fails if one.failed else found)


@pytest.mark.parametrize("verdict", [None, *Answer])
@pytest.mark.parametrize("change", [msgspec.structs.replace, off])
def test_lines_of_a_file_are_those_of_its_run(run, verdict, change, tmp_path):  # noqa: F811
    """Whatever the gravest verdict, which alone says why."""
    made = change(run)
    hosts = tuple(one for one in made.hosts if verdict in (None, one.verdict))
    made = msgspec.structs.replace(made, hosts=hosts)
    runfile.write(made, tmp_path / "run.json")
    told = line.render(made)
    assert line.render(runlines.whole(tmp_path / "run.json")) == told
    assert line.render(msgspec.structs.replace(made, hosts=runfile.packed(hosts))) == told
    assert told.count("\n") == len(hosts) + 1
    assert f" off={sum(one.off for one in line_briefs(made))}" in told


def test_a_line_that_is_damaged_is_told(file, tmp_path):  # noqa: F811
    path = tmp_path / "run.json"
    for was, now in ((b'"subject":', b'"subject":9'), (b'"told":', b'"told":9999'),
                     (b'"status":"fail"', b'"status":"passed"'), (b"},\n{", b"}\n{")):  # fmt: skip
        path.write_bytes(file.read_bytes().replace(was, now))
        for read in (plain, of_lines):
            with pytest.raises(UsageError, match=r"damaged|not a run file"):
                read(runlines.whole(path))


def test_what_is_looked_at_late_is_told_too(file, tmp_path):  # noqa: F811
    """Which of what passes is required is asked when the host was told, and nobody waits."""
    path = tmp_path / "run.json"
    passes = re.compile(rb'("status":"pass","subject":\d+,"told":)(?=\d)')
    path.write_bytes(passes.sub(rb"\g<1>9999", file.read_bytes()))
    read = runlines.whole(path)
    assert [one.counts for one in briefs(read, HostName)], "what is not asked for is not looked at"
    for each in (briefs(read, HostName), line_briefs(read)):
        with pytest.raises(UsageError, match="damaged"):
            [one.passes() for one in each]


@pytest.mark.parametrize("where", ["checks", "hosts", "shared"])
@pytest.mark.parametrize("what", [b"\xf3", b"[" * 100_000 + b"]" * 100_000])
def test_what_msgspec_cannot_read_is_told_in_one_line(file, where, what, tmp_path):  # noqa: F811
    """Signs that are no UTF-8, in words that are opened; lists in lists without end."""
    path, whole = tmp_path / "run.json", file.read_bytes()
    shared = whole.rindex(b'"shared":')
    start = {"checks": 0, "hosts": whole.index(b'"hosts":'), "shared": shared}[where]
    word = {"checks": b'"title":"', "hosts": b'"status":"', "shared": b'"observed":"'}[where]
    at = whole.index(word, start)
    added = word + what if what == b"\xf3" else b'"more":' + what + b"," + word
    path.write_bytes(whole[:at] + added + whole[at + len(word) :])
    for command in (["report", "--details"], ["report", "--format", "line"], ["diff", str(path)],
                    ["drift"], ["capacity"], ["plan"], ["truce"], ["hosts"], ["vms"]):  # fmt: skip
        done = CliRunner().invoke(main, [*command, str(path)])
        assert "Traceback" not in done.output, command
        assert not isinstance(done.exception, (ValueError, RecursionError)), command
    done = CliRunner().invoke(main, ["report", str(path), "--format", "json"])
    assert done.exit_code == 2
    assert done.stderr.startswith("hostcheck: "), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_was_cut_is_no_run(file, tmp_path):  # noqa: F811
    data = file.read_bytes()
    path = tmp_path / "run.json"
    for size in range(0, len(data), len(data) // 60):
        path.write_bytes(data[:size])
        with pytest.raises(UsageError):
            list(line_briefs(runlines.whole(path)))


@pytest.mark.parametrize("form", ["plain", "one line", "spread"])
def test_other_forms_of_a_run_are_read_too(run, file, tmp_path, form):  # noqa: F811
    path = tmp_path / "run.json"
    if form == "plain":
        path.write_bytes(msgspec.json.encode(msgspec.structs.replace(run, hosts=list(run.hosts))))
    elif form == "one line":
        path.write_bytes(file.read_bytes().replace(b"\n", b""))
    else:
        path.write_bytes(msgspec.json.format(file.read_bytes(), indent=2))
    assert plain(runlines.whole(path)) == plain(run)
