"""Waivers: what somebody answers for, and what came of it in a run.

A waived fail stays a fail, and a host that has one is never a GO. It does not count in the exit
code, and its remedy is not among the steps.
"""

from enum import StrEnum

from msgspec import Struct

from hostcheck.model.result import Answer, Status

SOON_DAYS = 14
"""So long before its end a waiver is said to end soon."""
WAIVABLE = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


class State(StrEnum):
    """What a waiver is on the day of a run, in the order in which it is told."""

    APPLIES = "applies"
    SOON = "ends soon"
    EXPIRED = "expired"
    NOT_YET = "not yet begun"
    CHANGED = "evidence changed"
    """It would apply, and something else is observed now than what was waived."""
    UNUSED = "unused"
    """Nothing in this run is what it waives."""
    UNDATED = "day not known"
    """The run has no answer with a date, so nobody can say whether it is over."""


LIVE = (State.APPLIES, State.SOON)


class Waiver(Struct, frozen=True):
    """One entry of the file. Days are UTC; it ends with the end of the day `expires`."""

    check: str
    reason: str
    owner: str
    expires: str
    host: str
    """A pattern of names, without case; the short name will do."""
    vcenter: str = "*"
    cluster: str = "*"
    subject: str = "*"
    """A pattern of the id or name of what was judged: `0000:18:00.0`, `VM train-*`."""
    status: tuple[Status, ...] = (Status.FAIL,)
    """What it waives of the check."""
    starts: str = ""
    ticket: str = ""
    approver: str = ""
    evidence: str = ""
    """Mark of what was observed when it was waived; empty: whatever is observed."""
    line: int = 0
    """Where it stands in its file."""


class WaiverUse(Struct, frozen=True):
    """A waiver and what came of it."""

    waiver: Waiver
    state: State
    results: int
    """Results that it waives; of one that does not apply, those that it would."""
    hosts: tuple[str, ...]
    """Hosts of these results, the first few."""
    host_count: int


class Waived(Struct, frozen=True):
    """One result that is waived."""

    host: str
    target: str
    check: str
    subject_kind: str
    subject_id: str
    waiver: int
    """Its place in `uses`."""


class Beside(Struct, frozen=True):
    """A host of which something is waived: its verdict, and what it would be without that."""

    host: str
    target: str
    verdict: Answer
    without: Answer

    @property
    def excused(self) -> bool:
        """Whether nothing but what is waived is against a GO."""
        return self.without is Answer.GO and self.verdict is not Answer.GO


class Waivers(Struct, frozen=True):
    """What waivers came to in a run."""

    file: str
    day: str
    """The day on which hosts answered last; empty where none did."""
    uses: tuple[WaiverUse, ...]
    results: tuple[Waived, ...]
    hosts: tuple[Beside, ...]
    """Hosts of which something is waived."""


def evidence_of(check: str, status: Status, observed: str, expected: str) -> str:
    """Return the mark of an observation: another one means that something else is observed."""
    from hashlib import sha256  # noqa: PLC0415  few runs have waivers

    told = f"{check}\x1f{status.value}\x1f{observed}\x1f{expected}"
    return sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:12]
