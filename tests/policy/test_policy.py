"""Policies: what is off is never a pass, what is lowered says so, and losing sight helps nobody."""

import csv
import io
import json
import pickle
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import fromstring

import jsonschema
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import app, runfile
from hostcheck.checks.engine import all_checks
from hostcheck.cli import main
from hostcheck.diff import since
from hostcheck.diff.story import Story
from hostcheck.exits import exit_code
from hostcheck.model.difference import Became
from hostcheck.model.fact import Known
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.policy.file import read
from hostcheck.policy.settle import checks_for
from hostcheck.reports import pieces
from hostcheck.reports.summary import whole as summary
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.verdict import report_of
from tests.diff.test_diff import DENIED, SCHEMAS, hosts, recorded
from tests.policy.rules import expecting, off, weighing
from tests.private_data import FIXTURES

SNC = "4n-2xA100-80-esxi803-snc2"
BROKEN = {"in_maintenance_mode": Known(value=True)}
"""HOST-002 is required."""
SHABBY = {"reboot_required": Known(value=True)}
"""HOST-003 is recommended."""


def a_host(**changes):
    return replace(hosts(1)[0], **changes)


def results(report, check):
    return [one for one in report.results if one.check == check]


def a_run(by, *found):
    return run_of("vc.lab.test", tuple(report_of(one, by) for one in found), policy=by)


def test_what_is_off_is_told_and_no_pass(policy):
    by = policy(off("HOST-002"), off("GPU-003"))
    report = report_of(a_host(**BROKEN), by)
    (one,) = results(report, "HOST-002")
    assert (one.status, one.subject.kind, one.observed) == (
        Status.NOT_SELECTED, "host", "not judged",
    )  # fmt: skip
    assert one.note.startswith("off by policy site (")
    assert "site.toml, line 3): it is known" in one.note
    assert [each.status for each in results(report, "GPU-003")] == [Status.NOT_SELECTED]
    assert len(results(report_of(a_host()), "GPU-003")) == 2
    assert {one.check for one in report.results} == {
        one.check for one in report_of(a_host()).results
    }


def test_a_host_of_which_nothing_required_is_judged_is_no_go_and_no_pass(policy):
    required = [one.id for one in all_checks() if one.severity is Severity.REQUIRED]
    by = policy(f'check = {required}\nselected = false\nreason = "none of it"')
    assert report_of(a_host(), by).verdict is Answer.UNSURE


def test_a_fail_that_weighs_less_says_so(policy):
    by = policy(weighing("HOST-002", "recommended"))
    report = report_of(a_host(**BROKEN), by)
    (one,) = results(report, "HOST-002")
    assert (one.status, one.severity, report.verdict) == (
        Status.FAIL, Severity.RECOMMENDED, Answer.GO,
    )  # fmt: skip
    assert "recommended, not required, by policy site" in one.note
    (dark,) = results(report_of(a_host(in_maintenance_mode=DENIED), by), "HOST-002")
    assert (dark.status, dark.severity) == (Status.UNKNOWN, Severity.RECOMMENDED)
    assert "recommended, not required" in dark.note


def test_what_weighs_more_decides(policy):
    by = policy(weighing("HOST-003", "required"))
    assert report_of(a_host(**SHABBY)).verdict is Answer.GO
    assert report_of(a_host(**SHABBY), by).verdict is Answer.NO_GO
    assert report_of(a_host(reboot_required=DENIED), by).verdict is Answer.UNSURE


def test_the_last_rule_holds(policy):
    by = policy(
        weighing("HOST-*", "required", ""), weighing("HOST-003", "informational"),
        'check = "GPU-003"\nselected = false', 'check = "GPU-003"\nselected = true',
    )  # fmt: skip
    report = report_of(a_host(**SHABBY), by)
    assert results(report, "HOST-003")[0].severity is Severity.INFORMATIONAL
    assert {one.status for one in results(report, "GPU-003")} == {Status.PASS}


