"""An answer, opened: what a parser makes of it, or why it says nothing. The wall round parsers."""

from collections.abc import Callable
from typing import TypeVar

from hostcheck.errors import ParseError, crash
from hostcheck.model.capture import EVERYTHING, Capture, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim_objects import id_in

T = TypeVar("T")


def opened(capture: Capture, parse: Callable[[str], T]) -> T | Unknown:
    """Return what an answer says. Never raises: a parser that crashes has understood nothing."""
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
