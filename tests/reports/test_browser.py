"""A real browser: what is read without scripts, filtered with them, printed, and heard."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hostcheck import recording
from hostcheck.case import case_of
from hostcheck.reports import pieces
from hostcheck.reports.run import html, html_single
from hostcheck.reports.run.html import whole
from hostcheck.reports.summary import whole as summary
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.reports import builders as b

playwright = pytest.importorskip("playwright.sync_api", exc_type=ImportError)
axe_core = pytest.importorskip("axe_playwright_python", exc_type=ImportError)

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
AXE = Path(axe_core.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "preload": False,
    "resultTypes": ["violations"],  # what is right is not written down node by node
}
SICK = Path(__file__).parents[2] / "fixtures/2n-8xH100-bmc-supermicro-sick-esxi803"
LIMIT = 8
FEW = (0, 2, 6, 7)
"""Hosts of the fleet that have every fate."""
LEFT = "[...document.querySelectorAll('#rows tbody tr:not(.cluster):not(.blank-row)')]"


def a_case():
    recorded = recording.load(SICK)
    return case_of(recorded, report_of(host_of(recorded)))


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the build has no chromium to open the report with")
        pytest.skip("no chromium to open the report with")
    with playwright.sync_playwright() as started:
        flags = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        browser = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    """Open pages, each in a context of its own; what one complains of fails the test."""
    said, contexts = [], []

    def opened(path, anchor="", **options):
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{path.as_uri()}{anchor}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture(scope="module")
def fleet():
    return b.fleet(30)


@pytest.fixture(scope="module")
def written(tmp_path_factory, fleet):
    """The same hosts as one page, and as an index with pages."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "one.html").write_text(html.render(b.one_host()), encoding="utf-8")
    (folder / "brief.html").write_text("".join(pieces("run", "brief", fleet)), encoding="utf-8")
    (folder / "case.html").write_text("".join(pieces("case", "html", a_case())), encoding="utf-8")
    (folder / "preflight.html").write_text(html.render(b.preflight_run()), encoding="utf-8")
    (folder / "whole.html").write_text(html.render(b.run(*fleet.hosts[:12])), encoding="utf-8")
    few = b.run(*(fleet.hosts[at] for at in FEW), notices=fleet.notices)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "LARGEST_PAGE", LIMIT)
        html.write(fleet, folder / "index.html")
        html_single.write(fleet, folder / "single.html")
        patch.setattr(whole, "OPEN_HOSTS", len(FEW) - 1)
        (folder / "few.html").write_text(html.render(few), encoding="utf-8")
        patch.setattr(summary, "LARGEST_PAGE", len(FEW) - 1)
        html_single.write(few, folder / "few_single.html")
    return folder


def kinds(page):
    """Tag, classes and roles of each element; p and a number is the sheet of a print."""
    found = set()
    for tag, given in re.findall(r"<([a-z][a-z0-9]*)([^>]*)>", page.read_text(encoding="utf-8")):
        classes = re.search(r' class="?([^">]*)', given)
        named = re.sub(r"\bp\d+", "", classes[1]) if classes else ""
        found.add((tag, named, *re.findall(r' (role="?[a-z]+|aria-[a-z]+)', given)))
    return found


def test_a_few_hosts_show_every_kind_of_element(written):
    """What axe looks at: each element of a page, so that it takes as long as the page."""
    assert kinds(written / "whole.html") <= kinds(written / "few.html")
    index = kinds(written / "index.html")
    assert kinds(written / "single.html") <= kinds(written / "few_single.html") | index


def test_without_scripts_and_network_everything_is_there(tab, written):
    page = tab(written / "one.html", java_script_enabled=False)
    text = page.inner_text("main")
    for words in (
        "May I power on?", "NO-GO", "What do I do now?", "How sure are you?",
        "esxcli graphics host set", "Host.Config.NetService",
    ):  # fmt: skip
        assert words in text
    assert page.locator("svg >> text=NUMA node 0").count()
    assert page.locator("button:visible").count() == 0, "nothing to press that does nothing"


