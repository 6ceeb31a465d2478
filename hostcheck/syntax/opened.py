"""An answer, opened: what a parser makes of it, or why it says nothing. The wall round parsers."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from hostcheck.errors import ParseError, crash
from hostcheck.model.capture import EVERYTHING, Capture, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim_objects import id_in

T = TypeVar("T")

_EARLY = 4
"""So many answers of one host are opened before it is joined."""


class _Kept(threading.local):
    def __init__(self) -> None:
        self.early: list[tuple[Capture, Callable[[str], Any], Any]] = []


_kept = _Kept()


def opened_early(capture: Capture, parse: Callable[[str], T]) -> T | Unknown:
    """Return what an answer says, and keep it: the next to open it in this thread is given that.

    A host is asked, joined and judged by one thread; what its answers make one ask is read twice.
    """
    value = opened(capture, parse)
    _kept.early = [*_kept.early[1 - _EARLY :], (capture, parse, value)]
    return value


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
        return parse(capture.text)
    except ParseError as error:
        return Unknown(Why.UNPARSED, str(error), request.text)
    except Exception as error:  # noqa: BLE001  one answer that is not understood, not the run
        return Unknown(Why.UNPARSED, crash(error), request.text)
