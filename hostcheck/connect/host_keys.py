"""The SSH host keys of hosts, and of the jump hosts on the way to them, beside known_hosts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from hostcheck.connect.given import Trusting
from hostcheck.connect.trusting import Trusted, beside
from hostcheck.front import Front
from hostcheck.model.trust import NEW, UNKNOWN, ShownKey, Sighting
from hostcheck.ways.base import Refused
from hostcheck.ways.shell.keys import compared, keys_of, name_of
from hostcheck.ways.shell.known_hosts import line_of
from hostcheck.ways.shell.opening import reached
from hostcheck.ways.shell.options import Reach
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.shells import Shells

HOST, JUMP = "SSH", "jump host"
PLAIN = re.compile(r"[\w.:%\[\]-]+", re.ASCII)
"""Names that mean themselves in known_hosts."""

Way = tuple[Shell, tuple[Shell, ...]]
"""How a host is reached, and its jump hosts."""


def shells_of(given: Trusting, section: Any, front: Front) -> Shells:
    """Return how shells are reached; no key and no password is asked for."""
    known = (given.ssh_known_hosts,) if given.ssh_known_hosts is not None else ()
    reach = Reach(
        ssh_port=given.ssh_port, ssh_config=given.ssh_config, ssh_known_hosts=known,
        ssh_agent=False,
    )  # fmt: skip
    bare = structs.replace(section, key_files=())
    times = (bare.command_timeout, bare.host_timeout)
    return reached(reach, bare, front, "", times, lambda _: False, None)


def sights(
    shells: Shells, names: tuple[str, ...], pinned: Callable[[Trusted], Sighting]
) -> Iterator[Sighting]:
    """Look at the jump hosts, one after the other as they lead on, then at the hosts beside."""

    def way(name: str) -> Way | Refused:
        try:
            shell = shells.shell_of(name)
            return shell, shells.jumps_of(shell)
        except Refused as refused:
            return refused

    ways = dict(zip(names, beside(names, way), strict=True))
    jumps = {
        one.name_and_way: one
        for each in ways.values()
        if not isinstance(each, Refused)
        for one in map(_Named, each[1])
    }
    for jump in jumps.values():
        yield pinned(_looked(JUMP, jump.shell.address, jump.shell))

    def look(name: str) -> Trusted:
        found = ways[name]
        if isinstance(found, Refused):
            return Trusted(Sighting(HOST, name, name, UNKNOWN, told=found.unknown.detail))
        return _looked(HOST, name, found[0])

    yield from map(pinned, beside(names, look))


class _Named:
    """A jump host, which several hosts have in common."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.name_and_way = (name_of(shell), shell.through)


def _looked(of: str, name: str, shell: Shell) -> Trusted:
    place = shell.known_hosts[0] if shell.known_hosts else ""
    sight = Sighting(of, name, name_of(shell), UNKNOWN, file=place)
    try:
        keys = keys_of(shell)
        found = compared(shell, keys)
    except Refused as refused:
        return Trusted(structs.replace(sight, told=refused.unknown.detail))
    told = found.told
    if found.word == NEW and not PLAIN.fullmatch(sight.address):
        place, told = "", f"{sight.address!r} is no name that known_hosts takes"
    sight = structs.replace(
        sight, word=found.word, pinned=found.pinned, told=told, file=place,
        shown=tuple(ShownKey(one.kind, one.sha256) for one in keys),
    )  # fmt: skip
    lines = (line_of(sight.address, *one, hashed=shell.hash_names) for one in keys)
    return Trusted(sight, "".join(lines))
