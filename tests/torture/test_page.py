"""docs/reliability.md: what it names is there, and its words are those of the template."""

import re

from tests.torture.report import PAGE, ROOT, WORDS, statements, versions

HELD = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_that_the_page_names_is_there() -> None:
    named = HELD.findall(PAGE.read_text())
    assert len(named) > 40
    for file, name in named:
        text = (ROOT / file).read_text()
        assert not name or f"\ndef {name}(" in text, f"{file}::{name}"


def test_every_recorded_machine_was_counted() -> None:
    told = set(re.findall(r"(?m)^\| (\S+) \| [\d,]+ \| \d+ \|", PAGE.read_text()))
    there = {one.parent.name for one in (ROOT / "fixtures").glob("*/manifest.json")}
    assert not there - told, "python -m tests.torture --inputs 20000 --machine FOLDER counts it"


def test_what_no_run_has_to_count_is_as_the_tree_is_now() -> None:
    """`python -m tests.torture.report` writes it anew."""
    lines = set(PAGE.read_text().splitlines())
    for now in (*versions(), *statements()):
        assert now in lines, now


WITHOUT = {
    "test_a_full_disk_loses_no_host": "a replay",
    "test_what_was_stopped_is_taken_up_again": "a replay",
    "test_a_killed_worker_and_then_the_scheduler_lose_nothing": "a replay",
    "test_a_connection_that_is_lost_among_commands_goes_on_with_the_next": "a shell alone",
}
"""Rows that no vCenter takes part in."""


def test_after_each_fault_sessions_are_counted() -> None:
    """By the row's own test, by its mark, or by what its whole file does after each test."""
    rows = PAGE.read_text().partition("## Faults at live peers")[2].partition("\n## ")[0]
    named = HELD.findall(rows)
    assert len(named) > 25
    for file, name in named:
        text = (ROOT / file).read_text()
        above, _, body = text.partition(f"\ndef {name}(")
        own = above.rpartition("\n\n\n")[2] + re.split(r"\n(?=[@\w])", body)[0]
        whole = re.search(r"(?m)^pytestmark = .*sessions_left|^def nothing_is_left_behind", text)
        counted = "sessions_left" in own or "open_sessions" in own or whole is not None
        assert counted is not (name in WITHOUT), name


def test_every_point_of_the_review_is_answered() -> None:
    """Each with what holds it: a test that the one above looks for."""
    rows = re.findall(r"(?m)^\| D(\d+) \|(.*)$", PAGE.read_text())
    assert [int(number) for number, _ in rows] == list(range(1, 19))
    for number, told in rows:
        assert HELD.search(told), number


def test_the_page_is_made_of_its_template() -> None:
    lines = iter(PAGE.read_text().splitlines())
    for line in WORDS.read_text().splitlines():
        if not line.startswith("{"):
            assert line in lines, line
