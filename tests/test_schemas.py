"""What the commands print as JSON follows the schema that the package carries for it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

import hostcheck
from hostcheck import reports
from hostcheck.cli import main

ROOT = Path(__file__).parents[1]
PLACE = Path(hostcheck.__file__).parent / "schema"
HEALTHY = ROOT / "fixtures" / "2n-2xA100-80-esxi803"
HOLES = ROOT / "fixtures" / "2n-2xA100-80-readonly-holes-esxi803"
MIG = ROOT / "fixtures" / "2n-8xH100-mig-mixed-esxi803"
BMC = ROOT / "fixtures" / "2n-8xH100-bmc-supermicro-sick-esxi803"
COMMANDS = {
    "answers": "preflight --all -q --format json --from {}",
    "bmc": "bmc -q --format json --judge --for nvidia_l40s-24q --from {}",
    "capacity": "capacity -q --format json --from {}",
    "case": "case * -q --format json --from {}",
    "checks": "checks --format json",
    "hosts": "hosts -q --format json --from {}",
    "policies": "policy list --format json",
    "profiles": "profiles -q --format json --from {}",
    "requests": "requests --format json",
    "run": "audit -q --format json --from {}",
    "topology": "topology -q * --format json --from {}",
    "vms": "vms -q --format json --from {}",
}
KINDS = {"bmc": (BMC,), "checks": (HEALTHY,), "policies": (HEALTHY,), "requests": (HEALTHY,)}
CASES = [
    (name, place) for name in COMMANDS for place in KINDS.get(name, (HEALTHY, HOLES, MIG))
]  # fmt: skip


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """The newest schema of a document, without the run file's own form."""
    number = 1 if name == "run" else max(
        int(one.stem.rpartition("-")[2]) for one in PLACE.glob(f"{name}-*.json")
    )  # fmt: skip
    return jsonschema.Draft202012Validator(
        json.loads((PLACE / f"{name}-{number}.json").read_text(encoding="utf-8"))
    )


@cache
def printed(name: str, place: Path) -> Any:
    words = [one.format(place) for one in COMMANDS[name].split()]
    return json.loads(CliRunner().invoke(main, words).stdout)


@pytest.mark.parametrize(("name", "place"), CASES, ids=lambda one: getattr(one, "name", one))
def test_what_a_command_prints_follows_its_schema(name: str, place: Path) -> None:
    assert [one.json_path for one in validator(name).iter_errors(printed(name, place))] == []


def test_every_json_document_has_a_schema() -> None:
    folders = [one.name for one in Path(reports.__file__).parent.iterdir() if one.is_dir()]
    told = {name for name in folders if "json" in reports.formats(name)}
    assert told
    named = {one.stem.rpartition("-")[0] for one in PLACE.glob("*.json")}
    assert {name.replace("_", "-") for name in told} - named == set()


def test_every_schema_is_one() -> None:
    for one in PLACE.glob("*.json"):
        jsonschema.Draft202012Validator.check_schema(json.loads(one.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"checks", "policies", "requests"}))
def test_a_schema_refuses_a_document_of_another_kind(name: str) -> None:
    """A schema that takes anything describes nothing."""
    other = printed("vms" if name != "vms" else "hosts", HEALTHY)
    assert list(validator(name).iter_errors(other))
    assert list(validator(name).iter_errors([]))
