"""What a history knows: since when a finding of a run is there, and what became of a fleet.

A finding is a fail of one check on one subject. It is *mended* only once the same question was
answered well; what was not asked or not answered is *not known*, and what nobody can judge any more
is *no longer there*. Times are those of the answers of runs, UTC.
"""

from bisect import bisect_left
from enum import StrEnum

from msgspec import Struct

from hostcheck.model.result import Severity

SCHEMA = "hostcheck.history/1"


class Since(Struct, frozen=True):
    """A finding of a run, and when it was first seen; it was not mended since then."""

    check: str
    subject_kind: str
    subject_id: str
    since: str
    """Time of the last answer of the run that saw it first."""


class OfHost(Struct, frozen=True):
    """The findings of one host."""

    host: str
    target: str
    findings: tuple[Since, ...]


class History(Struct, frozen=True):
    """What a history said of a run; `begins` is its first run, before which it knows nothing."""

    place: str
    """File, or database without password."""
    runs: int = 0
    """Runs that it holds, this one among them."""
    begins: str = ""
    hosts: tuple[OfHost, ...] = ()
    """Hosts that have findings, by name and vCenter."""
    left_out: int = 0
    """Hosts that were not written, because it knows younger answers of theirs."""
    otherwise: bool = False
    """Whether it holds the answers of this run as they were judged before: this was not written."""
    fault: str = ""
    """Why it could not be written or asked; then nothing is known of older runs."""

    def of(self, host: str, target: str) -> dict[tuple[str, str, str], str]:
        """Return when the findings of a host were first seen: by check, kind and id of subject."""
        at = bisect_left(self.hosts, (host, target), key=lambda one: (one.host, one.target))
        if at == len(self.hosts) or (self.hosts[at].host, self.hosts[at].target) != (host, target):
            return {}
        return {
            (one.check, one.subject_kind, one.subject_id): one.since
            for one in self.hosts[at].findings
        }


class Now(StrEnum):
    """What is known of a finding that is not over."""

    FAILS = "fails"
    NOT_KNOWN = "not known"
    """It failed, and since then was not asked or not answered."""


class Day(Struct, frozen=True):
    """Hosts by what they were when they were last judged on one day (UTC)."""

    day: str
    runs: int
    go: int
    no_go: int
    unsure: int
    no_gpu: int
    not_known: int
    """Hosts that were judged on one of the 30 days before, and not on this one."""


class Lasting(Struct, frozen=True):
    """A finding that is not over."""

    host: str
    target: str
    cluster: str
    check: str
    severity: Severity
    subject_kind: str
    subject_id: str
    subject: str
    now: Now
    waived: bool
    since: str
    days: int
    """Whole days from its first sight to the last run."""
    seen: str
    """When its host was last judged."""


class Tally(Struct, frozen=True):
    """Findings of one check, host or cluster; all but `fails` and `not_known` in the window."""

    key: str
    target: str
    """vCenter of a host or a cluster; empty of a check."""
    fails: int
    not_known: int
    oldest: str
    """When the oldest of these was first seen; empty where there is none."""
    new: int
    mended: int
    gone: int
    """No longer there: neither mended nor failing."""
    mean_hours: float | None
    """From first sight to the run that saw it mended; None where none was."""
    longest_hours: float | None


class Flapping(Struct, frozen=True):
    """A finding that came at least three times in the window."""

    host: str
    target: str
    cluster: str
    check: str
    subject_kind: str
    subject_id: str
    subject: str
    times: int
    last: str
    """When it came last."""
    fails: bool
    """Whether it fails or is not known now."""


class Past(Struct, frozen=True):
    """The answer of `hostcheck history`: a window of days that ends with the last run."""

    schema: str
    place: str
    begins: str
    ends: str
    runs: int
    first_day: str
    last_day: str
    by: str
    """What `tallies` are of: check, host or cluster."""
    hosts: int
    """Hosts that the question is of."""
    trend: tuple[Day, ...]
    findings: tuple[Lasting, ...]
    tallies: tuple[Tally, ...]
    flapping: tuple[Flapping, ...]
