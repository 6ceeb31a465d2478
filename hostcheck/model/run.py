"""A run: one versioned document, the truth of which every report is a view."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import overload

from msgspec import Struct
from msgspec.structs import replace

from hostcheck.model.difference import Difference
from hostcheck.model.history import History
from hostcheck.model.host import Host
from hostcheck.model.memory import LastKnown
from hostcheck.model.policy import Policy
from hostcheck.model.result import Answer, Manual, Result, upheld, upheld_among
from hostcheck.model.slots import GpuSlots
from hostcheck.model.waiver import Waivers

SCHEMA = "hostcheck.run/1"
"""The check that says whether a host has a GPU of the kind that the VM asks for."""


class HostReport(Struct, frozen=True):
    """One host: what is known of it, what was judged, and the verdict of its required results."""

    verdict: Answer
    host: Host
    results: tuple[Result, ...]
    slots: tuple[GpuSlots, ...] = ()
    """Of each GPU that could be looked at. Earlier versions did not count them."""


class Candidate(Struct, frozen=True):
    """One host on which the VM of a preflight might start. Lower `rank` is better."""

    rank: int
    host: str
    verdict: Answer
    summary: str
    """One sentence: the reason that decides."""
    gpus: tuple[str, ...]
    """Addresses of the GPUs that could serve it."""
    results: tuple[Result, ...]
    """Every result the verdict rests on: host, GPUs that could serve it, VM, placement."""
    target: str = ""
    """vCenter or ESXi that the host is of."""


class Preflight(Struct, frozen=True):
    """May this VM be powered on, and where?"""

    vm: str
    verdict: Answer
    summary: str
    candidates: tuple[Candidate, ...]
    runs_on: str = ""
    """Host on which the VM runs already: then a restart was judged. Empty: it does not run."""
    vm_id: str = ""
    """Managed object id; empty of a VM to be, and in run files that were written before it."""
    changed: str = ""
    """What it was given in thought, and has not: `16 vCPUs (now 8)`."""
    in_maintenance: tuple[str, ...] = ()
    """Hosts that are in maintenance mode in thought, and so no candidates: all others are."""


class Outcome(StrEnum):
    """What became of a power-on."""

    STARTED = "started"
    RUNS = "runs already"
    NOT_SENT = "not sent"
    """The verdict did not allow it."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Sent, and no answer came: a time limit, a lost session, a broken connection."""


class Concern(Struct, frozen=True):
    """A check that vSphere's words point to, and what it had said on the host that decided."""

    check: str
    title: str
    status: str


class PowerOn(Struct, frozen=True):
    """What `hostcheck power-on` did after its preflight.

    `verdict` is of the host that decided: the VM's own, or the best one where DRS places it.
    `host` is where it runs, empty when that is not known; `words` are vSphere's, or why nothing
    was sent.
    """

    outcome: Outcome
    sent: bool
    verdict: Answer
    host: str
    words: str
    contradicts: bool = False
    """Whether vSphere refused what the verdict had called a GO, or started what was a NO-GO."""
    concerned: tuple[Concern, ...] = ()
    decided_by: str = ""
    """Host that the verdict is of."""
    landed: Answer | None = None
    """The verdict on the host where it runs; None where that was not judged or is not known."""
    accepted: bool = False
    """Whether an UNSURE was to be started too."""

    @property
    def answer(self) -> Answer:
        """What it comes to: a GO where it runs, and that was said of its host or accepted."""
        if self.outcome is Outcome.NOT_SENT:
            return self.verdict
        if self.outcome is Outcome.STARTED:
            if self.landed in (Answer.NO_GO, Answer.NO_GPU):
                return Answer.NO_GO
            sure = self.landed is Answer.GO or self.accepted
            return Answer.GO if sure else Answer.UNSURE
        return _BECAME[self.outcome]


_BECAME = {
    Outcome.RUNS: Answer.GO,
    Outcome.FAILED: Answer.NO_GO,
    Outcome.UNKNOWN: Answer.UNSURE,
}


class Asked(Struct, frozen=True):
    """One of several vCenters that a run asked, and why it told of no host, where it did not."""

    name: str
    failure: str = ""


class SavedAs(Struct, frozen=True):
    """The run file that a run was read from."""

    sha256: str
    changed: tuple[str, ...] = ()
    """What was done to it since, so that no file holds it: `judged anew by policy site`."""


