"""`esxcli system version get`: release, build, update and patch.

Product: VMware ESXi
Version: 8.0.3
Build: Releasebuild-24677879
Update: 3
Patch: 70
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.esxcli import record_of

REQUEST = Request(Wire.SHELL, "esxcli system version get", "ESXi release and build")
_KNOWS = ("Product", "Version", "Build")
_BUILD = re.compile(r"(?:\w+-)?(\d+)", re.ASCII)


class Version(Struct, frozen=True):
    """The release as three numbers with dots; the build is digits only, as the API has it."""

    product: Reading[str]
    version: Reading[str]
    build: Reading[str]
    update: Reading[int]
    patch: Reading[int]


def parse(text: str) -> Version:
    """Read any format of esxcli."""
    record = record_of(text, what=REQUEST.template, knows=_KNOWS)
    return Version(
        product=record.text("Product"),
        version=record.text("Version"),
        build=record.read("Build", by=_digits, expected="a build number"),
        update=record.number("Update"),
        patch=record.number("Patch"),
    )


def _digits(words: str) -> str:
    match = _BUILD.fullmatch(words)
    if match is None:
        raise ValueError(words)
    return match[1]
