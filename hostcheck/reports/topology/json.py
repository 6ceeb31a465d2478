"""The facts of one host as JSON."""

from collections.abc import Iterator

from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield one document."""
    yield document(report.host)
