"""Ways to put a question to a machine: each is one folder, whose files are found by their names.

    way.py       WAY: its requests, wires, headings, its turn    (read by all that speaks of ways)
    options.py   what a user may give for it: Given, SECTION, Section, wanted
    opening.py   opener: how it is opened live                   (imported when it is)

    base         what a way is, and what carries its questions (Transport)
    recorder     keeps every answer          replay     answers from a recording
    tls          where vCenter is, and whom to trust there

What may be asked, what a transport lets through, where a recording keeps an answer, what an Unknown
says where a way was not used: all of it is read from here. Nothing heavy is imported by this file.
"""

import importlib
import importlib.util
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hostcheck.model.capture import Request
    from hostcheck.ways.base import Way, Wiring


def _folders() -> list[str]:
    return sorted(one.name for one in pkgutil.iter_modules(__path__) if one.ispkg)


@cache
def every() -> "tuple[Way, ...]":
    """Return all ways, in the order in which a machine is asked."""
    found = [importlib.import_module(f"{__name__}.{name}.way").WAY for name in _folders()]
    return tuple(sorted(found, key=lambda way: (way.turn, way.name)))


def named(name: str) -> "Way":
    """Return the way of a name. Raises KeyError where there is none."""
    return {way.name: way for way in every()}[name]


def requests() -> "tuple[Request, ...]":
    """Return all that may ever be asked, way by way."""
    return tuple(request for way in every() for request in way.requests)


@cache
def wirings() -> "dict[str, Wiring]":
    """Return what is said of each wire, by its name, way by way."""
    return {one.wire: one for way in every() for one in way.wirings}


def not_asked(wire: str) -> str:
    """Say why a question has no answer where nothing was asked over its wire."""
    found = wirings().get(wire)
    return found.unasked if found is not None else ""


@cache
def with_options() -> dict[str, Any]:
    """Return the `options` module of each way that has one, by the way's name."""
    found = {}
    for name in _folders():
        place = f"{__name__}.{name}"
        if importlib.util.find_spec(f"{place}.options") is not None:
            found[name] = importlib.import_module(f"{place}.options")
    return found


def opening(name: str) -> Any:
    """Return the `opening` module of a way, whose `opener` opens it live."""
    return importlib.import_module(f"{__name__}.{name}.opening")
