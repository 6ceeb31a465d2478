"""Answers that come again are read twice at most, and always as if they were read anew."""

from pathlib import Path

import pytest

from hostcheck import recording
from hostcheck.ask import parsers
from hostcheck.errors import ParseError
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax import opened as room
from hostcheck.syntax.opened import opened

FIXTURES = Path(__file__).parents[2] / "fixtures"
REQUEST = Request(Wire.SHELL, "esxcli system version get", "")


@pytest.fixture
def counted():
    """Make a parser that notes the texts that it is given: `parse, texts = counted()`."""

    def counted(sick=False):
        texts: list[str] = []

        def parse(text):
            texts.append(text)
            if sick:
                raise ParseError("no")
            return text.split()

        return parse, texts

    return counted


def test_what_comes_again_is_read_twice(counted):
    parse, texts = counted()
    said = [opened(Capture(REQUEST, "a b"), parse) for _ in range(5)]
    assert said == [["a", "b"]] * 5
    assert texts == ["a b"] * 2
    assert opened(Capture(REQUEST, "a c"), parse) == ["a", "c"]


def test_two_parsers_of_one_text_are_two(counted):
    for parse, texts in (counted(), counted()):
        opened(Capture(REQUEST, "one"), parse)
        assert texts == ["one"]


def test_what_is_not_understood_is_read_each_time(counted):
    parse, texts = counted(sick=True)
    said = {opened(Capture(REQUEST, "x"), parse) for _ in range(4)}
    assert said == {Unknown(Why.UNPARSED, "no", REQUEST.text)}
    assert len(texts) == 4


def test_little_is_kept_of_what_nobody_sends_again(monkeypatch):
    made = room._Again()
    monkeypatch.setattr(room, "_MET", 50)
    monkeypatch.setattr(room, "_KEPT", 5)
    for number in range(200):
        made.read(str.split, f"only {number}")
        assert len(made._met) <= 50
    for _ in range(3):
        made.read(str.split, "long " * 1000)
    assert made._kept == {}
    for number in range(20):
        for _ in range(3):
            assert made.read(str.split, f"often {number}") == ["often", str(number)]
        assert 1 <= len(made._kept) <= 5


def test_what_is_kept_can_be_kept():
    """No parser yields what somebody could change: a dictionary would be of all hosts."""
    by_question = {request.template: parse for request, parse in parsers()}
    seen = set()
    for folder in sorted(FIXTURES.glob("*/manifest.json")):
        for capture in recording.load(folder.parent).captures.values():
            parse = by_question.get(capture.request.template)
            if parse is not None and capture.failure is None and not capture.exit_status:
                value = opened(capture, parse)
                assert not isinstance(value, list | dict | set), capture.request.template
                seen.add(parse)
    assert len(seen) > 15
