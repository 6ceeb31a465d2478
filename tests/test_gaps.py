"""A run that a vCenter, an interrupt or silence left with holes: told as that, by every command.

Nothing that is counted or listed of it passes for the whole, and no sentence has a hole of its own
where a name or a time is not known.
"""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.model.run import NAMED, Asked, gaps
from hostcheck.reports import formats
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.reports import builders as b
from tests.test_schemas import PLACE, validator

HEALTHY = Path(__file__).parents[1] / "fixtures" / "2n-2xA100-80-esxi803"
VC = "vc.lab.test"


def recorded():
    source = RecordedSource(HEALTHY)
    return host_of(source.collect(*source.machines()))


SILENT = (Asked("vc-a.lab.test", "the login was refused"), Asked(VC))
SOME = report_of(recorded())
RUNS = {
    "no hosts": run_of(VC, ()),
    "no vCenter": replace(run_of("vc-a.lab.test", ()), targets=SILENT[:1]),
    "one of two vCenters": replace(run_of(VC, (SOME,)), targets=SILENT),
    "interrupted": replace(run_of(VC, (SOME,)), unasked=("esx90", "esx91"), ended="interrupted"),
    "interrupted at once": replace(run_of(VC, ()), unasked=("esx90",), ended="interrupted"),
    "nothing known": run_of(VC, (report_of(b.dark_host()),)),
}
HOLES = [name for name, made in RUNS.items() if any(gaps(made.targets, made.unasked))]
CLASS = Path(__file__).parent / "vmclasses" / "files" / "v1alpha3.yaml"
COMMANDS = {
    "report": "run", "plan": "plan", "drift": "drift", "truce": "truce", "hosts": "hosts",
    "vms": "vms", "capacity": "capacity", "vm-class": "vm_class",
}  # fmt: skip
SIGNED = ("--owner", "k.meyer", "--expires", "2099-12-31")
EMPTY = re.compile(r"\w [:.,;](?: |$)|, :|: ,|^, |\( ?\)|\bNone\b|datetime=\"\"")
"""Marks behind a blank, where something is missing, or that held something."""


@pytest.fixture(params=RUNS)
def kept(request, tmp_path):
    path = tmp_path / "run.json"
    runfile.write(RUNS[request.param], path)
    return path


def invoked(*words):
    return CliRunner().invoke(main, [*map(str, words)])


def sentences(format_, text):
    """Return what is read of a report, without its markup and the fields that may be empty."""
    if "html" in format_ or format_ == "brief":
        bare = re.sub(r"(?s)<(script|style|pre)\b.*?</\1>", "", text)
        bare = re.sub(r"</?(?:span|b|strong|em|code|a|small|i)\b[^>]*>", "", bare)
        bare = re.sub(r"<(?!time datetime=\"\")[^>]*>", "\n", bare)
        return [re.sub(r"\s+", " ", one).strip() for one in bare.splitlines()]
    if format_ in ("text", "markdown"):
        return re.sub(r"\n +", " ", text).splitlines()
    if format_ in ("json", "sarif", "ocsf"):
        return list(strings(json.loads(text)))
    return []


def strings(made):
    if isinstance(made, str):
        yield from filter(None, [made])
    elif isinstance(made, dict | list):
        for one in made.values() if isinstance(made, dict) else made:
            yield from strings(one)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_sentence_has_a_hole(command, kept):
    for format_ in formats(COMMANDS[command]):
        words = [command, *([CLASS] if command == "vm-class" else []), kept, "--format", format_]
        words += SIGNED if format_ == "inspec" else ()
        if format_ == "cklb":
            continue  # files in a folder
        told = invoked(*words)
        assert told.exit_code in (0, 1, 3), told.output
        assert [one for one in sentences(format_, told.stdout) if EMPTY.search(one)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_each_document_follows_its_schema(command, kept):
    """Of runs that are half or nothing too, and the run file itself."""
    words = [command, *([CLASS] if command == "vm-class" else []), kept, "--format", "json"]
    name = "run" if command == "report" else command
    followed = validator(name)
    told = json.loads(invoked(*words).stdout)
    assert [one.json_path for one in followed.iter_errors(told)] == []
    stored = jsonschema.Draft202012Validator(json.loads((PLACE / "run-2.json").read_text()))
    assert [one.json_path for one in stored.iter_errors(json.loads(kept.read_text()))] == []


def test_no_side_of_a_difference_has_a_hole(kept, tmp_path):
    other = tmp_path / "other.json"
    runfile.write(RUNS["one of two vCenters"], other)
    for pair in ((kept, other), (other, kept), (kept, kept)):
        for format_ in ("text", "html", "json"):
            told = invoked("diff", *pair, "--format", format_)
            assert [one for one in sentences(format_, told.stdout) if EMPTY.search(one)] == []


@pytest.mark.parametrize("name", HOLES)
@pytest.mark.parametrize("command", [one for one in COMMANDS if one != "report"])
def test_what_a_run_does_not_tell_of_is_said_and_counts(command, name, tmp_path):
    path = tmp_path / "run.json"
    runfile.write(RUNS[name], path)
    told = invoked(command, *([CLASS] if command == "vm-class" else []), path)
    assert told.exit_code == (0 if command == "truce" else 3)
    if command != "drift":  # it counts them
        said = re.sub(r"\s+", " ", told.output)
        assert (
            "esx90" in said
            or "vc-a.lab.test told of no host: the login was refused" in said
            or ("vc-a.lab.test could not be asked: the login was refused" in said)
        )


def test_gaps_are_named_and_many_counted():
    assert list(gaps((), ())) == []
    assert list(gaps(SILENT, [f"esx{n}" for n in range(NAMED + 2)])) == [
        "the run did not ask esx0, esx1, esx2, esx3, esx4, esx5 and 2 more",
        "vc-a.lab.test told of no host: the login was refused",
    ]
