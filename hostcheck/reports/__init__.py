"""What is told, and in which form: a folder is what is told, a module in it is a format.

    run/ topology/ capacity/ smoke/      text.py  json.py  hwloc_xml.py  ...

A format is found by its name (`hwloc-xml`) and imported when it is first used, so that naming them
costs nothing. It has `pieces(thing, screen)`, which yields the text bit by bit, so that no more
than one host of a large fleet is in memory; it is pure and deterministic. One that is more than a
file has `write(thing, path)` too.
"""

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple


class Show(NamedTuple):
    """How much of a run its text shows. It changes no verdict and no count."""

    details: bool = True
    """Every host with all its findings; else the answer, what decides, and what mends that."""
    summary: bool = False
    """The answer and the counts alone."""
    only: tuple[str, ...] = ()
    """Verdicts of the hosts that are shown: `NO-GO`."""
    severity: str | None = None
    """The least severity of what is shown: `recommended`."""
    checks: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


class Screen(NamedTuple):
    """What a text is shown on; what is not shown on one is as wide as this."""

    width: int = 100
    colour: bool = False
    show: Show = Show()


PAPER = Screen()


def formats(told: str) -> tuple[str, ...]:
    """Return the formats that there are of what is told; text comes first."""
    found = (
        one.name.replace("_", "-")
        for one in pkgutil.iter_modules([f"{place}/{told}" for place in __path__])
    )
    return tuple(sorted(found, key=lambda name: (name != "text", name)))


def pieces(told: str, format_: str, thing: Any, screen: Screen = PAPER) -> Iterable[str]:
    """Render a thing in a format, bit by bit."""
    made: Iterable[str] = _module(told, format_).pieces(thing, screen)
    return made


def write(told: str, format_: str, thing: Any, path: Path) -> None:
    """Write a thing in a format; some formats are folders or archives.

    Raises UsageError where that cannot be done.
    """
    module = _module(told, format_)
    if hasattr(module, "write"):
        module.write(thing, path)
        return
    from hostcheck import files  # noqa: PLC0415  not needed to name the formats

    files.write(path, (piece.encode() for piece in module.pieces(thing, PAPER)))


def refuse_unwritable(told: str, format_: str, path: Path) -> None:
    """Raise UsageError where `write` could not write there, before there is a thing to write."""
    module = _module(told, format_)
    if hasattr(module, "refuse_unwritable"):
        module.refuse_unwritable(path)
        return
    from hostcheck import files  # noqa: PLC0415  not needed to name the formats

    files.refuse_unwritable(path)


def _module(told: str, format_: str) -> Any:
    return import_module(f"hostcheck.reports.{told}.{format_.replace('-', '_')}")
