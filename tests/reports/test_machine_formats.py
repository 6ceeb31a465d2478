"""JSON is the run itself; JUnit is red where the verdict is, and unknown is never a pass."""

import subprocess
import sys
from xml.etree import ElementTree as ET

import msgspec
import pytest

from hostcheck.cli.report import TELLING
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import Asked, Run, SavedAs
from hostcheck.model.waiver import State, Waived, Waiver, Waivers, WaiverUse
from hostcheck.reports import formats, pieces
from hostcheck.reports.run import json as json_report
from hostcheck.reports.run import junit
from hostcheck.runfile import packed
from tests.reports import builders as b


def test_json_reads_back_as_the_same_run():
    for run in (b.one_host(), b.fleet(8), b.preflight_run(), b.hostile()):
        text = json_report.render(run)
        read = msgspec.json.decode(text, type=Run)
        assert msgspec.structs.replace(read, hosts=tuple(read.hosts)) == run
        assert text == json_report.render(run)
        assert text.endswith("}\n")


def suites(run):
    return ET.fromstring(junit.render(run).encode())


def test_junit_has_a_suite_per_host_and_a_case_per_result():
    run = b.fleet(8)
    root = suites(run)
    assert [suite.get("name") for suite in root] == [r.host.name for r in run.hosts]
    for suite, report in zip(root, run.hosts, strict=True):
        assert len(suite.findall("testcase")) == len(report.results) == int(suite.get("tests"))


def test_junit_outcomes_follow_the_status_and_what_decides():
    report = b.one_host().hosts[0]
    suite = suites(b.run(report))[0]
    red = {Status.FAIL: "failure", Status.UNKNOWN: "error", Status.ERROR: "error"}
    for case, result in zip(suite.findall("testcase"), report.results, strict=True):
        found = [e.tag for e in case if e.tag != "system-out"]
        if result.status is Status.PASS:
            assert found == []
        elif result.severity is Severity.REQUIRED and result.status in red:
            assert found == [red[result.status]]
        else:
            assert found == ["skipped"]
        for one in case:
            if one.tag in ("failure", "error"):
                # GitLab drops the attributes of an element that has text.
                assert one.get("message") in " ".join(one.text.split())
                assert "asked: \n" not in one.text + "\n"
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(kind)) == len(suite.findall(f"testcase/{tag}")) > 0


def test_a_run_that_is_not_sure_looks_well_in_no_format():
    (one,) = b.one_host().hosts
    replace = msgspec.structs.replace
    empty = replace(one, verdict=Answer.UNSURE, results=())
    passes = tuple(r for r in one.results if r.status is Status.PASS)
    bare = replace(one, verdict=Answer.NO_GPU, results=passes)
    for hosts, found in ((), 1), ((bare,), 1), ((empty,), 1), ((bare, empty), 1):
        run = b.run(*hosts)
        assert int(suites(run).get("errors")) == found
        for name in ("csv", "sarif", "ocsf"):
            assert "".join(pieces("run", name, run)).count("something required of it") >= found
    for hosts in (b.fleet(8).hosts, (*b.one_host().hosts, bare)):
        assert "JUDGED" not in "".join(pieces("run", "csv", b.run(*hosts)))


def waived(made):
    """Return a run with the first fail of each host that has one waived."""
    fails = [
        (report.host.name, one)
        for report in made.hosts
        for one in [r for r in report.results if r.status is Status.FAIL][:1]
    ]
    assert fails
    waiver = Waiver("c", "r", "o", "2026-12-31", "*")
    use = WaiverUse(waiver, State.APPLIES, len(fails), (), len(fails))
    results = tuple(
        Waived(name, made.target, one.check, one.subject.kind, one.subject.id, 0)
        for name, one in fails
    )
    return msgspec.structs.replace(made, waivers=Waivers("w.toml", "", (use,), results, ()))


def off(made):
    """Return a run whose policy keeps every third result from being judged."""
    replace = msgspec.structs.replace
    return replace(made, hosts=tuple(
        replace(report, results=tuple(
            replace(one, status=Status.NOT_SELECTED) if number % 3 == 0 else one
            for number, one in enumerate(report.results)
        ))
        for report in made.hosts
    ))  # fmt: skip


def odd_runs():
    replace = msgspec.structs.replace
    (one,) = b.one_host().hosts
    empty = replace(one, verdict=Answer.UNSURE, results=())
    bare = replace(one, verdict=Answer.NO_GPU)
    silence = (Asked("a.lab.test"), Asked("b.lab.test", "it did not answer"))
    fleet = b.fleet(8)
    return {
        "fleet": fleet, "waived": waived(fleet), "off": off(fleet), "none": b.run(),
        "no GPU": b.run(bare), "nothing judged": b.run(empty), "both": b.run(bare, empty),
        "interrupted": replace(fleet, unasked=("esx77", "esx78")),
        "silent": replace(b.run(), targets=silence), "preflight": b.preflight_run(),
        "no host of a preflight": b.preflight_run("UNSURE"),
    }  # fmt: skip


@pytest.mark.parametrize("name", odd_runs())
@pytest.mark.parametrize("lines", [False, True])
def test_junit_counts_add_up(name, lines):
    """The document's are counted before its suites are written, of less of each host."""
    made = odd_runs()[name]
    if lines:
        made = msgspec.structs.replace(made, hosts=packed(made.hosts))
    root = suites(made)
    for kind in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(kind)) == sum(int(suite.get(kind)) for suite in root)
    assert int(root.get("tests")) == len(root.findall(".//testcase")) > 0


def test_junit_survives_hostile_names():
    text = junit.render(b.hostile())
    assert "\x1b" not in text
    assert "\x00" not in text
    assert len(suites(b.hostile()).findall(".//testcase")) == len(b.hostile().hosts[0].results)


def test_junit_holds_what_only_the_preflight_judged():
    names = [suite.get("name") for suite in suites(b.preflight_run())]
    assert "preflight of new-vm on esx01.lab.example" in names


def test_naming_the_formats_imports_no_template_engine():
    code = (
        "import sys, hostcheck.reports as r; r.formats('run'); "
        "sys.exit(any(m in sys.modules for m in ('jinja2', 'rich', 'hostcheck.reports.run.html')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0


class Walked(list):
    """Hosts that count how often they are walked over: on disk, each walk opens all of them."""

    walks = 0

    def __iter__(self):
        self.walks += 1
        return super().__iter__()


@pytest.mark.parametrize("name", formats("run"))
def test_walks_over_the_hosts_do_not_grow_with_the_candidates(name):
    run = b.preflight_run()
    (first, *_) = run.preflight.candidates
    many = tuple(msgspec.structs.replace(first, rank=n, host=f"esx{n}") for n in range(1, 40))
    told = msgspec.structs.replace(run.preflight, candidates=many)
    hosts = Walked(run.hosts)
    assert "".join(pieces("run", name, msgspec.structs.replace(run, hosts=hosts, preflight=told)))
    assert hosts.walks < 10


@pytest.mark.parametrize("name", formats("run"))
def test_the_file_that_a_run_was_read_from_is_hashed_for_who_tells_it(name):
    run = b.one_host()
    read = msgspec.structs.replace(run, read_from=SavedAs("f" * 64))
    told = "".join(pieces("run", name, run)) != "".join(pieces("run", name, read))
    assert told is (name in TELLING)
