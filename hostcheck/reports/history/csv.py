"""A history's answer as CSV: a row for each day, finding, tally and finding that flaps."""

from collections.abc import Iterator

from hostcheck.model.history import Day, Flapping, Lasting, Past, Tally
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.cells import cell, row

HEAD = (
    "what", "day", "vcenter", "host", "cluster", "check", "severity", "subject_kind", "subject",
    "now", "waived", "since", "days", "seen", "runs", "go", "no_go", "unsure", "no_gpu",
    "not_known", "fails", "new", "mended", "gone", "mean_hours", "longest_hours", "times",
)  # fmt: skip
_AT = {name: number for number, name in enumerate(HEAD)}


def pieces(made: Past, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    yield from map(_day, made.trend)
    yield from map(_finding, made.findings)
    yield from (_tally(one, made.by) for one in made.tallies)
    yield from map(_flapping, made.flapping)


def _day(one: Day) -> str:
    return _row(
        what="day", day=one.day, runs=one.runs, go=one.go, no_go=one.no_go, unsure=one.unsure,
        no_gpu=one.no_gpu, not_known=one.not_known,
    )  # fmt: skip


def _finding(one: Lasting) -> str:
    return _row(
        what="finding", vcenter=one.target, host=one.host, cluster=one.cluster, check=one.check,
        severity=one.severity.value, subject_kind=one.subject_kind,
        subject=one.subject or one.subject_id, now=one.now.value,
        waived="yes" if one.waived else "no", since=one.since, days=one.days, seen=one.seen,
    )  # fmt: skip


def _tally(one: Tally, by: str) -> str:
    return _row(
        what="tally", vcenter=one.target, **{by: one.key}, fails=one.fails, since=one.oldest,
        not_known=one.not_known, new=one.new, mended=one.mended, gone=one.gone,
        mean_hours=one.mean_hours, longest_hours=one.longest_hours,
    )  # fmt: skip


def _flapping(one: Flapping) -> str:
    return _row(
        what="flapping", vcenter=one.target, host=one.host, cluster=one.cluster, check=one.check,
        subject_kind=one.subject_kind, subject=one.subject or one.subject_id, times=one.times,
        since=one.last, now="open" if one.fails else "over",
    )  # fmt: skip


def _row(**given: str | float | None) -> str:
    cells = [""] * len(HEAD)
    for name, value in given.items():
        if value is not None:
            cells[_AT[name]] = cell(str(value))
    return row(tuple(cells))
