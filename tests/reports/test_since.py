"""What became of a fleet since an earlier run, in each report that is for people."""

import json
import re

import cmarkgfm
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import diff, runfile
from hostcheck.cli import main
from hostcheck.diff.story import Story
from hostcheck.model.result import Status
from hostcheck.reports import pieces, since
from hostcheck.reports.since import FRESH, OLD, SAME, SincePart, marked, plainly
from tests.reports import builders as b


def runs():
    def fleet(third, nodes, second):
        return b.run(
            b.report(b.host("esx1"), {"NUMA-001": (Status.FAIL, {
                "observed": f"{nodes} NUMA nodes on 2 packages", "expected": "2 <nodes>"})}),
            b.report(b.host("esx2"), second), b.report(b.host("esx3"), third),
        )  # fmt: skip

    return (
        fleet({}, 4, {"VM-001": Status.FAIL}),
        fleet({"HST-001": Status.FAIL}, 8, {"ECC-001": Status.UNKNOWN}),
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    then, now = runs()
    place = tmp_path_factory.mktemp("runs")
    runfile.write(then, place / "then.json")
    runfile.write(now, place / "now.json")
    return place, replace(now, since=diff.since(Story.at(place / "then.json"), now))


@pytest.mark.parametrize(
    ("then", "now", "parts"),
    [
        ("4 nodes on 2", "8 nodes on 2", ((OLD, "4"), (FRESH, "8"), (SAME, "nodes on 2"))),
        ("a b c", "a b c", ((SAME, "a b c"),)),
        ("a b c", "a c", ((SAME, "a"), (OLD, "b"), (SAME, "c"))),
        ("a c", "a b c", ((SAME, "a"), (FRESH, "b"), (SAME, "c"))),
        ("one thing", "quite another", ((OLD, "one thing"), (FRESH, "quite another"))),
        ("", "new", ((FRESH, "new"),)), ("old", "", ((OLD, "old"),)), ("", "", ()),
    ],
)  # fmt: skip
def test_the_words_that_differ_are_marked(then, now, parts):
    found = marked(then, now)
    assert found == tuple(SincePart(*one) for one in parts)
    kept = [one.text for one in found if one.kind != OLD]
    assert " ".join(kept) == now
    assert " ".join(one.text for one in found if one.kind != FRESH) == then


def test_marks_are_those_of_a_word_diff():
    assert plainly(marked("4 nodes", "8 nodes")) == "[-4-] {+8+} nodes"


def test_text_and_markdown_tell_it(told):
    text = " ".join("".join(pieces("run", "text", told[1])).split())
    for said in (
        "SINCE THE EARLIER RUN", "New (1)", "Still failing, and otherwise (1)", "Mended (3)",
        "[-4-] {+8+} NUMA nodes on 2 packages (expected 2 <nodes>)", "Not known now",
        "Verdict: NO-GO -> GO: esx2",
    ):  # fmt: skip
        assert said in text, said
    page = cmarkgfm.github_flavored_markdown_to_html("".join(pieces("run", "markdown", told[1])))
    assert "<del>4</del> <strong>8</strong> NUMA nodes on 2 packages (expected 2 &lt;nodes" in page


def test_html_tells_it_and_escapes(told):
    page = "".join(pieces("run", "html", told[1]))
    (section,) = re.findall(r'<section id="since">.*?</section>', page, re.DOTALL)
    assert "<del>4</del> <ins>8</ins> NUMA nodes on 2 packages (expected 2 &lt;nodes&gt;)" in (
        " ".join(section.split())
    )
    assert "<h3>New (1)</h3>" in section


def test_json_holds_it_and_a_run_file_does_not(told, tmp_path):
    document = json.loads("".join(pieces("run", "json", told[1])))
    assert [one["became"] for one in document["since"]["changes"]].count("mended") == 3
    runfile.write(told[1], tmp_path / "kept.json")
    assert runfile.read(tmp_path / "kept.json").since is None


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_nothing_is_said_where_no_earlier_run_is(told, name):
    assert "earlier run" not in "".join(pieces("run", name, replace(told[1], since=None))).lower()


def test_report_since_renders_it(told):
    place, _ = told
    words = ["report", str(place / "now.json"), "--since", str(place / "then.json")]
    done = CliRunner().invoke(main, [*words, "--format", "markdown"])
    assert done.exit_code == 0
    assert "### Since the earlier run" in done.stdout


def test_many_changes_are_cut_and_counted(told):
    made = told[1].since
    one = next(each for each in made.changes if each.became.value == "new")
    many = tuple(replace(one, observed=f"{at}") for at in range(100))
    (section, *_) = since.since_of(replace(told[1], since=replace(made, changes=many))).sections
    assert (section.results, len(section.told), section.more) == (100, since.MOST, 70)
