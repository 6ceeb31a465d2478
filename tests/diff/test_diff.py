"""Two runs side by side: what is told as new, mended or lost, and never more than is known."""

import csv
import io
import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import hostcheck
from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.diff import difference
from hostcheck.model.difference import Became
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.result import Answer, Status
from hostcheck.model.run import Asked
from hostcheck.reports import pieces
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.reports.test_plan import parsed

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(hostcheck.__file__).parent / "schema"
HEALTHY = "2n-2xA100-80-esxi803"
DENIED = Unknown(Why.DENIED, "no permission", "runtime.inMaintenanceMode", "System.Read")


@cache
def recorded(name):
    source = RecordedSource(ROOT / "fixtures" / name)
    (ref,) = source.machines()
    return host_of(source.collect(ref))


def hosts(count=3, name=HEALTHY):
    """Healthy hosts of one kind."""
    return [replace(recorded(name), name=f"esx-{n}.lab.test", id=f"host-{n}") for n in range(count)]


@pytest.fixture
def compare(tmp_path):
    """Write two lists of hosts as run files and return both paths."""

    def write(then, now, **changes):
        paths = []
        for name, given, more in (("then", then, {}), ("now", now, changes)):
            run = run_of("vc.lab.test", tuple(map(report_of, given)))
            paths.append(tmp_path / f"{name}.json")
            runfile.write(replace(run, **more), paths[-1])
        return paths

    return write


def told(made):
    return {(one.became, one.check, one.host, one.was, one.now) for one in made.changes}


def test_the_same_run_twice_tells_nothing(compare):
    made = difference(*compare(hosts(), hosts()))
    assert (made.changes, made.hosts, made.same_hosts) == ((), (), 3)
    assert made.worst(strict=True) is Answer.GO


def test_a_fail_that_was_none_is_new_and_the_verdict_moves(compare):
    now = hosts()
    now[1] = replace(now[1], in_maintenance_mode=Known(value=True))
    made = difference(*compare(hosts(), now))
    assert told(made) == {
        (Became.NEW, "HOST-002", "esx-1.lab.test", Status.PASS, Status.FAIL)
    }  # fmt: skip
    (host,) = made.hosts
    assert (host.was, host.now) == (Answer.GO, Answer.NO_GO)
    assert made.worst(strict=False) is Answer.NO_GO
    back = difference(*compare(now, hosts()))
    assert {one[0] for one in told(back)} == {Became.MENDED}
    assert back.worst(strict=True) is Answer.GO


def test_what_is_not_known_any_more_is_not_mended(compare):
    """Losing information never turns a fail into something good."""
    failing, blind = hosts(1), hosts(1)
    failing[0] = replace(failing[0], in_maintenance_mode=Known(value=True))
    blind[0] = replace(blind[0], in_maintenance_mode=DENIED)
    made = difference(*compare(failing, blind))
    assert told(made) == {
        (Became.LOST, "HOST-002", "esx-0.lab.test", Status.FAIL, Status.UNKNOWN)
    }  # fmt: skip
    (one,) = made.changes
    assert one.observed == "denied: no permission"
    assert made.worst(strict=False) is Answer.UNSURE
    found = difference(*compare(blind, hosts(1)))
    assert {(one[0], one[3]) for one in told(found)} == {(Became.FOUND, Status.UNKNOWN)}


def test_a_subject_that_is_gone_is_not_mended(compare):
    then, now = hosts(1), hosts(1)
    gpus = then[0].gpus
    lost = replace(gpus.value[0], smi_seen=Known(value=False))
    then[0] = replace(then[0], gpus=Known((lost, *gpus.value[1:]), gpus.sources))
    now[0] = replace(now[0], gpus=Known(gpus.value[1:], gpus.sources))
    made = difference(*compare(then, now))
    gone = {one.check for one in made.changes if one.became is Became.GONE}
    assert "GPU-001" in gone
    assert not [one for one in made.changes if one.became is Became.MENDED and one.check in gone]
    (host,) = made.hosts
    assert "GPUs" in {one.topic for one in host.traits}


def test_another_observation_of_a_fail_is_told_once(compare):
    then, now = hosts(1), hosts(1)
    for at, one in ((0, then), (1, now)):
        one[0] = replace(one[0], driver_version=Known(f"999.{at}"))
    made = difference(*compare(then, now))
    assert {(one.became, one.observed_then != one.observed) for one in made.changes
            if one.check == "DRV-005"} == {(Became.CHANGED, True)}  # fmt: skip
    assert made.hosts[0].traits[0].topic == "vGPU manager"
    assert made.worst(strict=True) is Answer.GO


def test_hosts_that_only_one_run_has(compare):
    two, three = hosts(3)[:2], hosts(3)
    more = difference(*compare(two, three))
    assert [(one.host, one.was, one.now) for one in more.hosts] == [
        ("esx-2.lab.test", None, Answer.GO)
    ]
    assert more.worst(strict=False) is Answer.GO
    less = difference(*compare(three, two))
    assert [(one.host, one.now) for one in less.hosts] == [("esx-2.lab.test", None)]
    assert less.worst(strict=False) is Answer.UNSURE


