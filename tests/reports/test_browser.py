"""A real browser, without network and without scripts, shows the text of the report."""

import os
import re
import shutil
import subprocess

import pytest

from hostcheck.reports import summary
from hostcheck.reports.run import html
from tests.reports import builders as b

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--proxy-server=127.0.0.1:1",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=2000",
)  # fmt: skip


def without_scripts(text):
    """Let the page forbid its own script too. (Chromium prints and dumps with scripts, so they
    cannot be turned off in the browser.)"""
    dumb = re.sub("script-src 'sha256-[^']+'", "script-src 'none'", text)
    assert dumb != text
    return dumb


@pytest.fixture
def browse(tmp_path):
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the build has no chromium to open the report with")
        pytest.skip("no chromium to open the report with")

    def run(text, *flags, page=None, anchor=""):
        page = page or tmp_path / "report.html"
        page.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags,
             page.as_uri() + anchor],
            capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout.decode(), done.stderr.decode()

    return run


def test_without_scripts_and_network_everything_is_there(browse):
    dom, _ = browse(without_scripts(html.render(b.one_host())), "--dump-dom")
    for words in (
        "May I power on?",
        "NO-GO",
        "What do I do now?",
        "How sure are you?",
        "NUMA node 0",
        "esxcli graphics host set",
        "Host.Config.NetService",
        "</html>",
    ):
        assert words in dom
    assert "copy</button>" not in dom, "scripts were on after all"


def test_our_script_runs_under_our_policy_and_no_other_does(browse):
    text = html.render(b.hostile())
    dom, _ = browse(text, "--dump-dom")
    assert 'data-script=""><' in dom, "our own script did not run"
    intruder = "<script>document.title = 'taken'</script></body>"
    dom, _ = browse(text.replace("</body>", intruder), "--dump-dom")
    assert "<title>taken</title>" not in dom


def test_it_prints(browse, tmp_path):
    paper = tmp_path / "report.pdf"
    browse(without_scripts(html.render(b.fleet(8))), f"--print-to-pdf={paper}")
    assert paper.read_bytes().startswith(b"%PDF")


def cells(dom, column):
    """The first, or another, column of the table of an index as it was drawn."""
    table = re.search(r"<tbody>(.*?)</tbody>", dom[dom.index('id="rows"') :], re.DOTALL)[1]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [
        re.sub("<[^>]*>", "", re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)[column])
        for row in rows
    ]


@pytest.fixture
def fleet_of_40(tmp_path, monkeypatch):
    monkeypatch.setattr(summary, "LARGEST_PAGE", 8)
    run = b.fleet(40)
    html.write(run, tmp_path / "fleet.html")
    return run


def test_the_index_of_a_fleet_filters_and_sorts(browse, fleet_of_40, tmp_path):
    page = tmp_path / "fleet.html"
    text = page.read_text()
    failing = [
        report.host.name
        for report in fleet_of_40.hosts
        if any(one.check == "NUMA-001" and one.status != "pass" for one in report.results)
    ]
    dom, _ = browse(text, "--dump-dom", page=page, anchor="#NUMA-001")
    assert f"{len(failing)} of 40 hosts" in dom
    assert set(cells(dom, 0)) == set(failing)
    assert "data-ready=" in dom

    act = """<script>
      document.querySelector("th[data-by='0'] button").click();
      document.getElementById("find").value = "esx";
      document.querySelector("input[name=answer][value='2']").click();
    </script></body>"""
    lively = re.sub("script-src 'sha256-[^']+'", "script-src 'unsafe-inline'", text)
    dom, _ = browse(lively.replace("</body>", act), "--dump-dom", page=page)
    names = cells(dom, 0)
    assert names == sorted(names)
    assert not any("\u2713 GO" in cell for cell in cells(dom, 1))
    assert 0 < len(names) < 40


def test_the_page_of_a_host_unpacks_itself(browse, fleet_of_40, tmp_path):
    name = fleet_of_40.hosts[7].host.name
    page = tmp_path / "fleet_files" / f"{name}.html"
    dom, said = browse(page.read_text(), "--dump-dom", page=page)
    assert "Refused" not in said
    for words in ("<h3>Topology</h3>", "NUMA node 0", "What passes", "copy</button>"):
        assert words in dom
    dumb = page.read_text().replace("script-src 'self'", "script-src 'none'")
    dom, _ = browse(dumb, "--dump-dom", page=page)
    assert "<h3>Topology</h3>" not in dom
    assert name in dom
