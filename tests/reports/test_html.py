"""The report for people: one inert file in which every result is found and unknown is not green."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from hostcheck.model.fact import Known
from hostcheck.model.result import Status
from hostcheck.reports.run import html
from hostcheck.reports.run.html.jinja import asset
from hostcheck.reports.topology import svg
from hostcheck.reports.words import clean
from tests.reports import builders as b

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


class Document(HTMLParser):
    """A small tree: elements in order, with their attributes and the text below them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.ids = [], [], {}
        self.feed(text)
        self.close()
        assert self.open == [], "an element is left open"

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": []}
        self.elements.append(element)
        name = element["attrs"].get("id")
        if name:
            assert name not in self.ids, f"id {name} twice"
            self.ids[name] = element
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open[-1]["tag"] == tag, (tag, self.open[-1])
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"].append(data)

    def text_of(self, name):
        return " ".join("".join(self.ids[name]["text"]).split())

    def all(self, tag):
        return [element for element in self.elements if element["tag"] == tag]


RUNS = {
    "one host": b.one_host(), "healthy": b.healthy(), "8 hosts": b.fleet(8),
    "64 hosts": b.fleet(64), "preflight": b.preflight_run(), "no host": b.run(),
    "preflight NO-GO": b.preflight_run("NO-GO"), "hostile": b.hostile(),
    "unknown nodes": b.run(b.report(b.unknown_nodes())),
    "NVLink": b.run(b.report(b.nvlinked(b.host(gpus=8)))),
}  # fmt: skip
every_run = pytest.mark.parametrize("name", RUNS)


@cache
def page(name):
    text = html.render(RUNS[name])
    return text, Document(text)


@every_run
def test_the_markup_is_whole_and_ids_are_unique(name):
    _, document = page(name)
    assert document.all("h1")
    assert len(document.all("main")) == 1


@every_run
def test_the_same_run_is_the_same_bytes(name):
    assert html.render(RUNS[name]) == page(name)[0]


@every_run
def test_nothing_is_loaded_from_anywhere(name):
    text, document = page(name)
    for element in document.elements:
        assert element["tag"] not in {"img", "link", "iframe", "object", "embed", "base"}
        for attribute, value in element["attrs"].items():
            assert attribute not in {"src", "srcset", "data", "action", "background", "poster"}
            assert not attribute.startswith("on")
            if attribute == "href":
                assert value.startswith("#") or element["tag"] == "a"
                assert value.startswith(("#", "https://", "http://"))
    style = document.all("style")[0]["text"][0]
    assert "@import" not in style
    assert re.findall(r"url\(([^)]*)\)", style) == ["#tp-hatch"]
    assert "default-src 'none'" in text


@every_run
def test_every_link_inside_the_page_leads_somewhere(name):
    _, document = page(name)
    for element in document.all("a"):
        target = element["attrs"].get("href", "")
        if target.startswith("#"):
            assert unquote(target[1:]) in document.ids, target


@pytest.mark.parametrize("name", ["one host", "8 hosts", "unknown nodes", "NVLink"])
def test_every_result_is_found_below_its_anchor(name):
    run = RUNS[name]
    document = Document(html.render(run))
    for report in run.hosts:
        page = document.text_of(f"host@{report.host.name}")
        for result in report.results:
            assert f"{result.check}@{report.host.name}" in document.ids
            assert result.subject.name in page
            for words in (result.observed, result.expected, result.note, result.trace):
                assert words in page


def test_a_fail_shows_all_that_is_needed_to_mend_it():
    text = Document(html.render(b.one_host())).text_of("GFX-001@esx01.lab.example")
    for words in (
        "fail", "required", "The host graphics type is Shared Direct", "Shared Direct, active",
        "config.graphicsInfo", "2026-11-21 08:01:22 +00:00", "vGPU needs the Shared Direct type",
        "The amount of graphics resource available", "needs maintenance mode",
        "needs host reboot", "esxcli graphics host set --default-type SharedPassthru",
        "The active type changes at the next reboot.",
    ):  # fmt: skip
        assert words in text


def test_an_unknown_shows_what_was_asked_and_what_is_missing():
    text = Document(html.render(b.one_host())).text_of("HST-003@esx01.lab.example")
    for words in ("unknown", "config.service", "NoPermission", "Host.Config.NetService"):
        assert words in text


def test_the_first_screen_answers_the_three_questions():
    document = Document(html.render(b.one_host()))
    text = " ".join("".join(document.all("main")[0]["text"]).split())
    screen = text[: text.index("esx01.lab.example ✕ NO-GO")]
    for words in ("May I power on?", "NO-GO", "What do I do now?", "How sure are you?", "34 of 44",
                  "SSH is off", "Host.Config.NetService", "Oldest answer 2026-11-21"):  # fmt: skip
        assert words in screen


def matrix_cells(text):
    return re.findall(r'<td class="(\w+)[^"]*"><a href="#([^"]+)" title="([^"]*)">(.)</a>', text)


def test_in_the_matrix_unknown_is_never_a_pass():
    run = b.fleet(8)
    cells = matrix_cells(html.render(run))
    worst = {}
    for report in run.hosts:
        for result in report.results:
            worst.setdefault((result.check, report.host.name), set()).add(result.status)
    seen = 0
    for kind, anchor, _, mark in cells:
        key = tuple(unquote(anchor).split("@"))
        statuses = worst.get(key)
        if statuses is None:
            assert kind == "unknown", "a host whose GPUs are not known"
            continue
        seen += 1
        assert (kind == "pass") == (statuses <= {Status.PASS, Status.NOT_APPLICABLE}
                                    and Status.PASS in statuses)  # fmt: skip
        assert (mark == "✓") == (kind == "pass")
    columns = {unquote(anchor).split("@")[0] for _, anchor, _, _ in cells}
    assert seen == sum(check in columns for check, _ in worst)
    odd = {Status.FAIL, Status.UNKNOWN, Status.ERROR}
    assert {check for (check, _), statuses in worst.items() if statuses & odd} <= columns