def test_a_host_that_was_not_asked_says_so(compare):
    changes = {"unasked": ("esx-2.lab.test",), "ended": "the run's limit of 30 min was over"}
    made = difference(*compare(hosts(3), hosts(2), **changes))
    assert made.hosts[0].why == "not asked: the run's limit of 30 min was over"
    vcenter = recorded(HEALTHY).target
    silent = (Asked(vcenter, "no answer within 60 s"), Asked("vc-b.lab.test"))
    made = difference(*compare(hosts(3), [], targets=silent))
    assert {one.why for one in made.hosts} == {f"{vcenter} told of no host: no answer within 60 s"}


def test_a_plain_document_compares_like_the_run_file(compare, tmp_path):
    now = hosts()
    now[1] = replace(now[1], in_maintenance_mode=Known(value=True))
    then, after = compare(hosts(), now)
    plain = tmp_path / "plain.json"
    shown = CliRunner().invoke(main, ["report", str(after), "--format", "json", "-o", str(plain)])
    assert shown.exit_code == 0
    assert difference(then, plain) == difference(then, after)


def test_the_command_and_its_formats(compare):
    now = [replace(one, in_maintenance_mode=Known(value=True)) for one in hosts(9)]
    then, after = compare(hosts(9), now)
    done = CliRunner().invoke(main, ["diff", str(then), str(after)])
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[0] == "9 new, verdict of 9 hosts"
    assert "NEW (9)" in lines
    assert sum("HOST-002" in line for line in lines) == 1
    assert "and 3 more hosts" in done.output
    assert "GO -> NO-GO: esx-0.lab.test" in done.output
    text = CliRunner().invoke(main, ["diff", str(then), str(after), "--format", "json"]).output
    document = json.loads(text)
    jsonschema.validate(document, json.loads((SCHEMAS / "diff-1.json").read_text()))
    assert len(document["changes"]) == 9
    sheet = CliRunner().invoke(main, ["diff", str(then), str(after), "--format", "csv"]).output
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert [one["became"] for one in rows] == ["new"] * 9 + ["verdict"] * 9
    assert CliRunner().invoke(main, ["diff", str(then), str(then)]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{then}"], "give two runs, the earlier one first; or one with --siblings HOST"),
        (["{then}", "{now}", "--siblings", "esx-1"], "--siblings compares within one run"),
        (["{then}", "--siblings", "esx-9"], "did you mean"),
        (["{then}", "{junk}"], "not a run file"),
        (["{turned}", "{now}"], "in the order of their names"),
    ],
)
def test_what_the_user_can_mend_is_one_line(compare, tmp_path, words, says):
    then, now = compare(hosts(), hosts())
    junk, turned = tmp_path / "junk.json", tmp_path / "turned.json"
    junk.write_text("{}")
    head, rest = then.read_text().split('"hosts":[\n')
    lines, end = rest.split('],\n"shared"')
    first, *more = lines.split(",\n")
    turned.write_text(head + '"hosts":[\n' + ",\n".join([*more, first]) + '],\n"shared"' + end)
    places = {"then": then, "now": now, "junk": junk, "turned": turned}
    done = CliRunner().invoke(main, ["diff", *(one.format(**places) for one in words)])
    assert done.exit_code == 2
    assert says in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_a_host_that_is_damaged_inside_is_one_line(compare):
    then, now = compare(hosts(1), hosts(1))
    text = now.read_text()
    start = text.index('"gpus":')
    now.write_text(text[:start] + text[start:].replace('"value":[{', '"value":["",{', 1))
    done = CliRunner().invoke(main, ["diff", str(then), str(now)])
    assert done.exit_code == 2
    assert "damaged" in done.output
    assert len(done.output.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [["diff", "{then}", "{now}"], ["report", "{then}", "--format", "line"], ["hosts", "{then}"]],
)
def test_what_is_read_is_never_written_over(compare, words):
    then, now = compare(hosts(1), hosts(1))
    held = then.read_bytes()
    given = [one.format(then=then, now=now) for one in words]
    done = CliRunner().invoke(main, [*given, "-o", str(then)])
    assert (done.exit_code, then.read_bytes()) == (2, held)
    assert "is read by this very command" in done.output


def test_hostile_names_stay_words(compare):
    now = hosts(1)
    name = "=cmd|' /C calc'!A0\x1b[31m\u202e"
    then = [replace(one, name=name) for one in now]
    now = [replace(one, in_maintenance_mode=Known(value=True)) for one in then]
    paths = list(map(str, compare(then, now)))
    text = CliRunner().invoke(main, ["diff", *paths]).output
    assert not {"\x1b", "\u202e"} & set(text)
    rows = list(csv.DictReader(io.StringIO(
        CliRunner().invoke(main, ["diff", *paths, "--format", "csv"]).output)))  # fmt: skip
    assert all(one["host"].startswith("'=") for one in rows)