class TestClusters:
    def test_a_rule_of_a_cluster(self, policy):
        by = policy(weighing("HOST-002", "recommended", 'cluster = "HPC-*"'))
        assert report_of(a_host(cluster=Known("hpc-1"), **BROKEN), by).verdict is Answer.GO
        assert report_of(a_host(cluster=Known("web"), **BROKEN), by).verdict is Answer.NO_GO

    def test_losing_the_cluster_loosens_nothing(self, policy):
        looser = policy(
            weighing("HOST-002", "recommended", 'cluster = "hpc"'),
            off("HOST-001") + '\ncluster = "hpc"',
        )
        broken = {**BROKEN, "connection_state": Known("disconnected")}
        assert report_of(a_host(cluster=Known("hpc"), **broken), looser).verdict is Answer.GO
        assert report_of(a_host(cluster=DENIED, **broken), looser).verdict is Answer.NO_GO
        stricter = policy(
            weighing("HOST-003", "required", 'cluster = "prod"'),
            'check = "GPU-003"\nselected = false',
            'check = "GPU-003"\nselected = true\ncluster = "prod"',
        )
        report = report_of(a_host(cluster=DENIED, **SHABBY), stricter)
        assert report.verdict is Answer.NO_GO
        assert {one.status for one in results(report, "GPU-003")} == {Status.PASS}

    def test_an_expectation_of_a_cluster_that_is_not_known_is_unknown(self, policy):
        by = policy(expecting("NUMA-001", "nodes_per_package = 2", 'cluster = "hpc"'))
        for host in (a_host(cluster=DENIED), replace(recorded(SNC), cluster=DENIED)):
            (one,) = results(report_of(host, by), "NUMA-001")
            assert one.status is Status.UNKNOWN
            assert "its cluster is not known" in one.unseen.detail
        settled = policy(
            expecting("NUMA-001", "nodes_per_package = 2", 'cluster = "hpc"'),
            expecting("NUMA-001", "nodes_per_package = 1"),
        )
        assert results(report_of(a_host(cluster=DENIED), settled), "NUMA-001")[0].status is (
            Status.PASS
        )


class TestExpectations:
    @pytest.mark.parametrize(
        ("wish", "status", "expected"),
        [
            ("2", Status.PASS, "1 or 2 NUMA nodes per package"),
            ("[4]", Status.FAIL, "1 or 4 NUMA nodes per package"),
            ("[1]", Status.FAIL, "one NUMA node per package"),
        ],
    )
    def test_nodes_per_package(self, policy, wish, status, expected):
        by = policy(expecting("NUMA-001", f"nodes_per_package = {wish}"))
        (one,) = results(report_of(recorded(SNC), by), "NUMA-001")
        assert (one.status, one.expected) == (status, expected)
        (plain,) = results(report_of(a_host(), by), "NUMA-001")
        assert plain.status is Status.PASS
        assert ("policy site expects nodes_per_package" in one.note) == (wish != "[1]")

    def test_an_uneven_cut_is_a_fault_all_the_same(self, policy):
        by = policy(expecting("NUMA-001", "nodes_per_package = [1, 2, 3, 4]"))
        host = recorded("3n-2xA100-80-esxi803-snc-one-socket")
        assert results(report_of(host, by), "NUMA-001")[0].status is Status.FAIL

    def test_together_on_a_package(self, policy):
        by = policy(expecting("LOC-001", 'together = "package"'))
        host = recorded(SNC)
        nics = tuple(replace(one, numa_node=Known(1)) for one in host.nics.value)
        gpus = tuple(replace(one, numa_node=Known(0)) for one in host.gpus.value)
        for node, then, now in ((0, "fail", "pass"), (2, "fail", "fail")):
            moved = replace(
                host, nics=Known(nics),
                gpus=Known(tuple(replace(one, numa_node=Known(node)) for one in gpus)),
            )  # fmt: skip
            for policy_, word in ((None, then), (by, now)):
                told = [
                    one.status.value
                    for one in results(report_of(moved, policy_), "LOC-001")
                    if one.status is not Status.NOT_APPLICABLE
                ]
                assert set(told) == {word}, (node, word)
        dark = replace(host, nics=Known(nics), gpus=Known(gpus), numa_nodes=DENIED)
        assert Status.PASS not in {one.status for one in results(report_of(dark, by), "LOC-001")}

    def test_days_of_support_and_what_believing_makes_of_it(self, policy):
        host = a_host()
        before = results(report_of(host), "HOST-014")[0]
        assert before.status is Status.PASS
        ends = before.note.split()[-1]
        by = policy(expecting("HOST-014", "days_of_support = 3650"))
        (one,) = results(report_of(host, by), "HOST-014")
        assert one.status is Status.FAIL
        assert one.expected == "a line with general support, for 3650 more days"
        assert f"support ends {ends}" in one.note

    def test_the_least_speedup_is_a_number(self, policy):
        by = policy(expecting("SPARSE-002", "least_speedup = 1.5"))
        (one,) = (one for one in checks_for(by, Known("c")) if one.id == "SPARSE-002")
        assert one.by.wishes[0].value == 1.5


