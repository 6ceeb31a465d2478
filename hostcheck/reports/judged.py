"""All that a run judged, place by place, for formats that have an entry for each result.

A place is a host, what an interrupt or a silent vCenter left out, or a preflight's candidate. What
was left out has one unknown result of its own, and so has a run without a GPU host, and a host on
which nothing was judged: no format may look as if it had been well.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Raw, Struct

from hostcheck.model.capture import Origin
from hostcheck.model.excuses import Excuses
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.result import (
    Answer,
    Manual,
    Result,
    Severity,
    Status,
    Subject,
    Unseen,
    decides,
)
from hostcheck.model.run import Candidate, Run, called, silent
from hostcheck.model.waiver import Waiver
from hostcheck.reports.summary.about import ended
from hostcheck.runbrief import WELL, HostName, JudgedHost, briefs, judged

LEFT_OUT = "HOST"
"""The check that what was left out fails to answer; no check has this id."""
LEFT_OUT_TITLE = "The host or vCenter was asked"
SKIPPED = (Status.NOT_APPLICABLE, Status.NOT_SELECTED)
NOTHING = "JUDGED"
"""The check that a run or host fails to answer of which nothing says why it is UNSURE."""
NOTHING_TITLE = "A GPU host was found, and something required of it was judged"


class Item(NamedTuple):
    """One result of a place."""

    result: Result
    waiver: Waiver | None
    decides: bool
    """Whether the verdict of its place rests on it."""


class JudgedPlace(NamedTuple):
    """What results are of."""

    name: str
    """As it is told: with its vCenter, where several were asked."""
    host: str
    target: str
    cluster: str
    verdict: Answer | None
    sources: tuple[Origin, ...]
    items: Sequence[Item]
    about: str = ""
    """Of a preflight: the VM."""
    gpus: int | None = None
    """Physical GPUs; None where that is not known."""


class Counted(NamedTuple):
    """A place for whoever counts."""

    results: int
    skipped: int
    """Results of what does not apply, or is not selected."""
    open: tuple[Item, ...]
    """What fails or is not known; without sources and fixes."""


class _Seen(Struct, frozen=True):
    """What of a host its place tells."""

    name: str
    sources: tuple[Origin, ...]
    cluster: Fact[str]
    gpus: Known[tuple[Raw, ...]] | Unknown
    target: str = ""


def places(run: Run) -> Iterator[JudgedPlace]:
    """Yield all places, in one walk over the hosts: hosts, what was left out, candidates."""
    excuses = Excuses(run)
    manuals = {one.id: one for one in run.checks}
    own = {(one.host, one.target): one.results for one in _candidates(run)}
    sources: dict[tuple[str, str], tuple[Origin, ...]] = {}
    found = run.preflight is not None
    for report in judged(run, _Seen):
        found = found or report.verdict is not Answer.NO_GPU
        key = (report.host.name, report.host.target)
        if key in own:
            held = {(one.check, one.subject.kind, one.subject.id) for one in report.results}
            own[key] = tuple(
                one for one in own[key] if (one.check, one.subject.kind, one.subject.id) not in held
            )
            sources[key] = report.host.sources
        yield _host(run, report, excuses)
    yield from _without_host(run, found)
    yield from _nowhere(run)
    for one in _candidates(run):
        key = (one.host, one.target)
        if own[key]:
            yield JudgedPlace(
                f"preflight of {_asked(run)} on {_called(run, one.host, one.target)}", one.host,
                one.target or run.target, "", one.verdict, sources.get(key, ()),
                _items(own[key], manuals), _asked(run),
            )  # fmt: skip


def counted(run: Run) -> Iterator[Counted]:
    """Yield what `places` yields, as far as it is counted: most of a run file is skipped."""
    if run.preflight is not None:  # its candidates are compared with all results of its hosts
        for place in places(run):
            open_ = tuple(one for one in place.items if one.result.status not in WELL)
            skipped = sum(one.result.status in SKIPPED for one in place.items)
            yield Counted(len(place.items), skipped, open_)
        return
    excuses, found = Excuses(run), False
    for one in briefs(run, HostName):
        found = found or one.verdict is not Answer.NO_GPU
        items = _weighed(one.open, (one.host.name, one.host.target), one.verdict, excuses)
        results = one.counts.total() - len(one.open) + len(items)
        yield Counted(results, sum(one.counts[status] for status in SKIPPED), items)
    for place in _without_host(run, found):
        yield Counted(len(place.items), 0, tuple(place.items))


def _without_host(run: Run, found: bool) -> Iterator[JudgedPlace]:
    """Yield what stands for hosts that nothing was judged of; `found`: there is a GPU host."""
    if not (found or run.unasked or silent(run.targets)):
        yield _alone(
            _nothing("run", run.target, "no GPU host was found"), run.target, "", run.target
        )
    for name in run.unasked:
        yield _left_out(name, name, "", f"{ended(run)} before this host")
    for silence in silent(run.targets):
        yield _left_out(silence.name, "", silence.name, silence.failure)


def _nowhere(run: Run) -> Iterator[JudgedPlace]:
    """Yield what stands for the hosts of a preflight that has none: all rest in thought."""
    asked = run.preflight
    if asked is None or asked.candidates or asked.verdict is not Answer.NO_GO:
        return
    about = Subject("vm", asked.vm_id or asked.vm, asked.vm)
    told, wanted = asked.summary, "a host that is not in maintenance mode"
    fails = Result(NOTHING, Severity.REQUIRED, Status.FAIL, about, told, wanted)
    yield _alone(fails, f"preflight of {asked.vm}", "", run.target)


def _asked(run: Run) -> str:
    return "" if run.preflight is None else run.preflight.vm


def _candidates(run: Run) -> tuple[Candidate, ...]:
    return () if run.preflight is None else run.preflight.candidates


def _called(run: Run, host: str, target: str) -> str:
    return called(host, target) if len(run.targets) > 1 else host


def _host(run: Run, report: JudgedHost[_Seen], excuses: Excuses) -> JudgedPlace:
    host = report.host
    items = _weighed(report.results, (host.name, host.target), report.verdict, excuses)
    return JudgedPlace(
        _called(run, host.name, host.target), host.name, host.target or run.target,
        host.cluster.value if isinstance(host.cluster, Known) else "", report.verdict,
        host.sources, items,
        gpus=len(host.gpus.value) if isinstance(host.gpus, Known) else None,
    )  # fmt: skip


def _weighed(
    results: Sequence[Result], who: tuple[str, str], verdict: Answer, excuses: Excuses
) -> tuple[Item, ...]:
    """Return the items of a host, and one more where nothing says why it is UNSURE."""
    counts = verdict is not Answer.NO_GPU
    items = tuple(
        Item(one, excuses.waiver_of(who, one), counts and one.severity is Severity.REQUIRED)
        for one in results
    )
    if verdict is not Answer.UNSURE or any(_is_open(one) for one in items):
        return items
    why = "no required check gave an answer"
    return (*items, Item(_nothing("host", who[0], why), None, True))


def _items(results: Sequence[Result], manuals: dict[str, Manual]) -> tuple[Item, ...]:
    return tuple(Item(one, None, decides(one, manuals.get(one.check))) for one in results)


def _is_open(item: Item) -> bool:
    return item.decides and item.result.status in (Status.UNKNOWN, Status.ERROR)


def _unknown(check: str, kind: str, name: str, unseen: Unseen) -> Result:
    about = Subject(kind, name, name)
    return Result(check, Severity.REQUIRED, Status.UNKNOWN, about, "not known", "", unseen=unseen)


def _nothing(kind: str, name: str, why: str) -> Result:
    return _unknown(NOTHING, kind, name, Unseen(Why.ABSENT.value, why, ""))


def _left_out(name: str, host: str, target: str, why: str) -> JudgedPlace:
    unseen = Unseen(Why.NOT_ASKED.value, why, "")
    return _alone(_unknown(LEFT_OUT, "host", name, unseen), name, host, target)


def _alone(result: Result, name: str, host: str, target: str) -> JudgedPlace:
    return JudgedPlace(name, host, target, "", None, (), (Item(result, None, True),))


def titles(run: Run) -> dict[str, str]:
    """Return the titles of checks by their ids."""
    return {LEFT_OUT: LEFT_OUT_TITLE, NOTHING: NOTHING_TITLE} | {
        one.id: one.title for one in run.checks
    }