def test_the_page_is_whole_and_asks_for_nothing(compare):
    then = [replace(one, name="a<b>&\x1b") for one in hosts(1)]
    now = [replace(one, in_maintenance_mode=Known(value=True), bios_version=Known("<script>"))
           for one in then]  # fmt: skip
    text = "".join(pieces("diff", "html", difference(*compare(then, now))))
    found = parsed(text)
    assert not {"script", "img", "link", "iframe", "b"} & set(found.seen)
    assert "default-src 'none'" in text
    for words in ("1 new, verdict of 1 host", "HOST-002", "a&lt;b&gt;&amp;\\x1b", "GO</td>",
                  "&lt;script&gt;"):  # fmt: skip
        assert words in text, words


class TestSiblings:
    def run(self, compare, odd, *options):
        _, now = compare([], [*hosts(4), odd])
        return CliRunner().invoke(main, ["diff", str(now), "--siblings", "esx-9", *options])

    def odd(self, **changes):
        return replace(recorded(HEALTHY), name="esx-9.lab.test", id="host-9", **changes)

    def test_a_host_like_the_others(self, compare):
        done = self.run(compare, self.odd())
        assert (done.exit_code, done.output.split(" is ")[1]) == (
            0, "like its 4 siblings (cluster gpu-cluster-01).\n",
        )  # fmt: skip

    def test_an_odd_one(self, compare):
        done = self.run(compare, self.odd(
            bios_version=Known("0.9"), in_maintenance_mode=Known(value=True)))  # fmt: skip
        assert done.exit_code == 1
        assert "BIOS: 0.9; 1.14.1 on 4 of 4" in done.output
        assert "HOST-002 The host is not in maintenance mode: fail; pass on 4 of 4" in " ".join(
            done.output.split()
        )

    def test_what_is_not_known_is_no_trait_and_no_likeness(self, compare):
        odd = self.odd(bios_version=DENIED)
        done = self.run(compare, odd)
        assert done.exit_code == 3
        assert " ".join(done.output.split()).endswith(
            "as far as it is known. IS NOT KNOWN OF IT, OR OF TOO MANY SIBLINGS BIOS"
        )
        document = json.loads(self.run(compare, odd, "--format", "json").output)
        assert (document["traits"], document["not_known"]) == ([], ["BIOS"])
        assert "trait not known,BIOS" in self.run(compare, odd, "--format", "csv").output

    def test_what_no_sibling_tells_is_no_likeness(self, compare):
        _, now = compare([], [*(replace(one, nics=DENIED) for one in hosts(4)), self.odd()])
        done = CliRunner().invoke(main, ["diff", str(now), "--siblings", "esx-9"])
        assert "  NIC firmware\n" in done.output

    @pytest.mark.parametrize(
        ("lost", "topic"), [({"bios_version": DENIED}, "BIOS"), ({"cluster": DENIED}, "Cluster")]
    )
    def test_siblings_that_lost_what_made_it_odd_make_no_likeness(self, compare, lost, topic):
        first, *others = hosts(4)
        old = [replace(one, bios_version=Known("0.9")) for one in others]
        for there, code in ((old, 1), ([replace(one, **lost) for one in old], 3)):
            _, now = compare([], [first, *there, self.odd()])
            done = CliRunner().invoke(main, ["diff", str(now), "--siblings", "esx-9"])
            assert done.exit_code == code, done.output
        assert f"  {topic}\n" in done.output
        _, now = compare([], [replace(first, bios_version=DENIED), *old, self.odd()])
        done = CliRunner().invoke(main, ["diff", str(now), "--siblings", "esx-9"])
        assert (done.exit_code, "NOT KNOWN" in done.output) == (1, False)

    def test_one_silent_sibling_of_many_changes_nothing(self, compare):
        first, *others = hosts(4)
        silent = replace(first, bios_version=DENIED)
        _, now = compare([], [silent, *others, self.odd()])
        done = CliRunner().invoke(main, ["diff", str(now), "--siblings", "esx-9"])
        assert done.exit_code == 0, done.output

    def test_a_kind_that_is_not_known_makes_no_other_trait(self, compare):
        """Of two kinds of adapters one is not read: that the other is alone is no change."""
        (host,) = hosts(1)
        (nic, *rest) = host.nics.value
        other = replace(nic, model=Known("Other"), address="0000:99:00.0")
        paths = compare(
            [replace(host, nics=Known((nic, *rest, other)))],
            [replace(host, nics=Known((nic, *rest, replace(other, firmware=DENIED))))],
        )
        assert all(not one.traits for one in difference(*paths).hosts)

    def test_formats(self, compare):
        odd = self.odd(bios_version=Known("0.9"))
        document = json.loads(self.run(compare, odd, "--format", "json").output)
        jsonschema.validate(document, json.loads((SCHEMAS / "siblings-1.json").read_text()))
        assert document["traits"][0]["share"] == 4
        sheet = self.run(compare, odd, "--format", "csv").output
        assert [one["title"] for one in csv.DictReader(io.StringIO(sheet))] == ["BIOS"]
