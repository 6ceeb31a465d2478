"""Several formats in one run: --output FORMAT=PATH, again and again."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from hostcheck.cli import main
from hostcheck.cli.outputs import Output, named
from hostcheck.reports import formats

ROOT = Path(__file__).parents[2]
MACHINE = ROOT / "fixtures" / "1n-1xT4-esxi703"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("saved") / "run.json"
    CliRunner().invoke(main, ["audit", "--from", str(MACHINE), "-q", "-o", str(place)])
    return place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in words])


def test_an_audit_writes_all_and_prints_its_answer(place: Path) -> None:
    done = run(
        "audit", "--from", MACHINE, "-q", "--summary", "-o", "run.json", "--output", "junit=j.xml",
        "--output", "html=a.html", "-o", "json=plain.json", "--html", "b.html",
    )  # fmt: skip
    assert (done.exit_code, done.output.split()[1]) == (1, "NO-GO")
    assert json.loads((place / "run.json").read_text())["schema"] == "hostcheck.run/2"
    assert json.loads((place / "plain.json").read_text())["schema"] == "hostcheck.run/1"
    assert ET.parse(place / "j.xml").getroot().tag == "testsuites"
    assert (place / "a.html").read_bytes() == (place / "b.html").read_bytes()


def test_a_saved_run_is_rendered_again_into_each_format(saved: Path, place: Path) -> None:
    names = {name: f"x.{name}" for name in formats("run")} | {"html-single": "single.html"}
    words = [word for name, path in names.items() for word in ("--output", f"{name}={path}")]
    together = run("report", saved, *words)
    assert (together.exit_code, together.output) == (0, "")
    for name, path in names.items():
        made = (place / path).read_bytes()
        assert made
        if name not in ("html", "text"):  # of which a terminal is shown other lines
            assert run("report", saved, "--format", name).stdout_bytes == made


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "csv=a", "-o", "junit=./a"), "--output csv and --output junit both name a"),
        (("-o", "csv=a", "-o", "csv=a"), "--output csv and --output csv again both name a"),
        (("-o", "csv=a", "-o", "a"), "both name a"),
        (("-o", "a", "-o", "b"), "-o names a and b: give one, others as FORMAT=PATH"),
        (("-o", "pdf=a"), "no format is called 'pdf'; there are: text, brief, csv"),
        (("-o", "jsn=a"), "no format is called 'jsn'; there are: json (a file of that name is ./"),
        (("-o", "csv="), "csv= names no file: give csv=FILE"),
        (("-o", "csv=a", "-o", "sarif=."), "give a file"),
        (("-o", "csv=a", "-o", "html=a.pdf"), "a.pdf"),
        (("-o", "csv=a", "-o", "sarif=/dev/null/x"), "; give another file"),
    ],
)
def test_what_cannot_be_written_is_named_before_anything_is(
    words: tuple[str, ...], told: str, saved: Path, place: Path
) -> None:
    for command in (("report", saved), ("audit", "--from", MACHINE, "-q")):
        done = run(*command, *words)
        assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
        assert told in done.output
        assert list(place.iterdir()) == []


@pytest.mark.usefixtures("place")
def test_no_output_is_written_over_what_is_read(saved: Path) -> None:
    before = saved.read_bytes()
    assert run("report", saved, "-o", f"csv={saved}").exit_code == 2
    assert run("audit", "--from", MACHINE, "--since", saved, "-o", f"json={saved}").exit_code == 2
    assert saved.read_bytes() == before


@pytest.mark.parametrize("option", ["--policy", "--history"])
def test_a_policy_and_a_history_are_read_too(option: str, saved: Path, place: Path) -> None:
    kept = place / "kept"
    kept.write_text('[policy]\nname = "ours"\n')
    for command in (("report", saved), ("audit", "--from", MACHINE, "-q")):
        done = run(*command, option, "kept", "-o", f"csv={kept}")
        assert done.exit_code == 2
        assert "kept is read by this very command: give another file" in done.output
    assert kept.read_text().startswith("[policy]")


@pytest.mark.usefixtures("place")
def test_the_journal_of_a_run_is_no_place_for_a_report() -> None:
    done = run("audit", "--from", MACHINE, "-o", "run.json", "-o", "csv=run.json.journal")
    assert done.exit_code == 2
    assert "and the journal of --output both name run.json.journal" in done.output


def test_a_file_may_be_called_like_a_format(saved: Path, place: Path) -> None:
    assert run("report", saved, "--format", "csv", "-o", "./csv=a").exit_code == 0
    assert (place / "csv=a").read_text().startswith("vcenter,")


def test_what_fails_to_be_written_keeps_nothing_else_from_it(
    saved: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        """Let the trial pass."""

    monkeypatch.setattr("hostcheck.files.refuse_unwritable", full)
    (place / "gone").write_text("a file where a folder is wanted")
    done = run("report", saved, "-o", "csv=gone/x.csv", "-o", "line=x.txt")
    assert done.exit_code == 2
    assert "gone/x.csv: Not a directory" in done.output or "File exists" in done.output
    assert (place / "x.txt").is_file()


def test_of_several_vms_each_has_its_reports(place: Path) -> None:
    done = run(
        "preflight", "--all", "--from", MACHINE, "-q", "-o", "runs", "--output", "junit=reports",
        "--output", "csv=reports",
    )  # fmt: skip
    assert done.exit_code in (0, 1, 3), done.output
    names = {one.stem for one in (place / "runs").iterdir()}
    assert names
    ends = {one.name for one in (place / "reports").iterdir()}
    assert ends == {f"{name}.{end}" for name in names for end in ("xml", "csv")}


def test_each_output_has_a_name_of_its_own() -> None:
    same = Output("csv", Path("a"))
    assert len(named((same, same, same, Output("", Path("a"))))) == 4
