"""Generated pages are current, and what a user may type is documented."""

import hashlib
import json
import os
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import jsonschema
import msgspec
import pytest

from hostcheck import asked, catalog, cli, runfile
from hostcheck.checks.engine import all_checks
from hostcheck.checks.manual import markdown
from hostcheck.model.answers import Answers
from hostcheck.model.bare import BareFleet
from hostcheck.model.capacity import Capacity
from hostcheck.model.capture import Request
from hostcheck.model.case import Case
from hostcheck.model.difference import Difference, Siblings
from hostcheck.model.doctor import Doctor
from hostcheck.model.drift import DriftList
from hostcheck.model.history import Past
from hostcheck.model.host import Host
from hostcheck.model.listing import Hosts, Vms
from hostcheck.model.notice import Notice
from hostcheck.model.plan import Plan
from hostcheck.model.policy import Listed, Settings
from hostcheck.model.profiles import Profiles
from hostcheck.model.result import Manual
from hostcheck.model.run import Run
from hostcheck.model.sparsity import Sparsity
from hostcheck.model.truce import Truce
from hostcheck.model.vm_class import Judged
from hostcheck.reports import formats
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests import everyday, formats_page, golden, mistakes
from tests.peers import live, shapes

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "hostcheck" / "schema"
PLAIN = ROOT / "hostcheck" / "schema" / "run-1.json"
PLAN = ROOT / "hostcheck" / "schema" / "plan-1.json"
CLASSES = ROOT / "hostcheck" / "schema" / "vm-class-1.json"
DIFF = ROOT / "hostcheck" / "schema" / "diff-1.json"
TRUCE = ROOT / "hostcheck" / "schema" / "truce-1.json"
NOTICE = ROOT / "hostcheck" / "schema" / "notice-1.json"
DOCTOR = ROOT / "hostcheck" / "schema" / "doctor-1.json"
HISTORY = ROOT / "hostcheck" / "schema" / "history-1.json"
SIBLINGS = ROOT / "hostcheck" / "schema" / "siblings-1.json"
DRIFT = ROOT / "hostcheck" / "schema" / "drift-1.json"
POLICY = ROOT / "hostcheck" / "schema" / "policy-1.json"
WEIGHTS = ROOT / "hostcheck" / "schema" / "sparsity-2.json"
STORED = ROOT / "hostcheck" / "schema" / "run-2.json"
FIXTURES = ROOT / "fixtures"


def test_page_of_checks(update: bool) -> None:
    text = markdown((one.manual for one in all_checks()), catalog.bios())
    golden.check(ROOT / "docs" / "checks.md", text, update=update)


def test_page_of_requests(update: bool) -> None:
    text = f"# Requests\n\nGenerated; `pytest --update` rewrites it.\n\n```\n{asked.page()}\n```\n"
    golden.check(ROOT / "docs" / "requests.md", text, update=update)


def _commands() -> list[tuple[str, click.Command]]:
    found = []
    for name, command in sorted(cli.main.commands.items()):
        below = command.commands.items() if isinstance(command, click.Group) else ()
        found += [(f"{name} {one}", each) for one, each in sorted(below)] or [(name, command)]
    return found


def test_page_of_commands(update: bool) -> None:
    parts = ["# Commands\n\nGenerated; `pytest --update` rewrites it.\n"]
    parent = click.Context(cli.main, info_name="hostcheck", **cli.main.context_settings)
    for name, command in _commands():
        context = click.Context(command, parent, info_name=name, terminal_width=96)
        parts.append(f"\n## hostcheck {name}\n\n```\n{command.get_help(context)}\n```\n")
    golden.check(ROOT / "docs" / "cli.md", "".join(parts), update=update)


@pytest.mark.parametrize(("name", "command"), _commands())
def test_every_command_and_option_has_help(name: str, command: click.Command) -> None:
    assert command.help, name
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "format_":
            assert parameter.help, f"{name} {parameter.opts}"


