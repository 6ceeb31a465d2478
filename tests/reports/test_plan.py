"""A plan as text, page and CSV: what a change board approves, and what a calendar takes."""

import csv
import io
import os
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from hostcheck.reports import formats, pieces
from tests.planner.fleet import machine, planned

HOSTILE = "a\x1b[31m<script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def plan():
    return planned(
        *(machine(number, cluster="gpu") for number in range(1, 12)),
        *(machine(number, model="p40", cluster="old", busy=2) for number in (21, 22)),
    )


def shown(plan, format_):
    return "".join(pieces("plan", format_, plan))


def test_formats():
    assert formats("plan") == ("text", "csv", "html", "json")


class Balance(HTMLParser):
    """Notes tags that are closed in another order than they were opened."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.seen = [], [], []

    def handle_starttag(self, tag, _attrs):
        self.seen.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def parsed(text):
    found = Balance()
    found.feed(text)
    assert (found.wrong, found.open) == ([], [])
    return found


def test_the_page_is_whole_and_asks_for_nothing(plan):
    text = shown(plan, "html")
    found = parsed(text)
    assert not {"script", "img", "link", "iframe"} & set(found.seen)
    assert "default-src 'none'" in text
    assert found.seen.count("section") == 2
    assert found.seen.count("h1") == 1


def test_the_page_says_order_reboots_risks_and_who(plan):
    text = shown(plan, "html")
    for words in (
        "1 round, 11 evacuations, 11 host reboots, 11 VM moves, 0 power-offs, 11 guest restarts",
        "Order of work", "Who does what", "<li>vSphere administrator: steps 2, 3</li>",
        "Risks and notes", "Not known", "Approved by", "What stops it",
        "vGPU 20 drives NVIDIA Tesla P40 no more", "2 of 2 hosts cannot be emptied",
        "<summary>11 hosts</summary>", "no change",
    ):  # fmt: skip
        assert words in text, words


def test_names_cannot_write_the_page_or_the_sheet():
    plan = planned(machine(1, cluster=f"={HOSTILE}"))
    page = shown(plan, "html")
    assert "script" not in parsed(page).seen
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    sheet = list(csv.DictReader(io.StringIO(shown(plan, "csv"))))
    assert {row["cluster"][:2] for row in sheet} == {"'="}


def test_the_sheet_has_a_row_for_each_step_and_host(plan):
    rows = list(csv.DictReader(io.StringIO(shown(plan, "csv"))))
    work = [row for row in rows if (row["target"], row["phase"]) == ("19.5", "hosts")]
    assert [row["host"] for row in work] == [f"esx-{number}.example.com" for number in range(1, 12)]
    first, *others = work
    assert (first["driver"], first["esxi"], first["build"]) == ("580.159.01", "8.0 U3k", "25595708")
    assert (first["host_reboots"], first["vm_moves"]) == ("11", "11")
    assert {row["host_reboots"] for row in others} == {""}
    option = next(one for one in plan.clusters[0].options if one.target == "19.5")
    mine = [row for row in rows if row["target"] == "19.5" and row["cluster"] == "gpu"]
    assert sum(int(row["host_reboots"] or 0) for row in mine) == option.cost.reboots
    assert sum(int(row["guest_restarts"] or 0) for row in mine) == option.cost.guest_restarts
    kept = [row for row in rows if (row["cluster"], row["target"]) == ("old", "19.5")]
    assert {(row["answer"], row["step"], row["host_reboots"]) for row in kept} == {
        ("blocked", "", "")
    }
    (old,) = [one for one in plan.clusters if one.name == "old"]
    stops = next(one for one in old.options if one.target == "19.5").stops
    assert {one.what for one in stops} <= {row["what"] for row in kept}
    assert {"esx-21.example.com", "esx-22.example.com"} <= {row["host"] for row in kept}


def test_the_sheet_says_that_nothing_needs_doing():
    there = {"driver": "580.159.01", "guest": "580.159.03", "build": "25595708"}
    made = planned(machine(1, **there))
    rows = list(csv.DictReader(io.StringIO(shown(made, "csv"))))
    (row,) = [row for row in rows if not row["step"]]
    assert (row["target"], row["answer"]) == ("19.5", "possible")
    assert row["what"].startswith("nothing needs doing")


@pytest.mark.parametrize("format_", ["text", "html", "csv", "json"])
def test_a_run_without_gpus_is_told(format_):
    text = shown(planned(machine(1, gpus=0, busy=0)), format_)
    assert text
    if format_ in ("text", "html"):
        assert "no host with an NVIDIA GPU was read, so nothing to plan" in text


def test_every_statement_that_rests_on_the_table_has_its_mark(plan):
    for cluster in plan.clusters:
        for option in cluster.options:
            assert all(stop.ground.mark.value in "VTI" for stop in option.stops)
            assert all(asked.told_by for asked in option.questions)
            assert "[" in option.supported or "UNKNOWN" in option.supported


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture
def dom_of(tmp_path):
    """Return the page as a browser has it after its scripts."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the build has no chromium to open the report with")
        pytest.skip("no chromium to open the report with")

    def run(text, *flags):
        page = tmp_path / "plan.html"
        page.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--proxy-server=127.0.0.1:1", "--virtual-time-budget=2000",
             "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}",
             *flags, "--dump-dom", page.as_uri()],
            capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout.decode()

    return run


@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it_without_a_sideways_scroll(dom_of, plan, width):
    text = shown(plan, "html").replace(
        "default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'"
    )
    probe = (
        "<script>addEventListener('load',()=>{document.title="
        "document.documentElement.scrollWidth<=document.documentElement.clientWidth?'fits':'wide'})"
        "</script></body>"
    )
    dom = dom_of(text.replace("</body>", probe), f"--window-size={width},2000")
    assert "<title>fits</title>" in dom
    assert "Upgrade plan for vc.example.com" in dom