class TestStarting:
    """A power-on: nothing that decides it is off or weighs less."""

    def test_what_decides_is_judged_all_the_same(self, policy):
        by = policy(off("HOST-002"), weighing("HOST-001", "informational"))
        host = a_host(**BROKEN)
        assert report_of(host, by).verdict is Answer.GO
        report = report_of(host, by, starting=True)
        assert report.verdict is Answer.NO_GO
        assert results(report, "HOST-002") == results(report_of(host), "HOST-002")

    def test_a_preflight(self, policy, tmp_path):
        policy(off("VM-001"), weighing("VM-010", "required"))
        words = ["preflight", "--from", str(FIXTURES / SNC), "--quiet", "--format", "json"]

        def verdicts(vm, *more):
            done = CliRunner().invoke(main, [*words, vm, *more])
            assert done.exit_code in (0, 1, 3), done.output
            (candidate,) = json.loads(done.stdout)["preflight"]["candidates"]
            found = {one["check"]: one for one in candidate["results"]}
            return candidate["verdict"], found

        vms = [one.name for one in recorded(SNC).vms.value]
        for vm in vms:
            then, plain = verdicts(vm)
            now, told = verdicts(vm, "--policy", str(tmp_path / "site.toml"))
            assert told["VM-001"] == plain["VM-001"]
            assert told["VM-010"]["severity"] == "required"
            worse = plain["VM-010"]["status"] == "fail"
            assert now == ("NO-GO" if worse else then)


class TestReports:
    def test_each_names_it(self, policy):
        by = policy(off("HOST-002"))
        run = a_run(by, *hosts(2))
        for name in ("text", "html"):
            text = " ".join("".join(pieces("run", name, run)).split())
            assert f"Judged by policy site ({by.sha256[:12]})" in text, name
            assert "HOST-002 is off, though a power-on depends on it" in text, name
            assert "off by policy" in text, name
        for name in ("brief", "markdown"):
            text = "".join(pieces("run", name, run))
            assert "2 are off by policy" in text or "2 off by policy" in text, name
        line = "".join(pieces("run", "line", run)).splitlines()[-1]
        assert line.endswith(f' policy="site ({by.sha256[:12]})" off=2')
        junit = fromstring("".join(pieces("run", "junit", run)))
        said = [one.get("message") for one in junit.iter("skipped")]
        assert sum("off by policy site" in one for one in said) == 2
        document = json.loads("".join(pieces("run", "json", run)))
        assert document["policy"]["sha256"] == by.sha256
        jsonschema.validate(document, json.loads((SCHEMAS / "run-1.json").read_text()))

    def test_what_is_off_counts_neither_as_judged_nor_as_wanted(self, policy):
        by = policy('check = "GPU-003"\nselected = false')
        then, now = (summary.of(a_run(one, a_host())).coverage for one in (None, by))
        assert (then.wanted - now.wanted, then.judged - now.judged, now.off) == (2, 2, 1)

    def test_a_diff_says_that_it_is_off_and_not_that_it_is_mended(self, policy):
        then, now = a_run(None, a_host(**BROKEN)), a_run(policy(off("HOST-002")), a_host(**BROKEN))
        made = since(Story.of(then), now)
        assert [(one.became, one.check) for one in made.changes] == [(Became.OFF, "HOST-002")]
        assert any("judged by no policy and by site (" in one for one in made.notices)
        text = "".join(pieces("diff", "text", made))
        assert "OFF BY POLICY NOW (1)" in text
        assert "off by policy now" in "".join(pieces("diff", "html", made)).lower()


