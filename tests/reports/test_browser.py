"""A real browser, without network and without scripts, shows the text of the report."""

import os
import re
import shutil
import subprocess

import pytest

from hostcheck.reports import html
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

    def run(text, *flags):
        page = tmp_path / "report.html"
        page.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, page.as_uri()],
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
