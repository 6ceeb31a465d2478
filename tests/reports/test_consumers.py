"""Each format of a run is read by the program, parser or schema that its users read it with."""

import csv
import json
import re
import subprocess
import time
import urllib.request
from html import escape, unescape
from pathlib import Path

import cmarkgfm
import jsonschema
import junitparser
import msgspec
import pytest
from msgspec.structs import replace
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import Asked
from hostcheck.model.waiver import Beside, State, Waived, Waiver, Waivers, WaiverUse
from hostcheck.reports import pieces, words, write
from hostcheck.reports.cells import cell
from hostcheck.reports.markdown import LONGEST, code, prose, within_limit
from hostcheck.reports.markdown import table as markdown_table
from hostcheck.reports.run import markdown, ocsf, prometheus, sarif
from tests import golden
from tests.peers.ports import own_port
from tests.reports import builders as b
from tests.reports.consumers import program

HERE = Path(__file__).parent
RUNS = {
    "one host": b.one_host, "fleet": lambda: b.fleet(8), "preflight": b.preflight_run,
    "hostile": b.hostile, "cut": lambda: replace(
        b.fleet(3), unasked=("esx90", "esx91"), ended="its limit was over",
        targets=(Asked("vc-a"), Asked("vc-b", "nobody <there>")),
    ),
    "nothing": b.run,
}  # fmt: skip


def told(name, run):
    return "".join(pieces("run", name, run))


@pytest.fixture(params=RUNS, scope="module")
def run(request):
    return RUNS[request.param]()


def waived():
    """One host whose failing VM-001 is waived."""
    made = b.run(b.report(b.host(vms=1, gpus=1), {"VM-001": Status.FAIL}))
    (report,) = made.hosts
    fail = next(one for one in report.results if one.status is Status.FAIL)
    waiver = Waiver("VM-001", "on its way, says @boss", "k.meyer", "2099-12-31", report.host.name)
    key = (report.host.name, made.target)
    return replace(made, waivers=Waivers(
        "w.toml", "2026-11-21", (WaiverUse(waiver, State.APPLIES, 1, (report.host.name,), 1),),
        (Waived(*key, fail.check, fail.subject.kind, fail.subject.id, 0),),
        (Beside(*key, Answer.NO_GO, Answer.GO),),
    ))  # fmt: skip


def counted(run):
    """Results by status, of hosts and of what only a preflight judged."""
    found = [one for report in run.hosts for one in report.results]
    for one in run.preflight.candidates if run.preflight else ():
        (report,) = (each for each in run.hosts if each.host.name == one.host)
        held = {(r.check, r.subject.kind, r.subject.id) for r in report.results}
        found += [r for r in one.results if (r.check, r.subject.kind, r.subject.id) not in held]
    left = len(run.unasked) + sum(bool(one.failure) for one in run.targets)
    left = left or int(not run.hosts)  # that there was nothing to judge is a result of its own
    count = {status: sum(one.status is status for one in found) for status in Status}
    return count | {Status.UNKNOWN: count[Status.UNKNOWN] + left}


# JUnit


def test_junit_is_read_and_its_counts_agree(run, tmp_path):
    write("run", "junit", run, tmp_path / "j.xml")
    read = junitparser.JUnitXml.fromfile(str(tmp_path / "j.xml"))
    cases = [case for suite in read for case in suite]
    results = [one for case in cases for one in case.result]
    assert read.tests == len(cases) == sum(counted(run).values())
    kinds = (junitparser.Failure, junitparser.Error, junitparser.Skipped)
    found = [sum(isinstance(one, kind) for one in results) for kind in kinds]
    assert found == [read.failures, read.errors, read.skipped]
    assert len(results) == len(cases) - counted(run)[Status.PASS]


# CSV