class TestAnew:
    """`report --policy`: only what a policy changes is judged again."""

    @pytest.mark.parametrize("name", ["passthrough-ml", "hpc-snc-allowed", "vgpu-vdi"])
    def test_as_if_it_had_been_judged_so(self, name):
        by = read(name)
        found = [recorded(SNC), *hosts(2)]
        found = sorted(found, key=lambda one: one.name)
        plain, policed = a_run(None, *found), a_run(by, *found)
        assert tuple(app.judged_anew(plain, by).hosts) == tuple(policed.hosts)
        assert app.judged_anew(plain, by).notices == policed.notices
        back = app.judged_anew(policed, None)
        assert tuple(back.hosts) == tuple(plain.hosts)
        assert (back.notices, back.policy) == (plain.notices, None)

    def test_waivers_are_set_beside_it_again(self, policy, tmp_path):
        waivers = tmp_path / "waivers.toml"
        waivers.write_text(
            '[[waiver]]\ncheck = "HOST-003"\nhost = "*"\nreason = "r"\nowner = "o"\n'
            "expires = 2099-01-01\n"
        )
        path = tmp_path / "run.json"
        runfile.write(a_run(None, a_host(**SHABBY)), path)
        policy(weighing("HOST-003", "required"))
        words = ["report", str(path), "--policy", str(tmp_path / "site.toml"), "--fail-on",
                 "required"]  # fmt: skip
        assert CliRunner().invoke(main, words).exit_code == 1
        assert CliRunner().invoke(main, [*words, "--waivers", str(waivers)]).exit_code == 0

    def test_a_saved_preflight_is_refused(self, tmp_path):
        path = tmp_path / "preflight.json"
        vm = recorded(SNC).vms.value[0].name
        CliRunner().invoke(
            main, ["preflight", vm, "--from", str(FIXTURES / SNC), "-q", "-o", str(path)]
        )
        done = CliRunner().invoke(main, ["report", str(path), "--policy", "vgpu-vdi"])
        assert done.exit_code == 2
        assert "hostcheck preflight VM --policy NAME" in done.stderr


class TestAudit:
    def run(self, *words):
        return CliRunner().invoke(main, ["audit", "--from", str(FIXTURES / SNC), "-q", *words])

    def test_replayed_it_says_the_same(self, tmp_path):
        files = [tmp_path / "one.json", tmp_path / "two.json"]
        for file in files:
            assert self.run("--policy", "passthrough-ml", "-o", str(file)).exit_code == 0
        assert files[0].read_bytes() == files[1].read_bytes()
        assert runfile.read(files[0]).policy.name == "passthrough-ml"
        assert exit_code(runfile.read(files[0])) == 0

    def test_the_settings_name_one_beside_them(self, policy, tmp_path, monkeypatch):
        policy(off("HOST-002"))
        settings_file = tmp_path / "hostcheck.toml"
        monkeypatch.chdir(Path(__file__).parent)
        for given, name in (("site.toml", "site"), ("vgpu-vdi", "vgpu-vdi")):
            settings_file.write_text(f'[audit]\npolicy = "{given}"\n')
            words = ["--config", str(settings_file), "--format", "line"]
            assert f'policy="{name} (' in self.run(*words).stdout
            assert 'policy="" off=0' in self.run(*words, "--policy", "none").stdout

    def test_a_run_is_not_gone_on_with_by_another(self, tmp_path):
        output = tmp_path / "run.json"
        source = RecordedSource(FIXTURES / SNC)
        assert self.run("-o", str(tmp_path / "one.json")).exit_code in (0, 1, 3)
        (report,) = runfile.read(tmp_path / "one.json").hosts
        with app.start_journal(source, tmp_path / "run.json.journal", resume=False) as journal:
            journal.add(runfile.pack(report))
        done = self.run("-o", str(output), "--resume", "--policy", "vgpu-vdi")
        assert done.exit_code == 2
        assert "is of another run (policy" in done.stderr

    def test_a_redacted_run_keeps_its_verdicts(self, policy, tmp_path):
        policy(off("HOST-002"), weighing("NUMA-001", "required"))
        run, out = tmp_path / "run.json", tmp_path / "out"
        self.run("--policy", str(tmp_path / "site.toml"), "-o", str(run))
        done = CliRunner().invoke(main, ["redact", str(run), "-o", str(out)])
        assert done.exit_code == 0, done.output
        assert runfile.read(out / "run.json").policy is not None

    def test_it_goes_to_workers(self):
        work = partial(report_of, policy=read("vgpu-vdi"))
        again = pickle.loads(pickle.dumps(work))
        assert again(a_host()) == work(a_host())


