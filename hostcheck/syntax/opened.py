"""An answer, opened: what a parser makes of it, or why it says nothing. The wall round parsers."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from hostcheck.errors import ParseError, crash
from hostcheck.model.capture import EVERYTHING, Capture, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim_objects import id_in

T = TypeVar("T")

_EARLY = 48
"""So many answers are opened before their hosts are joined: up to three of each of those whose
checks by vCenter are under way at a time."""
_LONG = 4096
"""Answers of more letters hold what is one host's alone; to hash them costs more than it saves."""
_MET = 4096
"""Answers of which is remembered that they came."""
_KEPT = 256
"""Answers that came again, and are kept with what was read of them."""


class _Again:
    """Reads answers; those that come again are read twice, and then no more.

    Hosts of one kind send the same text to many questions: their packages, options, types of vGPUs.
    Of what nobody sends again, the most, only a hash is kept. Parsers yield what nobody changes.
    """

    def __init__(self) -> None:
        self._met: set[int] = set()
        self._kept: dict[tuple[Callable[[str], Any], str], Any] = {}

    def read(self, parse: Callable[[str], T], text: str) -> T:
        """Return what a parser makes of a text. Raises what it raises, each time anew."""
        if len(text) > _LONG:
            return parse(text)
        key, kept, met = (parse, text), self._kept, self._met  # threads may put others there
        if key in kept:
            return cast(T, kept[key])
        value, mark = parse(text), hash(key)
        if mark not in met:
            if len(met) >= _MET:
                self._met = met = set()
            met.add(mark)
            return value
        if len(kept) >= _KEPT:  # those in use come back
            self._kept = kept = {}
        kept[key] = value
        return value


_again = _Again()


class _Kept(threading.local):
    def __init__(self) -> None:
        self.early: list[tuple[Capture, Callable[[str], Any], Any]] = []


_kept = _Kept()


def opened_early(capture: Capture, parse: Callable[[str], T]) -> T | Unknown:
    """Return what an answer says, and keep it: the next to open it in this thread is given that.

    A host is asked, joined and judged by one thread; what its answers make one ask is read twice.
    """
    value = opened(capture, parse)
    keep_early(capture, parse, value)
    return value


def keep_early(capture: Capture, parse: Callable[[str], T], value: T | Unknown) -> None:
    """Keep what an answer says for the next to open it in this thread."""
    _kept.early = [*_kept.early[1 - _EARLY :], (capture, parse, value)]


def opened(capture: Capture, parse: Callable[[str], T]) -> T | Unknown:
    """Return what an answer says. Never raises: a parser that crashes has understood nothing."""
    for kept in _kept.early:
        if kept[0] is capture and kept[1] is parse:
            _kept.early = [one for one in _kept.early if one is not kept]
            return cast(T, kept[2])
    return _read(capture, parse)


def _read(capture: Capture, parse: Callable[[str], T]) -> T | Unknown:
    request, failure = capture.request, capture.failure
    if failure is not None:
        asked = failure.asked or request.text
        return Unknown(failure.why, failure.detail, asked, failure.privilege)
    if request.wire == Wire.PROPERTIES and request.subject not in ("", EVERYTHING):
        about = id_in(capture.text)
        if about not in ("", request.subject):
            told = f"{request.subject} was asked about, and this is of {about}"
            return Unknown(Why.UNPARSED, told, request.text)
    try:
        return _again.read(parse, capture.text)
    except ParseError as error:
        return Unknown(Why.UNPARSED, str(error), request.text)
    except Exception as error:  # noqa: BLE001  one answer that is not understood, not the run
        return Unknown(Why.UNPARSED, crash(error), request.text)
