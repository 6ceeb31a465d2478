"""A run file read for a plan: the same plan as of the whole file, and nothing made up."""

import json
from pathlib import Path

import msgspec
import pytest

from hostcheck import listing, runfile, runlines
from hostcheck.capacity.look import gatekeepers, look_at
from hostcheck.errors import UsageError
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.result import Status
from hostcheck.planner.seen import seen_of
from hostcheck.reports.summary.whole import drifts_of
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.truce import truce
from hostcheck.verdict import report_of
from tests.checks.synthetic import NEEDS

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def run():
    source = RecordedSource(FIXTURES)
    reports = [report_of(host_of(source.collect(one))) for one in source.machines()]
    return run_of(source.about.target, reports)


@pytest.fixture(scope="module")
def file(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run.json"
    runfile.write(run, path)
    return path


def test_each_host_is_seen_as_in_the_whole_file(file):
    whole, lines = runfile.read(file), runlines.read(file, gatekeepers())
    assert len(lines.hosts) == len(whole.hosts) > 20
    for one, other in zip(whole.hosts, lines.hosts, strict=True):
        assert seen_of(other, NEEDS) == seen_of(one, NEEDS), one.host.name
    assert msgspec.structs.replace(lines, hosts=()) == msgspec.structs.replace(whole, hosts=())


def test_a_list_is_the_same_of_lines(file):
    whole, lines = runfile.read(file), runlines.read(file, (), runlines.LISTING)
    for told in (listing.hosts, listing.vms):
        found = told([one.host for one in lines.hosts])
        assert found == told([one.host for one in whole.hosts])
        assert len(found.rows) > 20


def test_the_hosts_of_a_cluster_differ_in_the_same_things_of_lines(file):
    whole, lines = runfile.read(file), runlines.read(file, (), runlines.DRIFT)
    assert any(one.topic.startswith("BIOS setting") for one in drifts_of(whole, whole=True).drifts)
    assert drifts_of(lines, whole=True) == drifts_of(whole, whole=True)


def test_an_audit_finds_fault_with_the_same_things_of_lines(file):
    whole, lines = runfile.read(file), runlines.read(file, (), runlines.TRUCE)
    assert truce(whole).vms
    assert truce(whole).shells
    assert truce(lines) == truce(whole)


def test_the_gates_of_a_run_are_those_of_its_checks(run):
    """What was judged before closes the GPUs that judging anew closes."""
    for report in run.hosts:
        assert look_at(report.host, NEEDS, report.results) == look_at(report.host, NEEDS)


def test_what_is_not_opened_is_unknown(file):
    whole, lines = runfile.read(file), runlines.read(file, gatekeepers())
    kept = set()
    for one, other in zip(whole.hosts, lines.hosts, strict=True):
        for name in one.host.__struct_fields__:
            mine = getattr(other.host, name)
            if name in runlines.PLAN.host:
                kept.add(name)
                continue
            assert mine in (runlines.NOT_OPENED, ()), name
        for gpu, narrow in zip(_values(one.host.gpus), _values(other.host.gpus), strict=True):
            for name in gpu.__struct_fields__:
                same = getattr(gpu, name) == getattr(narrow, name)
                opened = name in runlines.PLAN.gpu
                assert same if opened else getattr(narrow, name) in (runlines.NOT_OPENED, ())
    assert kept == set(runlines.PLAN.host)


def _values(fact):
    return () if isinstance(fact, Unknown) else fact.value


def test_hosts_are_opened_in_any_order(file):
    hosts = runlines.read(file, gatekeepers()).hosts
    assert [hosts[at].host.name for at in (5, 1, 5)] == [
        hosts[5].host.name, hosts[1].host.name, hosts[5].host.name,
    ]  # fmt: skip
    assert isinstance(hosts[0].host.version, Known)


@pytest.mark.parametrize("form", ["plain", "one line", "no hosts"])
def test_other_forms_of_a_run_are_read_too(run, file, tmp_path, form):
    path = tmp_path / "run.json"
    if form == "plain":
        path.write_bytes(msgspec.json.encode(msgspec.structs.replace(run, hosts=list(run.hosts))))
    elif form == "one line":
        path.write_bytes(file.read_bytes().replace(b"\n", b""))
    else:
        runfile.write(msgspec.structs.replace(run, hosts=()), path)
    found = [one.host.name for one in runlines.read(path, gatekeepers()).hosts]
    assert found == ([] if form == "no hosts" else [one.host.name for one in run.hosts])


@pytest.mark.parametrize(
    "spoil",
    [lambda _: b"", lambda _: b"[]", lambda data: data.replace(b"hostcheck.run/2", b"x/9"),
     lambda data: data[: len(data) // 2], lambda data: data[:40]],
)  # fmt: skip
def test_what_is_no_run_file_is_told_in_one_line(file, tmp_path, spoil):
    path = tmp_path / "run.json"
    path.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(UsageError) as told:
        list(runlines.read(path, gatekeepers()).hosts)
    assert "\n" not in str(told.value)


def test_a_line_that_is_damaged_is_told(file, tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(file.read_bytes().replace(b'"subject":', b'"subject":9', 1))
    with pytest.raises(UsageError, match="damaged"):
        list(runlines.read(path, frozenset(one.check for one in _first(path).results)).hosts)


def _first(path):
    return runfile.read(path).hosts[1]


def test_results_are_found_whatever_their_words_and_order_of_keys(run, file, tmp_path):
    """What a text quotes is no result; what another program wrote in its own order is one."""
    checks = frozenset(one.check for report in run.hosts for one in report.results)
    whole = [one.results for one in runlines.read(file, checks).hosts]
    odd = '"},{"check":"GPU-001","status":"fail","subject":0,"told":1}'
    document = json.loads(file.read_text())
    turned = []
    for line in document["hosts"]:
        results = [dict(reversed(list(one.items()))) for one in line["results"]]
        turned.append(json.dumps({**line, "results": results}, separators=(",", ":")))
    head, _, rest = file.read_text().partition('"hosts":[\n')
    tail = rest[rest.rindex('],\n"shared":[') :]
    other = tmp_path / "turned.json"
    other.write_text(head + '"hosts":[\n' + ",\n".join(turned) + tail)
    assert [one.results for one in runlines.read(other, checks).hosts] == whole
    first = run.hosts[0]
    told = next(one for one in first.results if one.status is Status.FAIL or one.unseen)
    changed = msgspec.structs.replace(told, note=odd, trace=odd)
    results = tuple(changed if one is told else one for one in first.results)
    quoted = tmp_path / "quoted.json"
    report = msgspec.structs.replace(first, results=results)
    runfile.write(msgspec.structs.replace(run, hosts=(report,)), quoted)
    (host,) = runlines.read(quoted, checks).hosts
    expected = [(one.check, one.note) for one in results if one.status in runlines.TOLD]
    assert [(one.check, one.note) for one in host.results] == expected
