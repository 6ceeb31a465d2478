"""Drift: hosts of one cluster side by side, nothing guessed where a value is not known."""

import csv
import io
import json

import jsonschema
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.model.fact import Known
from hostcheck.model.run import Asked
from hostcheck.reports import PAPER, Screen, Show, pieces
from hostcheck.reports.summary import whole as summary
from hostcheck.runs import run_of
from hostcheck.verdict import report_of
from tests.diff.test_diff import DENIED, SCHEMAS, hosts, recorded

BIOS = "BIOS of PowerEdge R750xa"


def parts(host, of, **changes):
    """A host of which all GPUs or adapters are changed."""
    told = tuple(replace(one, **changes) for one in getattr(host, of).value)
    return replace(host, **{of: Known(told)})


def listed(*given, whole=False):
    run = run_of("vc.lab.test", tuple(map(report_of, given)))
    return summary.drifts_of(run, whole=whole)


def by_topic(*given):
    return {one.topic: one for one in listed(*given).drifts}


@pytest.mark.parametrize(
    ("topic", "change"),
    [
        ("ESXi build", lambda one: replace(one, build=Known("1"))),
        ("vGPU manager", lambda one: replace(one, driver_version=Known("1.2"))),
        (BIOS, lambda one: replace(one, bios_version=Known("0.9"))),
        ("NUMA nodes per package", lambda one: replace(one, numa_node_count=Known(4))),
        ("Assignment policy", lambda one: replace(one, assignment_policy=Known("consolidation"))),
        ("VBIOS of NVIDIA A100 80GB PCIe", lambda one: parts(one, "gpus", vbios=Known("92.0"))),
        (
            "NIC firmware of MT2892 Family [ConnectX-6 Dx]",
            lambda one: parts(one, "nics", firmware=Known("22.1")),
        ),
    ],
)
def test_what_differs_is_odd(topic, change):
    first, *rest = hosts(4)
    found = by_topic(change(first), *rest)
    assert list(found) == [topic]
    one = found[topic]
    assert (one.share, one.known, one.hosts, one.tied) == (3, 4, 4, False)
    assert [(held.odd, held.hosts) for held in one.held[1:]] == [(True, (first.name,))]


def test_hosts_of_other_clusters_are_not_compared():
    first, second, third = hosts(3)
    other = replace(third, cluster=Known("b"), bios_version=Known("0.9"))
    elsewhere = replace(third, target="vc-2.lab.test", bios_version=Known("0.9"))
    for stranger in (other, elsewhere, replace(other, cluster=DENIED)):
        made = listed(first, second, stranger)
        unplaced = int(stranger.cluster is DENIED)
        assert (made.drifts, made.clusters, made.alone, made.unplaced) == ((), 1, 1, unplaced)
        assert made.is_sure is not bool(unplaced)


def test_another_model_of_server_may_have_another_bios():
    first, second, third = hosts(3)
    found = by_topic(first, second, replace(third, model=Known("R7"), bios_version=Known("2")))
    assert list(found) == ["Model"]


def test_of_two_halves_none_is_odd():
    one, two, three, four = hosts(4)
    old = [replace(each, bios_version=Known("0.9")) for each in (one, two)]
    told = by_topic(*old, three, four)[BIOS]
    assert told.tied
    assert not any(held.odd for held in told.held)
    text = "".join(pieces("drift", "text", listed(*old, three, four)))
    assert f"? {BIOS}: no value is the commonest (2 of 4)" in text


VBIOS = "VBIOS of NVIDIA A100 80GB PCIe"


def test_what_is_not_known_is_counted_and_no_difference():
    first, second, third = hosts(3)
    dark = parts(replace(third, bios_version=DENIED), "gpus", vbios=DENIED)
    made = listed(first, second, dark)
    assert (made.differs, made.is_sure) == (False, False)
    assert {one.topic: (one.known, one.not_known, one.hosts) for one in made.drifts} == {
        BIOS: (2, (third.name,), 3), VBIOS: (2, (third.name,), 3),
    }  # fmt: skip
    text = "".join(pieces("drift", "text", made))
    assert "No property that is known differs in 1 cluster of several hosts. 2 properties" in text
    assert f"? {BIOS}: 1.14.1 (2 of 2)\n      not known: {third.name}\n" in text


@pytest.mark.parametrize(
    ("topic", "told", "lost"),
    [
        ("ESXi build", {"build": Known("1")}, {"build": DENIED}),
        ("ESXi build", {"version": Known("8.0.0")}, {"version": DENIED}),
        ("Model", {"vendor": Known("HPE")}, {"vendor": DENIED}),
    ],
)
def test_half_of_what_differed_is_no_likeness_and_no_difference(topic, told, lost):
    first, second = hosts(2)
    assert list(by_topic(replace(first, **told), second)) == [topic]
    for other in (replace(second, **lost), second):
        made = listed(replace(first, **lost), other)
        assert (made.differs, made.is_sure) == (False, False)
        assert {one.topic for one in made.drifts} == {topic}


def test_a_part_of_no_known_kind_may_be_of_any():
    first, second = hosts(2)
    card, *others = first.nics.value
    old = replace(card, firmware=Known("22.1"))
    topic = "NIC firmware of MT2892 Family [ConnectX-6 Dx]"
    assert list(by_topic(replace(first, nics=Known((old, *others))), second)) == [topic]
    nameless = replace(first, nics=Known((replace(old, model=DENIED), *others)))
    made = listed(nameless, second)
    assert (made.differs, made.is_sure) == (False, False)
    assert [(one.topic, one.not_known) for one in made.drifts] == [(topic, (first.name,))]


