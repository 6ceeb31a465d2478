"""JSON of vCenter's REST API (`/api`), as blocks whose keys are asked for."""

import json
import re
from typing import Any

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.block import Block, LineItem

WIRE = "rest"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}")
"""What may stand for a slot of a path: an id or a name that vCenter told."""
STATUS = "HTTP status"
_NO_SUCH = re.compile(rf"{STATUS} 404\b")
_SLOT = re.compile(r"\{[a-z_]+\}")


def path_of(template: str, subject: str) -> str:
    """Return the path that a template asks for. Raises ValueError for a subject that is no name."""
    path = template.removeprefix("GET ")
    if not _SLOT.search(path):
        return path
    if NAME.fullmatch(subject) is None:
        raise ValueError(f"{subject[:80]!r} is no name of something in vCenter")
    return _SLOT.sub(lambda _: subject, path)


def no_such(failure: Unknown) -> bool:
    """Say whether the server knows no such path or object: older releases answer so."""
    return failure.why is Why.ABSENT and _NO_SUCH.match(failure.detail) is not None


def item_of(text: str, what: str) -> LineItem:
    """Return an answer whose values have no lines. Raises ParseError for what is no JSON."""
    try:
        return _item(json.loads(text))
    except (ValueError, RecursionError):
        raise ParseError(f"{what}: not JSON: {text[:60]!r}") from None


def _item(value: Any) -> LineItem:
    if isinstance(value, dict):
        return LineItem({str(key): _item(one) for key, one in value.items()}, 0)
    if isinstance(value, list):
        return LineItem([_item(one) for one in value], 0)
    return LineItem(value, 0)


def blocks_of(text: str, what: str) -> list[Block]:
    """Return the mappings of a list. Raises ParseError where the answer is none."""
    item = item_of(text, what)
    if not isinstance(item.value, list):
        raise ParseError(f"{what}: expected a list, found {text[:60]!r}")
    return [Block(one, what) for one in item.value]
