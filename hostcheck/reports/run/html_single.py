"""The HTML report as one file, however many hosts: to mail it, or to keep it beside a ticket.

Up to `LARGEST_PAGE` hosts it is what `html` is. Of more it is the index, with all hosts below it in
short, and the rest of each packed in place: a script unpacks a host when it is opened.
"""

from collections.abc import Iterator
from pathlib import Path

from hostcheck import files
from hostcheck.errors import UsageError
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.run import html
from hostcheck.reports.run.html.whole import render
from hostcheck.reports.summary import whole as summary


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the one document."""
    if len(run.hosts) > summary.LARGEST_PAGE:
        yield html.single(run)
    else:
        yield render(run)


def write(run: Run, path: Path) -> None:
    """Write it. Raises UsageError where that cannot be done."""
    files.write(path, (piece.encode() for piece in pieces(run)))


def refuse_unwritable(path: Path) -> None:
    """Raise UsageError for a place where it cannot be written, or that is none of one file."""
    if path.is_dir() or path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path}: one file is FILE.html; name it so")
    files.refuse_unwritable(path)
