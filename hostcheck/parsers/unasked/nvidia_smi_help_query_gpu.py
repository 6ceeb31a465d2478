"""`nvidia-smi --help-query-gpu`: the fields that this driver can be asked for.

    List of valid properties to query for the switch "--query-gpu":

    "uuid" or "gpu_uuid"
    This value is the globally unique identifier of the GPU.

An unknown field makes the whole query fail, so a list of fields is checked against this one.
"""

import re

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.smi_words import peel, refuse

REQUEST = Request(Wire.SHELL, "nvidia-smi --help-query-gpu", "fields that --query-gpu knows")

_TITLE = "List of valid properties to query"
_NAMES = re.compile(r'"[A-Za-z0-9_.]+"(?: or "[A-Za-z0-9_.]+")*')
_NAME = re.compile(r'"([^"]+)"')


class QueryFields(Struct, frozen=True):
    """Names and their aliases, in the order of the help."""

    names: tuple[str, ...]


def parse(text: str) -> QueryFields:
    """Read the names. Sentences that begin with a quoted word are not names."""
    what = REQUEST.template
    peeled = peel(text, what=what)
    titles = [at for at, line in enumerate(peeled.lines) if line.strip().startswith(_TITLE)]
    if not titles:
        raise refuse(peeled, what=what, expected=f"'{_TITLE}'")
    names: dict[str, None] = {}
    for line in peeled.lines[titles[0] + 1 :]:
        if _NAMES.fullmatch(line.strip()):
            names.update(dict.fromkeys(_NAME.findall(line)))
    if not names:
        raise ParseError(f"{what}: the list of properties is empty")
    return QueryFields(tuple(names))
