"""All that may be asked, and the few writes: what is not here cannot be sent.

It is read from the ways, whose requests their transports let through and no others.
"""

import textwrap
from collections.abc import Iterable

from hostcheck import ask, ways
from hostcheck.model.capture import Request

WIDTH = 96


def requests() -> tuple[Request, ...]:
    """Return all that may be asked or sent, way by way."""
    return ways.requests()


def page() -> str:
    """Return everything that may ever be asked, and what else can be read, as text."""
    every = requests()
    lines = [
        "Nothing but what is listed here can be sent. Slots in braces take integers only; in a",
        "path of Redfish or REST they take one name, as the server itself told it in an answer.",
        "",
    ]
    titles = {wire: one.title for wire, one in ways.wirings().items()}
    sent = {one.wire for one in every}
    for wire in [one for one in titles if one in sent] + sorted(sent - titles.keys()):
        lines += [titles.get(wire, wire)]
        for request in every:
            if request.wire == wire:
                lines += _entry(request)
        lines += [""]
    for note in [one for way in ways.every() for one in way.notes]:
        lines += [note.title, *_wrapped(note.words, "  ")]
        lines += [f"  {note.line}"] if note.line else []
        lines += [""]
    lines += ["Never asked; `hostcheck parse` reads them too"]
    asked = {request.template for request in every}
    lines += [f"  {one.template}" for one, _ in ask.parsers() if one.template not in asked]
    return "\n".join(lines)


def _entry(request: Request) -> list[str]:
    needs = f" (needs {request.privilege})" if request.privilege else ""
    paths = _wrapped((path.name for path in request.paths), "      ")
    return [f"  {request.template}", f"      {request.purpose}{needs}", *paths]


def _wrapped(names: Iterable[str], indent: str) -> list[str]:
    return textwrap.wrap(", ".join(names), WIDTH, initial_indent=indent, subsequent_indent=indent)
