"""VM classes judged, as CSV: a row for each class, cluster and judgement."""

from collections.abc import Iterator

from hostcheck.model.vm_class import ClassFinding, ClassJudged, ClassPlace, Judged
from hostcheck.reports import PAPER, Screen
from hostcheck.reports import vm_class_words as told
from hostcheck.reports.cells import cell, row

HEAD = (
    "class", "file", "line", "form", "asks", "answer", "vcenter", "cluster", "namespaces",
    "cluster_answer", "hosts", "hosts_that_keep_it", "fit_now_least", "fit_now_most",
    "fit_after_loss_least", "fit_after_loss_most", "check", "title", "severity", "status", "mark",
    "observed", "expected", "note", "told_by", "failing_or_open_hosts", "change_line", "change",
)  # fmt: skip


def pieces(made: Judged, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines; a class that is not judged has one."""
    yield row(HEAD)
    for one in made.classes:
        if not one.places:
            yield row((*_class(one), *[""] * (len(HEAD) - 6)))
        for place in one.places:
            for finding in told.ordered(place.findings):
                yield row((*_class(one), *_place(place), *_finding(finding)))


def _class(one: ClassJudged) -> tuple[str, ...]:
    line = str(one.line) if one.line else ""
    return cell(one.name), cell(one.source), line, one.form, cell(one.asks), one.answer.value


def _place(one: ClassPlace) -> tuple[str, ...]:
    ends = (one.now.low, one.now.high, one.after_loss.low, one.after_loss.high)
    return (
        cell(one.target), cell(one.cluster), cell(" ".join(one.namespaces)), one.answer.value,
        str(one.hosts), str(len(one.keepers)), *("" if end is None else str(end) for end in ends),
    )  # fmt: skip


def _finding(one: ClassFinding) -> tuple[str, ...]:
    change = one.change
    return (
        one.check, one.title, one.severity.value, one.status.value, one.mark.value,
        cell(one.observed), cell(one.expected), cell(one.note), cell(one.told_by),
        cell(" ".join(one.hosts)), str(change.line) if change and change.line else "",
        cell(change.what) if change else "",
    )  # fmt: skip
