"""The run itself: indented JSON in the order the model declares, newline at the end."""

from collections.abc import Iterator

import msgspec

from hostcheck.model.run import Run


def render(run: Run) -> str:
    """Return the run as JSON; the same run is always the same text."""
    return "".join(pieces(run))


def pieces(run: Run) -> Iterator[str]:
    """Yield the text host by host."""
    empty = document(msgspec.structs.replace(run, hosts=()))
    before, hosts, after = empty.partition('\n  "hosts": []')
    yield before + hosts[:-1]
    comma = "\n    "
    for report in run.hosts:
        # Line breaks inside of texts are escaped: those that are left are of the layout.
        yield comma + document(report).rstrip("\n").replace("\n", "\n    ")
        comma = ",\n    "
    yield ("\n  ]" if len(run.hosts) else "]") + after


def document(thing: object) -> str:
    """Return anything of the model as indented JSON with a newline at the end."""
    packed = msgspec.json.encode(thing, order="deterministic")
    return msgspec.json.format(packed, indent=2).decode() + "\n"
