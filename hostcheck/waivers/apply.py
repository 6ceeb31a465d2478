"""Waivers set beside a run: what each waives, and which hosts have nothing else against them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from hostcheck.diff.story import Glance, SeenResult, Story, StorySubject
from hostcheck.model.result import Answer, Severity, Status, upheld, verdict_of
from hostcheck.model.run import Run
from hostcheck.model.waiver import (
    LIVE,
    SOON_DAYS,
    Beside,
    State,
    Waived,
    Waiver,
    Waivers,
    WaiverUse,
    evidence_of,
)
from hostcheck.runfile import ToldResult
from hostcheck.ways.vsphere.inventory import is_host, matches

NAMED = 8
"""Hosts that a use names."""
DAY = len("2026-11-28")
_GLOB = re.compile(r"[*?\[]")


def apply(run: Run, waivers: tuple[Waiver, ...], file: str) -> Run:
    """Return the run with what the waivers come to; verdicts and results stay what they are.

    The day is that of the last answer: the same run and the same file give the same, on any day.
    """
    day = run.last_answer_at[:DAY]
    story = Story.of(run)
    tallies = [_Tally(one, _state(one, day)) for one in waivers]
    near = _Near(tallies)
    results: list[Waived] = []
    hosts: list[Beside] = []
    for host in story.hosts():
        waived = list(_waived(story, host, near))
        results += waived
        if waived:
            hosts.append(Beside(*host.who, host.verdict, _without(story, host, waived)))
    told = Waivers(
        file, day, tuple(one.use() for one in tallies), tuple(results), tuple(hosts)
    )  # fmt: skip
    return replace(run, waivers=told)


class _Tally(Struct):
    """A waiver, and what it met."""

    waiver: Waiver
    state: State
    results: int = 0
    changed: int = 0
    """Results of which something else is observed than what was waived."""
    hosts: dict[str, None] = field(default_factory=dict)

    def use(self) -> WaiverUse:
        state = self.state
        if state in LIVE and not self.results:
            state = State.CHANGED if self.changed else State.UNUSED
        return WaiverUse(
            self.waiver, state, self.results or self.changed, tuple(self.hosts)[:NAMED],
            len(self.hosts),
        )  # fmt: skip


def _state(waiver: Waiver, day: str) -> State:
    if not day:
        return State.UNDATED
    if day > waiver.expires:
        return State.EXPIRED
    if waiver.starts and day < waiver.starts:
        return State.NOT_YET
    soon = date.fromisoformat(day) + timedelta(days=SOON_DAYS)
    return State.SOON if waiver.expires < soon.isoformat() else State.APPLIES


class _Near:
    """Waivers by what the names of their hosts begin with: each is tried on few hosts."""

    def __init__(self, tallies: list[_Tally]) -> None:
        self._by_begin: dict[str, list[tuple[int, _Tally]]] = {}
        for at, one in enumerate(tallies):
            begin = _GLOB.split(one.waiver.host.lower(), maxsplit=1)[0]
            self._by_begin.setdefault(begin, []).append((at, one))
        self._lengths = sorted({*map(len, self._by_begin)})

    def of(self, host: Glance) -> list[tuple[int, _Tally]]:
        """Return the waivers that a host meets, in the order of the file."""
        name = host.who[0].lower()
        near = [
            one for length in self._lengths for one in self._by_begin.get(name[:length], ())
            if length <= len(name)
        ]  # fmt: skip
        return sorted((one for one in near if _meets(one[1].waiver, host)), key=lambda one: one[0])


def _waived(story: Story, host: Glance, met: _Near) -> Iterator[Waived]:
    near = met.of(host)
    if not near:
        return
    checks = {tally.waiver.check for _, tally in near}
    for (check, kind, id_), one in host.open.items():
        if check not in checks:
            continue
        about = host.subject(one)
        for at, tally in near:
            if not _is_of(tally.waiver, one, about):
                continue
            told = story.told(one)
            tally.hosts.setdefault(host.who[0])
            if tally.waiver.evidence and tally.waiver.evidence != mark_of(check, one.status, told):
                tally.changed += 1
                continue
            tally.results += 1
            if tally.state in LIVE:
                yield Waived(*host.who, check, kind, id_, at)
                break


def _meets(waiver: Waiver, host: Glance) -> bool:
    name, vcenter = host.who
    return (
        is_host(name, (waiver.host,))
        and matches(vcenter, (waiver.vcenter,))
        and (waiver.cluster == "*" or matches(host.cluster(), (waiver.cluster,)))
    )


def _is_of(waiver: Waiver, one: SeenResult, about: StorySubject) -> bool:
    if one.check != waiver.check or one.status not in waiver.status:
        return False
    return any(matches(text, (waiver.subject,)) for text in (about.id, about.name))


def _without(story: Story, host: Glance, waived: list[Waived]) -> Answer:
    """Return the verdict on a host as if what is waived had not been asked."""
    keys = {(one.check, one.subject_kind, one.subject_id) for one in waived}
    left = [
        one.status
        for key, one in host.open.items()
        if key not in keys and story.told(one).severity is Severity.REQUIRED
    ]
    return verdict_of(left) if left else upheld(Answer.GO, host.judged.values())


def mark_of(check: str, status: Status, told: ToldResult) -> str:
    """Return the mark of what was observed."""
    why = f"{told.unseen.why}: {told.unseen.detail}" if told.unseen is not None else ""
    return evidence_of(check, status, told.observed or why, told.expected)
