"""How vm-support names the file of a command, and joins what it cut into fragments.

The rule is reconstructed from names that were seen; it loses slashes and dots, so it cannot be
turned round: the names of the listed questions are computed and looked up. esxcli is run there as
localcli, which has its arguments.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers.unasked import vmware_v
from hostcheck.ways.shell import order

COMMANDS = "commands"
FRAGMENT = re.compile(r"(.+)\.FRAG-(\d{5})")
_LOST = re.compile(r"[^A-Za-z0-9_()-]")


def name_of(command: Iterable[str]) -> str:
    """Return the file of a command line, given as words: localcli_software-vib-list.txt."""
    program, *arguments = command
    stem = PurePosixPath(program).name
    stem = "localcli" if stem == "esxcli" else stem
    told = "-".join(_LOST.sub("", one) for one in arguments)
    return f"{stem}_{told}.txt" if arguments else f"{stem}.txt"


def files() -> dict[str, Request]:
    """Return the questions that a bundle may answer, by the name of the file.

    Release and build are those of `vmware -vl`, which every bundle has.
    """
    found = {name_of(one.text.split()): one for one in order.REQUESTS if "{" not in one.text}
    return {**found, name_of(["vmware", "-vl"]): vmware_v.REQUEST}


def whole(parts: Mapping[int, bytes]) -> bytes | Unknown:
    """Join fragments in the order of their numbers; with a gap what is left is no answer."""
    gaps = [number for number in range(max(parts) + 1) if number not in parts]
    if gaps:
        some = ", ".join(f"{one:05}" for one in gaps[:5])
        return Unknown(Why.NOT_RECORDED, f"fragments are missing in the bundle: {some}")
    return b"".join(parts[number] for number in sorted(parts))
