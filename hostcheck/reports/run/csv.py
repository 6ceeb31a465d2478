"""A run as CSV: a row for each result of each host, passes too.

New columns are only added at the end.
"""

from collections.abc import Iterator
from functools import lru_cache

from hostcheck.model.result import Result
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.cells import cell, row
from hostcheck.reports.judged import Item, JudgedPlace, places, titles

HEAD = (
    "vcenter", "cluster", "host", "host_verdict", "vm", "check", "title", "severity", "status",
    "decides", "waived_until", "waived_by", "waived_because", "subject_kind", "subject_id",
    "subject", "observed", "expected", "note", "unknown_because", "asked", "missing", "read_from",
    "read_at", "fix", "policy", "policy_sha256",
)  # fmt: skip
LONGEST_KEPT = 500
"""Characters of a cell that is kept in case that it comes again."""
LONGEST_CELL = 32_000
"""Characters; Excel takes 32,767 and cuts the rest without a word."""


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines. `vm` is of what only a preflight judged."""
    yield row(HEAD)
    named = titles(run)
    by = ("", "") if run.policy is None else (run.policy.name, run.policy.sha256)
    for place in places(run):
        read: dict[tuple[int, ...], tuple[str, str]] = {}
        for item in place.items:
            result = item.result
            if result.sources not in read:
                read[result.sources] = _read(place, result)
            told = (*_cells(place, item, named, read[result.sources]), *by)
            make = _cell if max(map(len, told)) <= LONGEST_KEPT else _cell.__wrapped__
            yield row(tuple(map(make, told)))


@lru_cache(16_384)
def _cell(text: str) -> str:
    """Return a cell. Most come again: names, times, what a check says of many."""
    return cell(words.cut(words.one_line(text), LONGEST_CELL))


def _read(place: JudgedPlace, result: Result) -> tuple[str, str]:
    """Return where a result was read, and when the youngest of its answers was taken."""
    read = words.places(place.sources, result.sources)
    where = "; ".join(words.where(one) for one in read)
    return where, max((one.taken_at for one in read), default="")


def _cells(
    place: JudgedPlace, item: Item, named: dict[str, str], read: tuple[str, str]
) -> tuple[str, ...]:
    result, waiver, seen = item.result, item.waiver, item.result.unseen
    about = result.subject
    because = words.reason(seen.why, seen.detail) if seen else result.trace
    return (
        place.target, place.cluster, place.host, place.verdict.value if place.verdict else "",
        place.about, result.check, named.get(result.check, result.check), result.severity.value,
        result.status.value, "yes" if item.decides else "no",
        waiver.expires if waiver else "", waiver.owner if waiver else "",
        waiver.reason if waiver else "", about.kind, about.id, about.name, result.observed,
        result.expected, result.note, because, seen.asked if seen else "",
        seen.privilege if seen else "", *read,
        "; ".join(one.line for one in result.fix),
    )  # fmt: skip
