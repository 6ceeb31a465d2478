"""Interrupted is not lost: what was done is on disk, and going on gives the same bytes."""

import os
import resource
import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from hostcheck import runfile
from hostcheck.errors import UsageError
from hostcheck.journal import Heading, Journal
from hostcheck.model.result import Answer
from hostcheck.reports.run import html, junit, text
from hostcheck.reports.run import json as json_report
from hostcheck.reports.summary import whole as summary
from tests.reports import builders as b

FIXTURES = Path(__file__).parents[1] / "fixtures"
ORIGIN = Heading("1", "2026-11", "vc", ("properties",))
REPORTS = b.fleet(6).hosts


@pytest.fixture
def opened():
    """Open a journal: `opened(path, resume=True)`. It is closed with the test."""
    with ExitStack() as stack:
        yield lambda path, origin=ORIGIN, **given: stack.enter_context(
            Journal(origin, path, **given)
        )


@pytest.fixture
def filled(opened):
    """Open a journal and add hosts: `filled(path, *reports)`."""

    def filled(path, *reports, resume=False):
        journal = opened(path, resume=resume)
        for report in reports:
            journal.add(runfile.pack(report))
        return journal

    return filled


def test_hosts_come_back_in_the_order_of_their_names_however_they_came(opened, filled, tmp_path):
    journal = filled(tmp_path / "j", *reversed(REPORTS))
    assert tuple(journal.hosts()) == REPORTS
    again = opened(_copied(tmp_path / "j"), resume=True)
    assert tuple(again.hosts()) == REPORTS
    assert (again.first_answer_at, again.last_answer_at) == (
        journal.first_answer_at, journal.last_answer_at,
    )  # fmt: skip


def _copied(path):
    """A journal as another process finds it: the lock ends with the first one."""
    return Path(shutil.copy(path, path.with_name(path.name + "-copy")))


@pytest.mark.parametrize("cut", [1, 2, 40, 4000])
def test_a_line_that_was_cut_off_is_asked_again(cut, opened, filled, tmp_path):
    filled(tmp_path / "j", *REPORTS)
    whole = (tmp_path / "j").read_bytes()
    torn = tmp_path / "torn"
    torn.write_bytes(whole[:-cut])
    journal = opened(torn, resume=True)
    assert tuple(journal.hosts()) == REPORTS[:-1]
    journal.add(runfile.pack(REPORTS[-1]))
    assert torn.read_bytes() == whole


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b'"severity":"required"', b'"severity":"requirfd"'),
        (b'"check":', b'"chekk":'),
        (b'"status":"pass"', b'"status":"pa\xf3s"'),
        (b'"observed":"', b'"observed":"\xf3'),
        (b'"name":"', b'"name":"\xf3'),
        (b'"subject":', b'"subject":999'),
        (b'"told":{', b'"told":7,"more":{'),
        (b'"results":[', b'"results":[],"others":['),
        (b'{"verdict":', b'{"verdict":"GO","verdict":'),
        (b'"taken_at":"', b'"taken_at":"soon'),
        (b'"verdict":', b'"more":' + b"[" * 100_000 + b"]" * 100_000 + b',"verdict":'),
    ],
)
def test_a_line_that_was_damaged_is_asked_again(was, now, opened, filled, tmp_path):
    """Else each run that goes on with it would end there, as the last one did."""
    filled(tmp_path / "j", *REPORTS)
    whole = (tmp_path / "j").read_bytes()
    first = whole.index(b"\n", whole.index(b"\n") + 1) + 1  # the heading, and a host that is whole
    assert was in whole[first:]
    hurt = tmp_path / "hurt"
    hurt.write_bytes(whole[:first] + whole[first:].replace(was, now, 1))
    journal = opened(hurt, resume=True)
    assert tuple(journal.hosts()) == REPORTS[: len(journal)]
    assert 1 <= len(journal) < len(REPORTS)
    for report in REPORTS[len(journal) :]:
        journal.add(runfile.pack(report))
    assert hurt.read_bytes() == whole


