"""docs/reliability.md: what it names is there, and its words are those of the template."""

import re

from tests.torture.report import PAGE, ROOT, WORDS

HELD = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_that_the_page_names_is_there() -> None:
    named = HELD.findall(PAGE.read_text())
    assert len(named) > 40
    for file, name in named:
        text = (ROOT / file).read_text()
        assert not name or f"\ndef {name}(" in text, f"{file}::{name}"


def test_the_page_is_made_of_its_template() -> None:
    lines = iter(PAGE.read_text().splitlines())
    for line in WORDS.read_text().splitlines():
        if not line.startswith("{"):
            assert line in lines, line
