"""What was judged, and what was not and why."""

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from hostcheck.model.result import (
    Result,
    Severity,
    Status,
    Unseen,
)
from hostcheck.reports import words
from hostcheck.reports.summary.sizes import NAMED

_ADDRESS = re.compile(r"\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b")


class Cause(Struct, frozen=True):
    """One reason for not knowing, and everything that was not judged because of it."""

    why: str
    privilege: str
    detail: str
    """The commonest original words."""
    count: int
    required: int
    checks: tuple[str, ...]
    hosts: tuple[str, ...]
    """The first host names."""
    host_count: int
    first: str = ""
    """Of its checks the first that is required."""

    @property
    def settled_by(self) -> str:
        """What would settle it, in a few words; empty when nothing here would.

        What a required check lacks and no option brings, its manual says where to look for.
        """
        told = words.settled_by(self.why, self.privilege, self.detail)
        return told or (f"hostcheck explain {self.first}" if self.first else "")

    @property
    def sentence(self) -> str:
        """The cause in a few words."""
        if self.privilege:
            return f"Missing: {words.one_line(self.privilege)}"
        return words.reason(self.why, self.detail)


class Coverage(Struct, frozen=True):
    """How much of what should be judged was judged."""

    counts: dict[Status, int]
    causes: tuple[Cause, ...]

    @property
    def judged(self) -> int:
        """Results with an answer."""
        return self.counts[Status.PASS] + self.counts[Status.FAIL]

    @property
    def wanted(self) -> int:
        """Results that should have an answer: all but those that do not apply, or are off."""
        return sum(self.counts.values()) - self.counts[Status.NOT_APPLICABLE] - self.off

    @property
    def off(self) -> int:
        """Results that a policy kept from being judged."""
        return self.counts[Status.NOT_SELECTED]

    @property
    def blind(self) -> int:
        """Results without an answer."""
        return self.counts[Status.UNKNOWN] + self.counts[Status.ERROR]


class _Blind(Struct):
    count: int = 0
    required: int = 0
    deciding: set[str] = field(default_factory=set)
    details: dict[str, None] = field(default_factory=dict)
    checks: set[str] = field(default_factory=set)
    hosts: list[str] = field(default_factory=list)
    host_count: int = 0


class Sight:
    """What was judged and what was not, by the reason."""

    def __init__(self) -> None:
        self._tally: Counter[Status] = Counter()
        self._blind: dict[tuple[str, str, str], _Blind] = {}

    def add(self, name: str, results: Iterable[Result], counts: Counter[Status]) -> None:
        """Note what was and was not judged on a host: how many of all, and what is open."""
        here = set()
        self._tally.update(counts)
        for result in results:
            if result.status not in (Status.UNKNOWN, Status.ERROR):
                continue
            seen = result.unseen
            if result.status is Status.ERROR:
                key = ("The check itself failed", "", "")
            else:
                key = (seen.why, seen.privilege, _kind(seen)) if seen else ("", "", "")
            blind = self._blind.setdefault(key, _Blind())
            blind.count += 1
            if result.severity is Severity.REQUIRED:
                blind.required += 1
                blind.deciding.add(result.check)
            blind.checks.add(result.check)
            if seen and seen.detail and len(blind.details) < 2:  # one, or several: no more
                blind.details[seen.detail] = None
            if key not in here:
                here.add(key)
                blind.host_count += 1
                if len(blind.hosts) < NAMED:
                    blind.hosts.append(name)

    def coverage(self) -> Coverage:
        """Return how much was judged, and the causes of what was not."""
        causes = [
            Cause(
                why=why,
                privilege=privilege,
                detail=next(iter(blind.details)) if len(blind.details) == 1 else kind,
                count=blind.count,
                required=blind.required,
                checks=tuple(sorted(blind.checks)),
                first=min(blind.deciding, default=""),
                hosts=tuple(blind.hosts),
                host_count=blind.host_count,
            )
            for (why, privilege, kind), blind in self._blind.items()
        ]
        return Coverage(
            counts={status: self._tally[status] for status in Status},
            causes=tuple(sorted(causes, key=lambda c: (-c.required, -c.count, c.why, c.privilege))),
        )


def causes(name: str, results: Iterable[Result]) -> tuple[Cause, ...]:
    """Return why results of one host are not known."""
    seen = Sight()
    seen.add(name, results, Counter())
    return seen.coverage().causes


def _kind(unseen: Unseen) -> str:
    """Return what unlike devices have in common: the detail without their addresses.

    A missing privilege or service is one cause, whatever was said with it.
    """
    return "" if unseen.privilege else _ADDRESS.sub("a device", unseen.detail)
