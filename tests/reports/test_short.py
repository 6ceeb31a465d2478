"""The answer a person acts on: who, what decides, what mends it; the rest is counted."""

import pytest
from msgspec.structs import replace

from hostcheck.reports import Screen, Show, pieces
from hostcheck.reports.run.text import short
from tests.reports import builders as b


def told(run, **show):
    screen = Screen(show=Show(**{"details": False, **show}))
    return "".join(pieces("run", "text", run, screen))


def section(text, name):
    """Return the lines of a section, by its heading."""
    _, _, after = text.partition(f"\n{name}\n")
    return after.partition("\n\n")[0].splitlines()


def test_hosts_with_the_same_against_them_are_one_row():
    text = told(b.fleet(16))
    rows = section(text, "HOSTS")
    assert [row.split()[1] for row in rows if row[2] in "✕?✓-"] == ["NO-GO", "NO-GO", "UNSURE",
                                                                "UNSURE", "GO"]  # fmt: skip
    assert "GFX-001, VM-001" in rows[0] or "GFX-001, VM-001" in rows[1]
    assert "esx03.lab.example, esx11.lab.example" in text
    assert "16 hosts: 4 NO-GO, 4 UNSURE, 8 GO." in text


def test_a_host_whose_vm_alone_would_not_start_is_counted_apart():
    sick = b.report(b.host("esx1"), {"VM-001": (b.Status.FAIL, {"only": (0,)})})
    ill = b.report(b.host("esx2"), {"GFX-001": b.Status.FAIL})
    text = told(b.run(sick, ill))
    assert "2 hosts: 2 NO-GO. 1 of the NO-GO hosts is ready: only a VM there would not start." in (
        " ".join(text.split())
    )


@pytest.mark.parametrize("number", [1, 24, 200, 1000])
def test_it_fits_a_screen_or_two(number):
    text = told(b.fleet(number))
    assert len(text.splitlines()) <= 80
    commands = " " * 6  # they are never wrapped
    assert all(len(one) <= 100 for one in text.splitlines() if not one.startswith(commands))


def test_what_decides_is_told_and_the_rest_is_counted():
    text = told(b.one_host())
    steps = "\n".join(section(text, "WHAT TO DO"))
    assert "[GFX-001]" in steps
    assert "[NUMA-001]" not in steps
    assert "NUMA-001" in "\n".join(section(text, "ALSO FOUND"))
    more = told(b.one_host(), severity="recommended")
    assert "[NUMA-001]" in "\n".join(section(more, "WHAT TO DO"))


def test_a_choice_of_findings_does_not_make_others_harmless():
    text = told(b.one_host(), checks=("NUMA-001",))
    assert "GFX-001" not in "\n".join(section(text, "ALSO FOUND"))


def test_the_headline_is_what_stands_against_most_hosts():
    """Not what fails most often: one host may have a check fail on eight GPUs."""
    often = b.report(b.host("esx1", gpus=8), {"GFX-001": b.Status.FAIL})
    many = [b.report(b.host(f"esx{one}"), {"VM-001": (b.Status.FAIL, {"only": (0,)})})
            for one in (2, 3)]  # fmt: skip
    headline = " ".join(told(b.run(often, *many)).split("HOSTS")[0].split())
    assert "(VM-001) fails on 2 hosts" in headline


def test_the_choice_of_hosts_and_checks():
    run = b.fleet(16)
    assert "esx01.lab.example" in told(run)
    only = "\n".join(section(told(run, only=("NO-GO",)), "HOSTS"))
    assert "esx03.lab.example" in only
    assert "✓ GO" not in only
    chosen = told(run, checks=("VM-001",))
    assert "GFX-001" not in "\n".join(section(chosen, "HOSTS"))
    assert {"esx03.lab.example", "esx08.lab.example"} <= set(
        "\n".join(section(chosen, "HOSTS")).replace(",", " ").replace(":", " ").split()
    )
    assert "[VM-001]" not in told(run, skip=("VM-001",))


@pytest.mark.parametrize(
    "show",
    [{}, {"summary": True}, {"only": ("GO",)}, {"checks": ("VM-001",)}, {"skip": ("GFX-001",)},
     {"severity": "informational"}, {"details": True, "only": ("GO",)},
     {"details": True, "skip": ("GFX-001", "VM-001")}],
)  # fmt: skip
def test_what_is_shown_changes_neither_verdict_nor_counts(show):
    run = b.fleet(16)
    (first, *_), (plain, *_) = told(run, **show).splitlines(), told(run).splitlines()
    assert first == plain
    if not show.get("details"):
        assert "16 hosts: 4 NO-GO, 4 UNSURE, 8 GO." in told(run, **show)


def test_a_summary_ends_after_the_counts():
    text = told(b.fleet(16), summary=True)
    assert "HOSTS" not in text
    assert len(text.splitlines()) < 12


def test_details_hold_what_was_chosen():
    run = b.fleet(16)
    text = told(run, details=True, only=("NO-GO",), checks=("VM-001",))
    assert "esx03.lab.example  ✕ NO-GO" in text
    assert "esx01.lab.example  ✓ GO" not in text
    assert "GFX-001 required" not in text
    assert "VM-001 required" in text


def test_many_candidates_are_a_table_and_the_best_is_told():
    run = b.preflight_run("NO-GO")
    first = run.preflight.candidates[0]
    many = tuple(replace(first, rank=n, host=f"esx{n}.lab.example") for n in range(1, 31))
    text = told(replace(run, preflight=replace(run.preflight, candidates=many)))
    rows = section(text, "HOSTS, BEST FIRST")
    assert sum(". " in row[:6] for row in rows) == short.CANDIDATES
    assert rows[-1].strip() == f"and {30 - short.CANDIDATES} more hosts"
    assert len(text.splitlines()) < 60


def test_unsure_names_the_step_that_settles_it():
    text = told(b.run(b.report(b.host(), b.SSH_OFF)))
    assert text.startswith("? UNSURE")
    assert "HOW SURE" in text
    dark = told(b.fleet(8))
    assert "to settle it: " in " ".join(dark.split())


def test_names_are_harmless():
    text = told(b.hostile())
    assert "\x1b" not in text
    assert "\u202e" not in text