NAMED = 6
"""So many hosts are named where more were not asked."""


def silent(targets: Iterable[Asked]) -> tuple[Asked, ...]:
    """Return those that told of no host."""
    return tuple(one for one in targets if one.failure)


def gaps(targets: Iterable[Asked], unasked: Sequence[str] = ()) -> Iterator[str]:
    """Yield what a run tells nothing of, a line each: hosts not asked, vCenters that were silent.

    What is counted or listed of such a run is of the others only.
    """
    if unasked:
        more = f" and {len(unasked) - NAMED} more" if len(unasked) > NAMED else ""
        yield f"the run did not ask {', '.join(unasked[:NAMED])}{more}"
    for one in silent(targets):
        yield f"{one.name} told of no host: {one.failure}"


def called(host: str, target: str) -> str:
    """Name a host of a run that asked several vCenters: two of them may have one of that name."""
    return f"{host} ({target})" if target else host


class OpenedOneByOne(Sequence[HostReport]):
    """Hosts that are made when they are walked over, never all at once."""

    def __init__(self, count: int, open_: Callable[[int], HostReport]) -> None:
        """Take what makes the host at a place from 0 on."""
        self._count = count
        self._open = open_

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> HostReport: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[HostReport, ...]: ...
    def __getitem__(self, at: int | slice) -> HostReport | tuple[HostReport, ...]:
        if isinstance(at, slice):
            return tuple(map(self._open, range(*at.indices(self._count))))
        return self._open(range(self._count)[at])

    def __iter__(self) -> Iterator[HostReport]:
        return map(self._open, range(self._count))


class Run(Struct, frozen=True):
    """Everything one run learnt. Holds no wall-clock time but those at which answers were taken.

    `hosts` may be read from a file one by one: walk over it, and let each host go.
    """

    schema: str
    tool_version: str
    catalogue_edition: str
    target: str
    """vCenter or ESXi that was asked, without user name."""
    first_answer_at: str
    last_answer_at: str
    hosts: Sequence[HostReport]
    checks: tuple[Manual, ...]
    preflight: Preflight | None = None
    notices: tuple[str, ...] = ()
    """What the reader must know of the run itself: hosts left out, limits reached."""
    power_on: PowerOn | None = None
    unasked: tuple[str, ...] = ()
    """Hosts that an interrupt left out: nothing is known of them, so the run is no GO."""
    ended: str = ""
    """What ended the run before it asked those: `the run's limit of 30 min was over`; empty for an
    interrupt by hand."""
    targets: tuple[Asked, ...] = ()
    """All that was asked, where that was more than one. A failure leaves hosts out, all unknown:
    the run is no GO."""
    history: History | None = None
    """Since when its findings are known; None where no history was asked."""
    waivers: Waivers | None = None
    """What somebody answers for; None where no file of waivers was given."""
    policy: Policy | None = None
    """What hosts were judged by; None: by all checks, as they are by themselves."""
    last_known: tuple[LastKnown, ...] = ()
    """What the run that it was compared with knew and it does not know, by name and vCenter."""
    read_from: SavedAs | None = None
    """The file that it was read from, and what was done to it since; of a new run None. It is not
    kept."""
    since: Difference | None = None
    """What became of the fleet since an earlier run, where one is beside it; it is not kept."""


def odd_times(first: str, last: str) -> str:
    """Name what should be the time of an answer and is none; empty where all is well."""
    for name, text in (("first_answer_at", first), ("last_answer_at", last)):
        try:
            whole = not text or datetime.fromisoformat(text).tzinfo is not None
        except ValueError:
            whole = False
        if not whole:
            return f"{name} is {text[:40]!r}, and no time with its offset"
    return ""


def upheld_report(report: HostReport) -> HostReport:
    """Return a host as it was written down, with no verdict that its results do not uphold."""
    return replace(report, verdict=upheld_among(report.verdict, report.results))


def upheld_preflight(asked: Preflight | None) -> Preflight | None:
    """Return a preflight as it was written down, without a GO that no result upholds."""
    if asked is None or asked.verdict is not Answer.GO:
        return asked
    candidates = tuple(
        replace(one, verdict=upheld(one.verdict, (each.status for each in one.results)))
        for one in asked.candidates
    )
    stands = any(one.verdict is Answer.GO for one in candidates)
    verdict = Answer.GO if stands else Answer.UNSURE
    return replace(asked, candidates=candidates, verdict=verdict)
