"""JSON of anything of the model: indented, in the order that it declares."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct


def document(thing: object) -> str:
    """Return anything of the model as indented JSON with a newline at the end."""
    return indented(thing) + "\n"


def indented(thing: object) -> str:
    """Return anything of the model as indented JSON."""
    packed = msgspec.json.encode(thing, order="deterministic")
    return msgspec.json.format(packed, indent=2).decode()


def spread(whole: Struct, field: str, items: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a document of which one list is written item by item, each in pieces of its own."""
    empty = indented(msgspec.structs.replace(whole, **{field: ()}))
    before, found, after = empty.partition(f'\n  "{field}": []')
    yield before + found[:-1]
    between, end = "\n    ", "]"
    for item in items:
        yield between
        # Line breaks inside of texts are escaped: those that are left are of the layout.
        yield from (piece.replace("\n", "\n    ") for piece in item)
        between, end = ",\n    ", "\n  ]"
    yield end + after