class TestUnmet:
    """A pattern of clusters that no host of the run is in is said, as an unused waiver is."""

    RULES = """
[[rule]]
check = "HOST-003"
cluster = "hpc-*"
severity = "required"

[[rule]]
check = "HOST-003"
cluster = "GPU-*"
severity = "required"
"""

    def site(self, tmp_path):
        path = tmp_path / "site.toml"
        path.write_text(self.RULES)
        return path

    def test_an_audit_and_each_report_say_it(self, tmp_path):
        run, place = CliRunner(), tmp_path / "run.json"
        words = ["audit", "--from", str(FIXTURES / "2n-2xA100-80-esxi803"), "-q", "-o", str(place)]
        done = run.invoke(main, [*words, "--policy", str(self.site(tmp_path))])
        told = " ".join(done.stdout.split())
        assert "Policy site: no host of this run is in a cluster that is like 'hpc-*' (" in told
        assert "line 2)." in told
        assert "GPU-*" not in told
        for format_ in ("text", "html", "markdown", "json"):
            page = run.invoke(main, ["report", str(place), "--format", format_]).stdout
            assert "no host of this run is in a cluster" in " ".join(page.split()), format_

    def test_another_policy_says_its_own_and_none_says_nothing(self, tmp_path):
        site = self.site(tmp_path)
        made = app.with_unmet(a_run(read(str(site)), a_host()))
        assert sum("like 'hpc-*'" in one for one in made.notices) == 1
        assert app.with_unmet(made).notices == made.notices
        assert not app.judged_anew(made, None).notices
        anew = app.judged_anew(a_run(None, a_host(), a_host(cluster=DENIED)), read(str(site)))
        (one,) = [each for each in anew.notices if "like 'hpc-*'" in each]
        assert one.endswith("; of 1 the cluster is not known.")


class TestNamed:
    """Formats for machines name the policy and the hash of what it says."""

    def told(self, policy, format_):
        by = policy(off("GPU-003"))
        return by, "".join(pieces("run", format_, a_run(by, a_host())))

    def test_in_csv(self, policy):
        by, text = self.told(policy, "csv")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {(one["policy"], one["policy_sha256"]) for one in rows} == {(by.name, by.sha256)}
        plain = "".join(pieces("run", "csv", a_run(None, a_host())))
        assert {one["policy"] for one in csv.DictReader(io.StringIO(plain))} == {""}

    def test_in_junit(self, policy):
        by, text = self.told(policy, "junit")
        (suite,) = fromstring(text).findall("testsuite")
        told = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
        assert told == {"policy": by.name, "policy_sha256": by.sha256}
        assert suite[0].tag == "properties"

    def test_in_ocsf_with_the_reason_of_what_is_off(self, policy):
        by, text = self.told(policy, "ocsf")
        events = json.loads(text)
        for one in events:
            tags = {tag["name"]: tag["value"] for tag in one["metadata"]["tags"]}
            assert tags == {"policy": by.name, "policy_sha256": by.sha256}
        (off_,) = [one for one in events if one["compliance"]["status"] == "Not Selected"]
        (why,) = off_["compliance"]["status_details"]
        assert why.startswith(f"off by policy {by.name} (")

    def test_in_prometheus(self, policy):
        by, text = self.told(policy, "prometheus")
        assert f'policy="{by.name}",sha256="{by.sha256}"}} 1\n' in text
