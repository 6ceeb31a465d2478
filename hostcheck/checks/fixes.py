"""What mends a fail, made ready to copy: commands with names put in, menus of this server.

A command is printed only where it can be run as it stands: all its slots have values, and the
host's release has it. `Run TOOL (words): command` may name releases in its words: `ESXi 7.0 and
later`, `before ESXi 8.0.3`.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping

from hostcheck.checks import menus
from hostcheck.model.bios import BiosTable
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.result import Command, Manual
from hostcheck.words import powershell

NOTHING_KNOWN = BiosTable()
Words = str | tuple[str, ...]
"""A word for a slot; several make as many commands, slots with as many words going together."""

LOOKS = "only looks"
"""Said of a command that changes nothing: it helps with what the fix asks to find out."""

_PATTERN = re.compile(r"[*?\[\\]")
"""What govc takes for a pattern in a name: `cad[1]` would be the VM cad1."""
_QUOTES: dict[str, Callable[[str], str]] = {
    "PowerCLI": powershell,
    "govc": lambda word: shlex.quote(_PATTERN.sub(r"\\\g<0>", word)),
    "vSphere Client": str,
    "BIOS": str,
}
_SLOT = re.compile(r"\{(\w+)\}")
_SINCE = re.compile(r"ESXi (\d+(?:\.\d+)*) and later")
_BEFORE = re.compile(r"before ESXi (\d+(?:\.\d+)*)")


def of_fail(
    manual: Manual,
    values: Mapping[str, Words],
    host: Host | None,
    table: BiosTable = NOTHING_KNOWN,
) -> tuple[Command, ...]:
    """Return what can be done about a fail on this host, each once."""
    release = None if host is None or isinstance(host.version, Unknown) else host.version.value
    chosen = values.get("menus")
    wanted = chosen if isinstance(chosen, tuple) else manual.menus
    filled = [
        Command(command.tool, fill(command, words))
        for command in manual.commands
        if runs_on(command.tool, release)
        for words in _each(values, slots(command.text))
    ]
    return tuple(dict.fromkeys((*filled, *menus.of_host(table, wanted, host))))


def slots(text: str) -> frozenset[str]:
    """Return the names of a command's slots."""
    return frozenset(_SLOT.findall(text))


def runs_on(tool: str, release: str | None) -> bool:
    """Say whether a release is among those that the words behind the tool name.

    Where the release is not known every command is shown: its words tell for which it is.
    """
    if release is None:
        return True
    mine = _numbers(release)
    since, before = _SINCE.search(tool), _BEFORE.search(tool)
    return not (since and mine < _numbers(since[1])) and not (
        before and mine >= _numbers(before[1])
    )


def _numbers(release: str) -> tuple[int, ...]:
    """Return 8.0.3 as (8, 0, 3): as many as make 7.0 and 7.0.0 equal."""
    numbers = [int(part) for part in re.findall(r"\d+", release)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


def _each(values: Mapping[str, Words], wanted: frozenset[str]) -> Iterator[dict[str, str]]:
    """Yield the words for a command's slots, once for each of several; nothing where one lacks."""
    if not wanted <= values.keys():
        return
    single = {name: word for name in wanted if isinstance(word := values[name], str)}
    several = {name: word for name in wanted if not isinstance(word := values[name], str)}
    if not several:
        yield single
    for words in zip(*several.values(), strict=True):
        yield {**single, **dict(zip(several, words, strict=True))}


def fill(command: Command, values: Mapping[str, str]) -> str:
    """Put names into a command, quoted for the shell that it is meant for.

    A VM may be called `$(reboot)`; what a user copies must still be one word.
    """
    quote = _QUOTES.get(command.tool.partition(" (")[0], shlex.quote)
    return _SLOT.sub(
        lambda slot: quote(values[slot[1]]) if slot[1] in values else slot[0], command.text
    )
