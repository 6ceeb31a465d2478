"""Ways to put a question to a machine: each is one folder, and its `way.py` holds a `WAY`.

    base        what a way is, and what carries its questions (Transport)
    recorder    keeps every answer          replay     answers from a recording

    vsphere/    guest/    esxcli/    shell/    ...     found by their place

Whatever is said of all ways is read from here: what may be asked, what a transport lets through,
where a recording keeps an answer, what an Unknown says where a way was not used.
"""

import importlib
import pkgutil
from functools import cache

from hostcheck.model.capture import Request
from hostcheck.ways.base import Way, Wiring


@cache
def every() -> tuple[Way, ...]:
    """Return all ways, in the order in which a machine is asked."""
    found: list[Way] = [
        importlib.import_module(f"{__name__}.{one.name}.way").WAY
        for one in pkgutil.iter_modules(__path__)
        if one.ispkg
    ]
    return tuple(sorted(found, key=lambda way: (way.turn, way.name)))


def named(name: str) -> Way:
    """Return the way of a name. Raises KeyError where there is none."""
    return {way.name: way for way in every()}[name]


def requests() -> tuple[Request, ...]:
    """Return all that may ever be asked, way by way."""
    return tuple(request for way in every() for request in way.requests)


def wirings() -> dict[str, Wiring]:
    """Return what is said of each wire, by its name, way by way."""
    return {one.wire: one for way in every() for one in way.wirings}


def not_asked(wire: str) -> str:
    """Say why a question has no answer where nothing was asked over its wire."""
    found = wirings().get(wire)
    return found.unasked if found is not None else ""
