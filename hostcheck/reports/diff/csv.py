"""A difference as CSV: a row for each result, trait and host that is another one now."""

from collections.abc import Iterator

from hostcheck.model.difference import Change, Difference, HostChange
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.cells import cell, row

HEAD = (
    "became", "vcenter", "host", "check", "title", "severity", "subject_kind", "subject", "was",
    "now", "observed_then", "observed", "expected",
)  # fmt: skip


def pieces(made: Difference, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    yield from map(_result, made.changes)
    for host in made.hosts:
        yield from _host(host)


def _result(one: Change) -> str:
    return _row((
        one.became.value, one.target, one.host, one.check, one.title, one.severity.value,
        one.subject_kind, one.subject or one.subject_id, one.was.value if one.was else "",
        one.now.value if one.now else "", one.observed_then, one.observed, one.expected,
    ))  # fmt: skip


def _host(one: HostChange) -> Iterator[str]:
    if one.was is not one.now:
        yield _row((
            "verdict", one.target, one.host, "", "Verdict", "", "host", one.host,
            one.was.value if one.was else "", one.now.value if one.now else "", "", one.why, "",
        ))  # fmt: skip
    for trait in one.traits:
        yield _row((
            "trait", one.target, one.host, "", trait.topic, "", "host", one.host, "", "",
            trait.then, trait.now, "",
        ))  # fmt: skip


def _row(cells: tuple[str, ...]) -> str:
    return row(tuple(map(cell, cells)))
