"""Generated pages are current, and what a user may type is documented."""

import json
from pathlib import Path

import click
import jsonschema
import msgspec
import pytest

from hostcheck import app, ask, cli
from hostcheck.checks.engine import all_checks
from hostcheck.checks.manual import markdown, requests_page
from hostcheck.model.run import Run
from tests import golden

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "hostcheck" / "schema" / "run-1.json"
FIXTURES = ROOT / "fixtures"


def test_page_of_checks(update: bool) -> None:
    text = markdown(one.manual for one in all_checks())
    golden.check(ROOT / "docs" / "checks.md", text, update=update)


def test_page_of_requests(update: bool) -> None:
    text = (
        "# Requests\n\nGenerated; `pytest --update` rewrites it.\n\n```\n"
        + requests_page(
            app.requests(), app.vsphere_methods(), [request for request, _ in ask.parsers()]
        )
        + "\n```\n"
    )
    golden.check(ROOT / "docs" / "requests.md", text, update=update)


def _commands() -> list[tuple[str, click.Command]]:
    return sorted(cli.main.commands.items())


def test_page_of_commands(update: bool) -> None:
    parts = ["# Commands\n\nGenerated; `pytest --update` rewrites it.\n"]
    parent = click.Context(cli.main, info_name="hostcheck", help_option_names=["-h", "--help"])
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


def test_schema_of_the_run_file(update: bool) -> None:
    schema = msgspec.json.schema(Run)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hostcheck run 1",
    } | schema
    golden.check(SCHEMA, json.dumps(schema, indent=1, sort_keys=True) + "\n", update=update)


def test_runs_of_all_machines_follow_the_schema() -> None:
    source = app.RecordedSource(FIXTURES)
    reports = [app.report_of(app.host_of(source.collect(one))) for one in source.machines()]
    run = json.loads(msgspec.json.encode(app.run_of(source.target, reports)))
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert [error.json_path for error in validator.iter_errors(run)] == []


def test_the_schema_refuses_a_status_of_its_own() -> None:
    source = app.RecordedSource(FIXTURES / "2n-2xA100-80-esxi803")
    (target,) = source.machines()
    report = app.report_of(app.host_of(source.collect(target)))
    run = json.loads(msgspec.json.encode(app.run_of(source.target, [report])))
    run["hosts"][0]["results"][0]["status"] = "fine"
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert list(validator.iter_errors(run))