@pytest.mark.parametrize("data", [b"", b'{"tool', b'{"schema'])
def test_a_journal_that_had_not_begun_is_begun(data, filled, tmp_path):
    (tmp_path / "j").write_bytes(data)
    journal = filled(tmp_path / "j", REPORTS[0], resume=True)
    assert len(journal) == 1
    assert (tmp_path / "j").read_bytes().startswith(msgspec.json.encode(ORIGIN) + b"\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("tool_version", "2"), ("target", "other"), ("asked", ("properties", "shell"))],
)
def test_the_journal_of_another_run_is_refused(name, value, filled, tmp_path):
    filled(tmp_path / "j", *REPORTS)
    other = msgspec.structs.replace(ORIGIN, **{name: value})
    with pytest.raises(UsageError, match=name.replace("_", " ")):
        Journal(other, _copied(tmp_path / "j"), resume=True)
    assert (tmp_path / "j-copy").read_bytes() == (tmp_path / "j").read_bytes()


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    (tmp_path / "j").write_text("my notes\n")
    with pytest.raises(UsageError, match="not a journal"):
        Journal(ORIGIN, tmp_path / "j", resume=True)


def test_two_runs_do_not_write_one_journal(filled, tmp_path):
    first = filled(tmp_path / "j", *REPORTS)
    for resume in (False, True):
        with pytest.raises(UsageError, match="another run is writing it"):
            Journal(ORIGIN, tmp_path / "j", resume=resume)
    assert tuple(first.hosts()) == REPORTS


def test_where_nothing_can_be_written_the_run_is_as_good(filled, tmp_path):
    (tmp_path / "file").write_text("")
    journal = filled(tmp_path / "file" / "j", *REPORTS)
    assert journal.path is None
    assert tuple(journal.hosts()) == REPORTS


def test_a_full_disk_loses_no_host(filled, tmp_path):
    journal = filled(tmp_path / "j", REPORTS[0])
    full = os.open("/dev/full", os.O_RDWR)
    was = os.dup(journal._file.fileno())
    os.dup2(full, journal._file.fileno())
    for report in REPORTS[1:]:
        journal.add(runfile.pack(report))
    os.dup2(was, journal._file.fileno())
    os.close(was)
    os.close(full)
    assert tuple(journal.hosts()) == REPORTS


