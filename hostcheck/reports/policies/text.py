"""The profiles as a table."""

from collections.abc import Iterator

from hostcheck.model.policy import Listed
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.table import columns


def pieces(made: tuple[Listed, ...], _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    rows = [(one.name, str(one.rules), one.sha256[:12], one.about) for one in made]
    yield from (f"{line}\n" for line in columns(("PROFILE", "RULES", "HASH", "FOR"), rows, 0))
