"""The one rule of exit codes: what counts against a run, and what is only new."""

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.exits import Counting, exit_code
from hostcheck.model.fact import Known
from hostcheck.model.run import Asked
from hostcheck.runs import run_of
from hostcheck.verdict import report_of
from tests.diff.test_diff import DENIED, hosts
from tests.private_data import FIXTURES

BROKEN = {"in_maintenance_mode": Known(value=True)}
"""HOST-002 is required."""
DARK = {"in_maintenance_mode": DENIED}
SHABBY = {"reboot_required": Known(value=True)}
"""HOST-003 is recommended."""
HEALTHY = {}


def run_with(*each):
    """A run of which each host is changed so."""
    found = [replace(one, **more) for one, more in zip(hosts(len(each)), each, strict=True)]
    return run_of("vc.lab.test", tuple(map(report_of, found)))


@pytest.mark.parametrize(
    ("state", "plain", "recommended", "unknown"),
    [(HEALTHY, 0, None, 0), (BROKEN, 1, 1, 1), (DARK, 3, None, 1), (SHABBY, 0, 1, 0)],
)
def test_what_counts(state, plain, recommended, unknown):
    run = run_with(HEALTHY, state)
    assert exit_code(run) == plain
    assert exit_code(run, Counting(unknown=True)) == unknown
    if recommended is not None:
        assert exit_code(run, Counting(recommended=True)) == recommended


def test_an_incomplete_run_is_never_a_zero():
    run = run_with(HEALTHY)
    for less in (
        replace(run, unasked=("esx-9",)), replace(run, targets=(Asked("a"), Asked("b", "down"))),
    ):  # fmt: skip
        assert exit_code(less) == 3
        assert exit_code(less, Counting(unknown=True)) == 1


@pytest.fixture
def since(tmp_path):
    """Report on a run with an earlier one beside it."""

    def invoke(then, now, *options):
        paths = [tmp_path / "then.json", tmp_path / "now.json"]
        for path, states in zip(paths, (then, now), strict=True):
            runfile.write(run_with(*states), path)
        return CliRunner().invoke(
            main, ["report", str(paths[1]), "--since", str(paths[0]), *options]
        )

    return invoke


@pytest.mark.parametrize(
    ("then", "now", "options", "code"),
    [
        (BROKEN, BROKEN, (), 0),
        (BROKEN, BROKEN, ("required",), 1),
        (BROKEN, BROKEN, ("new",), 0),
        (HEALTHY, BROKEN, ("new",), 1),
        (BROKEN, DARK, ("new",), 3),
        (BROKEN, DARK, ("new", "unknown"), 1),
        (HEALTHY, SHABBY, ("new",), 0),
        (HEALTHY, SHABBY, ("new", "recommended"), 1),
        (SHABBY, SHABBY, ("new", "recommended"), 0),
        (DARK, HEALTHY, ("new", "unknown"), 0),
    ],
)
def test_only_what_is_new(since, then, now, options, code):
    words = [word for one in options for word in ("--fail-on", one)]
    done = since([HEALTHY, then], [HEALTHY, now], *words)
    assert done.exit_code == code, done.output
    assert done.stderr.startswith("hostcheck: since ")


def test_a_waived_fail_is_not_new(since, tmp_path):
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\ncheck = "HOST-002"\nhost = "esx-1"\nreason = "a part"\nowner = "me"\n'
        "expires = 2099-01-01\n"
    )
    words = ["--fail-on", "new", "--waivers", str(waivers)]
    assert since([HEALTHY, HEALTHY], [HEALTHY, BROKEN], *words).exit_code == 0
    assert since([HEALTHY, HEALTHY], [BROKEN, BROKEN], *words).exit_code == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fail-on", "new"], "give --since RUN"),
        (["--fail-on", "new", "--fail-on", "required", "--since", "{run}"], "leave out required"),
        (["--fail-on", "nothing"], "'nothing' is not one of"),
        (["--since", "{other}"], "not a run file"),
    ],
)
def test_what_does_not_go_together(tmp_path, options, says):
    run, other = tmp_path / "run.json", tmp_path / "other.json"
    runfile.write(run_with(HEALTHY), run)
    other.write_text("{}")
    words = [one.format(run=run, other=other) for one in options]
    done = CliRunner().invoke(main, ["report", str(run), *words])
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_a_code_that_the_verdict_does_not_explain_is_explained():
    place = FIXTURES / "2n-2xA100-80-esxi803"
    for words, code, told in (
        ((), 0, ""),
        (("--strict",), 1, "exit code 1, and 0 without --strict (recommended checks count)"),
        (("--fail-on", "unknown"), 0, ""),
    ):
        done = CliRunner().invoke(main, ["audit", "--from", str(place), "-q", "--summary", *words])
        assert (done.exit_code, "✓ GO" in done.stdout) == (code, True)
        assert told in done.stderr
        assert ("exit code" in done.stderr) == bool(told)
