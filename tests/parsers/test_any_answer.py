"""Every parser on every answer of the recorded machines, with something hostile in it.

Whatever a host, a proxy or a later version writes: a parser reads it, or says that it is not what
it was asked for. It crashes on nothing, and no answer takes it for long.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostcheck import recording
from hostcheck.ask import parsers
from hostcheck.errors import ParseError

FIXTURES = Path(__file__).parents[2] / "fixtures"
SEEDS = 4
"""Answers to one question, the shortest first: they are quick to read."""
SECONDS = 5
DEEP = 100_000
HOSTILE = (
    "",
    "\0",
    "\r\n",
    "\r",
    "\ufeff",
    "\ud800",
    "é",
    "٣",
    "&",
    "&amp;",
    "&#0;",
    "<",
    ">",
    "</",
    "]]>",
    "<![CDATA[",
    "<!--",
    "<?xml?>",
    "<!ENTITY a 'b'>",
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'f'>]>&a;",
    "<x>",
    "<x/>",
    '<x xsi:type="Later"/>',
    "-1",
    "9" * 5000,
    "1e9",
    "0x",
    "N/A",
    "[N/A]",
    "None",
    "Unknown Error",
    "a" * 100_000,
    ":",
    ": ",
    "|",
    ",",
    "{",
    "}",
    "(",
    "%s",
    "\x1b[2J",
    "\x85",
    "\u2028",
    "   ",
    "\t",
)


@cache
def seeds() -> dict[str, list[str]]:
    """Return recorded answers by the template of their question."""
    found: dict[str, set[str]] = {}
    for manifest in FIXTURES.glob("*/manifest.json"):
        for (_, asked, _), capture in recording.load(manifest.parent).captures.items():
            if capture.text:
                found.setdefault(asked.split("/seg/")[0], set()).add(capture.text)
    return {asked: sorted(texts, key=len)[:SEEDS] for asked, texts in found.items()}


PARSERS = {
    f"{read.__module__.rpartition('.')[2]} {request.template}": (request.template, read)
    for request, read in parsers()
    if request.template.split("/seg/")[0] in seeds()
}


def survives(read: Callable[[str], Any], text: str) -> None:
    began = time.process_time()
    with suppress(ParseError):
        read(text)
    assert time.process_time() - began < SECONDS


def test_every_recorded_answer_has_a_parser() -> None:
    read = {template.split("/seg/")[0] for template, _ in PARSERS.values()}
    assert set(seeds()) - read == set()


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_hostile_word_anywhere(name: str, data: st.DataObject) -> None:
    template, read = PARSERS[name]
    text = data.draw(st.sampled_from(seeds()[template.split("/seg/")[0]]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.sampled_from((0, 1, 4, 20, 400))))
        text = text[:start] + data.draw(st.sampled_from(HOSTILE)) + text[end:]
    survives(read, text)


@pytest.mark.parametrize("name", PARSERS)
def test_answers_that_are_built_to_hurt(name: str) -> None:
    template, read = PARSERS[name]
    seed = seeds()[template.split("/seg/")[0]][0]
    line = seed.splitlines()[0] + "\n"
    for text in (
        "", "\0", seed.replace("\n", "\r\n"), seed.replace("\n", "\r"), seed + seed, seed[::-1],
        seed.encode("utf-16").decode("utf-8", "replace"), line * 20_000, " " * 1_000_000,
        "<a>" * DEEP, "<a>" * DEEP + "</a>" * DEEP, "a: " * DEEP, "{" * DEEP, "|" * DEEP,
        seed.replace(">", " later='1'>", 3), "".join(f"{one}  9\n" for one in seed.splitlines()),
    ):  # fmt: skip
        survives(read, text)
