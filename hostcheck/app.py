"""The straight line: collect, assemble, judge. Live, recorded and replayed runs are this code."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from hostcheck import __version__, catalog, fleet, runfile, verdict
from hostcheck.diff.story import Story
from hostcheck.fleet import Workers
from hostcheck.journal import Heading, Journal
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef, Key
from hostcheck.model.policy import EVERY, Policy
from hostcheck.model.recording import Recording
from hostcheck.model.run import Asked, Run, called, silent
from hostcheck.policy.settle import UNMET, unmet
from hostcheck.recording import Shelf
from hostcheck.runs import Totals, noticed, run_of
from hostcheck.sources.base import Collector, Source
from hostcheck.sources.walls import collected, host_of, unread
from hostcheck.verdict import report_of
from hostcheck.waivers.apply import apply

T = TypeVar("T")

READERS = 2
"""Hosts that are read here at a time for a cluster, beside those whose BMCs are waited for."""
KILLED = "reading its answers ended the process, twice: this is a fault of hostcheck"
FORGOTTEN = "the run lost sight of it: this is a fault of hostcheck"


class Visit(NamedTuple):
    """What became of one machine: its line of the run file, and its answers where they are kept."""

    name: str
    line: bytes
    recorded: Recording | None


def visited(recorded: Recording, *, keep: bool, policy: Policy | None = None) -> Visit:
    """Judge one machine."""
    report = report_of(host_of(recorded), policy)
    return Visit(recorded.ref.name, runfile.pack(report), recorded if keep else None)


def _side_by_side(
    collector: Collector, targets: list[HostRef], workers: Workers, then: Callable[[Recording], T]
) -> Iterator[T]:
    """Collect machines and do something with each; workers elsewhere get what was read here."""
    if len(targets) < workers.least:
        workers = Workers(1)
    if workers.least and collector.reader is not None:
        made = ((ref, collector.reader(ref)) for ref in targets)
        yield from fleet.each(
            made, partial(_read_there, collector.finish, then), workers=workers,
            killing=partial(_killed, then),
        )  # fmt: skip
    elif workers.away:
        with fleet.threads(1 if workers.least else READERS) as here:
            read = fleet.each(targets, partial(_read, collector), workers=here)
            yield from fleet.each(
                read, partial(_finished, collector.finish, then), workers=workers,
                killing=partial(_killed, then),
            )  # fmt: skip
    else:
        yield from fleet.each(targets, partial(_collected, collector, then), workers=workers)


def _collected(collector: Collector, then: Callable[[Recording], T], ref: HostRef) -> T:
    return then(collected(ref, partial(collector.collect, ref)))


def _read(collector: Collector, ref: HostRef) -> tuple[HostRef, Recording]:
    return ref, collected(ref, partial(collector.read, ref))


def _finished(
    finish: Callable[[HostRef, Recording], Recording],
    then: Callable[[Recording], T],
    given: tuple[HostRef, Recording],
) -> T:
    ref, there = given
    return then(collected(ref, partial(finish, ref, there)))


def _read_there(
    finish: Callable[[HostRef, Recording], Recording],
    then: Callable[[Recording], T],
    given: tuple[HostRef, Callable[[], Recording]],
) -> T:
    ref, read = given
    return _finished(finish, then, (ref, collected(ref, read)))


def _killed(then: Callable[[Recording], T], given: tuple[HostRef, object]) -> T:
    return then(unread(given[0], Unknown(Why.UNPARSED, KILLED, "hostcheck")))


def _as_it_is(recorded: Recording) -> Recording:
    return recorded


def tell_nobody(_name: str) -> None:
    """Stand for `done` where progress is told already."""


def recordings(
    source: Source,
    targets: list[HostRef],
    *,
    collector: Collector | None = None,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    done: Callable[[str], None],
) -> Iterator[Recording]:
    """Collect machines side by side, each as it is done; `done` is told its name.

    Questions about more machines than these travel together where a collector of all is given.
    As many come out as went in.
    """
    left = {one.key: one for one in targets}
    if workers.least:  # processes of this machine: carrying whole answers back costs what they save
        workers = Workers(1)
    collector = collector or source.collector(targets)
    for recorded in _side_by_side(collector, targets, workers, _as_it_is):
        left.pop(recorded.ref.key, None)
        done(recorded.ref.name)
        yield recorded
    for ref in left.values():
        yield unread(ref, Unknown(Why.NOT_ASKED, FORGOTTEN, "hostcheck"))


def start_journal(
    source: Source, path: Path | None, *, resume: bool, policy: Policy | None = None
) -> Journal:
    """Open the journal of an audit. Raises UsageError for one that is of another run, or in use."""
    asked = source.about
    origin = Heading(
        __version__, catalog.requirements().edition, asked.target, asked.asks,
        policy.sha256 if policy is not None else "",
    )  # fmt: skip
    journal = Journal(origin, path, resume=resume)
    found = {ref.key for ref in source.machines()}
    journal.keep(found, {one.name for one in silent(source.about.targets)})
    return journal


def audit(
    source: Source,
    journal: Journal,
    *,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    shelf: Shelf | None = None,
    limit: AbstractContextManager[object] = nullcontext(),  # noqa: B008  it has no state
    policy: Policy | None = None,
    done: Callable[[str], None],
) -> Run:
    """Collect and judge the machines that the journal does not hold, and return the run.

    An interrupt ends it early, and so does `limit`, which raises LimitOver in its block: the hosts
    that are left then are named in `unasked`.
    """
    targets = source.machines()
    left = [one for one in targets if one.key not in journal]
    judge = partial(visited, keep=shelf is not None, policy=policy)
    ended = FORGOTTEN
    try:
        with limit:
            collector = source.collector(left, of=len(targets))  # it begins to ask BMCs
            for name, line, recorded in _side_by_side(collector, left, workers, judge):
                if shelf is not None and recorded is not None:
                    shelf.add(recorded)
                journal.add(line)
                done(name)
    except KeyboardInterrupt as cause:
        ended = str(cause)
    asked = source.about
    several = len(asked.targets) > 1
    left = [one for one in targets if one.key not in journal]
    unasked = tuple(sorted(called(one.name, one.vcenter) if several else one.name for one in left))
    run = run_of(
        asked.target,
        journal.hosts(),
        targets=asked.targets,
        seen=Totals(
            journal.first_answer_at,
            journal.last_answer_at,
            asked.smokes,
            asked.bmcs,
            journal.managed,
        ),
        unasked=unasked,
        ended=ended,
        policy=policy,
    )
    return with_unmet(run)


def unlisted(silent_ones: Mapping[str, str], policy: Policy | None = None) -> Run:
    """Return the run of vCenters that told of no host: it says of each why."""
    targets = tuple(Asked(name, why) for name, why in sorted(silent_ones.items()))
    return run_of(", ".join(one.name for one in targets), (), targets=targets, policy=policy)


def with_unmet(run: Run) -> Run:
    """Return a run that says which patterns of clusters of its policy met none of its hosts."""
    by = run.policy
    told: tuple[str, ...] = ()
    if by is not None and any(one.cluster != EVERY for one in by.rules):
        clusters = [one.cluster() for one in Story.of(run).hosts()]
        told = tuple(unmet(by, {one for one in clusters if one}, unplaced=clusters.count("")))
    left = tuple(one for one in run.notices if UNMET not in one)
    return replace(run, notices=(*left, *told))


def with_undone(run: Run, source: Source) -> Run:
    """Return a run that says what was changed, and undone, on hosts that are not in it.

    The source was closed: only then is it known.
    """
    several = len(run.targets) > 1
    changed: dict[Key, str] = getattr(source, "changed", {})
    told = (
        sentence
        for key, sentence in sorted(changed.items())
        if called(key[0], key[1] if several else "") in run.unasked
    )
    return replace(run, notices=(*run.notices, *told))


def judged_anew(run: Run, policy: Policy | None) -> Run:
    """Return a run of an audit as if it had been judged by another policy, with its waivers."""
    hosts = runfile.packed(verdict.judged_anew(one, run.policy, policy) for one in run.hosts)
    made = replace(
        run, hosts=hosts, policy=policy, waivers=None,
        notices=noticed(run.notices, run.policy, policy),
    )  # fmt: skip
    made = with_unmet(made)
    if run.waivers is None:
        return made
    return apply(made, tuple(one.waiver for one in run.waivers.uses), run.waivers.file)