@pytest.fixture
def site(
    running: Callable[[Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> mistakes.Site:
    """Live peers, and an empty folder, for whoever makes mistakes."""
    for name in [*os.environ]:
        if name.startswith(("GOVC_", "HOSTCHECK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    vcenter = running(live.running_vcenter(mistakes.fleet(), rewrite=mistakes.rename))
    ago = timedelta(days=-40)
    again = {"password": vcenter.password, "good_until": ago}
    old = running(live.running_vcenter(shapes.HEALTHY, **again))
    shells = running(live.running_shells(shapes.HEALTHY))
    mistakes.prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    der = ssl.PEM_cert_to_DER_cert(old.ca_file.read_text())
    ssh = f"{shapes.HEALTHY.hosts[0].address}:{shells.port}"
    return mistakes.Site(vcenter, old, ssh, hashlib.sha256(der).hexdigest())


def test_page_of_mistakes(site: mistakes.Site, update: bool) -> None:
    golden.check(ROOT / "docs" / "mistakes.md", mistakes.page(site), update=update)


def test_page_of_everyday_jobs(
    site: mistakes.Site, monkeypatch: pytest.MonkeyPatch, update: bool
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-v")  # what whoever makes the page has set is not in it
    golden.check(ROOT / "docs" / "everyday.md", everyday.page(site), update=update)


def test_page_of_formats(update: bool) -> None:
    golden.check(ROOT / "docs" / "formats.md", formats_page.page(), update=update)


def test_page_of_formats_names_all() -> None:
    assert set(formats_page.FORMATS) == set(formats("run"))


MORE = {
    "answers": Answers, "bmc": BareFleet, "capacity": Capacity, "case": Case,
    "checks": tuple[Manual, ...],
    "hosts": Hosts, "policies": tuple[Listed, ...], "profiles": Profiles,
    "requests": tuple[Request, ...], "topology": Host,
    "vms": Vms,
}  # fmt: skip
"""Documents that are told and not read again, by the name of their schema."""


def _stored() -> dict[str, Any]:
    """The schema of the run file, with what is opened later put where it stands."""
    (top, host, told), names = msgspec.json.schema_components(
        (runfile.StoredRun, runfile.StoredHost, runfile.ToldResult), ref_template="#/$defs/{name}"
    )
    names["StoredRun"]["properties"]["hosts"]["items"] = host
    names["StoredResult"]["properties"]["told"] = {"anyOf": [told, {"type": "integer"}]}
    return top | {"$defs": names}


@pytest.mark.parametrize(
    ("place", "schema"),
    [
        (PLAIN, msgspec.json.schema(Run)),
        (STORED, _stored()),
        (WEIGHTS, msgspec.json.schema(Sparsity)),
        (PLAN, msgspec.json.schema(Plan)),
        (CLASSES, msgspec.json.schema(Judged)),
        (DIFF, msgspec.json.schema(Difference)),
        (SIBLINGS, msgspec.json.schema(Siblings)),
        (DRIFT, msgspec.json.schema(DriftList)),
        (DOCTOR, msgspec.json.schema(Doctor)),
        (POLICY, msgspec.json.schema(Settings)),
        (HISTORY, msgspec.json.schema(Past)),
        *((SCHEMAS / f"{name}-1.json", msgspec.json.schema(kind)) for name, kind in MORE.items()),
        (NOTICE, msgspec.json.schema(Notice)),
        (TRUCE, msgspec.json.schema(Truce)),
    ],
    ids=lambda one: one.stem if isinstance(one, Path) else "",
)
def test_schemas(place: Path, schema: dict[str, Any], update: bool) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"hostcheck {place.stem.replace('-', ' ')}",
    } | schema
    golden.check(place, json.dumps(schema, indent=1, sort_keys=True) + "\n", update=update)


def _errors(place: Path, document: bytes) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(place.read_text()))
    return [error.json_path for error in validator.iter_errors(json.loads(document))]


def test_runs_of_all_machines_follow_the_schema() -> None:
    source = RecordedSource(FIXTURES)
    reports = [report_of(host_of(source.collect(one))) for one in source.machines()]
    run = run_of(source.about.target, reports)
    assert _errors(PLAIN, msgspec.json.encode(run)) == []
    assert _errors(STORED, b"".join(runfile.chunks(run))) == []


def test_the_schema_refuses_a_status_of_its_own() -> None:
    source = RecordedSource(FIXTURES / "2n-2xA100-80-esxi803")
    (target,) = source.machines()
    report = report_of(host_of(source.collect(target)))
    run = json.loads(msgspec.json.encode(run_of(source.about.target, [report])))
    run["hosts"][0]["results"][0]["status"] = "fine"
    assert _errors(PLAIN, json.dumps(run).encode())
