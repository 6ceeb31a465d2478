"""The run as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from msgspec.structs import replace

from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def render(run: Run) -> str:
    """Return the run as JSON; the same run is always the same text."""
    return "".join(pieces(run))


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the text host by host; it is that of the run, whichever file it was read from."""
    plain = replace(run, read_from=None)
    yield from spread(plain, "hosts", ([indented(report)] for report in plain.hosts))
    yield "\n"