def test_unknown_is_hatched_and_shares_no_colour_with_pass():
    (style,) = re.findall(r"<style>(.*?)</style>", html.render(b.healthy()), re.DOTALL)
    for rule in re.findall(r"([^{}]*)\{([^{}]*)\}", style):
        if "unknown" in rule[0] and ".pass" not in rule[0] and "Key" not in rule[0]:
            assert "--pass" not in rule[1], rule
    assert re.search(r"\.matrix td\.unknown a[^{]*\{background:var\(--hatching\)", style)


@pytest.mark.parametrize("name", b.HOSTILE)
def test_hostile_names_are_inert(name):
    text = html.render(b.hostile())
    document = Document(text)
    assert len(document.all("script")) == 1
    assert document.all("img") == []
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "49" not in re.findall(r"\{\{ 7\*7 \}\}|\b49\b", text)
    shown = clean(name)
    assert shown in "".join(document.all("main")[0]["text"])


def test_the_only_script_is_ours_and_the_policy_names_its_hash():
    text = html.render(b.hostile())
    script = Document(text).all("script")[0]["text"][0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_two_hosts_of_one_name_have_anchors_of_their_own():
    document = Document(html.render(b.run(b.report(b.host()), b.report(b.host()))))
    assert {"host@esx01.lab.example", "host@esx01.lab.example~2"} <= set(document.ids)


def test_a_preflight_leads_and_ranks():
    text = html.render(b.preflight_run())
    document = Document(text)
    assert "✓ GO new-vm may be powered on" in " ".join(
        "".join(document.all("h1")[0]["text"]).split()
    )
    ranks = document.text_of("candidates")
    assert ranks.index("esx01") < ranks.index("esx03") < ranks.index("esx02")
    assert "ECC state could not be read: SSH is off." in ranks
    assert "preflight:NUMA-002@esx03.lab.example" in document.ids


def test_a_check_without_a_manual_is_shown_under_its_id():
    report = b.report(b.host())
    stranger = replace(report.results[0], check="NEW-001")
    run = b.run(replace(report, results=(stranger,)))
    document = Document(html.render(run))
    assert "NEW-001@esx01.lab.example" in document.ids


def test_a_dangerous_source_is_no_link():
    run = b.one_host()
    bad = tuple(replace(check, source="javascript:alert(1)") for check in run.checks)
    text = html.render(replace(run, checks=bad))
    assert 'href="javascript' not in text


def test_a_fleet_says_where_hosts_differ():
    text = Document(html.render(b.fleet(8))).text_of("fleet")
    assert "550.54.16 (6 of 7 known)" in text
    assert "550.90.05 filter: esx06.lab.example" in text


def test_unknown_facts_say_why():
    made = b.host(driver_version=b.DENIED)
    text = html.render(b.run(b.report(made)))
    assert '<span class="blank"><span>? denied: NoPermission' in text


def test_memory_that_is_not_all_dram_says_so():
    made = b.host(memory_bytes=Known(1024 * 2**30), memory_dram_bytes=Known(512 * 2**30))
    assert "1 TiB, 512 GiB of it DRAM" in html.render(b.run(b.report(made)))
    alike = replace(made, memory_dram_bytes=made.memory_bytes)
    assert "of it DRAM" not in html.render(b.run(b.report(alike)))


def test_sizes_stay_small():
    assert len(html.render(b.one_host())) < 120_000
    assert len(html.render(b.fleet(64))) < 64 * 50_000


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = (
    ("ink", "paper"), ("ink", "wash"), ("soft", "paper"), ("soft", "wash"), ("link", "paper"),
    ("fail", "failwash"), ("fail", "paper"), ("onfail", "fail"), ("warn", "warnwash"),
    ("pass", "passwash"), ("dim", "dimwash"), ("ink", "dimwash"), ("ink", "failwash"),
    ("ink", "passwash"), ("soft", "failwash"), ("soft", "passwash"), ("soft", "dimwash"),
    ("ink", "mid"), ("ink", "near"), ("ink", "warnwash"),
)  # fmt: skip
PICTURE = (
    ("ink", "pack"), ("ink", "node"), ("ink", "card"), ("soft", "card"), ("soft", "node"),
    ("soft", "pack"), ("vmink", "vm"), ("bad", "badfill"), ("ink", "badfill"), ("soft", "badfill"),
)  # fmt: skip


def palettes(text, prefix=""):
    """Return the themes of a style sheet: light first, then dark and print."""
    full = lambda c: c if len(c) == 7 else "#" + "".join(2 * x for x in c[1:])  # noqa: E731
    blocks = re.findall(r"\{([^{}]*--" + prefix + r"paper:[^{}]*)\}", text)
    return [
        {k: full(v) for k, v in re.findall(rf"--{prefix}([a-z]+):\s*(#[0-9a-f]+)", block)}
        for block in blocks
    ]


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_has_the_contrast_that_wcag_asks_for(theme):
    page = palettes(asset("report.css"))[theme]
    picture = palettes(svg.STYLE, "tp-")[theme]
    for colours, pairs in ((page, PAIRS), (picture, PICTURE)):
        for ink, paper in pairs:
            found = contrast(colours[ink], colours[paper])
            assert found >= 4.5, (ink, paper, round(found, 2))