def test_csv_has_a_row_for_each_result(run, tmp_path):
    write("run", "csv", run, tmp_path / "r.csv")
    raw = (tmp_path / "r.csv").read_bytes()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True, restkey="more"))
    count = {status: sum(row["status"] == status.value for row in rows) for status in Status}
    assert count == counted(run)
    for row in rows:
        assert "more" not in row
        assert None not in row.values()
        assert all(re.match(r"[=+\-@\t\r]", text) is None for text in row.values())
        assert row["unknown_because"] or row["status"] not in ("unknown", "error")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"), ("\r1", "'\r1"), (" =1", " '=1"), ("\uff1d1", "'\uff1d1"),
        ("x;=1;y", "x;'=1;y"), ("x; =1", "x; '=1"), ("x\t=1", "x\t'=1"),
        ("a-b", "a-b"), ("a;b", "a;b"), ("", ""), ("1 = 1", "1 = 1"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(text, safe):
    assert cell(text) == safe


# Markdown


def rendered(text):
    return cmarkgfm.github_flavored_markdown_to_html(text)


def test_markdown_is_as_long_as_a_comment_may_be(run):
    text = told("markdown", run)
    assert len(text) < 65_536
    page = rendered(text)
    assert re.findall(r"<(?!/?(?:h2|h3|p|strong|em|code|table|thead|tbody|tr|th|td|ol|ul|li|hr|"
                      r"blockquote|br)\b)[^>]*>", page) == []  # fmt: skip
    assert all(f">{escape(code(one.host.name).strip('`'))}<" in page for one in run.hosts)


MARKUP = (
    *b.HOSTILE, "a|b", "a\\|b", "a\\", "`", "``a`", "*a* _b_ ~~c~~", "[a](http://x)", "![a](x)",
    "www.example.com http://a.example/b", "1. a", "1) a", "- a", "+ a", "# a", "> a", "=== a",
    "&lt;b&gt;", "<b>", "a@example.com", "$a$", "| a | b |", "    a", "~~~", "---", ":-: a",
)  # fmt: skip


@pytest.mark.parametrize("text", MARKUP)
def test_what_a_host_says_is_text_in_markdown(text):
    shown = " ".join(words.clean(text).split())
    for made, whole in (
        (prose(text), r"<p>(.*)</p>\s*"),
        (code(text, 300), r"<p><code>(.*)</code></p>\s*"),
    ):
        (inner,) = re.fullmatch(whole, rendered(made), re.DOTALL).groups()
        assert "<" not in inner
        assert unescape(inner).replace("\u200b", "") == shown
        table = rendered("\n".join(markdown_table(("a", "b"), [(made, "end")])))
        assert table.count("<td>") == 2
        assert "<td>end</td>" in table
        (cell_,) = re.findall(r"<td>(?:<code>)?(.*?)(?:</code>)?</td>\n<td>end", table, re.DOTALL)
        assert unescape(cell_).replace("\u200b", "") == shown


def test_nobody_is_mentioned():
    assert "@boss" not in re.sub("`[^`]*`", "", told("markdown", waived()))
    assert "#12" not in prose("see #12, !34 and GH-56, http://a, www.b")
    assert "://" not in prose("http://a")


def test_markdown_says_how_much_is_left_out():
    lines = list(within_limit((f"line {n}" for n in range(100)), 100))
    assert sum(map(len, lines[:-1])) <= 100
    assert (
        lines[-1].strip()
        == f"*{100 - (len(lines) - 1)} more lines left out: hostcheck report shows all.*"
    )
    huge = b.run(*(b.report(b.host(f"{'x' * 400}{n}"), b.MIXED) for n in range(60)))
    assert len(told("markdown", huge)) < LONGEST + 200


def test_markdown_puts_the_gravest_first_and_names_what_is_waived():
    page = told("markdown", b.fleet(8))
    verdicts = re.findall(r"^\| \S (NO-GO|UNSURE|GO|NO-GPU) \|", page, re.MULTILINE)
    order = [one.value for one in markdown.GRAVEST]
    assert verdicts == sorted(verdicts, key=order.index)
    assert len(verdicts) == 8
    assert "### Waived" in told("markdown", waived())


# SARIF

SARIF = jsonschema.Draft4Validator(
    json.loads((HERE / "published" / "sarif-2.1.0-rtm.5.json").read_text())
)


def test_sarif_follows_the_published_schema(run):
    document = json.loads(told("sarif", run))
    assert [error.json_path for error in SARIF.iter_errors(document)] == []
    (only,) = document["runs"]
    rules = {one["id"] for one in only["tool"]["driver"]["rules"]}
    found = counted(run)
    assert only["properties"]["results"] == {one.value: number for one, number in found.items()}
    assert len(only["results"]) == sum(found[one] for one in sarif.TOLD)
    for one in only["results"]:
        (where,) = one["locations"]  # GitHub refuses the file where one has none
        assert where["physicalLocation"]["artifactLocation"]["uri"].startswith("hosts/")
        assert one["ruleId"] in rules
        assert (one["kind"], one["level"]) != ("open", "error")
        unknown = one["properties"]["status"] in ("unknown", "error")
        assert unknown == (one["kind"] == "open") == (one["level"] == "none")
    marks = [one["partialFingerprints"]["primaryLocationLineHash"] for one in only["results"]]
    assert len(set(marks)) == len(marks)


def test_sarif_fingerprints_outlive_what_is_observed():
    def marks(**changes):
        run = b.run(b.report(b.host(), {"VM-001": (Status.FAIL, changes), "HST-001": Status.FAIL}))
        return {
            (one["ruleId"], one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]):
            one["partialFingerprints"]
            for one in json.loads(told("sarif", run))["runs"][0]["results"]
        }  # fmt: skip

    assert marks(observed="1 GiB") == marks(observed="2 GiB", note="more")