def test_a_host_without_the_hardware_is_not_one_that_was_not_read():
    first, second, third = hosts(3)
    without = replace(third, gpus=Known(()), driver_version=DENIED, nics=Known(()))
    found = {one.topic: one for one in listed(first, second, without, whole=True).drifts}
    assert (found[VBIOS].known, found[VBIOS].not_known, found[VBIOS].hosts) == (2, (), 3)
    assert found["vGPU manager"].is_sure
    unread = {
        one.topic
        for one in listed(first, second, replace(third, gpus=DENIED)).drifts
        if third.name in one.not_known
    }
    assert unread == {"GPUs", VBIOS, VBIOS.replace("VBIOS", "ECC mode"),
                      VBIOS.replace("VBIOS", "MIG mode")}  # fmt: skip


def test_what_nobody_told_is_not_known():
    made = listed(*(replace(one, gpus=DENIED, bmc=DENIED) for one in hosts(2)))
    told = {one.topic: (one.known, len(one.not_known)) for one in made.drifts}
    assert told == dict.fromkeys(
        ("GPUs", "ECC mode", "MIG mode", "VBIOS", "BMC firmware", "BIOS setting"), (0, 2)
    )
    assert "? GPUs: not known of any host" in "".join(pieces("drift", "text", made))


def test_a_bmc_that_one_host_was_asked_for_is_not_known_of_the_other():
    bmc = recorded("2n-8xH100-bmc-supermicro-sick-esxi803").bmc
    first, second = hosts(2)
    made = listed(replace(first, bmc=bmc), second)
    topics = [one.topic for one in made.drifts]
    assert any(one.startswith("BMC firmware of ") for one in topics)
    assert all(one.not_known == (second.name,) for one in made.drifts)


def test_the_report_counts_it_and_details_name_it():
    first, *rest = hosts(3)
    odd = replace(first, bios_version=Known("0.9"))
    run = run_of("vc.lab.test", tuple(map(report_of, (odd, *rest))))
    short = "".join(pieces("run", "text", run, Screen(show=Show(details=False))))
    assert f"Hosts of 1 cluster differ in {BIOS}: hostcheck drift" in short
    full = "".join(pieces("run", "text", run, PAPER))
    assert f"{BIOS}: 1.14.1 (2 of 3), but\n      0.9: {first.name}\n" in full


class TestCommand:
    def run(self, tmp_path, *options, odd=True):
        first, *rest = hosts(9)
        changed = replace(first, bios_version=Known("0.9")) if odd else first
        path = tmp_path / "run.json"
        run = run_of("vc.lab.test", tuple(map(report_of, (changed, *rest))))
        runfile.write(run, path)
        return CliRunner().invoke(main, ["drift", str(path), *options])

    def test_nothing_odd(self, tmp_path):
        done = self.run(tmp_path, odd=False)
        assert (done.exit_code, done.output.splitlines()[0]) == (
            0, "No property differs in 1 cluster of several hosts.",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"bios_version": DENIED}, "1 property is not known of all hosts"),
            ({"cluster": DENIED}, "1 host has no other to be compared with, 1 of them in no"),
        ],
    )
    def test_what_is_not_known_is_no_zero(self, tmp_path, changes, told):
        first, *rest = hosts(3)
        path = tmp_path / "run.json"
        run = run_of("vc", tuple(map(report_of, (replace(first, **changes), *rest))))
        runfile.write(run, path)
        done = CliRunner().invoke(main, ["drift", str(path)])
        assert done.exit_code == 3
        assert told in " ".join(done.output.split())
        rows = list(csv.DictReader(io.StringIO(
            CliRunner().invoke(main, ["drift", str(path), "--format", "csv"]).stdout)))  # fmt: skip
        assert [one["host"] for one in rows if one["odd"] == "not known"] == [
            first.name for one in changes if one != "cluster"
        ]

    def test_a_run_that_left_hosts_out_or_compared_none(self, tmp_path):
        path = tmp_path / "run.json"
        for given, more, told in (
            (hosts(2), {"unasked": ("esx-9",)}, "1 host or vCenter is not in the run."),
            (hosts(2), {"targets": (Asked("vc"), Asked("vc-2", "down"))}, "is not in the run."),
            (hosts(1), {}, "No host was compared with another."),
        ):
            run = run_of("vc", tuple(map(report_of, given)))
            runfile.write(replace(run, **more), path)
            done = CliRunner().invoke(main, ["drift", str(path)])
            assert done.exit_code == 3
            assert told in " ".join(done.output.split())

    def test_the_whole_list(self, tmp_path):
        done = self.run(tmp_path, "--all", "--cluster", "GPU-*")
        assert done.exit_code == 1
        assert f"✕ {BIOS}: 1.14.1 (8 of 9), but\n      0.9: esx-0.lab.test\n" in done.output
        assert "✓ vGPU manager: " in done.output

    def test_formats(self, tmp_path):
        document = json.loads(self.run(tmp_path, "--format", "json").output)
        jsonschema.validate(document, json.loads((SCHEMAS / "drift-1.json").read_text()))
        assert [len(held["hosts"]) for held in document["drifts"][0]["held"]] == [8, 1]
        sheet = list(csv.DictReader(io.StringIO(self.run(tmp_path, "--format", "csv").output)))
        assert len(sheet) == 9
        assert [one["host"] for one in sheet if one["odd"] == "yes"] == ["esx-0.lab.test"]

    def test_a_cluster_that_is_not_there(self, tmp_path):
        done = self.run(tmp_path, "--cluster", "nope")
        assert done.exit_code == 2
        assert "no cluster matches 'nope'; there are:" in done.stderr
