"""`hostcheck case`: judgements beside the very lines that the host answered."""

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import recording
from hostcheck.case import excerpt
from hostcheck.cli import main
from hostcheck.model.result import Result, Severity, Status, Subject

FIXTURES = Path(__file__).parents[1] / "fixtures"
SICK = FIXTURES / "2n-8xH100-bmc-supermicro-sick-esxi803"
HOST = "esx-44.lab.test"


@pytest.fixture(scope="module")
def sheet():
    def told(*options):
        done = CliRunner().invoke(main, ["case", HOST, "--from", str(SICK), *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    return told


def test_it_begins_with_what_support_asks_for(sheet):
    text = sheet()
    for words in ("AB12CD3", "1320322014844", "GPU-23300000-9d00", "92.00.9E.00.10", "550.90.05",
                  "no run file was named"):  # fmt: skip
        assert words in text[: text.index("BMC-004")]
    assert "NUMA node" in text, "the picture as text"


def test_lines_are_those_that_were_recorded_with_their_numbers(sheet):
    made = json.loads(sheet("--format", "json"))
    answers = {
        (one.request.wire, one.request.text, one.request.about): one.text
        for one in recording.load(SICK).captures.values()
    }
    seen = 0
    for item in made["items"]:
        for raw in item["raw"]:
            source = raw["source"]
            text = answers[source["wire"], source["asked"], source["subject"]]
            assert raw["sha256"] == hashlib.sha256(text.encode()).hexdigest()
            whole = text.splitlines()
            for number, line in raw["lines"]:
                seen += 1
                assert line.strip() in text
                assert len(whole) < 4 or line == whole[number - 1].rstrip()[:400]
    assert seen > 20


def test_a_pending_change_is_shown_on_the_gpu_that_has_it(sheet):
    made = json.loads(sheet("--format", "json"))
    item = next(one for one in made["items"] if one["result"]["check"] == "MIG-001")
    (log,) = [one["lines"] for one in item["raw"] if one["source"]["asked"] == "nvidia-smi -q -x"]
    told = "\n".join(line for _, line in log)
    address = item["result"]["subject"]["id"].rpartition("0000:")[2].upper()
    assert address[:7] in told.splitlines()[0]
    assert "<pending_mig>Enabled</pending_mig>" in told


def test_the_run_file_is_named_by_its_hash(sheet, tmp_path):
    run = tmp_path / "run.json"
    audit = ["audit", "--from", str(SICK), "-o", str(run), "-q", "--summary",
             "--html", str(tmp_path / "run.html")]  # fmt: skip
    CliRunner().invoke(main, audit)
    digest = hashlib.sha256(run.read_bytes()).hexdigest()
    assert digest in sheet("--run", str(run))
    assert digest in (tmp_path / "run.html").read_text(), "the report tells the same"


class Page(HTMLParser):
    """The elements of a page by name, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_the_page_holds_the_same_and_runs_only_our_script(sheet):
    page = Page(sheet("--format", "html"))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert sheet() in page.text, "what is copied as text is the text"
    assert "img" not in [tag for tag, _ in page.tags]
    assert "<pending_mig>Enabled</pending_mig>" in page.text


def judged(observed, subject="0000:43:00.0"):
    about = Subject("gpu", subject, "GPU", {})
    return Result("MIG-001", Severity.RECOMMENDED, Status.FAIL, about, observed, "off")


LINES = """driver 1
GPU 00000000:1B:00.0
  mig on
  clock 7
GPU 00000000:43:00.0
  mig pending
  clock 9
GPU 00000000:52:00.0
  mig on""".splitlines()


def test_an_excerpt_stays_with_its_subject():
    assert excerpt(LINES, judged("pending")) == (
        (5, "GPU 00000000:43:00.0"), (6, "  mig pending"),
    )  # fmt: skip


def test_an_answer_about_nothing_of_it_begins_at_its_beginning():
    found = excerpt(["one", "", "two"], judged("pending", "host-1"))
    assert found == ((1, "one"), (3, "two"))
    assert excerpt([], judged("pending")) == ()


def test_endless_lines_and_answers_stay_short():
    found = excerpt([f"mig {'x' * 9000}"] * 500, judged("pending"))
    assert len(found) == 14
    assert {len(line) for _, line in found} == {400}


def test_several_hosts_are_refused():
    done = CliRunner().invoke(main, ["case", "esx-*", "--from", str(FIXTURES)])
    assert done.exit_code == 2
    assert "name one" in done.output


def test_a_single_file_is_html_and_nothing_beside_it(tmp_path):
    run = tmp_path / "run.json"
    CliRunner().invoke(main, ["audit", "--from", str(SICK), "-q", "-o", str(run), "--summary"])
    base = ["report", str(run), "--format", "html-single", "-o"]
    done = CliRunner().invoke(main, [*base, str(tmp_path / "x.zip")])
    assert done.exit_code == 2
    assert "one file is FILE.html" in done.output
    done = CliRunner().invoke(main, [*base, str(tmp_path / "x.html")])
    assert done.exit_code == 0, done.output
    assert sorted(one.name for one in tmp_path.iterdir()) == ["run.json", "x.html"]