def test_a_long_word_in_a_box_makes_no_telephone_scroll_sideways(tab, written):
    page = tab(written / "one.html")
    page.set_viewport_size({"width": 390, "height": 800})
    boxes = page.locator(".tag:visible")
    assert boxes.count()
    boxes.first.evaluate(
        "box => box.textContent = 'recommended, and DRV-001, GFX-001 (required) fail for it'"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_our_script_runs_under_our_policy_and_no_other_does(chromium, tmp_path):
    intruder = "<script>document.title = 'taken'</script></body>"
    page = tmp_path / "taken.html"
    page.write_text(html.render(b.hostile()).replace("</body>", intruder), encoding="utf-8")
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto(page.as_uri())
    assert opened.title() != "taken"
    assert opened.locator("button.copy").count(), "our own script did not run"
    context.close()


PAGES = (
    "one.html", "few.html", "preflight.html", "index.html", "few_single.html",
    "index_files/checks.html", "brief.html", "case.html",
)  # fmt: skip


@pytest.mark.parametrize("name", [*PAGES, "a host"])
def test_nobody_is_shut_out(tab, written, fleet, name):
    """No serious or moderate finding of axe-core, target sizes of WCAG 2.2 among its rules."""
    if name == "a host":
        name = f"index_files/{fleet.hosts[7].host.name}.html"
    page = tab(written / name, color_scheme="dark" if name == "one.html" else "light")
    if "index" in name or "single" in name:
        page.wait_for_selector("[data-ready], .manual, .facts")
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(rules)", RULES)["violations"]
    grave = [
        (one["id"], one["nodes"][0]["html"][:200], len(one["nodes"]))
        for one in found
        if one["impact"] in ("critical", "serious", "moderate")
    ]
    assert grave == []


def test_the_matrix_is_one_tab_stop_and_arrows_walk_it(tab, written):
    page = tab(written / "whole.html")
    assert page.locator("#matrix [tabindex='0']").count() == 1
    page.locator("#matrix [tabindex='0']").focus()
    focused = "[document.activeElement.closest('td,th')].map(at => [at.cellIndex, at.innerText])"
    before = page.evaluate(focused)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    after = page.evaluate(focused)
    assert after != before
    assert page.locator("#matrix [tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    assert "@" in page.url.rpartition("#")[2]
    assert page.locator("article:target, tr:target").is_visible()


def test_filters_are_in_the_address_and_come_back_from_it(tab, written):
    page = tab(written / "whole.html")
    page.check("input[name=v][value='NO-GO']")
    page.select_option("select[name=severity]", "required")
    page.fill("#find", "vm:vm0")
    left = page.inner_text("#shown")
    assert "v=NO-GO" in page.url
    assert "severity=required" in page.url
    again = tab(written / "whole.html", "#" + page.url.partition("#")[2])
    assert again.inner_text("#shown") == left
    assert again.input_value("#find") == "vm:vm0"
    page.click("button[type=reset]")
    page.wait_for_function("document.getElementById('shown').textContent.startsWith('12 of')")
    assert "=" not in page.url.partition("#")[2]
    page.fill("#find", "nowhere-to-be-found")
    assert page.inner_text("#shown").startswith("0 of 12 hosts: none matches")


def test_what_differs_and_tallies_are_filters_and_answers_grow_old(tab, written):
    page = tab(written / "whole.html")
    assert "days old" in page.inner_text(".top .age")
    page.click(".drift a.only")
    left = int(page.inner_text("#shown").split()[0])
    assert 0 < left < 12
    assert "only=" in page.url
    page.click("button[type=reset]")
    page.click(".tally a[data-set='v=NO-GO']")
    assert page.inner_text("#shown").startswith(page.inner_text(".tally a[data-set='v=NO-GO'] b"))


def test_short_names_lead_and_what_is_missing_says_so(tab, written):
    page = tab(written / "whole.html", "#NUMA-001@esx03")
    assert page.evaluate("document.activeElement.id") == "NUMA-001@esx03.lab.example"
    assert page.locator("#missing").is_hidden()
    page.evaluate("location.hash = '#NUMA-001@nobody'")
    page.wait_for_selector("#missing:visible")
    assert "NUMA-001@nobody" in page.inner_text("#missing")


def test_the_index_filters_sorts_and_its_squares_lead_to_the_finding(tab, written, fleet):
    failing = {
        report.host.name
        for report in fleet.hosts
        if any(one.check == "NUMA-001" and one.status != "pass" for one in report.results)
    }
    page = tab(written / "index.html", "#NUMA-001")
    page.wait_for_selector("[data-ready]")
    assert page.inner_text("#shown") == f"{len(failing)} of 30 hosts"
    names = page.evaluate(f"{LEFT}.map(row => row.cells[0].textContent)")
    assert set(names) == failing
    page.click("#rows thead button >> nth=0")
    names = page.evaluate(f"{LEFT}.map(row => row.cells[0].textContent)")
    assert names == sorted(names)
    assert "sort=0" in page.url
    assert page.locator("#rows [tabindex='0']").count() == 1
    page.locator("#rows td.fail a").first.click()
    page.wait_for_selector("article.finding.fail:focus")
    assert page.url.endswith("@this")
    named = tab(written / "index.html", f"#NUMA-001@{min(failing).partition('.')[0]}")
    named.wait_for_selector("article.finding:focus")
    assert min(failing) in named.url


def test_a_large_fleet_is_one_file_that_unpacks_what_is_opened(tab, written, fleet):
    still = tab(written / "single.html", java_script_enabled=False)
    worst = next(one for one in fleet.hosts if one.verdict == "NO-GO")
    still.click(f"[id='host@{worst.host.name}'] summary >> nth=0")
    text = still.inner_text(f"[id='host@{worst.host.name}']")
    failing = next(one for one in worst.results if one.status == "fail")
    for words in (failing.check, failing.observed, failing.subject.name, "vGPU manager"):
        assert words in text
    page = tab(written / "single.html")
    page.wait_for_selector("[data-ready]")
    page.locator("#rows td.fail a").first.click()
    page.wait_for_selector("article.finding.fail:focus")
    assert page.locator("article.finding:focus button.copy").count()
    name = page.evaluate("document.activeElement.closest('details.host').dataset.key")
    assert page.evaluate("document.activeElement.id").endswith(f"@{name}")
    page.fill("#find", name)
    assert page.locator("details.host:visible").count() == 1


def test_on_paper_what_fails_is_unfolded_and_pages_are_numbered(tab, written, tmp_path):
    if shutil.which("pdftotext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the build has no pdftotext")
        pytest.skip("no pdftotext to read what was printed with")
    page = tab(written / "few.html", java_script_enabled=False)
    paper = tmp_path / "paper.pdf"
    page.pdf(path=paper, prefer_css_page_size=True)
    told = subprocess.run(
        ["pdftotext", "-layout", paper, "-"], capture_output=True, check=True, text=True
    ).stdout.split("\f")
    assert "Page 1 of " in told[0]
    tab(written / "brief.html").pdf(path=paper, prefer_css_page_size=True)
    assert paper.read_bytes().count(b"/Type /Page\n") == 1, "a summary is one sheet"
    host = [sheet for sheet in told if sheet.lstrip().startswith("esx03.lab.example: ")]
    text = " ".join(" ".join(host).split())
    assert "What fails" in text
    assert "NUMA node 0" in text


@pytest.fixture(scope="module")
def tour(chromium, tmp_path_factory):
    """An index of a few hosts with every fate, and a tab to walk through it."""
    folder = tmp_path_factory.mktemp("tour")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "LARGEST_PAGE", 4)
        html.write(b.fleet(6), folder / "index.html")
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    yield folder, page
    page.close()


ARRIVED = """async wants => {
  const lost = {};
  for (const want of wants) {
    if (location.hash.slice(1) !== want) {
      await new Promise(done => {
        addEventListener("hashchange", () => setTimeout(done), { once: true });
        location.hash = want;
      });
    }
    const found = document.getElementById(decodeURIComponent(want));
    let why = found ? "" : "nothing has this id";
    for (let up = found; up; up = up.parentElement) {
      if (up.tagName === "DETAILS" && !up.open) { why = "it is folded"; }
    }
    if (found && !found.getClientRects().length) { why = "it is not shown"; }
    if (why) { lost[want] = why; }
  }
  return lost;
}"""


def test_every_link_of_the_index_is_clicked_and_arrives(tour):
    folder, page = tour
    page.goto((folder / "index.html").as_uri())
    page.wait_for_selector("#rows tbody a")
    links = page.evaluate("[...document.links].map(one => one.getAttribute('href'))")
    pages = {}
    for href in dict.fromkeys(links):
        if not href.startswith(("http", "#")):
            file, _, anchor = href.partition("#")
            pages.setdefault(file, []).append(anchor)
    assert len(pages) >= 6
    assert sum(map(len, pages.values())) > 60
    for file, anchors in pages.items():
        page.goto((folder / "index.html").as_uri())
        page.wait_for_selector("#rows tbody a")
        first = f"{file}#{anchors[0]}" if anchors[0] else file
        page.locator(f'a[href="{first}"]').first.evaluate("one => one.click()")
        page.wait_for_url(lambda url: "index.html" not in url)
        page.wait_for_selector("#rest h3, .manual", state="attached")
        assert page.evaluate(ARRIVED, [one for one in anchors if one]) == {}, file


def test_every_link_of_a_picture_is_clicked_and_arrives(tour):
    folder, page = tour
    (folder / "one.html").write_text(html.render(b.one_host()), encoding="utf-8")
    page.goto((folder / "one.html").as_uri())
    links = page.locator("figure svg a")
    assert links.count() > 4
    for number in range(links.count()):
        href = links.nth(number).get_attribute("href")
        links.nth(number).focus()
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == href
        assert page.evaluate(ARRIVED, [href[1:]]) == {}