def test_sarif_keeps_to_the_limit_and_leaves_out_the_least_grave(monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    (only,) = json.loads(told("sarif", b.fleet(8)))["runs"]
    assert [one["level"] for one in only["results"]] == ["error"] * 3
    found = sum(counted(b.fleet(8))[one] for one in sarif.TOLD)
    notes = [one["message"]["text"] for one in only["invocations"][0]["toolExecutionNotifications"]]
    assert f"{found - 3} less grave results are left out: GitHub takes 3" in notes


def test_sarif_suppresses_what_is_waived():
    (only,) = json.loads(told("sarif", waived()))["runs"]
    (one,) = (one for one in only["results"] if one.get("suppressions"))
    assert (one["ruleId"], one["kind"], one["level"]) == ("VM-001", "fail", "error")
    assert one["suppressions"][0]["justification"].endswith("(k.meyer, until 2099-12-31)")


# Prometheus


def test_metrics_pass_promtool(run):
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=told("prometheus", run), text=True,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_metrics_are_called_never_changes(update):
    """node_exporter drops samples without a word where two files differ in a HELP."""
    table = "".join(f"{one.name} {one.help}\n" for one in prometheus.FAMILIES)
    held = (HERE / "prometheus-help.txt").read_text(encoding="utf-8")
    assert table.startswith(held), "no line may change or go; new ones come last"
    golden.check(HERE / "prometheus-help.txt", table, update=update)


def test_no_series_is_told_twice_and_no_family_twice(run):
    lines = told("prometheus", run).splitlines()
    samples = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(set(samples)) == len(samples)
    families = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert families == [one.name for one in prometheus.FAMILIES]


def test_hosts_of_one_name_have_series_of_their_own():
    name = "x" * 500
    text = told("prometheus", b.run(b.report(b.host(name)), b.report(b.host(name + "y"))))
    assert len(re.findall(r"^hostcheck_host_gpus", text, re.MULTILINE)) == 2
    assert '… #2"} 2' in text


@pytest.fixture(scope="module")
def exporter(tmp_path_factory, keep_running):
    """A node_exporter that reads a folder."""
    folder = tmp_path_factory.mktemp("textfiles")
    port = keep_running(own_port())
    running = subprocess.Popen(
        [program("prometheus-node-exporter", "node_exporter"), "--collector.disable-defaults",
         "--collector.textfile", f"--collector.textfile.directory={folder}",
         f"--web.listen-address=127.0.0.1:{port}"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ask():
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
                    return page.read().decode()
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("node_exporter does not answer")

    yield folder, ask
    running.terminate()
    running.wait(10)


def test_node_exporter_shows_every_sample_of_two_runs(exporter):
    folder, ask = exporter
    first, second = b.hostile(), replace(b.fleet(8), target="vc-2")
    for name, run in (("first", first), ("second", second)):
        write("run", "prometheus", run, folder / f"{name}.prom")
    (folder / "second.prom.part").write_text("half a li")  # what a killed writer leaves
    answer = ask()
    assert "node_textfile_scrape_error 0" in answer
    shown = [line for line in answer.splitlines() if line.startswith("hostcheck_")]
    written = [
        line for run in (first, second) for line in told("prometheus", run).splitlines()
        if not line.startswith("#")
    ]  # fmt: skip
    assert len(shown) == len(written)
    for one in Answer:
        held = sum(report.verdict is one for run in (first, second) for report in run.hosts)
        true = [x for x in shown if x.startswith("hostcheck_host_verdict{")
                and f'verdict="{one.value}"' in x and x.endswith(" 1")]  # fmt: skip
        assert len(true) == held


def test_metrics_count_what_is_waived_beside_its_status():
    text = told("prometheus", waived())
    assert re.search(r"^hostcheck_host_waived_results\{.*\} 1$", text, re.MULTILINE)
    assert re.search(r'check="VM-001",severity="required",status="fail",waived="yes"\} 1', text)


# OCSF


@pytest.fixture(scope="module")
def finding():
    """The published schema of the class, as JSON Schema."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(ocsf.VERSION))
    return jsonschema.Draft202012Validator(schema.get_class_schema("compliance_finding"))


def test_ocsf_follows_the_published_schema(run, finding):
    events = json.loads(told("ocsf", run))
    assert len(events) == sum(counted(run).values())
    ids = [one["finding_info"]["uid"] for one in events]
    assert len(set(ids)) == len(ids)
    of = {1: (Status.PASS,), 2: (Status.UNKNOWN, Status.ERROR), 3: (Status.FAIL,),
          99: (Status.NOT_APPLICABLE,)}  # fmt: skip
    found = counted(run)
    for number, statuses in of.items():
        told_ = sum(one["compliance"]["status_id"] == number for one in events)
        assert told_ == sum(found[each] for each in statuses)
    kinds = {msgspec.json.encode(sorted(one)): one for one in events}  # one of each shape
    for one in (*kinds.values(), *events[:40]):
        assert [f"{x.json_path}: {x.message}" for x in finding.iter_errors(one)] == []


def test_the_published_schema_refuses_what_is_wrong(finding):
    (first, *_) = json.loads(told("ocsf", b.healthy()))
    for change in (
        {"severity_id": 7},
        {"time": "now"},
        {"more": 1},
        {"compliance": {"status_id": "x"}},
    ):
        assert list(finding.iter_errors(first | change)), change


def test_ocsf_keeps_a_waived_fail_a_fail(finding):
    events = json.loads(told("ocsf", waived()))
    (one,) = (one for one in events if one["status"] == "Suppressed")
    assert one["compliance"]["status"] == "Fail"
    assert "waived until 2099-12-31 by k.meyer" in one["comment"]
    assert list(finding.iter_errors(one)) == []


# All of them


@pytest.mark.parametrize("name", ["csv", "junit", "markdown", "ocsf", "prometheus", "sarif"])
def test_losing_an_answer_never_makes_a_pass(name):
    """What is unknown says so: the text of a host nobody could read has no word of a pass."""
    gone = b.fleet(8).hosts[6]
    assert {one.status for one in gone.results} == {Status.UNKNOWN}
    text = told(name, b.run(gone))
    word = {
        "csv": ",pass,", "ocsf": '"Pass"', "markdown": "✓", "sarif": '"kind": "pass"',
        "junit": "<testcase",
        "prometheus": 'status="pass"} 1',
    }[name]  # fmt: skip
    if name == "junit":
        required = sum(one.severity is Severity.REQUIRED for one in gone.results)
        assert (text.count("<error"), text.count("<skipped")) == (
            required, len(gone.results) - required,
        )  # fmt: skip
        return
    assert word not in text
    assert word in told(name, b.healthy()) or name in ("sarif", "prometheus")


def test_a_host_that_is_go_is_not_red():
    for report in b.fleet(8).hosts:
        text = told("junit", b.run(report))
        red = "<failure" in text or "<error" in text
        assert red == (report.verdict is not Answer.GO), report.host.name
    made = b.run(b.report(b.host(), {**b.SSH_OFF, "NUMA-001": Status.FAIL, "AGR-001": Status.ERROR,
                                     "DRV-002": Status.PASS, "ECC-002": Status.PASS}))  # fmt: skip
    assert made.hosts[0].verdict is Answer.GO
    root = junitparser.JUnitXml.fromstring(told("junit", made).encode())
    assert (root.failures, root.errors) == (0, 0)
    said = [one.message for suite in root for case in suite for one in case.result]
    assert any(one.startswith("fail (recommended): Shared; expected") for one in said)
    assert any(one.startswith("unknown (recommended): It was not asked") for one in said)
    assert any(one.startswith("error (informational): KeyError") for one in said)
