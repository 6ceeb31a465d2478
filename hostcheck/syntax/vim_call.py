"""How the arguments of a vSphere method are written: the parts of a `Call`, with values in them."""

from collections.abc import Iterator, Mapping
from string import Formatter

from hostcheck.model.capture import CallPart, Request
from hostcheck.syntax.xml import escape

VM = CallPart('<vm type="VirtualMachine">{subject}</vm>')
"""The object that the question is about, where a method takes it as an argument."""
HOST = CallPart('<host type="HostSystem">{host}</host>', optional=True)
POOL = CallPart('<pool type="ResourcePool">{pool}</pool>', optional=True)


def arguments(request: Request, session: str = "") -> str:
    """Return the arguments of a request's method as XML, for a session of that key.

    Raises KeyError where a part lacks one that it cannot be without.
    """
    if request.call is None:
        return ""
    given = {"subject": request.subject, "session": session, **dict(request.arguments)}
    return "".join(piece for part in request.call.parts for piece in _written(part, given))


def _written(part: CallPart, given: Mapping[str, str]) -> Iterator[str]:
    name, value = part.only
    other, unlike = part.unless
    if (name and given[name] != value) or (other and given[other] == unlike):
        return
    slots = {slot for _, slot, _, _ in Formatter().parse(part.xml) if slot} - {"n", "each"}
    if part.optional and not slots <= given.keys():
        return
    words = {slot: escape(given[slot]) for slot in slots}
    for one in given[part.each].split() if part.each else ():
        yield part.xml.format(**words, each=escape(one))
    for index in range(0 if part.each else int(given[part.times]) if part.times else 1):
        yield part.xml.format(**words, n=index + 1)


def method_of(request: Request) -> str:
    """Return the method that a request calls."""
    return request.template.rpartition(".")[2]
