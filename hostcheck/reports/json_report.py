"""The run, or a capacity: indented JSON in the order the model declares, newline at the end."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from hostcheck.model.capacity import Capacity
from hostcheck.model.run import Run


def render(run: Run) -> str:
    """Return the run as JSON; the same run is always the same text."""
    return "".join(pieces(run))


def pieces(run: Run) -> Iterator[str]:
    """Yield the text host by host."""
    yield from _spread(run, "hosts", ([_indented(report)] for report in run.hosts))
    yield "\n"


def capacity_pieces(counted: Capacity) -> Iterator[str]:
    """Yield a capacity host by host."""
    clusters = (
        _spread(cluster, "hosts", ([_indented(host)] for host in cluster.hosts))
        for cluster in counted.clusters
    )
    yield from _spread(counted, "clusters", clusters)
    yield "\n"


def document(thing: object) -> str:
    """Return anything of the model as indented JSON with a newline at the end."""
    return _indented(thing) + "\n"


def _indented(thing: object) -> str:
    packed = msgspec.json.encode(thing, order="deterministic")
    return msgspec.json.format(packed, indent=2).decode()


def _spread(whole: Struct, field: str, items: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a document of which one list is written item by item, each in pieces of its own."""
    empty = _indented(msgspec.structs.replace(whole, **{field: ()}))
    before, found, after = empty.partition(f'\n  "{field}": []')
    yield before + found[:-1]
    between, end = "\n    ", "]"
    for item in items:
        yield between
        # Line breaks inside of texts are escaped: those that are left are of the layout.
        yield from (piece.replace("\n", "\n    ") for piece in item)
        between, end = ",\n    ", "\n  ]"
    yield end + after
