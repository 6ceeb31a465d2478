"""Run files as earlier versions wrote them must be read: `kept/` is never written anew.

A new field of the model has a default, or these tests fail.
"""

import json
from pathlib import Path

import pytest

from hostcheck import runfile
from hostcheck.exits import exit_code
from hostcheck.reports.run import html, junit, line, text

KEPT = sorted((Path(__file__).parent / "kept").glob("run-*.json"))


def test_each_schema_that_is_read_is_kept():
    told = {json.loads(path.read_text())["schema"] for path in KEPT}
    assert told == {runfile.PLAIN, runfile.SCHEMA}


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_run_is_read_whole(path):
    run = runfile.read(path)
    (report,) = run.hosts
    kept = json.loads(path.read_text())
    assert (report.host.name, report.verdict.value) == ("esx-13.lab.test", "NO-GO")
    assert len(report.results) == len(kept["hosts"][0]["results"]) > 0
    assert run.preflight.verdict.value == kept["preflight"]["verdict"]
    assert exit_code(run) == 1


def test_both_kept_runs_say_the_same():
    one, other = map(runfile.read, KEPT)
    assert tuple(one.hosts) == tuple(other.hosts)
    assert (one.preflight, one.checks) == (other.preflight, other.checks)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
@pytest.mark.parametrize("form", [html, junit, line, text], ids=lambda one: one.__name__)
def test_a_kept_run_is_reported(path, form):
    assert "esx-13.lab.test" in form.render(runfile.read(path))
