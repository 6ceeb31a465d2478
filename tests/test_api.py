"""What docs/api.md promises is there, and stays: names, fields, parameters."""

import inspect
import re
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
PROMISED: dict[str, tuple[str, ...]] = {
    "hostcheck.__version__": (),
    "hostcheck.errors.ParseError": (),
    "hostcheck.errors.UsageError": (),
    "hostcheck.model.fact.Known": ("value", "sources"),
    "hostcheck.model.fact.Unknown": ("why", "detail", "asked", "privilege"),
    "hostcheck.model.fact.Why": (
        "UNREACHABLE", "DENIED", "ABSENT", "TIMEOUT", "UNPARSED", "NOT_RECORDED", "NOT_ASKED",
    ),
    "hostcheck.model.host.Host": ("name", "id", "target", "gpus", "vms"),
    "hostcheck.model.result.Answer": ("GO", "NO_GO", "UNSURE", "NO_GPU"),
    "hostcheck.model.result.Result": (
        "check", "severity", "status", "subject", "observed", "expected", "sources", "unseen",
        "fix",
    ),
    "hostcheck.model.result.Severity": ("REQUIRED", "RECOMMENDED", "INFORMATIONAL"),
    "hostcheck.model.result.Status": ("PASS", "FAIL", "UNKNOWN", "NOT_APPLICABLE", "ERROR"),
    "hostcheck.model.run.HostReport": ("verdict", "host", "results"),
    "hostcheck.model.run.Run": (
        "schema", "tool_version", "catalogue_edition", "target", "hosts", "checks", "preflight",
    ),
    "hostcheck.pytest_plugin.Machine": ("host", "results", "verdict", "status", "failed"),
    "hostcheck.reports.formats": ("told",),
    "hostcheck.reports.pieces": ("told", "format_", "thing", "screen"),
    "hostcheck.reports.write": ("told", "format_", "thing", "path"),
    "hostcheck.runfile.read": ("path",),
    "hostcheck.runfile.write": ("run", "path"),
}  # fmt: skip
"""The parts of each that may not go. Adding is free; taking away is for a new major version."""


def _found(name: str) -> Any:
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


def _parts(value: Any) -> set[str]:
    if inspect.isfunction(value):
        return set(inspect.signature(value).parameters)
    if isinstance(value, type) and issubclass(value, Enum):
        return set(value.__members__)
    fields = getattr(value, "__struct_fields__", getattr(value, "__dataclass_fields__", ()))
    return {*fields, *dir(value)}


def test_the_page_names_what_is_promised() -> None:
    assert sorted(re.findall(r"^\| `([\w.]+)`", PAGE, re.MULTILINE)) == sorted(PROMISED)


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_name_is_there_with_its_parts(name: str) -> None:
    value = _found(name)
    assert set(PROMISED[name]) <= _parts(value)
    if inspect.isfunction(value):
        taken = inspect.signature(value).parameters.values()
        more = [one.name for one in taken if one.name not in PROMISED[name]]
        assert all(inspect.signature(value).parameters[one].default is not inspect.Parameter.empty
                   for one in more)  # fmt: skip


def test_a_run_file_goes_in_and_out_by_promised_names(tmp_path: Path) -> None:
    source = RecordedSource(ROOT / "fixtures" / "2n-2xA100-80-esxi803")
    (ref,) = source.machines()
    run = run_of(source.about.target, [report_of(host_of(source.collect(ref)))])
    _found("hostcheck.runfile.write")(run, tmp_path / "run.json")
    again = _found("hostcheck.runfile.read")(tmp_path / "run.json")
    assert [one.verdict for one in again.hosts] == [one.verdict for one in run.hosts]
    assert "text" in _found("hostcheck.reports.formats")("run")
    assert "".join(_found("hostcheck.reports.pieces")("run", "line", again))