@pytest.mark.parametrize("room", [0, 20])
@pytest.mark.parametrize("named", [True, False])
def test_a_disk_that_is_full_from_the_beginning_loses_no_host(named, room, filled, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    tempfile.tempdir, was = None, tempfile.tempdir
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        journal = filled(tmp_path / "j" if named else None, *REPORTS)
        assert tuple(journal.hosts()) == REPORTS
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        tempfile.tempdir = was
    assert journal.path is None
    assert list(tmp_path.iterdir()) == []


# What a run says that was cut short

CUT = msgspec.structs.replace(b.run(b.report(b.host())), unasked=("esx-8", "esx-9"))


def test_a_run_that_was_cut_short_is_no_go():
    assert CUT.hosts[0].verdict is Answer.GO
    told = summary.of(CUT)
    assert told.verdict is Answer.UNSURE
    assert told.headline == "Interrupted: 1 of 3 hosts was asked"
    for render in (text.render, html.render):
        assert "esx-9" in render(CUT)
        assert "UNSURE" in render(CUT)
    assert 'errors="2"' in junit.render(CUT).splitlines()[1]
    assert '"esx-9"' in json_report.render(CUT)


def test_a_run_says_that_its_limit_was_over():
    run = msgspec.structs.replace(CUT, ended="the run's limit of 30 min was over")
    told = summary.of(run)
    assert told.headline == "Cut short: 1 of 3 hosts was asked"
    for render in (text.render, html.render):
        page = render(run).replace("&#39;", "'").replace("\n        ", " ")
        assert "The run's limit of 30 min was over before esx-8, esx-9 could be asked." in page
        assert "Interrupted" not in page
    assert "the run's limit of 30 min was over before this host" in junit.render(run)
    unasked = msgspec.structs.replace(run, hosts=())
    assert summary.of(unasked).reason == (
        "The run's limit of 30 min was over before 2 hosts could be asked. "
        "Nothing is known of them."
    )


def test_a_fail_stays_a_fail_in_a_run_that_was_cut_short():
    run = msgspec.structs.replace(b.fleet(8), unasked=("esx-9",))
    told = summary.of(run)
    assert told.verdict is Answer.NO_GO
    assert told.headline.startswith("Interrupted: 8 of 9 hosts were asked, and ")


# The program, killed and interrupted

SLOW = """
import sys, time
from hostcheck import app
judge = app.report_of
def slowly(host, policy):
    time.sleep(0.15)
    return judge(host, policy)
app.report_of = slowly
from hostcheck.cli import main
main()
"""


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Every second of the recorded machines: enough to be cut short."""
    folder = tmp_path_factory.mktemp("machines")
    for one in sorted(FIXTURES.iterdir())[::2]:
        (folder / one.name).symlink_to(one)
    return folder


@pytest.fixture(scope="module")
def begin(start, machines):
    """Start a slow audit of them, which can be disturbed."""

    def begin(folder, *arguments, code=SLOW):
        words = ("audit", "--from", machines, *arguments)
        return start.open(*words, cwd=folder, env=os.environ, code=code)

    return begin


@pytest.fixture(name="audit", scope="module")
def audit_to_its_end(start, machines):
    def audit(folder, *arguments):
        return start("audit", "--from", machines, *arguments, cwd=folder, env=os.environ)

    return audit


@pytest.fixture(scope="module")
def whole(audit, tmp_path_factory):
    """The run file and HTML of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    assert audit(folder, "-q", "-o", "run.json", "--html", "run.html").returncode == 1
    assert sorted(path.name for path in folder.iterdir()) == ["run.html", "run.json"]
    return folder


def lines(path):
    return path.read_bytes().count(b"\n") - 1 if path.exists() else 0


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_stopped_is_taken_up_again(by, begin, audit, whole, tmp_path):
    journal = tmp_path / "run.json.journal"
    with begin(tmp_path, "-o", "run.json", "--html", "run.html", "--save", "saved") as process:
        for line in process.stderr:  # one line a host
            if line.startswith("audit: 5/"):
                process.send_signal(by)
                break
        _, said = process.communicate(timeout=60)
    done = lines(journal)
    total = len(runfile.read(whole / "run.json").hosts)
    assert 5 <= done < total
    if by is signal.SIGKILL:
        assert not (tmp_path / "run.json").exists()
    else:
        assert process.returncode == 3
        assert f"interrupted: {done} hosts are in the report, {total - done} were not" in said
        assert "--resume" in said
        cut = runfile.read(tmp_path / "run.json")
        assert (len(cut.hosts), len(cut.unasked)) == (done, total - done)
        every = tuple(runfile.read(whole / "run.json").hosts)
        assert all(report in every for report in cut.hosts)
        assert "Interrupted" in (tmp_path / "run.html").read_text()

    again = audit(
        tmp_path, "-o", "run.json", "--html", "run.html", "--save", "saved", "--resume",
    )  # fmt: skip
    assert again.returncode == 1, again.stderr
    assert f"{done} hosts are done already" in again.stderr
    assert again.stderr.count("audit: ") == total - done
    for name in ("run.json", "run.html"):
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes(), name
    assert not journal.exists()
    assert len(list((tmp_path / "saved").glob("*/manifest.json"))) == total


def test_what_its_limit_ended_is_taken_up_again(begin, audit, whole, tmp_path):
    with begin(
        tmp_path, "-o", "run.json", "--limit", "2", code=SLOW.replace("0.15", "0.5")
    ) as process:
        _, said = process.communicate(timeout=60)
    cut, total = runfile.read(tmp_path / "run.json"), len(runfile.read(whole / "run.json").hosts)
    done = len(cut.hosts)
    assert process.returncode == 3
    assert done == lines(tmp_path / "run.json.journal") < total
    assert said.endswith(
        f"\nhostcheck: the run's limit of 2 s was over: {done} hosts are in the report, "
        f"{total - done} were not asked; the same command with --resume asks the others\n"
    )
    assert (cut.ended, len(cut.unasked)) == ("the run's limit of 2 s was over", total - done)
    again = audit(tmp_path, "-q", "-o", "run.json", "--resume", "--limit", "1h")
    assert (again.returncode, again.stderr) == (1, "")
    assert (tmp_path / "run.json").read_bytes() == (whole / "run.json").read_bytes()


def test_without_resume_a_run_begins_anew_and_says_so(audit, whole, tmp_path):
    shutil.copy(whole / "run.json", tmp_path / "run.json")
    (tmp_path / "run.json.journal").write_text("left over\n")
    done = audit(tmp_path, "-q", "-o", "run.json")
    assert done.returncode == 1
    assert done.stderr.startswith("hostcheck: run.json.journal of an interrupted run is replaced")
    assert (tmp_path / "run.json").read_bytes() == (whole / "run.json").read_bytes()


def test_a_scheduled_run_may_always_resume(audit, whole, tmp_path):
    for _ in range(2):
        done = audit(tmp_path, "-q", "-o", "run.json", "--resume")
        assert (done.returncode, done.stderr) == (1, "")
        assert (tmp_path / "run.json").read_bytes() == (whole / "run.json").read_bytes()


def test_a_journal_stays_when_the_run_file_cannot_be_written(audit, tmp_path):
    (tmp_path / "run.json.part").mkdir()
    done = audit(tmp_path, "-q", "-o", "run.json")
    assert done.returncode == 2
    assert (tmp_path / "run.json.journal").exists()


STUBBORN = SLOW.replace(
    "from hostcheck.cli",
    """
def never(*given):
    print("writing", file=sys.stderr, flush=True)
    time.sleep(60)
from hostcheck import runfile
runfile.write = never
from hostcheck.cli""",
)


def interrupted_twice(begin, folder, code, word):
    """Interrupt a run, and once more when it says a word; return what it says from then on."""
    with begin(folder, "-o", "run.json", code=code) as process:
        for line in process.stderr:
            if line.startswith("audit: 2/") or line == f"{word}\n":
                process.send_signal(signal.SIGINT)
            if line == f"{word}\n":
                break
        _, said = process.communicate(timeout=30)
    assert process.returncode == 3
    return said


def test_a_second_interrupt_ends_it_at_once(begin, tmp_path):
    said = interrupted_twice(begin, tmp_path, STUBBORN, "writing")
    assert said == "\nhostcheck: ended; nothing more was written\n"
    assert lines(tmp_path / "run.json.journal") >= 2


LINGERING = f"""
import sys, threading, time
def linger():
    threading.main_thread().join()
    time.sleep(0.5)  # until it waits: a signal just before is not heard
    print("told", file=sys.stderr, flush=True)
    time.sleep(60)
threading.Thread(target=linger).start()
{SLOW}"""


def test_a_second_interrupt_when_all_is_told_ends_it_at_once(begin, tmp_path):
    said = interrupted_twice(begin, tmp_path, LINGERING, "told")
    assert said == "\nhostcheck: ended; nothing more was written\n"
    assert (tmp_path / "run.json").exists()


BEFORE_THE_FIRST = """
import signal
from hostcheck.sources.recorded import RecordedSource
def collector(source, targets, *, of=0):
    signal.raise_signal(signal.SIGINT)
RecordedSource.collector = collector
from hostcheck.cli import main
main()
"""


def test_an_interrupt_before_the_first_host_is_asked_ends_with_a_report(begin, tmp_path):
    with begin(tmp_path, "-q", "-o", "run.json", code=BEFORE_THE_FIRST) as process:
        told, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert said.startswith("\nhostcheck: interrupted: 0 hosts are in the report, ")
    assert "The run was interrupted before " in told
    assert (tmp_path / "run.json").exists()


def test_a_journal_knows_what_its_hosts_share_and_come_to(filled, opened, tmp_path):
    """What is known as hosts come is what a walk over them finds, and what was forgotten is not."""
    journal = filled(tmp_path / "j", *reversed(REPORTS))
    again = opened(_copied(tmp_path / "j"), resume=True)
    fewer = opened(_copied(tmp_path / "j-copy"), resume=True)
    fewer.keep([one.host.ref.key for one in REPORTS[1:]])
    twice = filled(tmp_path / "twice", *REPORTS, REPORTS[0])
    for one, reports in (
        (journal, REPORTS), (again, REPORTS), (fewer, REPORTS[1:]), (twice, REPORTS),
    ):  # fmt: skip
        run = b.run(*reports)
        assert list(one.hosts().verdicts()) == [report.verdict for report in reports]
        told = b"".join(runfile.chunks(msgspec.structs.replace(run, hosts=one.hosts())))
        assert told == b"".join(runfile.chunks(run))
