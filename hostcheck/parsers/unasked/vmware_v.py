"""`vmware -v`: release and build in one line.

VMware ESXi 8.0.3 build-24022510
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.words import lines_of, refuse

REQUEST = Request(Wire.SHELL, "vmware -v", "ESXi release and build")
_LINE = re.compile(r"\s*VMware ESXi (\d+(?:\.\d+)+) build-(\d+)\s*", re.ASCII)


class VmwareVersion(Struct, frozen=True):
    """`8.0.3` and `24022510`."""

    version: str
    build: str


def parse(text: str) -> VmwareVersion:
    """Find the line with the build; `vmware -l` prints others."""
    lines = lines_of(text, what=REQUEST.template, expected="'VMware ESXi 8.0.3 build-24022510'")
    for line in lines:
        if match := _LINE.fullmatch(line):
            return VmwareVersion(version=match[1], build=match[2])
    raise refuse(REQUEST.template, "'VMware ESXi 8.0.3 build-24022510'", lines[0])
