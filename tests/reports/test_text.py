"""The report for terminals: the verdict leads, unknowns stand by their cause, names are inert."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.model.fact import Unknown, Why
from hostcheck.reports import Screen, Show, formats, pieces, words
from hostcheck.reports.run import text
from hostcheck.reports.run.text.page import NARROWEST, TextPage
from hostcheck.reports.topology import text as tree
from hostcheck.reports.words import missing, reason
from tests.reports import builders as b


def test_the_verdict_is_the_first_line():
    assert text.render(b.healthy()).startswith("✓ GO  esx01.lab.example is ready")
    assert text.render(b.one_host()).startswith("✕ NO-GO  esx01.lab.example is not ready")
    assert text.render(b.run(b.report(b.host(), b.SSH_OFF))).startswith("? UNSURE")
    assert text.render(b.run()).startswith("? UNSURE  No host was found")


def test_unknowns_are_gathered_by_cause():
    told = text.render(b.run(b.report(b.host(), b.SSH_OFF)))
    assert "? It was not asked: SSH is off: 3 checks: DRV-002, ECC-001, ECC-002" in told


def test_a_missing_privilege_is_named():
    told = text.render(b.one_host())
    assert "Host.Config.NetService" in told


def test_a_fail_tells_why_what_is_seen_and_how_to_mend_it():
    told = text.render(b.one_host())
    for said in (
        "GFX-001 required", "Shared; expected Shared Direct", "Why: vGPU needs", "Seen as:",
        "Needs maintenance mode", "esxcli graphics host set --default-type SharedPassthru",
    ):  # fmt: skip
        assert said in told


@pytest.mark.parametrize("width", [60, 100])
def test_prose_keeps_the_width_and_commands_stay_whole(width):
    for line in text.render(b.one_host(), width=width).splitlines():
        command = any(mark in line for mark in ("esxcli", "Get-VM", "BIOS", "vSphere Client:"))
        heading = "GFX-001" in line or line.startswith(("✕", "esx"))
        assert len(line) <= width or command or heading


def test_colour_only_adds_escapes():
    import re  # noqa: PLC0415

    painted = text.render(b.one_host(), colour=True)
    assert "\x1b[1;31m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == text.render(b.one_host())


def test_names_cannot_drive_the_terminal():
    told = text.render(b.hostile()) + tree.render(b.hostile().hosts[0])
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "\\x1b[31m" in told


def short(run, **show):
    return "".join(text.pieces(run, Screen(show=Show(**{"details": False, **show}))))


def test_preflight_tells_the_answer_and_ranks_the_hosts():
    told = short(b.preflight_run())
    assert told.startswith("✓ GO  new-vm may be powered on, best on esx01")
    places = [told.index(f"{n}. {mark}") for n, mark in ((1, "✓ GO"), (2, "? UN"), (3, "✕ NO"))]
    assert places == sorted(places)
    assert short(b.preflight_run("NO-GO")).startswith("✕ NO-GO  new-vm would not start")
    assert short(b.preflight_run("UNSURE")).startswith("? UNSURE")


def test_the_tree_has_an_ascii_form():
    told = tree.render(b.report(b.unknown_nodes()), ascii_only=True)
    assert told.isascii()
    assert "|-- Package 0" in told
    assert tree.render(b.hostile().hosts[0], ascii_only=True).isascii()


def test_the_tree_keeps_the_unknown_apart_and_explains_its_codes():
    told = tree.render(b.report(b.unknown_nodes()))
    node0 = told[told.index("NUMA node 0") : told.index("Package 1")]
    assert "GPU 2" not in node0
    assert "NUMA node not known" in told
    assert "?     unknown" in told
    nvlink = tree.render(b.report(b.nvlinked(b.host())))
    assert "NV12/SYS" in nvlink
    assert "NV#" in nvlink


def test_every_format_is_found_by_name():
    assert formats("run") == (
        "text", "brief", "csv", "html", "html-single", "json", "junit", "line", "markdown", "ocsf",
        "prometheus", "sarif",
    )  # fmt: skip
    assert formats("topology") == ("text", "dot", "hwloc-xml", "json", "nccl-xml", "svg")
    assert formats("capacity") == ("text", "csv", "json")
    assert "".join(pieces("run", "text", b.healthy())) == text.render(b.healthy())


def test_why_it_matters_is_said_where_a_check_fails_first():
    text = "".join(pieces("run", "text", b.fleet(24)))
    said = [line for line in text.splitlines() if line.strip().startswith("Why:")]
    assert said
    assert len(set(said)) == len(said)
    assert text.count("NUMA-001 recommended") > 1


def test_a_sentence_begins_with_a_capital_but_for_names_that_have_none():
    assert reason("absent", "vSphere does not say") == "vSphere does not say"
    assert reason("absent", "no such field") == "The answer has no field for it"
    assert missing(Unknown(Why.ABSENT, "the server did not set it")) == (
        "the server's answer leaves it out"
    )
    told = Unknown(Why.NOT_RECORDED, "the recording does not hold it")
    assert missing(told) == "the recording does not hold it"
    assert missing(Unknown(Why.DENIED, "no", privilege="System.Read")) == (
        "denied: no; needs System.Read"
    )


@given(
    st.lists(st.text("aé-.\u2028\xa0 ", max_size=50), max_size=12), st.integers(20, 90),
    st.integers(0, 14), st.sampled_from([None, 0, 2, 13]),
)  # fmt: skip
def test_lines_are_broken_as_pythons_own_breaks_them(texts, width, indent, hanging):
    hang = indent if hanging is None else hanging
    line = " ".join(texts)
    wanted = textwrap.wrap(
        words.one_line(line), max(width, NARROWEST), initial_indent=" " * indent,
        subsequent_indent=" " * hang, break_on_hyphens=False,
    )  # fmt: skip
    assert TextPage(width, colour=False).wrap(line, indent, hanging) == wanted
