"""`esxcfg-info`: the whole host as a dotted tree, of which one line is read.

|----HV Support............................................3
"""

import re

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.words import lines_of, refuse

REQUEST = Request(Wire.SHELL, "esxcfg-info", "hardware virtualization switch of the BIOS")
_LINE = re.compile(r"\s*[|\\]-+\s*HV Support\s*\.+\s*(\d{1,9})\s*", re.ASCII)
_BRANCH = re.compile(r"\s*[|\\+]-")


class HvSupport(Struct, frozen=True):
    """3 is on, 2 is off in the BIOS, 1 or 0 is a processor without it."""

    hv_support: Reading[int]


def parse(text: str) -> HvSupport:
    """Find the line in the tree. A tree without it is an answer too."""
    lines = lines_of(text, what=REQUEST.template, expected="a tree with 'HV Support'")
    values = {int(match[1]) for line in lines if (match := _LINE.fullmatch(line))}
    if len(values) > 1:
        raise ParseError(f"{REQUEST.template}: HV Support comes with different values")
    if values:
        return HvSupport(hv_support=values.pop())
    if not any(_BRANCH.match(line) for line in lines):
        raise refuse(REQUEST.template, "a tree with 'HV Support'", lines[0])
    return HvSupport(
        hv_support=Unknown(Why.ABSENT, "no such line", f"{REQUEST.template}: HV Support")
    )
