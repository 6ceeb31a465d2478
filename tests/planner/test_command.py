"""hostcheck plan: from a saved run to text, JSON and an exit code."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import hostcheck
from hostcheck import runfile
from hostcheck.cli import main
from tests.checks.synthetic import unknown
from tests.planner.fleet import DAY, machine, run_with

SCHEMA = json.loads((Path(hostcheck.__file__).parent / "schema" / "plan-1.json").read_text())


@pytest.fixture
def told(tmp_path):
    """Plan for hosts; return the exit code and what was printed."""

    def run(*hosts, options=(), day=DAY):
        file = tmp_path / "run.json"
        runfile.write(run_with(hosts), file)
        words = ["plan", str(file), "--day", day, *options]
        done = CliRunner().invoke(main, words, env={"COLUMNS": "100"})
        return done.exit_code, done.output

    return run


def test_the_text_says_what_a_person_acts_on(told):
    code, text = told(machine(1), machine(2))
    assert code == 0
    for words in (
        f"Upgrade plan for vc.example.com, {DAY}",
        "Table of releases of 2026-11-28",
        "ESXi 8.0 U3e (8.0.3, build 24674464): support until 2027-10-11 [V]",
        "vGPU 16.9 (driver 535.230.02): support ended 2026-07 [V]",
        "behind: vGPU 16.14 (535.309.01) is the newest of its release",
        "✓ vGPU 19.5 (LTSB [V], NVIDIA AI Enterprise 7.x [T]): possible",
        "way: 16 > 19.5 > 20.1",
        "remediate to one image of ESXi 8.0 U3k (build 25595708)",
        "$ hostcheck audit --cluster gpu -o after-19.5.json",
    ):
        assert words in " ".join(text.split()), words


@pytest.mark.parametrize(
    ("changes", "options", "code"),
    [
        ({}, ["--to", "19"], 0),
        ({"model": "p40"}, [], 1),
        ({}, ["--to", "21"], 3),
        ({"driver_version": unknown(), "driver_packages": unknown()}, [], 3),
        ({"gpus": 0, "busy": 0}, [], 3),
        ({}, ["--to", "99"], 2),
        ({}, ["--esx", "8.0u99"], 2),
        ({}, ["--day", "tomorrow"], 2),
    ],
)
def test_exit_codes(told, changes, options, code):
    found, text = told(machine(1, **changes), machine(2, **changes), options=options)
    assert found == code, text
    assert "Traceback" not in text
    if code == 2:
        assert len(text.strip().splitlines()) == 1, text


@pytest.mark.parametrize("model", ["a40", "p40", "v100-pcie-32"])
def test_the_document_follows_its_schema(told, model):
    _, text = told(machine(1, model=model), machine(2, model=model), options=["--format", "json"])
    document = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["schema"] == "hostcheck.plan/1"
    assert (document["day"], document["table_edition"]) == (DAY, "2026-11-28")


def test_the_same_run_and_day_give_the_same_bytes(told):
    hosts = machine(1), machine(2, driver="580.65.05", guest="535.230.02")
    assert told(*hosts) == told(*hosts)


def test_names_of_hosts_are_made_harmless(told):
    _, text = told(machine(1, cluster="a\x1b[31m\u202eb"))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "a\\x1b[31m\\u202eb" in text
