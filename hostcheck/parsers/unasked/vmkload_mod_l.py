"""`vmkload_mod -l`: loaded VMkernel modules, the vGPU driver `nvidia` among them.

Name                     Used Size (kb)
nvidia                   51   35792
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.words import lines_of, refuse

REQUEST = Request(Wire.SHELL, "vmkload_mod -l", "loaded VMkernel modules")
_EXPECTED = "'name used size'"
_ROW = re.compile(r"\s*(\S+)\s+(\d{1,9})\s+(\d{1,15})\s*", re.ASCII)


class Module(Struct, frozen=True):
    """One loaded module; `used` counts who holds it."""

    name: str
    used: int
    size_bytes: int


def parse(text: str) -> tuple[Module, ...]:
    """Read the rows, with the header or without. Some module is always loaded."""
    lines = lines_of(text, what=REQUEST.template, expected=_EXPECTED)
    modules = []
    for line in lines:
        if match := _ROW.fullmatch(line):
            modules.append(Module(match[1], int(match[2]), int(match[3]) * 1024))
        elif not line.strip().lower().startswith("name "):
            raise refuse(REQUEST.template, _EXPECTED, line)
    if not modules:
        raise refuse(REQUEST.template, _EXPECTED, lines[-1])
    return tuple(modules)
