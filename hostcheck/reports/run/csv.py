"""A run as CSV: a row for each result of each host, passes too.

New columns are only added at the end.
"""

from collections.abc import Iterator

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
LONGEST_CELL = 32_000
"""Characters; Excel takes 32,767 and cuts the rest without a word."""


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines. `vm` is of what only a preflight judged."""
    yield row(HEAD)
    named = titles(run)
    by = ("", "") if run.policy is None else (run.policy.name, run.policy.sha256)
    for place in places(run):
        for item in place.items:
            told = (*_cells(place, item, named), *by)
            yield row(tuple(cell(words.cut(words.one_line(one), LONGEST_CELL)) for one in told))


def _cells(place: JudgedPlace, item: Item, named: dict[str, str]) -> tuple[str, ...]:
    result, waiver, seen = item.result, item.waiver, item.result.unseen
    about = result.subject
    read = words.places(place.sources, result.sources)
    because = words.reason(seen.why, seen.detail) if seen else result.trace
    return (
        place.target, place.cluster, place.host, place.verdict.value if place.verdict else "",
        place.about, result.check, named.get(result.check, result.check), result.severity.value,
        result.status.value, "yes" if item.decides else "no",
        waiver.expires if waiver else "", waiver.owner if waiver else "",
        waiver.reason if waiver else "", about.kind, about.id, about.name, result.observed,
        result.expected, result.note, because, seen.asked if seen else "",
        seen.privilege if seen else "", "; ".join(words.where(one) for one in read),
        max((one.taken_at for one in read), default=""),
        "; ".join(one.line for one in result.fix),
    )  # fmt: skip
